"""Puts a stack together, and takes it apart again."""

from aikagi_emulator.launcher.run import main, program

__all__ = ["main", "program"]
