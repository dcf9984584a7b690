"""How much is tried, and from which seed.

Plain pytest tries a little of everything, always from the same seed. ``make soak`` sets
``AIKAGI_SOAK`` to how many times the whole is tried, and ``AIKAGI_SEED`` where somebody
wants to see a failure again.
"""

import os
import random
from typing import Final

SEED: Final = int(os.environ.get("AIKAGI_SEED") or 20261123)
TIMES: Final = float(os.environ.get("AIKAGI_SOAK") or 0)
"""0 where only the subset is wanted."""


def amount(subset: int, whole: int) -> int:
    return max(subset, round(whole * TIMES)) if TIMES else subset


def source(number: int, *, seed: int = SEED) -> random.Random:
    """The same for the same seed and number, so that one case can be made alone."""
    return random.Random(f"{seed}/{number}")  # noqa: S311 - reproducible, not secret
