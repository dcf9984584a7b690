"""One login as it goes on: its tokens are refreshed, its grants fetched and stored."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import Any, Final, final
from uuid import uuid4

from aikagi.errors import (
    AikagiError,
    BrokerError,
    IssuerError,
    LoginEndedError,
    UnreachableError,
)
from aikagi.expiry import RefreshNeed
from aikagi.grant import Grant, GrantLifetime
from aikagi.issuer_login import IssuerLogins
from aikagi.models import string_in
from aikagi.records import (
    TOKENS,
    grant_entry_name,
    grant_record,
    read_grant,
    read_tokens,
    tokens_record,
)
from aikagi.refreshable import Refreshable
from aikagi.store import Store
from aikagi.tokens import Tokens
from aikagi.transport import BrokerTransport

Clock = Callable[[], float]
"""This machine's, epoch seconds."""

_FIRST_TIMEOUT: Final = 8.0
"""Seconds that the broker has for a first answer to a refresh token.

Within ten seconds of spending one it answers a second request with the same successor;
later, that would be a thief's request, and end the login.
"""


@final
class LoginSession:
    """What one person may do at one broker, until the login ends.

    Others may share the store: whoever waits for a lock reads first what was written
    meanwhile, so that one refresh serves them all. Locks are taken in one order, a
    grant's and then that of the tokens.
    """

    def __init__(
        self,
        transport: BrokerTransport,
        issuers: IssuerLogins,
        store: Store,
        clock: Clock,
        tokens: Tokens,
    ) -> None:
        self.username = tokens.username
        self.issuer = tokens.issuer
        self._transport = transport
        self._issuers = issuers
        self._store = store
        self._clock = clock
        self._entry = store.entry(TOKENS)
        self._tokens = Refreshable(
            self._refresh_tokens, lambda held: held.refresh_need(clock()), tokens
        )
        self._grants: dict[tuple[str, GrantLifetime], Refreshable[Grant]] = {}
        self._lock = Lock()

    @classmethod
    def begin(  # noqa: PLR0913 - what a session has, and what a login needs
        cls,
        transport: BrokerTransport,
        issuers: IssuerLogins,
        store: Store,
        clock: Clock,
        *,
        username: str,
        password: str,
        keep_refresh_token: bool,
    ) -> "LoginSession":
        # Before a login begins that could not be stored.
        store.require_clearable()
        form = {"grant_type": "password", "username": username, "password": password}
        body = transport.request("POST", "auth/login", form=form)
        tokens = _tokens(body, login_id=uuid4().hex, username=username, now=clock())
        if not keep_refresh_token:
            tokens = replace(tokens, refresh_token=None, refresh_expires_at=None)
        _store(store, tokens)
        return cls(transport, issuers, store, clock, tokens)

    @classmethod
    def begin_at_issuer(  # noqa: PLR0913 - what a session has, and what a login needs
        cls,
        transport: BrokerTransport,
        issuers: IssuerLogins,
        store: Store,
        clock: Clock,
        sign_in: Callable[[], Tokens],
        *,
        keep_refresh_token: bool,
    ) -> "LoginSession":
        """Begin a login with the tokens of an issuer, once the broker accepts them.

        Raises ``IssuerError`` where it does not.
        """
        store.require_clearable()
        tokens = sign_in()
        try:
            me = transport.request("GET", "auth/me", token=tokens.access_token)
            tokens = replace(tokens, username=string_in(me, "subject"))
        except BrokerError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise IssuerError(
                "You are signed in at the issuer, but the broker does not accept its "
                "token. Ask whoever runs the broker; its log has the reason"
            ) from error
        except (KeyError, TypeError) as error:
            raise UnreachableError("broker", "it does not say who you are") from error
        if not keep_refresh_token:
            tokens = replace(tokens, refresh_token=None, refresh_expires_at=None)
        _store(store, tokens)
        return cls(transport, issuers, store, clock, tokens)

    @classmethod
    def resume(
        cls,
        transport: BrokerTransport,
        issuers: IssuerLogins,
        store: Store,
        clock: Clock,
    ) -> "LoginSession | None":
        tokens = read_tokens(store.entry(TOKENS))
        return None if tokens is None else cls(transport, issuers, store, clock, tokens)

    def tokens(self) -> Tokens:
        """Give tokens of which the access token is good now."""
        return self._tokens.get()

    def request(
        self, method: str, path: str, json: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send a request as this person; a refused access token is refreshed once.

        Raises ``LoginEndedError`` where the next one is refused as well.
        """
        tokens = self._tokens.get()
        try:
            return self._send(method, path, tokens, json)
        except BrokerError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
        try:
            return self._send(method, path, self._tokens.replace(tokens), json)
        except BrokerError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise LoginEndedError(request_id=error.request_id) from error

    def grant(
        self, function: str, lifetime: GrantLifetime, refused: Grant | None = None
    ) -> Grant:
        held = self._held(function, lifetime)
        return held.get() if refused is None else held.replace(refused)

    def held_grant(self, function: str, lifetime: GrantLifetime) -> Grant | None:
        """Give what is stored and has not expired, whatever became of the login."""
        stored = read_tokens(self._entry)
        if stored is None:
            return None
        entry = self._store.entry(grant_entry_name(function, lifetime.seconds))
        grant = read_grant(entry, stored.login_id)
        is_good = grant is not None and grant.remaining(self._clock()) > 0
        return grant if is_good else None

    def end(self) -> AikagiError | None:
        """End the login where it was begun, and forget it. Return what hindered that.

        Raises ``StateVersionError`` before it does either.
        """
        self._store.require_clearable()
        failure: AikagiError | None = None
        try:
            if self.issuer is None:
                self.request("POST", "auth/logout")
        except LoginEndedError:
            pass  # so there is nothing to end
        except (BrokerError, UnreachableError) as error:
            failure = error
        finally:
            self.wait()
            with self._entry.locked():
                failure = failure or self._revoked()
                self._store.clear()
        return failure

    def _revoked(self) -> AikagiError | None:
        """Revoke what an issuer has given last. Give what hindered that."""
        stored = read_tokens(self._entry)
        return None if stored is None else self._issuers.revoke(stored)

    def wait(self) -> None:
        """Wait for what is being refreshed: an answer that is lost ends the login."""
        with self._lock:
            grants = list(self._grants.values())
        for grant in grants:
            grant.wait()
        self._tokens.wait()

    def _send(
        self, method: str, path: str, tokens: Tokens, json: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        return self._transport.request(
            method, path, token=tokens.access_token, json=json
        )

    def _held(self, function: str, lifetime: GrantLifetime) -> Refreshable[Grant]:
        key = function, lifetime
        with self._lock:
            if key not in self._grants:
                self._grants[key] = Refreshable(
                    lambda refused: self._refresh_grant(function, lifetime, refused),
                    lambda grant: lifetime.refresh_need(grant, self._clock()),
                )
            return self._grants[key]

    def _refresh_tokens(self, seen: Tokens | None) -> Tokens:
        with self._entry.locked():
            stored = read_tokens(self._entry)
            if stored is None:
                raise LoginEndedError("Nobody is logged in")
            if (stored.username, stored.issuer) != (self.username, self.issuer):
                raise LoginEndedError("Somebody else has logged in here")
            need = stored.refresh_need(self._clock())
            if stored != seen and need is not RefreshNeed.MANDATORY:
                return stored
            tokens = self._refreshed(stored)
            self._entry.write(tokens_record(tokens))
            return tokens

    def _refreshed(self, tokens: Tokens) -> Tokens:
        if tokens.refresh_token is None:
            raise LoginEndedError
        if tokens.issuer is not None:
            return self._issuers.renew(tokens)
        return _tokens(
            self._spend(tokens.refresh_token),
            login_id=tokens.login_id,
            username=self.username,
            now=self._clock(),
        )

    def _spend(self, refresh_token: str) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        began = monotonic()
        try:
            return self._transport.request(
                "POST", "auth/refresh", form=form, timeout=_FIRST_TIMEOUT
            )
        except (BrokerError, UnreachableError) as error:
            refused = (
                isinstance(error, BrokerError)
                and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
            )
            if refused or monotonic() - began > _FIRST_TIMEOUT + 1:
                raise
        # The answer may have been lost on its way, and the token be used.
        return self._transport.request("POST", "auth/refresh", form=form)

    def _refresh_grant(
        self, function: str, lifetime: GrantLifetime, refused: Grant | None
    ) -> Grant:
        login_id = self._tokens.get().login_id
        entry = self._store.entry(grant_entry_name(function, lifetime.seconds))
        with entry.locked():
            grant = read_grant(entry, login_id)
            if grant is None or grant == refused or self._is_over(grant, lifetime):
                grant = self._request_grant(function, lifetime.seconds)
                entry.write(grant_record(login_id, grant))
            return grant

    def _is_over(self, grant: Grant, lifetime: GrantLifetime) -> bool:
        need = lifetime.refresh_need(grant, self._clock())
        return need is RefreshNeed.MANDATORY

    def _request_grant(self, function: str, seconds: int | None) -> Grant:
        wanted: dict[str, Any] = {"FunctionName": function}
        if seconds is not None:
            wanted["DurationSeconds"] = seconds
        before = self._clock()
        body = self.request("POST", "grant", wanted)
        try:
            # It looked at its clock somewhere in between.
            return Grant.from_response(body, asked_at=(before + self._clock()) / 2)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreachableError("broker", "it answers with no grant") from error


def _store(store: Store, tokens: Tokens) -> None:
    entry = store.entry(TOKENS)
    with entry.locked():
        store.clear()
        entry.write(tokens_record(tokens))


def _tokens(
    body: Mapping[str, Any], *, login_id: str, username: str, now: float
) -> Tokens:
    try:
        return Tokens.from_response(body, login_id=login_id, username=username, now=now)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreachableError("broker", "it answers with no token") from error
