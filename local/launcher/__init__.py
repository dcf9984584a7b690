"""Puts the stack on a laptop together, and takes it apart again."""

from local.launcher.run import main

__all__ = ["main"]
