"""The broker's own users, read from the table at every request."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, final

from app.adapters.passwords import Passwords, UnusablePasswordError
from app.adapters.principals import (
    ONE_TIME_PASSWORD_HASH,
    PASSWORD_HASH,
    REVOCATIONS,
    Principal,
    Revocations,
    key_of,
    principal_key,
)
from app.adapters.table import Table
from app.domain.errors import NewPasswordRefusedError
from app.domain.identity import (
    LOCAL,
    CheckedPassword,
    FederatedBearer,
    Identity,
    PasswordRefusal,
    RefusedPassword,
    User,
    canonical_username,
)

REMEMBERED_FOR: Final = timedelta(seconds=1)
"""How long a process knows without another look what was revoked of everybody.

Every request needs to know, and DynamoDB gives one item 3,000 reads in a second. A
revocation counts for all that is issued until some seconds after it was written
(``app.admin.revocation.revoker``), so nothing issued meanwhile outlives it.
"""


@final
class UserTable:
    """With a ``clock`` it remembers for a moment what was revoked of everybody."""

    def __init__(
        self,
        table: Table,
        *,
        passwords: Passwords,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._table = table
        self._passwords = passwords
        self._clock = clock
        self._revocations: Revocations | None = None

    def discard(self) -> None:
        """Have whoever comes next read what was revoked."""
        self._revocations = None

    def authenticate(
        self, username: str, password: str
    ) -> CheckedPassword | RefusedPassword:
        """Return the user whose password this is, if they may come in.

        Unknown, wrong, disabled and corrupt cost the same. Raises
        ``UsersUnavailableError``, and refuses nobody, where the table did not answer.
        """
        principal = self._principal_called(username)
        stored = principal.password_hash if principal else None
        matches = self._passwords.verify(password, stored)
        if principal is None:
            return RefusedPassword(reason=PasswordRefusal.UNKNOWN_USER)
        if stored is None:
            return _refused(principal, PasswordRefusal.NO_PASSWORD)
        if principal.disabled:
            return _refused(principal, PasswordRefusal.DISABLED)
        if not matches:
            return _refused(principal, PasswordRefusal.WRONG)
        return CheckedPassword(
            user=principal.user,
            is_one_time=principal.has_one_time_password,
            stored_hash=stored,
        )

    def require_usable(self, new_password: str) -> None:
        """Raise ``NewPasswordRefusedError`` for one that could not be checked later."""
        try:
            self._passwords.require_usable(new_password)
        except UnusablePasswordError as error:
            raise NewPasswordRefusedError(str(error)) from error

    def replace_password(
        self, checked: CheckedPassword, new_password: str, credentials_version: str
    ) -> bool:
        """Replace the password that was checked, and end the logins begun with it.

        False, and nothing is written, where the user has changed since: another
        password, disabled, removed.
        """
        key, seen = key_of(checked.user.identity), checked.user.credentials_version
        hashed = self._passwords.hash(new_password)
        attribute = ONE_TIME_PASSWORD_HASH if checked.is_one_time else PASSWORD_HASH
        is_as_seen = "credentials_version = :seen_version"
        if not seen:
            is_as_seen = "attribute_not_exists(credentials_version)"
        replaced = self._table.update(
            key,
            {
                PASSWORD_HASH: {"S": hashed},
                "credentials_version": {"S": credentials_version},
            },
            removed=(ONE_TIME_PASSWORD_HASH,),
            condition=f"{attribute} = :seen_hash AND {is_as_seen}",
            compared={
                "seen_hash": {"S": checked.stored_hash},
                **({"seen_version": {"S": seen}} if seen else {}),
            },
        )
        return replaced or self._has_hash(checked.user.identity, hashed)

    def find(self, identity: Identity) -> User | None:
        """Return the user as they are now; None when unknown or disabled."""
        principal = self._read(identity)
        return None if principal is None or principal.disabled else principal.user

    def admit(self, bearer: FederatedBearer) -> User | None:
        """Return whom another issuer vouches for, with the groups of their token.

        The table need not know them. None where it has them disabled.
        """
        principal, revocations = self._read_with_revocations(bearer.identity)
        if principal is not None and principal.disabled:
            return None
        return User(
            identity=bearer.identity,
            groups=bearer.groups,
            attributes=bearer.attributes,
            valid_from=(principal.user if principal else revocations).valid_from,
            revoked_grants=revocations.grants,
            read_at=revocations.read_at,
        )

    def _has_hash(self, identity: Identity, hashed: str) -> bool:
        """Tell whether it was written after all: the answer to a write may be lost."""
        principal = self._read(identity)
        return principal is not None and principal.password_hash == hashed

    def _principal_called(self, username: str) -> Principal | None:
        try:
            name = canonical_username(username)
        except ValueError:
            return None
        return self._read(Identity(issuer=LOCAL, subject=name))

    def _read(self, identity: Identity) -> Principal | None:
        """Read somebody, with what was revoked of everybody's."""
        principal, _ = self._read_with_revocations(identity)
        return principal

    def _read_with_revocations(
        self, identity: Identity
    ) -> tuple[Principal | None, Revocations]:
        """Read both at one moment, in one request, or the one that is not known."""
        if known := self._recent():
            principal = self._table.read(
                key_of(identity), lambda item: Principal.of(identity, item, known)
            )
            return principal, known
        key = principal_key(identity)
        began = self._clock() if self._clock else None

        def parse(items: Mapping[str, Any]) -> tuple[Principal | None, Revocations]:
            revocations = Revocations.of(items.get(REVOCATIONS, {}), began)
            if key not in items:
                return None, revocations
            return Principal.of(identity, items[key], revocations), revocations

        principal, self._revocations = self._table.read_all((key, REVOCATIONS), parse)
        return principal, self._revocations

    def _recent(self) -> Revocations | None:
        """Return what is known, if it was read a moment ago."""
        known = self._revocations
        if known is None or known.read_at is None or self._clock is None:
            return None
        # By the time of day: Lambda may stop a process, and other clocks with it.
        # abs(): one that is set back must not make it last.
        is_recent = abs(self._clock() - known.read_at) < REMEMBERED_FOR
        return known if is_recent else None


def _refused(principal: Principal, reason: PasswordRefusal) -> RefusedPassword:
    return RefusedPassword(reason=reason, identity=principal.user.identity)
