"""What a stack that answers can say of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from aikagi_emulator.launcher.seed import DemoUser


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """``env`` and ``operator_env`` are those of the files of the same names.

    Without a broker in the template ``broker`` is None, ``env`` and ``users`` are
    empty, and ``functions`` have their logical ids instead of catalogue names.
    """

    broker: str | None
    endpoint: str
    region: str
    functions: Mapping[str, str]
    users: tuple[DemoUser, ...]
    env: Mapping[str, str] = field(repr=False)
    operator_env: Mapping[str, str] = field(repr=False)


def description_of(running: Running) -> Mapping[str, object]:
    """``stack.json``, for tools and tests."""
    return {
        "Broker": running.broker,
        "Endpoint": running.endpoint,
        "Region": running.region,
        "Functions": dict(running.functions),
        "Users": [
            {
                "Username": user.username,
                "Password": user.password,
                "Groups": list(user.groups),
            }
            for user in running.users
        ],
    }
