"""The functions that can be granted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
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
    Whoever is let in has, of each attribute in ``required_claims``, one of its values,
    and calls from one of ``source_networks``, where there are any.
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
    required_claims: Mapping[str, frozenset[str]] = field(
        default_factory=dict, hash=False
    )
    source_networks: tuple[IPv4Network | IPv6Network, ...] = ()


@final
class Catalogue:
    """Functions by name, in the order of their names."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self._by_name = {
            function.name: function
            for function in sorted(functions, key=lambda function: function.name)
        }
        self._names_by_group: dict[str, list[str]] = defaultdict(list)
        for function in self:
            for group in function.groups:
                self._names_by_group[group].append(function.name)

    def __iter__(self) -> Iterator[Function]:
        return iter(self._by_name.values())

    def find(self, name: str) -> Function | None:
        return self._by_name.get(name)

    def of_groups(self, groups: frozenset[str]) -> Iterator[Function]:
        """Yield the functions of any of the groups, and look at no others."""
        known = self._names_by_group.keys() & groups
        names = {name for group in known for name in self._names_by_group[group]}
        return (self._by_name[name] for name in sorted(names))
