"""The broker, for a program: log in, borrow, call."""

import time
from collections.abc import Mapping
from functools import cache
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self, final

import httpx2

from aikagi.calls import TIMEOUT, Call
from aikagi.door import Door
from aikagi.entries import FunctionEntry, Me
from aikagi.errors import LoginEndedError, StateError
from aikagi.grant import Grant, Term
from aikagi.lent_auth import LentAuth
from aikagi.session import Clock, Session
from aikagi.shelf import MemoryShelf, Shelf
from aikagi.signing import address

USUAL: Final = 900
"""Seconds of a grant; the shortest that AWS issues."""


@cache
def _tls() -> SSLContext:
    """Read the certificates of those who vouch once: that takes longer than a call."""
    return httpx2.create_ssl_context()


@final
class Broker:
    """One broker, and whoever is logged in to it. Threads may share it.

    ``base`` is the broker's root, https or on this machine. The login lives in memory
    and ends with the program, unless a ``shelf`` keeps it. Errors are those of
    ``aikagi.errors``; asking for anything without a login raises ``LoginEndedError``.
    """

    def __init__(
        self,
        base: str,
        *,
        shelf: Shelf | None = None,
        client: httpx2.Client | None = None,
        clock: Clock = time.time,
    ) -> None:
        self.client = client or httpx2.Client(timeout=TIMEOUT, verify=_tls())
        self._is_ours = client is None
        self._door = Door(base, self.client)
        self._shelf = shelf or MemoryShelf()
        self._clock = clock
        self._session: Session | None = None

    @property
    def base(self) -> str:
        return self._door.base

    @property
    def username(self) -> str | None:
        """Who is logged in, as far as this machine knows."""
        session = self._current()
        return None if session is None else session.username

    def login(self, username: str, password: str, *, keep: bool = True) -> None:
        """Trade the password for tokens. It is not kept.

        Without ``keep`` neither is the refresh token: the login ends with its access
        token.

        Raises ``BrokerError`` (``urn:aikagi:problem:login-refused``).
        """
        door, shelf, clock = self._door, self._shelf, self._clock
        self._session = Session.begin(door, shelf, clock, username, password, keep=keep)

    def logout(self) -> None:
        """End the login at the broker, if it can be reached, and forget it here."""
        try:
            if (session := self._current()) is not None:
                session.end()
        except StateError:
            pass  # what cannot be read can be removed all the same
        finally:
            self._session = None
            self._shelf.clear()

    def access_token(self) -> tuple[str, float]:
        """Give an access token that is good now, and when it ends (epoch seconds)."""
        tokens = self._signed_in().tokens()
        return tokens.access, tokens.ends_at

    def login_ends_at(self) -> float:
        """Tell when a password is wanted again, at the latest (epoch seconds)."""
        tokens = self._signed_in().tokens()
        return tokens.refresh_ends_at or tokens.ends_at

    def me(self) -> Me:
        return Me.read(self._signed_in().ask("GET", "auth/me"))

    def functions(self) -> list[FunctionEntry]:
        answer = self._signed_in().ask("GET", "functions")
        return [FunctionEntry.read(entry) for entry in answer["Functions"]]

    def grant(
        self,
        function: str,
        *,
        seconds: int = USUAL,
        lasting: float = 0,
        refused: Grant | None = None,
    ) -> Grant:
        """Borrow a key for ``seconds``, or give the one held that is still good.

        One held has at least ``lasting`` seconds left. ``refused`` is one that was
        turned down: another is given.
        """
        term = Term(seconds=seconds, lasting=lasting)
        return self._signed_in().grant(function, term, refused)

    def auth(self, function: str) -> LentAuth:
        """Give an auth for any httpx2 client that calls this function's URL."""
        return LentAuth(self, function, clock=self._clock)

    def call(  # noqa: PLR0913 - what a request is made of
        self,
        function: str,
        *,
        method: str | None = None,
        path: str = "",
        data: str | bytes | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        """Call a function: POST where there is ``data`` or ``json``, else GET.

        No request is sent twice, unless Lambda itself refused the first.
        """
        url = address(self.grant(function), path)
        sent = {name: value.strip() for name, value in (headers or {}).items()}
        if isinstance(data, str) and "content-type" not in map(str.lower, sent):
            sent["Content-Type"] = "text/plain;charset=UTF-8"
        request = self.client.build_request(
            method or ("GET" if data is None and json is None else "POST"),
            url,
            content=data,
            json=json,
            headers=sent,
            timeout=TIMEOUT,
        )
        return Call(self.client, request, self.auth(function))

    def close(self) -> None:
        """Let renewals under way end, and close the connections that are ours."""
        if self._session is not None:
            self._session.settle()
        if self._is_ours:
            self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _current(self) -> Session | None:
        if self._session is None:
            self._session = Session.resume(self._door, self._shelf, self._clock)
        return self._session

    def _signed_in(self) -> Session:
        session = self._current()
        if session is None:
            raise LoginEndedError("Nobody is logged in")
        return session
