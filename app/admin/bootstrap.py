"""The one place where the operator's objects are made."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.adapters import aws, signing_secret, table
from app.adapters.passwords import Passwords
from app.adapters.table import Table
from app.admin.catalogue_groups import connect as connect_to_parameters
from app.admin.catalogue_groups import groups_in_catalogue
from app.admin.errors import NotDoneError
from app.admin.keys import KeyAdministration
from app.admin.progress import Progress
from app.admin.user_import import OneTimePasswords, UserImport
from app.admin.users import UserAdministration

if TYPE_CHECKING:
    from app.admin.why import GrantInquiry


def build_key_administration(secret_arn: str) -> KeyAdministration:
    """Make it likewise."""
    return KeyAdministration(
        signing_secret.connect(aws.new_session()), secret_arn=secret_arn, clock=_now
    )


def build_user_administration(table_name: str) -> UserAdministration:
    """Make it with the credentials, the Region and the endpoint of the environment.

    Raises what botocore raises where there is no Region.
    """
    return UserAdministration(
        Table(table.connect(aws.new_session()), name=table_name),
        passwords=Passwords(),
        clock=_now,
        new_id=_new_id,
    )


def build_import(
    users: UserAdministration, passwords: OneTimePasswords | None, progress: Progress
) -> UserImport:
    return UserImport(
        users,
        new_id=_new_id,
        one_time_passwords=passwords,
        note=progress.note,
        advance=progress.advance,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPlaces:
    """Where what decides about a grant stands, as the broker's variables name it."""

    table: str
    catalogue: str
    role: str
    issuers: str
    role_path: str | None = None
    local_origins: tuple[str, ...] = ()
    local_issuers: bool = False


def build_inquiry(places: GrantPlaces) -> "GrantInquiry":
    """Make it of the broker's own adapters, with the operator's credentials.

    Raises ``NotDoneError`` where the broker's packages are not installed: of all the
    operator's commands only this one needs them.
    """
    try:
        from app.adapters.catalogue import SsmCatalogue
        from app.adapters.catalogue_entry import EntryRules
        from app.adapters.issuer_entry import IssuerRules
        from app.adapters.issuers import SsmIssuers
        from app.adapters.users import UserTable
        from app.admin.why import GrantInquiry
    except ModuleNotFoundError as error:
        raise NotDoneError(
            f"There is no package {error.name}: this command needs those of the broker "
            "too, in requirements/runtime.txt."
        ) from error
    session = aws.new_session()
    ssm = connect_to_parameters(session)
    people = Table(table.connect(session), name=places.table)
    return GrantInquiry(
        users=UserTable(people, passwords=Passwords()),
        administration=UserAdministration(
            people, passwords=Passwords(), clock=_now, new_id=_new_id
        ),
        catalogue=SsmCatalogue(
            ssm,
            path=places.catalogue,
            rules=EntryRules(
                role=places.role,
                role_path=places.role_path,
                local_origins=places.local_origins,
            ),
            clock=_now,
        ),
        issuers=SsmIssuers(
            ssm,
            path=places.issuers,
            # No entry may be the broker's own issuer; the broker has seen to that.
            rules=IssuerRules(own="", on_loopback=places.local_issuers),
            clock=_now,
        ),
        clock=_now,
    )


def read_catalogue_groups(path: str) -> set[str]:
    """Give the groups of the functions below ``path`` of Parameter Store."""
    return groups_in_catalogue(connect_to_parameters(aws.new_session()), path)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex
