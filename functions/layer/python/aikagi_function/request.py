"""What a function URL hands to a function, typed.

The event is AWS's payload format 2.0.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

import base64
import binascii
import json
import math
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, final

from aikagi_function.caller import Caller, caller_from

_CREDENTIALS: Final = frozenset({"authorization", "x-amz-security-token"})


class BadRequestError(ValueError):
    """The caller sent something unusable; the message is fit to be sent back."""


@final
class TimeLimit:
    """The time that is left for a request, and whether its answer still has a reader.

    ``seconds_left`` returns infinity where nothing ends the request.
    """

    def __init__(self, seconds_left: Callable[[], float] = lambda: math.inf) -> None:
        self.seconds_left = seconds_left
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        self._cancelled.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Header names are in lower case; repeated values joined by commas.

    What proves the caller stays out of ``headers``, and headers, query and body out of
    ``repr``: a request must be printable without its secrets.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str
    caller: Caller | None
    limit: TimeLimit = field(default_factory=TimeLimit, repr=False, compare=False)

    @classmethod
    def from_event(
        cls, event: Mapping[str, Any], *, limit: TimeLimit | None = None
    ) -> Self:
        """Read what Lambda passed to the handler.

        The caller is believed by ``AIKAGI_INVOKE_ROLE_ARN``, which the template sets;
        without it nobody is. Raises ``ValueError`` for what is no function URL's event.
        """
        try:
            context = event["requestContext"]
            iam = (context.get("authorizer") or {}).get("iam") or {}
            return cls(
                method=context["http"]["method"],
                path=event["rawPath"],
                query=event.get("queryStringParameters") or {},
                headers=_without_credentials(event["headers"]),
                body=_body(event),
                request_id=context["requestId"],
                caller=caller_from(
                    iam,
                    invoke_role_arn=os.environ.get("AIKAGI_INVOKE_ROLE_ARN", ""),
                ),
                limit=limit or TimeLimit(),
            )
        except (KeyError, TypeError, AttributeError) as error:
            # Not the event itself: it holds the session's token.
            msg = f"this is not the event of a function URL: {error!r}"
            raise ValueError(msg) from None

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case; empty where none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def seconds_left(self) -> float:
        """Seconds until a task's answer is ended for it, a little before Lambda would.

        Infinite where nothing ends it; below zero when it is too late.
        """
        return self.limit.seconds_left()

    @property
    def cancelled(self) -> bool:
        """Whether what a task still yields goes nowhere.

        The time is up, or the client went away. A task that does not yield for long
        asks this now and then; at its next ``yield`` a generator is closed anyway.
        """
        return self.limit.cancelled

    def text(self) -> str:
        """Return the body as UTF-8, or raise ``BadRequestError``."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            msg = f"The body is not UTF-8: byte {error.start} starts no character."
            raise BadRequestError(msg) from None

    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the body as JSON, or raise ``BadRequestError``."""
        text = self.text()
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            msg = f"The body is not JSON: {error}."
            raise BadRequestError(msg) from None


def _without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in headers.items()
        if name.lower() not in _CREDENTIALS
    }


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if isinstance(body, bytes):
        # A request that came by HTTP, in the shape of an event.
        return body
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        msg = "this is not the event of a function URL: its body is not base64"
        raise ValueError(msg) from None


def _refuse_constant(name: str) -> None:
    msg = f"{name} is no number"
    raise ValueError(msg)
