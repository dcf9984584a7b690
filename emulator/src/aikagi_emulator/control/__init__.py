"""Steers a running stack: its clock, and the faults it is to show.

``ControlApi`` answers below ``/_emulator/`` on the endpoint's port, to the operator
alone; ``Controls`` is its client, for ``python -m aikagi_emulator.clock`` and
``aikagi_emulator.pytest_plugin``.
"""

from aikagi_emulator.control.clock import FARTHEST, MovableClock
from aikagi_emulator.control.control_api import ControlApi
from aikagi_emulator.control.controls import ControlError, Controls

__all__ = ["FARTHEST", "ControlApi", "ControlError", "Controls", "MovableClock"]
