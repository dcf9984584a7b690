"""Wait for what ``Cached`` reads in the background."""

import threading

from app.adapters.cached import THREAD_NAME


def wait_for_background_readings() -> int:
    """Return how many there were, once none is under way."""
    readings = [
        thread for thread in threading.enumerate() if thread.name == THREAD_NAME
    ]
    for reading in readings:
        reading.join(10)
        assert not reading.is_alive()
    return len(readings)
