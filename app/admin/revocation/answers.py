"""Answers of AWS that are none."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError


class NotUnderstoodError(BotoCoreError):
    """One of botocore's, as its own are none for an answer that it cannot read."""

    fmt = "the answer of {service} cannot be understood"


@contextmanager
def understood(service: str) -> Iterator[None]:
    """Raise ``NotUnderstoodError`` for what a garbled answer of ``service`` raises."""
    try:
        yield
    except (KeyError, TypeError, ValueError, ResponseParserError) as error:
        raise NotUnderstoodError(service=service) from error
