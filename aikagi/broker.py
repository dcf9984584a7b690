"""The broker, for a program: log in, get grants, call."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self, final

import httpx2

from aikagi.calls import Call
from aikagi.errors import (
    AddressError,
    AikagiError,
    BrokerError,
    IssuerError,
    LoginEndedError,
    StateError,
    StateVersionError,
    UnreachableError,
)
from aikagi.grant import Grant, GrantLifetime
from aikagi.http_client import LONGEST, TIMEOUT, build_client
from aikagi.issuer import Issuer
from aikagi.issuer_login import DeviceCode, IssuerLogins
from aikagi.login_session import Clock, LoginSession
from aikagi.loopback_redirect import LoopbackRedirect, loopback_redirect
from aikagi.models import FunctionEntry, Me, list_in
from aikagi.openid import OpenId
from aikagi.signing import join_url
from aikagi.sigv4_auth import SigV4Auth
from aikagi.store import MemoryStore, Store
from aikagi.tokens import Tokens
from aikagi.transport import BrokerTransport

SIGN_IN_SECONDS: Final = 600.0
"""For which a browser may be at the issuer."""


@final
class Broker:
    """One broker, and whoever is logged in to it. Threads may share it.

    ``base`` is the broker's root, https or on this machine. The login lives in memory
    and ends with the program, unless a ``store`` keeps it. Errors are those of
    ``aikagi.errors``; asking for anything without a login raises ``LoginEndedError``.
    """

    def __init__(
        self,
        base: str,
        *,
        store: Store | None = None,
        client: httpx2.Client | None = None,
        clock: Clock = time.time,
    ) -> None:
        self.client = client or build_client()
        self._is_ours = client is None
        self._transport = BrokerTransport(base, self.client)
        self._store = store or MemoryStore()
        self._clock = clock
        self._issuers = IssuerLogins(OpenId(self.client), clock)
        self._session: LoginSession | None = None

    @property
    def base(self) -> str:
        return self._transport.base

    @property
    def username(self) -> str | None:
        """Who is logged in, as far as this machine knows."""
        session = self._current()
        return None if session is None else session.username

    @property
    def issuer(self) -> Issuer | None:
        """Through whom they are logged in; None for the broker itself, or nobody."""
        session = self._current()
        return None if session is None else session.issuer

    def login(
        self, username: str, password: str, *, keep_refresh_token: bool = True
    ) -> None:
        """Trade the password for tokens. It is not stored.

        Without its refresh token a login ends with its access token.

        Raises ``BrokerError`` (``urn:aikagi:problem:login-refused``, and
        ``urn:aikagi:problem:password-change-required`` for a password given for once).
        """
        self._session = LoginSession.begin(
            self._transport,
            self._issuers,
            self._store,
            self._clock,
            username=username,
            password=password,
            keep_refresh_token=keep_refresh_token,
        )

    def change_password(self, username: str, password: str, new_password: str) -> None:
        """Replace a password, of whoever knows it; a login is not needed.

        Logins begun before can be renewed no more, one that is held here among them.

        Raises ``BrokerError`` (``urn:aikagi:problem:login-refused`` for the old one,
        ``urn:aikagi:problem:new-password-refused`` for the new one).
        """
        form = {"username": username, "password": password}
        form["new_password"] = new_password
        self._transport.request("POST", "auth/password", form=form)

    def issuers(self) -> list[Issuer]:
        """List the issuers that people sign in through; nobody has to be logged in."""
        try:
            body = self._transport.request("GET", "auth/issuers")
        except BrokerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return []
            raise
        try:
            return list(map(Issuer.from_json, list_in(body, "issuers")))
        except (KeyError, TypeError) as error:
            raise UnreachableError("broker", "it answers with no issuers") from error

    def login_with_issuer(  # noqa: PLR0913 - options, each by its name
        self,
        name: str,
        *,
        visit: Callable[[str], object],
        client_id: str | None = None,
        port: int = 0,
        timeout: float = SIGN_IN_SECONDS,
        keep_refresh_token: bool = True,
    ) -> None:
        """Sign in through an issuer, by a browser that comes back to this machine.

        ``visit`` is given the address that the browser has to open; it may be
        ``webbrowser.open``. The browser comes back to 127.0.0.1 within ``timeout``
        seconds, to any free port unless one is given. ``client_id`` is another client
        than the broker names. Raises ``IssuerError``.
        """
        issuer = self._issuer(name, client_id)

        def comes_back(redirect: LoopbackRedirect, url: str) -> Mapping[str, str]:
            visit(url)
            return redirect.wait(timeout)

        def sign_in() -> Tokens:
            with loopback_redirect(port) as redirect:
                return self._issuers.by_browser(
                    issuer, redirect.uri, lambda url: comes_back(redirect, url)
                )

        self._begin_at_issuer(sign_in, keep_refresh_token=keep_refresh_token)

    def login_with_device(
        self,
        name: str,
        *,
        show: Callable[[DeviceCode], object],
        wait: Callable[[float], object] = time.sleep,
        client_id: str | None = None,
        keep_refresh_token: bool = True,
    ) -> None:
        """Sign in through an issuer by a browser elsewhere (RFC 8628).

        ``show`` is given what somebody has to open and to type there; ``wait`` lets
        seconds pass. Raises ``IssuerError``, also where the issuer has no device grant.
        """
        issuer = self._issuer(name, client_id)
        self._begin_at_issuer(
            lambda: self._issuers.by_device(issuer, show, wait),
            keep_refresh_token=keep_refresh_token,
        )

    def end_session_url(self) -> str | None:
        """Give where a browser ends its own session at the issuer of this login.

        None where there is no such place; a ``logout`` leaves that session alone.
        Raises ``IssuerError`` or ``UnreachableError``.
        """
        issuer = self.issuer
        return None if issuer is None else self._issuers.end_session_url(issuer)

    def logout(self) -> AikagiError | None:
        """Forget the login here, and end it where it was begun: broker or issuer.

        Gives what kept it from being ended there, if anything did: then whoever has
        its tokens can go on until they expire. Raises ``StateError`` where they cannot
        be removed here.
        """
        failure: AikagiError | None = None
        try:
            if (session := self._current()) is not None:
                failure = session.end()
        except StateVersionError:
            raise
        except StateError as error:
            failure = error  # what cannot be read can be removed all the same
        finally:
            self._session = None
            self._store.clear()
        return failure

    def access_token(self) -> tuple[str, float]:
        """Give an access token that is good now, and its end (epoch seconds)."""
        tokens = self._logged_in().tokens()
        return tokens.access_token, tokens.expires_at

    def login_expires_at(self) -> float | None:
        """Say when another login is wanted, at the latest (epoch seconds).

        None where only the issuer knows.
        """
        tokens = self._logged_in().tokens()
        if tokens.issuer is not None and tokens.refresh_token is not None:
            return tokens.refresh_expires_at
        return tokens.refresh_expires_at or tokens.expires_at

    def me(self) -> Me:
        body = self._logged_in().request("GET", "auth/me")
        try:
            return Me.from_json(body)
        except (KeyError, TypeError) as error:
            raise UnreachableError("broker", "it does not say who you are") from error

    def functions(self) -> list[FunctionEntry]:
        body = self._logged_in().request("GET", "functions")
        try:
            return list(map(FunctionEntry.from_json, list_in(body, "Functions")))
        except (KeyError, TypeError) as error:
            raise UnreachableError("broker", "it answers with no functions") from error

    def grant(
        self,
        function: str,
        *,
        duration_seconds: int | None = None,
        min_remaining_seconds: float = 0,
        refused: Grant | None = None,
    ) -> Grant:
        """Get credentials for a function, or give those held that are still good.

        Without ``duration_seconds`` it is a quarter of an hour, or as long as the
        function allows where that is less.

        Those held have at least ``min_remaining_seconds`` left. ``refused`` is a grant
        that was turned down: another is given.
        """
        lifetime = GrantLifetime(
            seconds=duration_seconds, min_remaining=min_remaining_seconds
        )
        return self._logged_in().grant(function, lifetime, refused)

    def held_grant(self, function: str) -> Grant | None:
        """Give a grant that is stored and has not expired, without asking the broker.

        Of the usual duration. It is there after the login has ended, too.
        """
        session = self._current()
        lifetime = GrantLifetime(seconds=None, min_remaining=0)
        return None if session is None else session.held_grant(function, lifetime)

    def auth(self, function: str) -> SigV4Auth:
        """Give what signs requests of any httpx2 client to this function's URL."""
        return SigV4Auth(self, function, clock=self._clock)

    def call(  # noqa: PLR0913 - what a request is made of
        self,
        function: str,
        *,
        method: str | None = None,
        path: str = "",
        data: str | bytes | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = LONGEST,
    ) -> Call:
        """Call a function: POST where there is ``data`` or ``json``, else GET.

        ``timeout`` is in seconds, for the request and its answer together. No request
        is sent twice, unless Lambda itself refused the first.
        """
        url = join_url(self.grant(function), path)
        sent = {name: value.strip() for name, value in (headers or {}).items()}
        if isinstance(data, str) and "content-type" not in map(str.lower, sent):
            sent["Content-Type"] = "text/plain;charset=UTF-8"
        try:
            request = self.client.build_request(
                method or ("GET" if data is None and json is None else "POST"),
                url,
                content=data,
                json=json,
                headers=sent,
                timeout=TIMEOUT,
            )
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise AddressError(f"That is no path of a function: {error}") from error
        return Call(self.client, request, self.auth(function), timeout=timeout)

    def close(self) -> None:
        """Wait for what is being refreshed, and close the connections that are ours."""
        if self._session is not None:
            self._session.wait()
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

    def _issuer(self, name: str, client_id: str | None) -> Issuer:
        known = {issuer.name: issuer for issuer in self.issuers()}
        if name not in known:
            listed = f": {', '.join(known)}" if known else ", and no other either"
            raise IssuerError(f"Nobody signs in here through {name}{listed}")
        issuer = known[name]
        return issuer if client_id is None else replace(issuer, client_id=client_id)

    def _begin_at_issuer(
        self, sign_in: Callable[[], Tokens], *, keep_refresh_token: bool
    ) -> None:
        self._session = LoginSession.begin_at_issuer(
            self._transport,
            self._issuers,
            self._store,
            self._clock,
            sign_in,
            keep_refresh_token=keep_refresh_token,
        )

    def _current(self) -> LoginSession | None:
        if self._session is None:
            self._session = LoginSession.resume(
                self._transport, self._issuers, self._store, self._clock
            )
        return self._session

    def _logged_in(self) -> LoginSession:
        session = self._current()
        if session is None:
            raise LoginEndedError("Nobody is logged in")
        return session
