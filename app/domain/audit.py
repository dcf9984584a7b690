"""What is put on record: a record for each event, and nothing secret in any.

A record becomes one line of JSON: ``Version``, ``Event``, then a member for each field
that is not None. ``docs/audit.md`` explains every member, ``docs/audit.schema.json`` is
their JSON Schema.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from app.domain.credentials import Grant, Source
from app.domain.identity import Identity

VERSION: Final = 1
"""Of the schema. A member may be added under the same version: a reader passes over
what it does not know. Another meaning of a member, or one that goes, is another."""

LONGEST_TEXT: Final = 1024
"""Characters of a member. Only an address or a request id that somebody else wrote
could be longer, and is cut."""

_FUNCTION_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_MOST_SECONDS: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Something that happened, and when."""

    event: ClassVar[str]

    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord(AuditRecord):
    """Something that came of a request to the broker.

    ``identity`` is whom it concerns, where that is certain: of a login that failed, a
    user whom the table has. Whoever is in a hurry types a password where the username
    goes, so no other text of a form is on record.
    """

    source: Source
    identity: Identity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord(RequestRecord):
    """A request that came to nothing. ``reason`` is a code that no caller is given."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord(RequestRecord):
    event: ClassVar[str] = "Login"

    login_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefusedRecord(RefusalRecord):
    event: ClassVar[str] = "LoginRefused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRecord(RequestRecord):
    """A refresh token was traded for its successor, for the first time or again."""

    event: ClassVar[str] = "Renewal"

    login_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRefusedRecord(RefusalRecord):
    event: ClassVar[str] = "RenewalRefused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRecord(RequestRecord):
    event: ClassVar[str] = "Logout"

    login_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChangeRecord(RequestRecord):
    event: ClassVar[str] = "PasswordChange"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChangeRefusedRecord(RefusalRecord):
    event: ClassVar[str] = "PasswordChangeRefused"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord(RequestRecord):
    """Credentials that are about to leave.

    ``session_grant_id`` is the grant for which their session was made: another one's
    where ``reused``. ``access_key_id`` and ``sts_request_id`` join CloudTrail's
    records.
    """

    event: ClassVar[str] = "Grant"

    grant_id: str
    session_grant_id: str
    reused: bool
    function_name: str
    function_arn: str
    role_arn: str
    session_name: str
    access_key_id: str
    duration_seconds: int
    expiration: datetime
    policy_sha256: str
    dropped_tags: tuple[str, ...]
    sts_request_id: str

    @classmethod
    def of(cls, grant: Grant, source: Source) -> Self:
        plan, credentials = grant.plan, grant.credentials
        return cls(
            time=grant.granted_at,
            source=source,
            identity=plan.user.identity,
            grant_id=plan.grant_id,
            session_grant_id=credentials.grant_id,
            reused=grant.is_reused,
            function_name=plan.function.name,
            function_arn=plan.function.arn,
            role_arn=plan.function.role_arn,
            session_name=plan.name,
            access_key_id=credentials.access_key_id,
            duration_seconds=int(plan.duration.total_seconds()),
            expiration=credentials.expires_at,
            policy_sha256=hashlib.sha256(plan.policy.encode()).hexdigest(),
            dropped_tags=credentials.dropped_tags,
            sts_request_id=credentials.request_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRefusedRecord(RefusalRecord):
    """``function_name`` and ``duration_seconds`` are what was asked for.

    Where ``dry_run``, nothing would have been granted anyway.
    """

    event: ClassVar[str] = "GrantRefused"

    dry_run: bool

    function_name: str | None
    duration_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRecord(AuditRecord):
    """An operator has revoked the sessions of a person, of a grant or of everybody.

    One of ``identity``, ``grant_id`` and ``everyone`` says whose. ``operator`` is the
    ARN of whoever did it, ``valid_from`` the cut-off in seconds since 1970,
    ``expiration`` when the entry in the policy has served, ``policy_version`` the
    version that has it, None where the policy was not written. ``proof_access_key_id``
    is of a session that the command made to see the revocation take hold,
    ``compared_access_key_id`` of one that is not refused, ``held_after_seconds`` how
    long that took.
    """

    event: ClassVar[str] = "Revocation"

    operator: str
    identity: Identity | None = None
    grant_id: str | None = None
    everyone: bool = False
    valid_from: int | None = None
    expiration: datetime | None = None
    policy_version: str | None = None
    proof_access_key_id: str | None = None
    compared_access_key_id: str | None = None
    held_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationUndoneRecord(AuditRecord):
    """An operator has taken an entry back out of the policy."""

    event: ClassVar[str] = "RevocationUndone"

    operator: str
    identity: Identity | None = None
    grant_id: str | None = None
    everyone: bool = False


RECORDS: Final[tuple[type[AuditRecord], ...]] = (
    LoginRecord,
    LoginRefusedRecord,
    RenewalRecord,
    RenewalRefusedRecord,
    LogoutRecord,
    PasswordChangeRecord,
    PasswordChangeRefusedRecord,
    GrantRecord,
    GrantRefusedRecord,
    RevocationRecord,
    RevocationUndoneRecord,
)
"""All of them, in the order of the documents."""


def recordable_name(asked: str | None) -> str | None:
    """Give a name that a function may have; None for any other text of a caller."""
    return asked if asked is not None and _FUNCTION_NAME.fullmatch(asked) else None


def recordable_seconds(asked: int | None) -> int | None:
    """Give a duration that somebody may mean; None for one of a thousand digits."""
    return asked if asked is not None and abs(asked) < _MOST_SECONDS else None
