"""Whatever a task does, its answer ends, and ends once."""

import logging
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from aikagi_function.events import Error, Event, encode, is_last
from aikagi_function.request import BadRequestError, Request

Task: TypeAlias = Callable[[Request], Iterator[Event]]

_log: Final = logging.getLogger(__name__)

_NO_RESULT: Final = Error("no-result", "The function ended without a result.")
_FAILED: Final = Error(
    "failed", "The function failed. Its log says why, under the ID of this request."
)


def run_task(task: Task, request: Request, put: Callable[[bytes], bool]) -> bytes:
    """Put each line of a task's answer but the last, and return that one.

    The last line is returned when the task has ended, so that nothing is left to do.
    When ``put`` returns False nobody reads any more: the task is closed, and what is
    returned is empty.

    Raises:
        BadRequestError: the task raised it, and has yielded nothing.
    """
    events: Iterator[Event] = iter(())
    begun = False
    try:
        events = iter(task(request))
        for event in events:
            line = encode(event)
            if is_last(event):
                _finish(events, request)
                return line
            if not put(line):
                return b""
            begun = True
    except BadRequestError as error:
        if not begun:
            raise
        return encode(bad_request(error))
    except (Exception, SystemExit):  # noqa: BLE001 - an author may raise anything
        _log.exception("%s: the task failed", request.request_id)
        return encode(_FAILED)
    finally:
        _close(events, request)
    _log.error("%s: the task ended without a result", request.request_id)
    return encode(_NO_RESULT)


def bad_request(error: BadRequestError) -> Error:
    return Error("bad-request", str(error))


def _finish(events: Iterator[Event], request: Request) -> None:
    """Let a task do what it does after its last event, but yield no more."""
    try:
        for event in events:
            dropped = type(event).__name__
            _log.error("%s: %s after the last event", request.request_id, dropped)
            return
    except (Exception, SystemExit):  # noqa: BLE001 - an author may raise anything
        _log.exception("%s: the task failed after its end", request.request_id)


def _close(events: Iterator[Event], request: Request) -> None:
    close = getattr(events, "close", None)
    if close is None:
        return
    try:
        close()
    except (Exception, SystemExit):  # noqa: BLE001 - an author may raise anything
        _log.exception("%s: the task failed when closed", request.request_id)
