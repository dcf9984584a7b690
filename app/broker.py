"""What the broker does: let people in, tell who they are, grant them sessions.

The protocols are what it needs from the world. They stand beside their one
consumer; adapters satisfy them by shape, and never import this module. Each may
raise its own ``…UnavailableError``, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, final

from app.audit_trail import AuditTrail
from app.domain.audit import (
    LoginRefusedRecord,
    PasswordChangeRefusedRecord,
    RenewalRefusedRecord,
)
from app.domain.catalogue import Catalogue, Function
from app.domain.credentials import (
    AccessToken,
    Grant,
    RefreshToken,
    Source,
    TemporaryCredentials,
    TokenPair,
)
from app.domain.errors import (
    LoginNotOursError,
    LoginRefusedError,
    NewPasswordRefusedError,
    PasswordChangeRequiredError,
    TokenRejectedError,
)
from app.domain.identity import (
    AnyBearer,
    Bearer,
    CheckedPassword,
    FederatedBearer,
    Identity,
    TokenRefusal,
    User,
)
from app.domain.issuers import Issuer, Issuers
from app.domain.session import (
    SessionPlan,
    SessionRequest,
    choose_function,
    functions_for,
    plan_session,
)


class PasswordChecks(Protocol):
    def check(self, username: str, password: str, source: Source) -> CheckedPassword:
        """Return whose password this is, if it may be tried from there now.

        Raise ``LoginRefusedError``, the same for every reason, or
        ``LoginLimitedError``.
        """


class Users(Protocol):
    def require_usable(self, new_password: str) -> None:
        """Raise ``NewPasswordRefusedError`` for a password that nobody may have."""

    def replace_password(
        self, checked: CheckedPassword, new_password: str, credentials_version: str
    ) -> bool:
        """Replace the password that was checked; False where it is another by now."""

    def find(self, identity: Identity) -> User | None:
        """Return the user as they are now; None when unknown or disabled."""

    def admit(self, bearer: FederatedBearer) -> User | None:
        """Return whom another issuer vouches for; None when disabled here."""


class Tokens(Protocol):
    def mint(self, bearer: Bearer) -> AccessToken: ...

    def verify(self, token: str) -> AnyBearer:
        """Raise ``TokenRejectedError``, the same for every reason.

        Whose token it is, and so the type of the answer, the token alone decides.
        """


class IssuerSource(Protocol):
    def read(self) -> Issuers: ...


class Logins(Protocol):
    def begin(self, user: User) -> RefreshToken: ...

    def renew(
        self, refresh_token: str, find: Callable[[Identity], User | None]
    ) -> RefreshToken:
        """Spend the token for its successor; ``find`` tells who the person is now.

        Raise ``LoginEndedError``, the same for every reason.
        """

    def end(self, login_id: str) -> None:
        """End a login, if it is still there."""


class CatalogueSource(Protocol):
    def read(self) -> Catalogue: ...


class GrantLimits(Protocol):
    def count(self, identity: Identity) -> None:
        """Raise ``GrantLimitedError`` where somebody has had too many lately."""


class Sessions(Protocol):
    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        """Begin a session as planned, or continue one that would be the same."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    passwords: PasswordChecks
    users: Users
    tokens: Tokens
    logins: Logins
    issuers: IssuerSource
    catalogue: CatalogueSource
    grant_limits: GrantLimits
    sessions: Sessions
    audit: AuditTrail
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    grant_seconds_after_login: int | None = None

    def login(self, username: str, password: str, source: Source) -> TokenPair:
        """Trade a password for an access token and what renews it."""
        with self.audit.refusals(LoginRefusedRecord, source):
            checked = self.passwords.check(username, password, source)
            if checked.is_one_time:
                raise PasswordChangeRequiredError(identity=checked.user.identity)
            pair = self._pair(self.logins.begin(checked.user))
        self.audit.logged_in(pair, source)
        return pair

    def change_password(
        self, username: str, password: str, new_password: str, source: Source
    ) -> None:
        """Replace one's own password; the logins begun before are over.

        What is wrong with the new password is said to anybody, and before the old one
        is looked at: it depends on nothing that is stored.
        """
        with self.audit.refusals(PasswordChangeRefusedRecord, source):
            if new_password == password:
                raise NewPasswordRefusedError("the new password is the old one")
            self.users.require_usable(new_password)
            user = self._replace_password(username, password, new_password, source)
        self.audit.password_changed(user, source)

    def refresh(self, refresh_token: str, source: Source) -> TokenPair:
        """Trade a refresh token, once, for a new pair."""
        with self.audit.refusals(RenewalRefusedRecord, source):
            pair = self._pair(self.logins.renew(refresh_token, self.users.find))
        self.audit.renewed(pair, source)
        return pair

    def verify(self, token: str) -> AnyBearer:
        """Tell whom a token speaks for, by itself. It never waits.

        ``pending`` of what it raises is done when what it wants has been read.
        """
        return self.tokens.verify(token)

    def logout(self, bearer: AnyBearer, source: Source) -> None:
        """End the login that an access token comes from."""
        if isinstance(bearer, FederatedBearer):
            raise LoginNotOursError
        self.logins.end(bearer.login_id)
        self.audit.logged_out(bearer, source)

    def identify(self, bearer: AnyBearer) -> User:
        """Find the user a token speaks for, as they are now, not as at login."""
        read_at = self.clock()
        if isinstance(bearer, FederatedBearer):
            user = self.users.admit(bearer)
        else:
            user = self.users.find(bearer.identity)
        if user is None:
            raise TokenRejectedError(reason=TokenRefusal.USER_UNKNOWN_OR_DISABLED)
        if bearer.issued_at.timestamp() < user.valid_from:
            raise TokenRejectedError(reason=TokenRefusal.REVOKED)
        read_at = min(read_at, user.read_at or read_at)
        return replace(user, read_at=read_at, login_ends_at=bearer.login_ends_at)

    def sign_in_issuers(self) -> list[Issuer]:
        """List the issuers that people can sign in through, by alias."""
        return [issuer for issuer in self.issuers.read() if issuer.sign_in]

    def functions(self, user: User) -> list[Function]:
        """List the functions ``user`` may call, by name."""
        return list(functions_for(user, self.catalogue.read()))

    def plan(self, user: User, asked: SessionRequest) -> SessionPlan:
        """Decide what a grant would be, and ask AWS for nothing."""
        function = choose_function(user, self.catalogue.read(), asked.function_name)
        return plan_session(
            user,
            function,
            asked,
            grant_id=self.new_id(),
            now=self.clock(),
            seconds_after_login=self.grant_seconds_after_login,
        )

    def dry_run(
        self, bearer: AnyBearer, asked: SessionRequest, source: Source
    ) -> SessionPlan:
        """Say what a grant would be; a refusal is recorded as that of a grant is."""
        with self.audit.grant_refusals(bearer, asked, source, is_dry_run=True):
            return self.plan(self.identify(bearer), asked)

    def grant(self, bearer: AnyBearer, asked: SessionRequest, source: Source) -> Grant:
        """Issue credentials that can call one function, once recorded."""
        with self.audit.grant_refusals(bearer, asked, source):
            plan = self.plan(self.identify(bearer), asked)
            self.grant_limits.count(bearer.identity)
            credentials = self.sessions.issue(plan)
            grant = Grant(plan=plan, credentials=credentials, granted_at=self.clock())
            self.audit.granted(grant, source)
        return grant

    def _replace_password(
        self, username: str, password: str, new_password: str, source: Source
    ) -> User:
        for _ in range(2):
            checked = self.passwords.check(username, password, source)
            if self.users.replace_password(checked, new_password, self.new_id()):
                return checked.user
            # The user was changed in between: who they are now decides.
        raise LoginRefusedError

    def _pair(self, refresh: RefreshToken) -> TokenPair:
        return TokenPair(access=self.tokens.mint(refresh.bearer), refresh=refresh)
