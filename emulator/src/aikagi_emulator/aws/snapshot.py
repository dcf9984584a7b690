"""What a stack's stores hold, for the stack that follows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TableSnapshot:
    """``key`` is how items are told apart: another key makes another table."""

    key: object
    items: Sequence[Mapping[str, Any]] = field(repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySnapshot:
    """A managed policy: the template's document, and what has become of it since.

    ``versions`` leads from version ids to documents, the oldest first; ``last`` is the
    number of the latest there ever was.
    """

    template: str
    versions: Mapping[str, str]
    default: str
    last: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Tables by their names; the texts of secrets, and managed policies, by ARN."""

    tables: Mapping[str, TableSnapshot] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    policies: Mapping[str, PolicySnapshot] = field(default_factory=dict)
