"""Aikagi for its callers: log in, borrow a key to one function, call it.

    with aikagi.Broker("https://broker.example/") as broker:
        broker.login("alice", password)
        for event in broker.call("summarise", data=text):
            ...

What a caller needs and nothing else: this package imports nothing of ``app`` or
``local``, needs an HTTP client and botocore, and can be installed alone. Everything
named here is loaded when it is first used, for ``aikagi credentials`` is started by
SDKs and answers from its cache before an HTTP client would be imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.calls import Call
    from aikagi.entries import FunctionEntry, Me
    from aikagi.errors import (
        AddressError,
        AikagiError,
        BrokerError,
        EndedEarlyError,
        FunctionError,
        GarbledError,
        LoginEndedError,
        StateError,
        TaskError,
        UnreachableError,
    )
    from aikagi.events import Event, Output, Progress, Result, Start
    from aikagi.grant import Grant
    from aikagi.lent_auth import LentAuth

__all__ = [
    "AddressError",
    "AikagiError",
    "Broker",
    "BrokerError",
    "Call",
    "EndedEarlyError",
    "Event",
    "FunctionEntry",
    "FunctionError",
    "GarbledError",
    "Grant",
    "LentAuth",
    "LoginEndedError",
    "Me",
    "Output",
    "Progress",
    "Result",
    "Start",
    "StateError",
    "TaskError",
    "UnreachableError",
]

_HOME: Final = {
    "Broker": "broker",
    "Call": "calls",
    "FunctionEntry": "entries",
    "Me": "entries",
    "Event": "events",
    "Output": "events",
    "Progress": "events",
    "Result": "events",
    "Start": "events",
    "Grant": "grant",
    "LentAuth": "lent_auth",
}
"""The module of each name; the others are in ``errors``."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
