"""What the template says of a function that runs as a web process.

https://github.com/aws/aws-lambda-web-adapter, version 1.0: the adapter is a layer whose
``/opt/bootstrap`` starts the handler, and its settings are environment variables.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, final

_WRAPPER: Final = "AWS_LAMBDA_EXEC_WRAPPER"
_BOOTSTRAP: Final = "/opt/bootstrap"
_LAYER: Final = re.compile(r".+:layer:LambdaAdapterLayer[A-Za-z0-9]*(:[0-9]+)?")
_STATUSES: Final = re.compile(r"([0-9]{3})(?:-([0-9]{3}))?")

_READ: Final = frozenset(
    {
        # A cold start here may take as long as the function's timeout anyway.
        "AWS_LWA_ASYNC_INIT",
        "AWS_LWA_INVOKE_MODE",
        # Each environment gets a port of its own instead.
        "AWS_LWA_PORT",
        "AWS_LWA_READINESS_CHECK_HEALTHY_STATUS",
        "AWS_LWA_READINESS_CHECK_PATH",
        "AWS_LWA_READINESS_CHECK_PROTOCOL",
    }
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WebProcess:
    """How the adapter knows that the process is ready, and how it passes answers on.

    ``wrapper`` is the program that Lambda starts, where it is a file of a layer that is
    here; None stands for the adapter's own, which starts the handler as a program.
    ``readiness_path`` is None where a connection is enough.
    """

    streams: bool
    readiness_path: str | None
    healthy: frozenset[int]
    wrapper: Path | None = None

    @classmethod
    def of(
        cls,
        variables: Mapping[str, str],
        layers: Sequence[str],
        folders: Sequence[Path] = (),
    ) -> Self | None:
        """Return None for a function that is an ordinary handler.

        ``folders`` are those of the layers that are here.

        Raises:
            ValueError: AWS could not start it, or it asks for what is not modelled.
        """
        wrapper = variables.get(_WRAPPER)
        if wrapper is None:
            return None
        program = None if wrapper == _BOOTSTRAP else _program(wrapper, folders)
        if not any(_LAYER.fullmatch(layer) for layer in layers):
            msg = f"{_WRAPPER} is {wrapper}, but no layer of its is LambdaAdapter…"
            raise ValueError(msg)
        unknown = sorted(
            name
            for name in variables
            if name.startswith("AWS_LWA_") and name not in _READ
        )
        if unknown:
            msg = f"{', '.join(unknown)} is not modelled"
            raise ValueError(msg)
        return cls(
            wrapper=program,
            streams=_streams(variables.get("AWS_LWA_INVOKE_MODE", "buffered")),
            readiness_path=_readiness_path(variables),
            healthy=_statuses(
                variables.get("AWS_LWA_READINESS_CHECK_HEALTHY_STATUS", "100-499")
            ),
        )


def _program(wrapper: str, folders: Sequence[Path]) -> Path:
    """Find ``/opt/name`` in the layers, of which the last that has it counts."""
    start, _, name = wrapper.rpartition("/")
    found = [folder / name for folder in folders if os.access(folder / name, os.X_OK)]
    if start != "/opt" or not found:
        msg = (
            f"{_WRAPPER} {wrapper} is not modelled: neither {_BOOTSTRAP} nor a program "
            "(chmod +x) in /opt that a layer of this template brings"
        )
        raise ValueError(msg)
    return found[-1]


def _streams(mode: str) -> bool:
    if mode.lower() not in ("buffered", "response_stream"):
        msg = f"AWS_LWA_INVOKE_MODE is buffered or response_stream, not {mode}"
        raise ValueError(msg)
    return mode.lower() == "response_stream"


def _readiness_path(variables: Mapping[str, str]) -> str | None:
    protocol = variables.get("AWS_LWA_READINESS_CHECK_PROTOCOL", "http").lower()
    if protocol not in ("http", "tcp"):
        msg = f"AWS_LWA_READINESS_CHECK_PROTOCOL is http or tcp, not {protocol}"
        raise ValueError(msg)
    path = variables.get("AWS_LWA_READINESS_CHECK_PATH", "/")
    if not re.fullmatch(r"/[\x21-\x7e]*", path):
        msg = f"AWS_LWA_READINESS_CHECK_PATH {path!r} is not a path"
        raise ValueError(msg)
    return path if protocol == "http" else None


def _statuses(text: str) -> frozenset[int]:
    """Read ``200-399,404``."""
    statuses: set[int] = set()
    for part in text.split(","):
        match = _STATUSES.fullmatch(part.strip())
        if match is None:
            msg = f"AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: {part!r} is no status"
            raise ValueError(msg)
        start, last = match.groups()
        statuses |= set(range(int(start), int(last or start) + 1))
    return frozenset(statuses)
