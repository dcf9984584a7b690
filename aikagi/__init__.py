"""The client of an Aikagi broker: log in, get credentials for a function, call it.

    with aikagi.Broker("https://broker.example/") as broker:
        broker.login("alice", password)
        for event in broker.call("summarise", data=text):
            ...

What a caller needs and nothing else: this package needs an HTTP client and botocore,
and is installed alone. Everything named here is loaded when it is first used, for
``aikagi credentials`` is started by SDKs and answers from its cache before an HTTP
client would be imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.calls import Call
    from aikagi.errors import (
        AddressError,
        AikagiError,
        BrokerError,
        EndedEarlyError,
        FunctionError,
        IssuerError,
        LoginEndedError,
        MalformedError,
        StateError,
        StateVersionError,
        TaskError,
        UnreachableError,
    )
    from aikagi.events import Output, Ping, Progress, Result, Start, TaskEvent
    from aikagi.grant import Grant
    from aikagi.issuer import Issuer
    from aikagi.issuer_login import DeviceCode
    from aikagi.models import FunctionEntry, Me
    from aikagi.sigv4_auth import SigV4Auth

__all__ = [
    "AddressError",
    "AikagiError",
    "Broker",
    "BrokerError",
    "Call",
    "DeviceCode",
    "EndedEarlyError",
    "FunctionEntry",
    "FunctionError",
    "Grant",
    "Issuer",
    "IssuerError",
    "LoginEndedError",
    "MalformedError",
    "Me",
    "Output",
    "Ping",
    "Progress",
    "Result",
    "SigV4Auth",
    "Start",
    "StateError",
    "StateVersionError",
    "TaskError",
    "TaskEvent",
    "UnreachableError",
]

_MODULES: Final = {
    "Broker": "broker",
    "Call": "calls",
    "FunctionEntry": "models",
    "Me": "models",
    "Output": "events",
    "Ping": "events",
    "Progress": "events",
    "Result": "events",
    "Start": "events",
    "TaskEvent": "events",
    "Grant": "grant",
    "DeviceCode": "issuer_login",
    "Issuer": "issuer",
    "SigV4Auth": "sigv4_auth",
}
"""The module of each name; the others are in ``errors``."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
