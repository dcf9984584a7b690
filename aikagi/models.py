"""What the broker answers about people and functions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from aikagi.address import require_private

_LONGEST_SECONDS: Final = 10**10
"""About three hundred years: what lasts longer is no time that anybody meant."""


def list_in(value: Mapping[str, Any], name: str) -> list[Any]:
    """Give a member. Raises ``KeyError`` or ``TypeError`` where it is no list."""
    member = value[name]
    if not isinstance(member, list):
        raise TypeError(f"{name} is not a list")
    return member


def string_in(value: Mapping[str, Any], name: str) -> str:
    """Give a member. Raises ``KeyError`` or ``TypeError`` where it is no string."""
    member = value[name]
    if not isinstance(member, str):
        raise TypeError(f"{name} is not a string")
    return member


def require_header_value(value: object) -> None:
    """Raise ``TypeError`` or ``ValueError`` where no header could have the value."""
    if not isinstance(value, str):
        raise TypeError
    if not (value and value.isascii() and value.isprintable()):
        raise ValueError("It has characters that no header has")


def require_seconds(value: object) -> None:
    """Raise ``TypeError`` or ``ValueError`` where the value is no time that passes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not -_LONGEST_SECONDS <= value <= _LONGEST_SECONDS:
        raise ValueError("It is no number of seconds that anybody meant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the broker thinks you are; ``session_name`` is how AWS will know you."""

    issuer: str
    subject: str
    groups: tuple[str, ...]
    session_name: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``GET /auth/me`` answered. Raises ``KeyError`` or ``TypeError``."""
        return cls(
            issuer=string_in(value, "issuer"),
            subject=string_in(value, "subject"),
            groups=tuple(map(str, list_in(value, "groups"))),
            session_name=string_in(value, "session_name"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionEntry:
    """A function you may call. ``max_duration_seconds`` bounds a grant, not a run.

    ``example`` is a body that it takes, ``body_type`` is ``json``, ``text`` or
    ``file``; None where the catalogue does not say.
    """

    name: str
    title: str
    description: str
    func_url: str
    region: str
    invoke_mode: str
    max_duration_seconds: int
    example: str | None = None
    body_type: str | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read an entry of ``GET /functions``.

        Raises ``KeyError`` or ``TypeError``, and ``AddressError`` of a URL that no
        credentials may be sent to.
        """
        max_duration_seconds = value["MaxDurationSeconds"]
        if not isinstance(max_duration_seconds, int):
            raise TypeError
        require_private(string_in(value, "FuncUrl"))
        return cls(
            name=string_in(value, "Name"),
            title=string_in(value, "Title"),
            description=string_in(value, "Description"),
            func_url=string_in(value, "FuncUrl"),
            region=string_in(value, "Region"),
            invoke_mode=string_in(value, "InvokeMode"),
            max_duration_seconds=max_duration_seconds,
            example=_optional_string_in(value, "Example"),
            body_type=_optional_string_in(value, "BodyType"),
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as the broker did."""
        names = (name.title().replace("_", "") for name in asdict(self))
        return dict(zip(names, asdict(self).values(), strict=True))


def _optional_string_in(value: Mapping[str, Any], name: str) -> str | None:
    return None if value.get(name) is None else string_in(value, name)
