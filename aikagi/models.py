"""What the broker answers about people and functions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the broker thinks you are; ``session_name`` is how AWS will know you."""

    issuer: str
    subject: str
    groups: tuple[str, ...]
    session_name: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            issuer=value["issuer"],
            subject=value["subject"],
            groups=tuple(value["groups"]),
            session_name=value["session_name"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionEntry:
    """A function you may call. ``max_duration_seconds`` bounds a grant, not a run."""

    name: str
    title: str
    description: str
    func_url: str
    region: str
    invoke_mode: str
    max_duration_seconds: int

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            name=value["Name"],
            title=value["Title"],
            description=value["Description"],
            func_url=value["FuncUrl"],
            region=value["Region"],
            invoke_mode=value["InvokeMode"],
            max_duration_seconds=value["MaxDurationSeconds"],
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as the broker did."""
        names = (name.title().replace("_", "") for name in asdict(self))
        return dict(zip(names, asdict(self).values(), strict=True))
