"""Which route of an HTTP API a request takes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self, final
from urllib.parse import unquote

from aikagi_emulator.urls import Function

_DEFAULT: Final = "$default"
ANY: Final = "ANY"
"""The method of a route that takes all others."""
_METHOD: Final = re.compile("[A-Z]+")
_VARIABLE: Final = re.compile(r"\{([A-Za-z0-9._:-]+)(\+?)\}")

_FIXED, _ONE_SEGMENT, _GREEDY, _CATCH_ALL = range(4)


class RouteError(ValueError):
    """No route can be called that."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteKey:
    """A route's key, such as ``GET /items/{id}``, ``ANY /{proxy+}`` or ``$default``."""

    text: str
    method: str
    segments: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ``RouteError``."""
        if text == _DEFAULT:
            return cls(text=text, method=ANY, segments=())
        method, _, path = text.partition(" ")
        segments = tuple(path.split("/")[1:])
        if not _METHOD.fullmatch(method) or not path.startswith("/"):
            msg = f"{text} is no route: write a method, or ANY, and a path, or $default"
            raise RouteError(msg)
        for position, segment in enumerate(segments, start=1):
            variable = _VARIABLE.fullmatch(segment)
            if variable is None and ("{" in segment or "}" in segment):
                msg = f"{text} is no route: a variable is the whole of {segment}"
                raise RouteError(msg)
            if variable and variable[2] and position < len(segments):
                msg = f"{text} is no route: {segment} has to be at its end"
                raise RouteError(msg)
        return cls(text=text, method=method, segments=segments)

    @property
    def source(self) -> str:
        """How the ARN of the route ends, behind the stage."""
        return self.text if self.is_default else "/".join((self.method, *self.segments))

    @property
    def is_default(self) -> bool:
        return self.text == _DEFAULT

    @property
    def rank(self) -> tuple[tuple[int, ...], bool]:
        """The least is the most specific: by its path first, then by its method."""
        if self.is_default:
            return (_CATCH_ALL,), True
        return tuple(map(_rank, self.segments)), self.method == ANY

    def match(self, method: str, segments: tuple[str, ...]) -> dict[str, str] | None:
        """The path's parameters, decoded, or None where this is not the route.

        ``segments`` of the request's path are encoded as they came.
        """
        if self.is_default:
            return {}
        if self.method not in (ANY, method):
            return None
        found: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            rest = segments[position:]
            variable = _VARIABLE.fullmatch(segment)
            if variable and variable[2]:
                text = "/".join(rest)
                return {**found, variable[1]: _decoded(text)} if text else None
            if not rest:
                return None
            if variable and rest[0]:
                found[variable[1]] = _decoded(rest[0])
            elif segment != _decoded(rest[0]):
                return None
        return found if len(segments) == len(self.segments) else None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route and what it leads to.

    ``permitted_stages`` are those from which the function's permissions let the API
    call it.
    """

    key: RouteKey
    function: Function
    function_name: str
    permitted_stages: frozenset[str]
    timeout_seconds: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    route: Route
    parameters: Mapping[str, str]


def choose(routes: Iterable[Route], method: str, path: str) -> Chosen | None:
    """The most specific route. ``path`` is encoded, without the stage."""
    segments = tuple(path.split("/")[1:])
    for route in sorted(routes, key=lambda route: route.key.rank):
        parameters = route.key.match(method, segments)
        if parameters is not None:
            return Chosen(route=route, parameters=parameters)
    return None


def _rank(segment: str) -> int:
    variable = _VARIABLE.fullmatch(segment)
    if variable is None:
        return _FIXED
    return _GREEDY if variable[2] else _ONE_SEGMENT


def _decoded(text: str) -> str:
    return unquote(text, errors="replace")
