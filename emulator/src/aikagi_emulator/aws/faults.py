"""Faults that AWS has on bad days, on demand: what is asked, and how each looks."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, final

from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.wire import Answer

ANY: Final = "*"
MOST_TIMES: Final = 1_000_000
LONGEST_DELAY: Final = 60.0
"""Seconds."""

SERVICES: Final = ("dynamodb", "iam", "secretsmanager", "ssm", "sts")

QUERY_SERVICES: Final = frozenset({"iam", "sts"})
"""Those of the Query protocol: an operation is a parameter, and a refusal a 403."""

WHY: Final = "this fault was asked for through the control API"


class Kind(StrEnum):
    ACCESS_DENIED = "AccessDenied"
    DROPPED_CONNECTION = "DroppedConnection"
    INTERNAL_ERROR = "InternalError"
    MALFORMED = "Malformed"
    PACKED_POLICY_TOO_LARGE = "PackedPolicyTooLarge"
    SLOW = "Slow"
    THROTTLING = "Throttling"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Shown to the next ``times`` requests for ``action`` (``*``: any) of a service.

    ``seconds`` is how long a slow answer waits before it is the right one. Raises
    ``ValueError`` for what AWS would never show.
    """

    service: str
    kind: Kind
    action: str = ANY
    times: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.service not in SERVICES:
            msg = f"Service is one of {', '.join(SERVICES)}"
            raise ValueError(msg)
        if self.action != ANY and not (self.action.isascii() and self.action.isalnum()):
            msg = "Action is the name of an operation, such as AssumeRole, or *"
            raise ValueError(msg)
        if not 1 <= self.times <= MOST_TIMES:
            msg = f"Times is from 1 to {MOST_TIMES}"
            raise ValueError(msg)
        if (self.kind is Kind.SLOW) != (0 < self.seconds <= LONGEST_DELAY):
            msg = f"Seconds, up to {LONGEST_DELAY:g}, goes with Slow and only with it"
            raise ValueError(msg)
        packed = self.kind is Kind.PACKED_POLICY_TOO_LARGE
        if packed and (self.service, self.action) != ("sts", "AssumeRole"):
            msg = f"{self.kind} is a fault of sts AssumeRole alone"
            raise ValueError(msg)


@final
class Faults:
    """What is still to be shown, in the order it was asked for. Safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._waiting))

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, service: str, action: str) -> Fault | None:
        """The first that fits, one time fewer; None where nothing was asked for."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.service == service and fault.action in {ANY, action}:
                    left = fault.times - 1
                    self._waiting[index : index + 1] = (
                        [replace(fault, times=left)] if left else []
                    )
                    return fault
        return None


_THROTTLED: Final = {
    "iam": ("Throttling", "Rate exceeded"),
    "sts": ("Throttling", "Rate exceeded"),
}
_BROKEN: Final = {
    "dynamodb": ("InternalServerError", "Internal server error"),
    "iam": ("ServiceFailure", "The request processing has failed."),
    "secretsmanager": ("InternalServiceError", "An error occurred on the server side."),
    "ssm": ("InternalServerError", "An error occurred on the server side."),
    "sts": ("InternalFailure", "The request processing has failed."),
}
"""Each service names its own, on the page of errors of its API reference."""


def error_of(fault: Fault) -> AwsError:
    """What AWS says. Not for a slow, a dropped or a malformed answer."""
    service = fault.service
    match fault.kind:
        case Kind.THROTTLING:
            code, text = _THROTTLED.get(
                service, ("ThrottlingException", "Rate exceeded")
            )
            return AwsError(code, text, why=WHY)
        case Kind.INTERNAL_ERROR:
            code, text = _BROKEN[service]
            return AwsError(code, text, status=500, why=WHY)
        case Kind.ACCESS_DENIED if service in QUERY_SERVICES:
            return AwsError("AccessDenied", "Access denied", status=403, why=WHY)
        case Kind.ACCESS_DENIED:
            return AwsError("AccessDeniedException", "Access denied", why=WHY)
        case Kind.PACKED_POLICY_TOO_LARGE:
            text = (
                "Packed policy consumes 101% of allotted space, "
                "please use smaller policy."
            )
            return AwsError("PackedPolicyTooLarge", text, why=WHY)
        case _:
            msg = f"{fault.kind} is no error"
            raise ValueError(msg)


def malformed(service: str) -> Answer:
    """A success by its status, torn in the middle of its body."""
    if service == "iam":
        body = b"<GetPolicyResponse><GetPolicyResult><Policy><PolicyName>reading</Po"
        return Answer(status=200, content_type="text/xml", body=body)
    if service == "sts":
        body = b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASI"
        return Answer(status=200, content_type="text/xml", body=body)
    return Answer(status=200, content_type="application/x-amz-json-1.1", body=b'{"It')
