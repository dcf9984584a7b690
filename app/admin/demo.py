"""The demo users, who exist only on a laptop, and how to begin as one of them.

``python -m app.admin.demo`` is the seed command of ``emulator.toml``: it reads what
runs where from standard input, and writes what it has added to standard output.
"""

import contextlib
import json
import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, final


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
_PATIENCE: Final = 30
"""Seconds until AWS has to answer on a laptop: it may still be starting."""


def main() -> int:
    """Add them; 1 and a sentence on standard error when the table takes none."""
    # Half a second of imports, of which a test of the words below needs none.
    from app.domain.errors import UsersUnavailableError

    running = json.load(sys.stdin)
    try:
        add_users(os.environ)
    except (UsersUnavailableError, KeyError) as error:
        cause = error.__cause__ or error
        sys.stderr.write(f"The demo users cannot be added: {cause}\n")
        return 1
    users = [
        {
            "Username": user.username,
            "Password": user.password,
            "Groups": list(user.groups),
        }
        for user in DEMO_USERS
    ]
    json.dump(
        {"description": {"Users": users}, "announcement": announcement(running)},
        sys.stdout,
    )
    return 0


def add_users(variables: Mapping[str, str]) -> None:
    """Add them as an operator would; those that are there already stay as they are.

    Raises ``UsersUnavailableError``, whose cause is botocore's own error, and
    ``KeyError`` for a variable that is missing.
    """
    import boto3
    from botocore.config import Config

    from app.adapters.passwords import Passwords
    from app.adapters.table import Table
    from app.admin.users import UserAdministration, UserExistsError

    client = boto3.client(
        "dynamodb",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        config=Config(proxies={}, read_timeout=_PATIENCE),
    )
    administration = UserAdministration(
        Table(client, name=variables["AIKAGI_USERS_TABLE"]),
        passwords=Passwords(),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: str(uuid.uuid4()),
    )
    with contextlib.closing(client):
        for user in DEMO_USERS:
            with contextlib.suppress(UserExistsError):
                administration.add(user.username, user.password, user.groups)


def announcement(running: Mapping[str, Any]) -> str:
    """What a developer reads below the addresses."""
    logins = "\n".join(
        f"  {user.username} / {user.password}  ({', '.join(user.groups)})"
        for user in DEMO_USERS
    )
    text = f"Log in as\n{logins}\n"
    if not running["Functions"]:
        return text
    snippet = shell_snippet(
        broker=running["Broker"],
        region=running["Region"],
        function=next(iter(running["Functions"])),
        user=DEMO_USERS[0],
    )
    return f"{text}\nOr call a function from a shell:\n\n{snippet}"


def shell_snippet(*, broker: str, region: str, function: str, user: DemoUser) -> str:
    """Lines to paste into ``sh``: log in, take a grant, call the function URL.

    Written for curl 7.75 and newer. Debian's 7.88 signs encoded paths and unsorted
    queries wrongly; this has neither.
    """
    return f"""\
get() {{ sed -n "s/.*\\"$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/p"; }}
TOKEN=$(curl -s {broker}/auth/login -d grant_type=password \\
  -d username={user.username} -d password={user.password} | get access_token)
GRANT=$(curl -s {broker}/grant -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{{"FunctionName": "{function}"}}')
of() {{ printf '%s\\n' "$GRANT" | get "$1"; }}
curl --aws-sigv4 aws:amz:{region}:lambda \\
  --user "$(of AccessKeyId):$(of SecretAccessKey)" \\
  -H "x-amz-security-token: $(of SessionToken)" "$(of FuncUrl)"; echo
"""


if __name__ == "__main__":
    sys.exit(main())
