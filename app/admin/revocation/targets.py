"""Whose sessions end: somebody's, those of a grant, or everybody's."""

from dataclasses import dataclass
from typing import final

from app.admin.revocation.entries import Entries
from app.admin.revocation.journal import Ended, Journal
from app.admin.users import NoSuchUserError
from app.domain.identity import Identity


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``disable`` keeps them out, too. ``removed`` says that they are in no table."""

    identity: Identity
    disable: bool = False
    removed: bool = False

    def end(self, journal: Journal, cut_off: int) -> None:
        """Raise ``NoSuchUserError`` for a user who ought to be there."""
        ended = journal.end_logins(self.identity, cut_off, disable=self.disable)
        if ended is Ended.NOT_THERE and not self.removed:
            raise NoSuchUserError(self.identity.subject)

    def added_to(self, entries: Entries, cut_off: int) -> Entries:
        return entries.with_person(self.identity, cut_off)

    def removed_from(self, entries: Entries) -> Entries:
        return entries.without_person(self.identity)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SingleGrant:
    """``grant_id`` is that of the session, its tag ``grant``."""

    grant_id: str

    def end(self, journal: Journal, cut_off: int) -> None:
        """Nothing else: the grants that are over are written with every revocation."""

    def added_to(self, entries: Entries, cut_off: int) -> Entries:
        return entries.with_grant(self.grant_id, cut_off)

    def removed_from(self, entries: Entries) -> Entries:
        return entries.without_grant(self.grant_id)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Everyone:
    def end(self, journal: Journal, cut_off: int) -> None:
        journal.end_everybodys_logins(cut_off)

    def added_to(self, entries: Entries, cut_off: int) -> Entries:
        return entries.with_everyone(cut_off)

    def removed_from(self, entries: Entries) -> Entries:
        return entries.without_everyone()
