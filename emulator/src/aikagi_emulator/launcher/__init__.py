"""Puts the stack on a laptop together, and takes it apart again."""

from aikagi_emulator.launcher.run import main

__all__ = ["main"]
