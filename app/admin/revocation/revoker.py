"""Revoke in the order that leaves no gap: first nothing new, then what is there."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, final

from botocore.exceptions import BotoCoreError, ClientError

from app.adapters.users import REMEMBERED_FOR
from app.admin.errors import NotDoneError
from app.admin.revocation.document import document_of, fits
from app.admin.revocation.entries import Entries, fitted
from app.admin.revocation.journal import LEASE_SECONDS, Journal, LeaseLostError
from app.admin.revocation.policy import RevocationPolicy
from app.admin.revocation.proof import Proof, ProofError
from app.admin.revocation.server_clock import NoDateError, ServerClock
from app.domain.errors import UsersUnavailableError
from app.domain.identity import Identity

CUT_OFF_MARGIN: Final = 4
"""Seconds from the next full one to the cut-off: clocks of AWS differ, and the table
has to be written before it. The broker takes tokens of its own that are five seconds
ahead (``LEEWAY`` in ``app.adapters.tokens.claims``): a new login is let in at once."""

_TRIES: Final = 3
_PAUSE: Final = 1.0
_LONGEST_WAIT: Final = LEASE_SECONDS + 30
"""Seconds for a command that writes before: it ends, or its lease does."""

_KNOWN_AFTER: Final = 1 + REMEMBERED_FOR.total_seconds()
"""Seconds from the write to the cut-off, at least: what a broker gives meanwhile by
what it remembers was issued before that. One is for clocks that differ."""

_LONGEST_IN_TABLE: Final = 60
"""Seconds of a lease after which no write of the policy is begun: all its requests end
within the rest, each of them at its timeout."""


class Target(Protocol):
    """Whose sessions end."""

    def end(self, journal: Journal, cut_off: int) -> None:
        """End in the table what could be renewed."""

    def added_to(self, entries: Entries, cut_off: int) -> Entries: ...

    def removed_from(self, entries: Entries) -> Entries: ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What came of one; the table was written in any case.

    ``cut_off`` is epoch seconds. ``version_id`` is the policy's, or ``policy_error``
    why it was not written. ``shared`` are others who got a later cut-off for lack of
    room, and ``is_for_all`` says that it became everybody's. ``was_foreign`` says that
    the policy was another before than the table had it. ``held_after`` is in seconds,
    where it was proved; ``proof_error`` why it was not, and ``proof_keys`` are the
    access key ids of the sessions it was tried with, the refused one first.
    """

    cut_off: int
    shared: Mapping[Identity, int] = field(default_factory=dict)
    is_for_all: bool = False
    version_id: str = ""
    was_foreign: bool = False
    policy_error: BotoCoreError | ClientError | None = None
    held_after: float | None = None
    proof_error: str = ""
    proof_keys: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """``is_written`` says whether the policy is what the table says that it is."""

    entries: Entries
    is_written: bool
    version_id: str


