"""Steers a running stack: its clock, and the faults it is to show.

``Door`` answers below ``/_aikagi/`` on the endpoint's port, to the operator alone;
``Controls`` knocks at it from another process. ``python -m local.clock`` and
``local.pytest_plugin`` are made of it.
"""

from local.control.clock import FARTHEST, MovableClock
from local.control.controls import ControlError, Controls
from local.control.door import Door

__all__ = ["FARTHEST", "ControlError", "Controls", "Door", "MovableClock"]
