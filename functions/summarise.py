"""Summarises a text while its reader watches: the streaming function to learn from.

``POST`` a text as ``text/plain``, or as JSON ``{"text": "…", "sentences"?: n}``.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from events import Error, Event, Result, Start
from summary import SummaryError, summarise
from tasks import Request, streamed
from url_event import BadRequestError

LARGEST: Final = 5_242_880
"""Bytes: 5 MB. Lambda's own 6 MB hold the rest of the event, and what JSON escapes."""

MOST_SENTENCES: Final = 100


def task(request: Request) -> Iterator[Event]:
    text, sentences = _wanted(request)
    yield Start()
    try:
        summary = yield from summarise(text, sentences=sentences)
    except SummaryError as error:
        yield Error(error.code, error.message)
        return
    caller = request.caller.identity() if request.caller else None
    yield Result({**asdict(summary), "caller": caller})


def _wanted(request: Request) -> tuple[str, int | None]:
    if len(request.body) > LARGEST:
        msg = (
            f"The text is too long: send 5 MB at most, not {len(request.body):,} bytes."
        )
        raise BadRequestError(msg)
    if request.content_type == "text/plain":
        text, sentences = request.text(), None
    elif request.content_type == "application/json":
        text, sentences = _of_json(request.json())
    else:
        msg = "Send text/plain, or application/json."
        raise BadRequestError(msg)
    if "\x00" in text:
        msg = "This is no text: it contains a zero byte."
        raise BadRequestError(msg)
    if not text.strip():
        msg = "The text is empty."
        raise BadRequestError(msg)
    return text, sentences


def _of_json(value: object) -> tuple[str, int | None]:
    match value:
        case {"text": str(text), "sentences": sentences}:
            return text, _sentences(sentences)
        case {"text": str(text)}:
            return text, None
        case _:
            msg = 'The body must be an object with a text: {"text": "…"}.'
            raise BadRequestError(msg)


def _sentences(value: object) -> int:
    match value:
        case bool():  # which Python takes for a number
            pass
        case int() if 1 <= value <= MOST_SENTENCES:
            return value
    msg = f"sentences is a whole number from 1 to {MOST_SENTENCES}."
    raise BadRequestError(msg)


app = streamed(task)
