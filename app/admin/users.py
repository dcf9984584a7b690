"""What an operator may do to people in the table. Of this the broker itself may little.

The broker's own users are there from when they are added; somebody of another issuer is
when they were kept out once, or their logins ended.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, final

from app.adapters.passwords import Passwords
from app.adapters.principals import (
    ONE_TIME_PASSWORD_HASH,
    PASSWORD_HASH,
    Principal,
    key_of,
)
from app.adapters.table import Item, Table
from app.admin.retries import Retries
from app.domain.identity import LOCAL, Identity, canonical_username

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


_LONGEST_SUBJECT: Final = 255
"""Characters. OpenID Connect Core, section 2, ``sub``."""

_SHOWN: Final = ("attributes", "created_at", "disabled", "groups")
_HASHES: Final = (PASSWORD_HASH, ONE_TIME_PASSWORD_HASH)
_IS_THERE: Final = "attribute_exists(pk)"


class UserExistsError(Exception):
    """There is a user of that name; adding would have replaced their password."""


class NoSuchUserError(Exception):
    """There is no user of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody to be added, whose password was hashed here or elsewhere."""

    username: str
    groups: frozenset[str]
    disabled: bool
    attributes: Mapping[str, str] = field(default_factory=dict)
    password_hash: str = field(repr=False)
    is_one_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUser:
    """Somebody as the table has them; ``password_hash`` only where it was asked for."""

    identity: Identity
    groups: frozenset[str]
    disabled: bool
    created_at: str
    attributes: Mapping[str, str]
    has_one_time_password: bool
    password_hash: str | None = field(repr=False)


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

    def add(
        self,
        username: str,
        password: str,
        groups: Iterable[str],
        *,
        one_time: bool = False,
    ) -> None:
        """Add a user who is not there yet.

        Raises ``ValueError`` for an unusable name or password and
        ``UserExistsError``.
        """
        user = NewUser(
            username=local_identity(username).subject,
            groups=frozenset(groups),
            disabled=False,
            password_hash=self.hash(password),
            is_one_time=one_time,
        )
        if not self.add_hashed(user, self._new_id()):
            raise UserExistsError(username)

    def hash(self, password: str) -> str:
        """Raise ``UnusablePasswordError``, which is a ``ValueError``."""
        return self._passwords.hash(password)

    def add_hashed(self, user: NewUser, credentials_version: str) -> bool:
        """Add a user at once and whole. False where there is one of that name."""
        hash_attribute = ONE_TIME_PASSWORD_HASH if user.is_one_time else PASSWORD_HASH
        return self._table.add(
            {
                **key_of(local_identity(user.username)),
                hash_attribute: {"S": user.password_hash},
                "created_at": {"S": self._clock().isoformat(timespec="seconds")},
                "credentials_version": {"S": credentials_version},
                **({"disabled": {"BOOL": True}} if user.disabled else {}),
                **_groups(user.groups),
                **_attributes(user.attributes),
            }
        )

    def was_added(self, username: str, credentials_version: str) -> bool:
        """Tell whether the user is that one: the answer to a write may be lost."""
        identity = local_identity(username)
        found = self._table.read(
            key_of(identity), lambda item: Principal.of(identity, item)
        )
        return (
            found is not None and found.user.credentials_version == credentials_version
        )

    def set_password(
        self, username: str, password: str, *, one_time: bool = False
    ) -> None:
        """Replace the password; logins begun with another are over.

        Raises ``ValueError`` for an unusable one, and ``NoSuchUserError``.
        """
        hashed = self.hash(password)
        written, removed = PASSWORD_HASH, ONE_TIME_PASSWORD_HASH
        if one_time:
            written, removed = removed, written
        self._update(
            local_identity(username),
            {
                written: {"S": hashed},
                "credentials_version": {"S": self._new_id()},
            },
            removed=(removed,),
        )

    def set_groups(self, username: str, groups: Iterable[str]) -> None:
        """Replace the user's groups by ``groups``, which may be none."""
        changes = _groups(groups)
        self._update(
            local_identity(username), changes, removed=() if changes else ("groups",)
        )

    def set_attributes(self, username: str, attributes: Mapping[str, str]) -> None:
        """Replace the user's attributes by ``attributes``, which may be none."""
        changes = _attributes(attributes)
        self._update(
            local_identity(username),
            changes,
            removed=() if changes else ("attributes",),
        )

    def set_disabled(self, identity: Identity, *, disabled: bool) -> None:
        """Keep somebody out, or let them in again, from their next request on.

        The logins they had are over for good: one may have been why. Nobody of another
        issuer has to be there to be kept out.
        """
        is_stranger = disabled and identity.issuer != LOCAL
        self._update(
            identity,
            {
                "disabled": {"BOOL": disabled},
                "credentials_version": {"S": self._new_id()},
            },
            condition=_HAS_NO_PASSWORD if is_stranger else _IS_THERE,
        )

    def end_logins(self, identity: Identity) -> None:
        """End the logins somebody has: none can be renewed.

        Tokens of another issuer that are older than this moment count no longer.
        """
        changes: Item = {"credentials_version": {"S": self._new_id()}}
        if identity.issuer == LOCAL:
            self._update(identity, changes)
            return
        # In whole seconds, as issuers count: those of this one are over as well.
        valid_from = int(self._clock().timestamp()) + 1
        self._update(
            identity,
            {**changes, "valid_from": {"N": str(valid_from)}},
            condition=_HAS_NO_PASSWORD,
        )

    def remove(self, username: str) -> None:
        """Remove a user for good. Raises ``NoSuchUserError``."""
        if not self._table.remove(key_of(local_identity(username))):
            raise NoSuchUserError(username)

    def find(self, identity: Identity) -> ListedUser | None:
        return self._table.read(key_of(identity), _listed)

    def pages(
        self, retries: Retries, *, issuer: str = LOCAL, with_hashes: bool = False
    ) -> Iterator[Sequence[ListedUser]]:
        """Read the whole table, a part at a time, in no particular order."""
        prefix = f"principal#{issuer}#"
        attributes = (*_SHOWN, *_HASHES) if with_hashes else _SHOWN
        read = partial(self._table.scan_page, prefix, attributes, _listed)
        page, after = retries.call(read)
        yield page
        while after is not None:
            page, after = retries.call(partial(read, after=after))
            yield page

    def _update(
        self,
        identity: Identity,
        changes: Item,
        *,
        removed: Collection[str] = (),
        condition: str = _IS_THERE,
    ) -> None:
        if not self._table.update(
            key_of(identity), changes, removed=removed, condition=condition
        ):
            raise NoSuchUserError(identity.subject)


_HAS_NO_PASSWORD: Final = "attribute_not_exists(password_hash)"  # noqa: S105 - a condition
"""Of anybody of another issuer, there or not."""


def local_identity(username: str) -> Identity:
    """Give who a user of the broker's own is. Raises ``ValueError``."""
    return Identity(issuer=LOCAL, subject=canonical_username(username))


def identity_of(issuer: str, subject: str) -> Identity:
    """Give who somebody of any issuer is. Raises ``ValueError``."""
    if issuer == LOCAL:
        return local_identity(subject)
    if len(subject) > _LONGEST_SUBJECT:
        raise ValueError(f"a subject has at most {_LONGEST_SUBJECT} characters")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in subject):
        raise ValueError("a subject is text without control characters")
    return Identity(issuer=issuer, subject=subject)


def _listed(item: Mapping[str, Any]) -> ListedUser:
    _, issuer, subject = item["pk"]["S"].split("#", 2)
    identity = Identity(issuer=issuer, subject=subject)
    principal = Principal.of(identity, item)
    return ListedUser(
        identity=identity,
        groups=principal.user.groups,
        disabled=principal.disabled,
        attributes=principal.user.attributes,
        created_at=item.get("created_at", {}).get("S", ""),
        has_one_time_password=principal.has_one_time_password,
        password_hash=principal.password_hash,
    )


def _groups(groups: Iterable[str]) -> "dict[str, AttributeValueTypeDef]":
    named = sorted(set(groups))
    return {"groups": {"SS": named}} if named else {}


def _attributes(
    attributes: Mapping[str, str],
) -> "dict[str, AttributeValueTypeDef]":
    values: dict[str, AttributeValueTypeDef] = {
        name: {"S": value} for name, value in attributes.items()
    }
    return {"attributes": {"M": values}} if values else {}
