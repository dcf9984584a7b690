"""Steers a running stack: its clock, and the faults it is to show.

``Door`` answers below ``/_emulator/`` on the endpoint's port, to the operator alone;
``Controls`` knocks at it from another process. ``python -m aikagi_emulator.clock`` and
``aikagi_emulator.pytest_plugin`` are made of it.
"""

from aikagi_emulator.control.clock import FARTHEST, MovableClock
from aikagi_emulator.control.controls import ControlError, Controls
from aikagi_emulator.control.door import Door

__all__ = ["FARTHEST", "ControlError", "Controls", "Door", "MovableClock"]
