"""How a test says what it has tried."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Report: TypeAlias = Callable[[Mapping[str, int]], None]
"""Takes what was tried and how often; the terminal adds it up at the end."""
