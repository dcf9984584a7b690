"""What the broker tells of people and functions."""

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
    def read(cls, answer: Mapping[str, Any]) -> Self:
        return cls(
            issuer=answer["issuer"],
            subject=answer["subject"],
            groups=tuple(answer["groups"]),
            session_name=answer["session_name"],
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
    def read(cls, entry: Mapping[str, Any]) -> Self:
        return cls(
            name=entry["Name"],
            title=entry["Title"],
            description=entry["Description"],
            func_url=entry["FuncUrl"],
            region=entry["Region"],
            invoke_mode=entry["InvokeMode"],
            max_duration_seconds=entry["MaxDurationSeconds"],
        )

    def told(self) -> dict[str, Any]:
        """Give it as the broker did."""
        names = (name.title().replace("_", "") for name in asdict(self))
        return dict(zip(names, asdict(self).values(), strict=True))
