"""Summarises a text while its reader watches: an example of a function that streams.

``POST`` a text as ``text/plain``, or as JSON ``{"text": "…", "sentences"?: n}``.
``AIKAGI_SUMMARISE_MODEL_ID`` names a model of Amazon Bedrock that writes the summary;
without it the summary is made of sentences of the text itself.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from aikagi_function import BadRequestError, Request, streamed
from aikagi_function.events import Error, Event, Result, Start
from summarise.extractive import extract
from summarise.summary import SummaryError

MAX_CHARACTERS: Final = 600_000
"""A book of four hundred pages; for a model, ten questions."""

MAX_SENTENCES: Final = 100


def task(request: Request) -> Iterator[Event]:
    text, sentences = _arguments(request)
    yield Start()
    if len(text) > MAX_CHARACTERS:
        yield Error(
            "too-long",
            f"The text has {len(text):,} characters, and {MAX_CHARACTERS:,} are the "
            "most that can be summarised. Send a part of it.",
        )
        return
    try:
        if model := os.environ.get("AIKAGI_SUMMARISE_MODEL_ID"):
            # boto3 takes longer to import than a short text takes to summarise.
            from summarise.bedrock import ask

            summary = yield from ask(model, text, sentences)
        else:
            summary = yield from extract(text, sentences)
    except SummaryError as error:
        yield Error(error.code, str(error))
        return
    caller = request.caller.identity() if request.caller else None
    yield Result({**asdict(summary), "caller": caller})


def _arguments(request: Request) -> tuple[str, int | None]:
    sentences = None
    if request.content_type == "text/plain":
        text = request.text()
    elif request.content_type == "application/json":
        text, sentences = _from_json(request.json())
    else:
        raise BadRequestError("Send text/plain, or application/json.")
    if "\x00" in text:
        raise BadRequestError("This is no text: it contains a zero byte.")
    if not text.strip():
        raise BadRequestError("The text is empty.")
    return text, sentences


def _from_json(body: object) -> tuple[str, int | None]:
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise BadRequestError('The body must be an object with a text: {"text": "…"}.')
    sentences = body.get("sentences", 1)
    # Not isinstance: to Python, true is an int.
    if type(sentences) is not int or not 1 <= sentences <= MAX_SENTENCES:
        raise BadRequestError(f"sentences is a whole number from 1 to {MAX_SENTENCES}.")
    return body["text"], body.get("sentences")


handler = streamed(task)
