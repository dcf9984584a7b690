"""The one place where the operator's objects are made."""

import uuid
from datetime import UTC, datetime

from app.adapters import aws, signing_secret, table
from app.adapters.passwords import Passwords
from app.adapters.table import Table
from app.admin.catalogue_groups import connect as connect_to_parameters
from app.admin.catalogue_groups import groups_in_catalogue
from app.admin.keys import KeyAdministration
from app.admin.progress import Progress
from app.admin.user_import import OneTimePasswords, UserImport
from app.admin.users import UserAdministration


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


def read_catalogue_groups(path: str) -> set[str]:
    """Give the groups of the functions below ``path`` of Parameter Store."""
    return groups_in_catalogue(connect_to_parameters(aws.new_session()), path)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex
