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
class Snapshot:
    """Tables by their names, and the texts of secrets by their ARNs."""

    tables: Mapping[str, TableSnapshot] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