@final
class Revoker:
    """Each may raise ``UsersUnavailableError`` and ``NotDoneError``."""

    def __init__(  # noqa: PLR0913 - what it is made of, and what a test replaces
        self,
        journal: Journal,
        policy: RevocationPolicy,
        *,
        clock: ServerClock,
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
        report: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._policy = policy
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._report = report

    def in_force(self) -> InForce:
        """Read it. Raises what botocore raises, too."""
        recorded, present = self._journal.read(), self._policy.read()
        return InForce(
            entries=recorded.at(self._now()),
            is_written=_says(present.document, recorded),
            version_id=present.version_id,
        )

    def revoke(
        self, target: Target, proof: Proof | None = None, *, wait: float = 0
    ) -> Revocation:
        """End what ``target`` has: in the table and in the policy; then try ``proof``.

        ``wait`` is how many seconds it may take until it holds.
        """
        grant_id = proof.new_grant_id() if proof else ""
        with self._lease() as lease:
            began, before = self._monotonic(), self._journal.read()
            done, entries = self._end(target, before, grant_id)
            ended = self._monotonic()
            self._record(lease, entries, began)
            done = self._write(done, before, entries)
        if proof is not None and done.policy_error is None:
            done = self._with_proof(done, proof, grant_id, wait)
        self._await_brokers(before, entries, ended)
        return done

    def undo(self, target: Target) -> Revocation:
        """Take ``target`` out of the policy. What ended in the table stays ended.

        Raises what botocore raises where the policy cannot be read.
        """
        with self._lease() as lease:
            began, before = self._monotonic(), self._journal.read()
            now = self._now()
            present = before.at(now)
            entries = target.removed_from(present)
            if entries == present and self.in_force().is_written:
                raise NotDoneError("Nothing of that is in force: see revoke --list.")
            fitting = fitted(entries, fits)
            if fitting.everyone > entries.everyone:
                raise NotDoneError(
                    "There is no room in the policy for what else is revoked: the "
                    "moment that counts for everybody stands in its place, and ends by "
                    "itself (revoke --list)."
                )
            shared = self._end_shared(entries, fitting)
            entries = fitting
            self._journal.end_grants(entries.grants)
            self._record(lease, entries, began)
            done = Revocation(cut_off=int(now), shared=shared)
            return self._write(done, before, entries)

    def _end(
        self, target: Target, before: Entries, proof: str
    ) -> tuple[Revocation, Entries]:
        """Write into the table, before the moment that is the cut-off."""
        for _ in range(_TRIES):
            now = self._now()
            cut_off = int(now) + 1 + CUT_OFF_MARGIN
            wanted = target.added_to(before.at(now), cut_off)
            if proof:
                wanted = wanted.with_proof(proof, cut_off)
            entries = fitted(wanted, fits)
            target.end(self._journal, cut_off)
            shared = self._end_shared(wanted, entries)
            if entries.everyone > wanted.everyone:
                self._journal.end_everybodys_logins(entries.everyone)
            self._journal.end_grants(entries.grants)
            if self._now() + _KNOWN_AFTER <= cut_off:
                done = Revocation(
                    cut_off=cut_off,
                    shared=shared,
                    is_for_all=entries.everyone > wanted.everyone,
                )
                return done, entries
        raise NotDoneError(
            "The table is too slow: each cut-off had passed when it was written. Run "
            "it again."
        )

    def _end_shared(self, wanted: Entries, fitting: Entries) -> Mapping[Identity, int]:
        """End what the people have whose cut-off became a later one."""
        shared = {
            who: at
            for who, at in fitting.people.items()
            if at != wanted.people.get(who)
        }
        for who, at in shared.items():
            self._journal.end_logins(who, at)
        return shared

    def _await_brokers(self, before: Entries, entries: Entries, ended: float) -> None:
        """Wait until none remembers what was revoked of everybody ``before``."""
        if (before.everyone, before.grants) != (entries.everyone, entries.grants):
            passed = self._monotonic() - ended
            self._sleep(max(0.0, REMEMBERED_FOR.total_seconds() - passed))

    def _record(self, lease: str, entries: Entries, began: float) -> None:
        try:
            self._journal.record(lease, entries)
        except LeaseLostError:
            in_time = False
        else:
            in_time = self._monotonic() - began < _LONGEST_IN_TABLE
        if not in_time:
            raise NotDoneError(
                "The table took so long that another command may be writing by now: "
                "the policy was not written. Run it again."
            )

    def _write(self, done: Revocation, before: Entries, entries: Entries) -> Revocation:
        try:
            present = self._policy.read()
            written = self._policy.write(document_of(entries), present)
        except (BotoCoreError, ClientError) as error:
            return replace(done, policy_error=error)
        return replace(
            done,
            version_id=written.version_id,
            was_foreign=not _says(present.document, before),
        )

    def _with_proof(
        self, done: Revocation, proof: Proof, grant_id: str, seconds: float
    ) -> Revocation:
        written_at = self._monotonic()
        try:
            sessions = proof.begin(grant_id, issued=done.cut_off)
        except ProofError as error:
            return replace(done, proof_error=str(error))
        except (BotoCoreError, ClientError) as error:
            return replace(
                done, proof_error=f"AWS made no session for the proof: {error}"
            )
        done = replace(done, proof_keys=sessions.access_key_ids)
        try:
            held_after = proof.wait(sessions, since=written_at, seconds=seconds)
        except ProofError as error:
            return replace(done, proof_error=str(error))
        if held_after is None:
            name = sessions.function.name
            why = f"After {seconds:g} s a call of {name} was still let in."
            return replace(done, proof_error=why)
        return replace(done, held_after=held_after)

    @contextmanager
    def _lease(self) -> Iterator[str]:
        """Wait until nobody else writes, and see to it that nobody does."""
        self._journal.read()
        began = self._monotonic()
        while (lease := self._journal.take_lease(self._now())) is None:
            if self._monotonic() - began > _LONGEST_WAIT:
                raise NotDoneError(
                    "Other commands go on writing revocations. Run it again."
                )
            self._report("Another command is writing revocations: waiting for it.")
            self._sleep(_PAUSE)
        try:
            yield lease
        finally:
            # It ends by itself as well.
            with suppress(UsersUnavailableError):
                self._journal.give_up_lease(lease)

    def _now(self) -> float:
        try:
            return self._clock.now()
        except NoDateError as error:
            raise NotDoneError(
                "DynamoDB's answers have no date: nothing was done."
            ) from error


def _says(document: Mapping[str, Any], entries: Entries) -> bool:
    said: object = json.loads(document_of(entries))
    return document == said
