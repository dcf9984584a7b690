"""The demo users, who exist only here."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from aikagi_emulator.launcher.errors import LaunchError


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    """Its password is printed at every start: nothing here is a secret."""

    username: str
    password: str
    groups: tuple[str, ...]


DEMO_USERS: Final = (
    DemoUser(
        username="alice",
        password="wonderland-1865",  # noqa: S106 - printed at every start
        groups=("everyone", "research"),
    ),
    DemoUser(
        username="bob",
        password="bricklayer-1999",  # noqa: S106 - printed at every start
        groups=("everyone",),
    ),
)


def seed_users(
    operator: Mapping[str, str], *, table: str, clock: Callable[[], datetime]
) -> None:
    """Add them as an operator would: through the endpoint, with the app's own code.

    ``operator`` is the ``AWS_…`` environment of the operator. Blocks. Raises
    ``LaunchError`` when the table does not take them.
    """
    # Half a second of imports, wanted only here.
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from app.adapters import aws
    from app.adapters.passwords import Passwords
    from app.adapters.user_administration import UserAdministration

    session = boto3.session.Session(
        aws_access_key_id=operator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=operator["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=operator["AWS_SESSION_TOKEN"],
        region_name=operator["AWS_REGION"],
    )
    client = session.client(
        "dynamodb", endpoint_url=operator["AWS_ENDPOINT_URL"], config=aws.IMPATIENT
    )
    users = UserAdministration(
        client,
        table=table,
        passwords=Passwords(),
        clock=clock,
        new_id=lambda: str(uuid.uuid4()),
    )
    try:
        for user in DEMO_USERS:
            users.add(user.username, user.password, user.groups)
    except (BotoCoreError, ClientError) as error:
        msg = f"The demo users cannot be added: {error}"
        raise LaunchError(msg, exit_code=1) from error
    finally:
        client.close()
