"""Enough people for more grants than one of them may ask for in a minute."""

import contextlib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Final

from app.adapters.passwords import Passwords
from app.adapters.table import Table
from app.admin.users import UserAdministration, UserExistsError
from tests.aws_caller import Person
from tests.stack import Stack

_PEOPLE: Final = 12
_PASSWORD: Final = "a password for measuring"  # noqa: S105 - of nobody who stays


def people(stack: Stack) -> Iterator[Person]:
    """Add them where they are not there yet, log them in, and give each in turn."""
    users = _administration(stack)
    return cycle([_log_in(stack, users, f"caller-{n}") for n in range(_PEOPLE)])


def _log_in(stack: Stack, users: UserAdministration, name: str) -> Person:
    with contextlib.suppress(UserExistsError):
        users.add(name, _PASSWORD, ["everyone"])
    return Person.log_in(stack.broker, name, _PASSWORD)


def _administration(stack: Stack) -> UserAdministration:
    client = stack.operator_client("dynamodb")
    return UserAdministration(
        Table(client, name=stack.outputs["UsersTableName"]),
        passwords=Passwords(),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex,
    )
