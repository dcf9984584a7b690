"""The broker's own users, read from the table at every request."""

from typing import final

from app.adapters.passwords import Passwords
from app.adapters.principals import Principal, key_of
from app.adapters.table import Table
from app.domain.identity import (
    LOCAL,
    FederatedBearer,
    Identity,
    User,
    canonical_username,
)


@final
class UserTable:
    def __init__(self, table: Table, *, passwords: Passwords) -> None:
        self._table = table
        self._passwords = passwords

    def authenticate(self, username: str, password: str) -> User | None:
        """Return the user whose password this is, if they may come in.

        Unknown, wrong, disabled and corrupt cost and answer the same. Raises
        ``UsersUnavailableError``, never None, where the table did not answer.
        """
        principal = self._principal_called(username)
        stored = principal.password_hash if principal else None
        matches = self._passwords.verify(password, stored)
        if principal is None or principal.disabled or not matches:
            return None
        return principal.user

    def find(self, identity: Identity) -> User | None:
        """Return the user as they are now; None when unknown or disabled."""
        principal = self._read(identity)
        return None if principal is None or principal.disabled else principal.user

    def admit(self, bearer: FederatedBearer) -> User | None:
        """Return whom another issuer vouches for, with the groups of their token.

        The table need not know them. None where it has them disabled, or says that
        tokens as old as this one count no more.
        """
        principal = self._read(bearer.identity)
        if principal is not None and (
            principal.disabled or bearer.issued_at.timestamp() < principal.valid_from
        ):
            return None
        return User(identity=bearer.identity, groups=bearer.groups)

    def _principal_called(self, username: str) -> Principal | None:
        try:
            name = canonical_username(username)
        except ValueError:
            return None
        return self._read(Identity(issuer=LOCAL, subject=name))

    def _read(self, identity: Identity) -> Principal | None:
        return self._table.read(
            key_of(identity), lambda item: Principal.of(identity, item)
        )
