"""The functions that can be granted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import final


class InvokeMode(StrEnum):
    """How a function URL answers: all at once, or as it goes along."""

    BUFFERED = "BUFFERED"
    RESPONSE_STREAM = "RESPONSE_STREAM"


class BodyType(StrEnum):
    """What a form for calling a function begins with."""

    JSON = "json"
    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function behind one URL, and who may be let in.

    ``role_arn`` is the role a session for it is made with; ``max_duration_seconds``
    bounds the session, not the function's run. ``example`` is a body that it takes.
    """

    name: str
    title: str
    description: str
    arn: str
    url: str
    region: str
    invoke_mode: InvokeMode
    groups: frozenset[str]
    max_duration_seconds: int
    role_arn: str
    example: str | None = None
    body_type: BodyType | None = None


@final
class Catalogue:
    """Functions by name, in the order of their names."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self._by_name = {
            function.name: function
            for function in sorted(functions, key=lambda function: function.name)
        }

    def __iter__(self) -> Iterator[Function]:
        return iter(self._by_name.values())
