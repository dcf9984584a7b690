"""Signing in through an issuer, as a public client: its tokens, first and renewed.

The authorization code grant with PKCE (RFC 7636) and a loopback redirect (RFC 8252),
and the device grant (RFC 8628).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final, final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from aikagi.errors import IssuerError, LoginEndedError, UnreachableError
from aikagi.id_token import Expected, checked_claims, claims_of
from aikagi.issuer import ID_TOKEN, Issuer
from aikagi.models import require_seconds, string_in
from aikagi.openid import IssuerAnswer, OpenId, refused
from aikagi.tokens import Tokens

_FIRST_TIMEOUT: Final = 8.0
"""Seconds that an issuer has for a first answer to a refresh token.

Those that rotate them and allow for lost answers do so for some seconds or minutes.
"""

_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL: Final = 5.0
"""Seconds between two questions, where the issuer names none (RFC 8628, section 3.2);
and by how many they become more where it asks for that (section 3.5)."""

_LONGEST_INTERVAL: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What somebody is shown who signs in elsewhere (RFC 8628, section 3.2).

    ``complete_uri`` has the code in it, where the issuer gives one. ``expires_in`` is
    in seconds.
    """

    user_code: str
    uri: str
    complete_uri: str | None
    expires_in: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """One sign-in by a browser: nothing of it is used twice."""

    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def url(self, endpoint: str, issuer: Issuer) -> str:
        """Give the address to open in a browser."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": issuer.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": " ".join(issuer.scopes),
                "state": self.state,
                "nonce": self.nonce,
                "code_challenge": base64.urlsafe_b64encode(digest)
                .rstrip(b"=")
                .decode(),
                "code_challenge_method": "S256",
            }
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    def code_of(
        self, response: Mapping[str, str], issuer: Issuer, *, names_itself: bool
    ) -> str:
        """Give the code of an authorization response. Raises ``IssuerError``."""
        if not hmac.compare_digest(
            response.get("state", "").encode(), self.state.encode()
        ):
            raise IssuerError("What came back is not of this sign-in (state)")
        # RFC 9207, section 2.4. Who says that it names itself has to.
        named = response.get("iss")
        if named != issuer.url and (named is not None or names_itself):
            raise IssuerError("What came back is of another issuer (iss)")
        if "error" in response:
            raise refused(response["error"], response.get("error_description", ""))
        if not response.get("code"):
            raise IssuerError("What came back has no code")
        return response["code"]


@final
class IssuerLogins:
    """Begins and renews logins through issuers. ``clock`` is this machine's."""

    def __init__(self, openid: OpenId, clock: Callable[[], float]) -> None:
        self.openid = openid
        self._clock = clock

    def by_browser(
        self,
        issuer: Issuer,
        redirect_uri: str,
        visit: Callable[[str], Mapping[str, str]],
    ) -> Tokens:
        """Sign in by a browser that comes back to ``redirect_uri``.

        ``visit`` sends the browser to an address, and gives the parameters with which
        it came back. Raises ``IssuerError`` or ``UnreachableError``.
        """
        metadata = self.openid.metadata(issuer.url)
        request = AuthorizationRequest(redirect_uri=redirect_uri)
        response = visit(request.url(metadata.authorization_endpoint, issuer))
        code = request.code_of(response, issuer, names_itself=metadata.names_itself)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": issuer.client_id,
            "code_verifier": request.verifier,
        }
        asked_at = self._clock()
        answer = self.openid.post(metadata.token_endpoint, form)
        if not answer.is_success:
            raise answer.refusal()
        return self._begun(issuer, answer, asked_at, nonce=request.nonce)

    def by_device(
        self,
        issuer: Issuer,
        show: Callable[[DeviceCode], object],
        wait: Callable[[float], object],
    ) -> Tokens:
        """Sign in elsewhere: ``show`` says where, ``wait`` lets seconds pass.

        Raises ``IssuerError``, also where the issuer has no device grant, or
        ``UnreachableError``.
        """
        metadata = self.openid.metadata(issuer.url)
        if metadata.device_authorization_endpoint is None:
            raise IssuerError(
                f"{issuer.title} has no sign-in for devices: sign in on a machine with "
                "a browser, without --device",
                error="unsupported_grant_type",
            )
        asked = {"client_id": issuer.client_id, "scope": " ".join(issuer.scopes)}
        answer = self.openid.post(metadata.device_authorization_endpoint, asked)
        if not answer.is_success:
            raise answer.refusal()
        code = _device_code(answer.body)
        form = {
            "grant_type": _DEVICE_GRANT,
            "device_code": string_in(answer.body, "device_code"),
            "client_id": issuer.client_id,
        }
        show(code)
        asked_at, granted = self._polled(
            metadata.token_endpoint, form, code, _interval(answer.body), wait
        )
        return self._begun(issuer, granted, asked_at, nonce=None)

    def _polled(
        self,
        endpoint: str,
        form: Mapping[str, str],
        code: DeviceCode,
        interval: float,
        wait: Callable[[float], object],
    ) -> tuple[float, IssuerAnswer]:
        """Ask until there are tokens (RFC 8628, section 3.5)."""
        waited = 0.0
        while waited <= code.expires_in:
            wait(interval)
            waited += interval
            asked_at = self._clock()
            try:
                answer = self.openid.post(endpoint, form)
            except UnreachableError:
                interval = min(interval * 2, _LONGEST_INTERVAL)
                continue
            if answer.is_success:
                return asked_at, answer
            if answer.error == "slow_down":
                interval += _INTERVAL
            elif answer.error != "authorization_pending":
                raise _device_refusal(answer)
        raise IssuerError(_EXPIRED, error="expired_token")

    def renew(self, tokens: Tokens) -> Tokens:
        """Trade the refresh token for the next tokens.

        Raises ``LoginEndedError``, ``IssuerError`` or ``UnreachableError``.
        """
        issuer, refresh_token = tokens.issuer, tokens.refresh_token
        if issuer is None or refresh_token is None:
            raise LoginEndedError
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": issuer.client_id,
        }
        asked_at, answer = self._spend(
            self.openid.metadata(issuer.url).token_endpoint, form
        )
        if answer.error == "invalid_grant":
            raise LoginEndedError
        if not answer.is_success:
            raise answer.refusal()
        if issuer.send_token == ID_TOKEN and ID_TOKEN not in answer.body:
            raise LoginEndedError(
                f"{issuer.title} renews no ID token: the login has ended"
            )
        renewed = self._tokens(
            issuer, answer, asked_at, nonce=None, subject=tokens.issuer_subject
        )
        return replace(
            renewed,
            login_id=tokens.login_id,
            username=tokens.username,
            # RFC 6749, section 6: where none comes, the one before is good still.
            refresh_token=renewed.refresh_token or refresh_token,
            issuer_subject=renewed.issuer_subject or tokens.issuer_subject,
        )

    def _spend(
        self, endpoint: str, form: Mapping[str, str]
    ) -> tuple[float, IssuerAnswer]:
        began, asked_at = monotonic(), self._clock()
        try:
            return asked_at, self.openid.post(endpoint, form, _FIRST_TIMEOUT)
        except UnreachableError:
            if monotonic() - began > _FIRST_TIMEOUT + 1:
                raise
        # The answer may have been lost on its way. Without another try the login would
        # be as well; with one it is not, where the issuer allows for that.
        return self._clock(), self.openid.post(endpoint, form)

    def revoke(self, tokens: Tokens) -> UnreachableError | IssuerError | None:
        """End a login where it was begun (RFC 7009). Give what kept it from ending."""
        if tokens.issuer is None or tokens.refresh_token is None:
            return None
        try:
            endpoint = self.openid.metadata(tokens.issuer.url).revocation_endpoint
            if endpoint is None:
                return IssuerError(f"{tokens.issuer.title} revokes no tokens")
            form = {
                "token": tokens.refresh_token,
                "token_type_hint": "refresh_token",
                "client_id": tokens.issuer.client_id,
            }
            answer = self.openid.post(endpoint, form)
        except (UnreachableError, IssuerError) as error:
            return error
        return None if answer.is_success else answer.refusal()

    def end_session_url(self, issuer: Issuer) -> str | None:
        """Give where a browser's own session at the issuer is ended, if it says so.

        It names the client, and no person: an ID token as a hint would (OpenID Connect
        RP-Initiated Logout 1.0, section 2). Raises as ``metadata`` does.
        """
        endpoint = self.openid.metadata(issuer.url).end_session_endpoint
        if endpoint is None:
            return None
        query = urlencode({"client_id": issuer.client_id})
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    def _begun(
        self, issuer: Issuer, answer: IssuerAnswer, asked_at: float, nonce: str | None
    ) -> Tokens:
        return self._tokens(issuer, answer, asked_at, nonce=nonce, subject=None)

    def _tokens(
        self,
        issuer: Issuer,
        answer: IssuerAnswer,
        asked_at: float,
        *,
        nonce: str | None,
        subject: str | None,
    ) -> Tokens:
        now = asked_at if answer.now is None else answer.now
        try:
            claims: Mapping[str, Any] = {}
            if ID_TOKEN in answer.body or issuer.send_token == ID_TOKEN:
                expected = Expected(
                    issuer=issuer.url,
                    client_id=issuer.client_id,
                    now=now,
                    nonce=nonce,
                    subject=subject,
                )
                claims = checked_claims(string_in(answer.body, ID_TOKEN), expected)
            sent = string_in(answer.body, issuer.send_token)
            lifetime = _lifetime(issuer, answer.body, sent, now)
            refresh_lifetime = answer.body.get("refresh_expires_in") or None
            if refresh_lifetime is not None:
                require_seconds(refresh_lifetime)
            return Tokens(
                login_id=uuid4().hex,
                username=claims.get("sub", ""),
                access_token=sent,
                expires_at=asked_at + lifetime,
                lifetime=lifetime,
                refresh_token=answer.body.get("refresh_token"),
                refresh_expires_at=None
                if refresh_lifetime is None
                else asked_at + refresh_lifetime,
                issuer=issuer,
                issuer_subject=claims.get("sub"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnreachableError("issuer", "it answers with no token") from error


def _lifetime(issuer: Issuer, body: Mapping[str, Any], sent: str, now: float) -> float:
    """Give the seconds that the token which is sent is good for, from ``now`` on."""
    if issuer.send_token != ID_TOKEN and "expires_in" in body:
        lifetime = body["expires_in"]
    else:
        lifetime = claims_of(sent)["exp"] - now
    require_seconds(lifetime)
    return float(lifetime)


_EXPIRED: Final = "The code has expired before anybody signed in with it: begin again"


def _device_refusal(answer: IssuerAnswer) -> IssuerError:
    if answer.error == "expired_token":
        return IssuerError(_EXPIRED, error=answer.error)
    return answer.refusal()


def _device_code(body: Mapping[str, Any]) -> DeviceCode:
    try:
        complete = body.get("verification_uri_complete")
        string_in(body, "device_code")
        require_seconds(body["expires_in"])
        return DeviceCode(
            user_code=string_in(body, "user_code"),
            uri=string_in(body, "verification_uri"),
            complete_uri=complete if isinstance(complete, str) else None,
            expires_in=body["expires_in"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreachableError("issuer", "it answers with no device code") from error


def _interval(body: Mapping[str, Any]) -> float:
    interval = body.get("interval")
    if isinstance(interval, bool) or not isinstance(interval, int | float):
        return _INTERVAL
    return min(max(1.0, interval), _LONGEST_INTERVAL)
