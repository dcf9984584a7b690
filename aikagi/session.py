"""One login as it goes on: its tokens are renewed, its grants fetched and kept."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import Any, Final, final
from uuid import uuid4

from aikagi.door import Door
from aikagi.errors import BrokerError, LoginEndedError, UnreachableError
from aikagi.freshness import Freshness
from aikagi.grant import Grant, Term
from aikagi.kept import Kept
from aikagi.recall import (
    TOKENS,
    grant_slot,
    grant_to_keep,
    recall_grant,
    recall_tokens,
)
from aikagi.shelf import Shelf
from aikagi.tokens import Tokens

Clock = Callable[[], float]
"""This machine's, epoch seconds."""

_FIRST_PATIENCE: Final = 8.0
"""Seconds that the broker has for a first answer to a refresh token.

Within ten seconds of spending one it answers a second question with the same successor;
later, that would be a thief's question, and end the login.
"""

_OUR_FAULTS_END: Final = 500
"""The status from which on a failure is the broker's."""


@final
class Session:
    """What one person may do at one broker, until the login ends.

    Others may share the shelf: whoever waits for a lock reads first what was written
    meanwhile, so that one renewal serves them all. Locks are taken in one order, a
    grant's and then that of the tokens.
    """

    def __init__(self, door: Door, shelf: Shelf, clock: Clock, tokens: Tokens) -> None:
        self.username = tokens.username
        self._door = door
        self._shelf = shelf
        self._clock = clock
        self._slot = shelf.slot(TOKENS)
        self._tokens = Kept(self._renew, lambda each: each.freshness(clock()), tokens)
        self._grants: dict[tuple[str, Term], Kept[Grant]] = {}
        self._lock = Lock()

    @classmethod
    def begin(  # noqa: PLR0913 - what a session has, and what a login needs
        cls,
        door: Door,
        shelf: Shelf,
        clock: Clock,
        username: str,
        password: str,
        *,
        keep: bool,
    ) -> "Session":
        form = {"grant_type": "password", "username": username, "password": password}
        answer = door.ask("POST", "auth/login", form=form)
        tokens = _read(answer, login=uuid4().hex, username=username, now=clock())
        if not keep:
            tokens = replace(tokens, refresh=None, refresh_ends_at=None)
        slot = shelf.slot(TOKENS)
        with slot.locked():
            shelf.clear()
            slot.write(tokens.remember())
        return cls(door, shelf, clock, tokens)

    @classmethod
    def resume(cls, door: Door, shelf: Shelf, clock: Clock) -> "Session | None":
        tokens = recall_tokens(shelf.slot(TOKENS))
        return None if tokens is None else cls(door, shelf, clock, tokens)

    def tokens(self) -> Tokens:
        """Give tokens of which the access token is good now."""
        return self._tokens.get()

    def ask(
        self, method: str, path: str, json: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Ask as this person; a refused access token is renewed once."""
        tokens = self._tokens.get()
        try:
            return self._door.ask(method, path, token=tokens.access, json=json)
        except BrokerError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
        tokens = self._tokens.instead_of(tokens)
        return self._door.ask(method, path, token=tokens.access, json=json)

    def grant(self, function: str, term: Term, refused: Grant | None = None) -> Grant:
        kept = self._kept(function, term)
        return kept.get() if refused is None else kept.instead_of(refused)

    def end(self) -> None:
        """Tell the broker, if it can be reached, and forget everything."""
        try:
            with suppress(BrokerError, UnreachableError):
                self.ask("POST", "auth/logout")
        finally:
            self.settle()
            with self._slot.locked():
                self._shelf.clear()

    def settle(self) -> None:
        """Wait for what is being renewed: an answer that is lost ends the login."""
        with self._lock:
            grants = list(self._grants.values())
        for grant in grants:
            grant.settle()
        self._tokens.settle()

    def _kept(self, function: str, term: Term) -> Kept[Grant]:
        key = function, term
        with self._lock:
            if key not in self._grants:
                self._grants[key] = Kept(
                    lambda refused: self._borrow(function, term, refused),
                    lambda grant: term.judge(grant, self._clock()),
                )
            return self._grants[key]

    def _renew(self, seen: Tokens | None) -> Tokens:
        with self._slot.locked():
            found = recall_tokens(self._slot)
            if found is None:
                raise LoginEndedError("Nobody is logged in")
            if found.username != self.username:
                raise LoginEndedError("Somebody else has logged in here")
            if found != seen and found.freshness(self._clock()) is not Freshness.SPENT:
                return found
            tokens = self._refreshed(found)
            self._slot.write(tokens.remember())
            return tokens

    def _refreshed(self, tokens: Tokens) -> Tokens:
        if tokens.refresh is None:
            raise LoginEndedError
        return _read(
            self._spend(tokens.refresh),
            login=tokens.login,
            username=self.username,
            now=self._clock(),
        )

    def _spend(self, refresh: str) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        began = monotonic()
        try:
            return self._door.ask(
                "POST", "auth/refresh", form=form, patience=_FIRST_PATIENCE
            )
        except (BrokerError, UnreachableError) as error:
            refused = isinstance(error, BrokerError) and error.status < _OUR_FAULTS_END
            if refused or monotonic() - began > _FIRST_PATIENCE + 1:
                raise
        # The answer may have been lost on its way, and the token be spent.
        return self._door.ask("POST", "auth/refresh", form=form)

    def _borrow(self, function: str, term: Term, refused: Grant | None) -> Grant:
        login = self._tokens.get().login
        slot = self._shelf.slot(grant_slot(function, term.seconds))
        with slot.locked():
            found = recall_grant(slot, login)
            if found is None or found == refused or self._is_spent(found, term):
                found = self._ask_for(function, term.seconds)
                slot.write(grant_to_keep(login, found))
            return found

    def _is_spent(self, grant: Grant, term: Term) -> bool:
        return term.judge(grant, self._clock()) is Freshness.SPENT

    def _ask_for(self, function: str, seconds: int) -> Grant:
        wanted = {"FunctionName": function, "DurationSeconds": seconds}
        before = self._clock()
        answer = self.ask("POST", "grant", wanted)
        try:
            # It looked at its clock somewhere in between.
            return Grant.read(answer, asked_at=(before + self._clock()) / 2)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreachableError("broker", "it answers with no grant") from error


def _read(
    answer: Mapping[str, Any], *, login: str, username: str, now: float
) -> Tokens:
    try:
        return Tokens.read(answer, login=login, username=username, now=now)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreachableError("broker", "it answers with no token") from error
