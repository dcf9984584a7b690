"""What is revoked: whose sessions from before when, and for how long that counts.

Moments are epoch seconds. A cut-off revokes what was issued before it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from app.domain.identity import Identity

LONGEST_SESSION: Final = 3600
"""Seconds. The invoke role's MaxSessionDuration, and the most for a chained role."""

MARGIN: Final = 300
"""Seconds beyond that for which an entry stays: clocks differ, answers take time."""

LONGEST_PROOF: Final = 900
"""Seconds: how long the session of a proof lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """``people`` leads to cut-offs; ``grants`` and ``proofs`` to when each was revoked.

    ``everyone`` is a cut-off for all, and 0 where there is none. ``proofs`` are the
    grants of sessions with which a command shows that the policy holds.
    """

    everyone: int = 0
    people: Mapping[Identity, int] = field(default_factory=dict)
    grants: Mapping[str, int] = field(default_factory=dict)
    proofs: Mapping[str, int] = field(default_factory=dict)

    @property
    def latest(self) -> int:
        return max((self.everyone, *self.people.values(), *self.grants.values()))

    def at(self, now: float) -> "Entries":
        """Leave out what no session is left of."""

        def counts(moment: int) -> bool:
            return now < ends_at(moment)

        return Entries(
            everyone=self.everyone if counts(self.everyone) else 0,
            people={who: at for who, at in self.people.items() if counts(at)},
            grants={grant: at for grant, at in self.grants.items() if counts(at)},
            proofs={
                grant: at
                for grant, at in self.proofs.items()
                if now < at + LONGEST_PROOF
            },
        )

    def with_person(self, who: Identity, cut_off: int) -> "Entries":
        later = max(cut_off, self.people.get(who, 0))
        return replace(self, people={**self.people, who: later})

    def with_grant(self, grant_id: str, now: int) -> "Entries":
        return replace(self, grants={**self.grants, grant_id: now})

    def with_everyone(self, cut_off: int) -> "Entries":
        """A cut-off for all. What was revoked before stays, should it be undone."""
        return replace(self, everyone=max(cut_off, self.everyone))

    def with_proof(self, grant_id: str, now: int) -> "Entries":
        return replace(self, proofs={**self.proofs, grant_id: now})

    def without_person(self, who: Identity) -> "Entries":
        left = {other: at for other, at in self.people.items() if other != who}
        return replace(self, people=left)

    def without_grant(self, grant_id: str) -> "Entries":
        left = {other: at for other, at in self.grants.items() if other != grant_id}
        return replace(self, grants=left)

    def without_everyone(self) -> "Entries":
        return replace(self, everyone=0)


def ends_at(moment: int) -> int:
    """When the last session has ended that was issued before ``moment``."""
    return moment + LONGEST_SESSION + MARGIN


def fitted(entries: Entries, fits: Callable[[Entries], bool]) -> Entries:
    """Say the same in less room: it revokes no less, and as little more as it can.

    People whose cut-offs are nearest to each other get the later one of both, as often
    as it takes. Where one cut-off for all these people does not fit either, it becomes
    everybody's, and of the proofs the latest stays.
    """
    while not fits(entries):
        cut_offs = sorted(
            {at for at in entries.people.values() if at > entries.everyone}
        )
        if len(cut_offs) <= 1:
            latest = sorted(entries.proofs.items(), key=lambda proof: proof[1])[-1:]
            entries = replace(entries, proofs=dict(latest))
            return entries.with_everyone(entries.latest)
        _, earlier, later = min(
            (after - before, before, after) for before, after in pairwise(cut_offs)
        )
        people = {
            who: later if at == earlier else at for who, at in entries.people.items()
        }
        entries = replace(entries, people=people)
    return entries
