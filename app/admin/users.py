"""What an operator may do to the broker's own users. The broker itself may not."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from app.adapters.passwords import Passwords
from app.adapters.principals import Principal, key_of
from app.adapters.table import Item, Table
from app.domain.identity import LOCAL, Identity, canonical_username

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


_PREFIX: Final = f"principal#{LOCAL}#"


class UserExistsError(Exception):
    """There is a user of that name; adding would have replaced their password."""


class NoSuchUserError(Exception):
    """There is no user of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUser:
    username: str
    groups: frozenset[str]
    disabled: bool


@final
class UserAdministration:
    """Each may raise ``UsersUnavailableError``.

    Its cause is botocore's own error, or ``LaterVersionError``.
    """

    def __init__(
        self,
        table: Table,
        *,
        passwords: Passwords,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._table = table
        self._passwords = passwords
        self._clock = clock
        self._new_id = new_id

    def add(self, username: str, password: str, groups: Iterable[str]) -> None:
        """Add a user who is not there yet.

        Raises ``ValueError`` for an unusable name or password and
        ``UserExistsError``.
        """
        added = self._table.add(
            {
                **key_of(_own(username)),
                "password_hash": {"S": self._passwords.hash(password)},
                "created_at": {"S": self._clock().isoformat(timespec="seconds")},
                "credentials_version": {"S": self._new_id()},
                **_groups(groups),
            }
        )
        if not added:
            raise UserExistsError(username)

    def set_password(self, username: str, password: str) -> None:
        """Replace the password; logins begun with another are over.

        Raises ``ValueError`` for an unusable one, and ``NoSuchUserError``.
        """
        hashed = self._passwords.hash(password)
        self._update(
            username,
            {
                "password_hash": {"S": hashed},
                "credentials_version": {"S": self._new_id()},
            },
        )

    def set_groups(self, username: str, groups: Iterable[str]) -> None:
        """Replace the user's groups by ``groups``, which may be none."""
        changes = _groups(groups)
        self._update(username, changes, removed=() if changes else ("groups",))

    def set_disabled(self, username: str, *, disabled: bool) -> None:
        """Keep the user out, or let them in again, from their next request on.

        The logins they had are over for good: one may have been why.
        """
        self._update(
            username,
            {
                "disabled": {"BOOL": disabled},
                "credentials_version": {"S": self._new_id()},
            },
        )

    def list(self) -> Iterator[ListedUser]:
        """Read the whole table, users in no particular order."""
        return self._table.scan(
            "begins_with(pk, :prefix)", {":prefix": {"S": _PREFIX}}, _listed
        )

    def _update(
        self, username: str, changes: Item, *, removed: Collection[str] = ()
    ) -> None:
        key = key_of(_own(username))
        condition = "attribute_exists(pk)"
        if not self._table.update(key, changes, removed=removed, condition=condition):
            raise NoSuchUserError(username)


def _listed(item: Mapping[str, Any]) -> ListedUser:
    identity = _own(item["pk"]["S"].removeprefix(_PREFIX))
    principal = Principal.of(identity, item)
    return ListedUser(
        username=identity.subject,
        groups=principal.user.groups,
        disabled=principal.disabled,
    )


def _own(username: str) -> Identity:
    return Identity(issuer=LOCAL, subject=canonical_username(username))


def _groups(groups: Iterable[str]) -> "dict[str, AttributeValueTypeDef]":
    named = sorted(set(groups))
    return {"groups": {"SS": named}} if named else {}
