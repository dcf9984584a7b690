"""What a function URL hands to a function, typed.

The event is AWS's payload format 2.0.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from caller import Caller, recognise

_CREDENTIALS: Final = frozenset({"authorization", "x-amz-security-token"})


class BadRequestError(ValueError):
    """The caller sent something unusable; the message is fit to be sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlEvent:
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

    @classmethod
    def read(cls, event: Mapping[str, Any], **more: Any) -> Self:  # noqa: ANN401
        """Read what Lambda passed to the handler; ``more`` is what a subclass adds.

        The caller is believed by ``AIKAGI_INVOKE_ROLE_NAME``, which the template sets;
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
                caller=recognise(
                    iam, invoke_role=os.environ.get("AIKAGI_INVOKE_ROLE_NAME", "")
                ),
                **more,
            )
        except (KeyError, TypeError, AttributeError) as error:
            # Not the event itself: it holds the session's token.
            msg = f"this is not the event of a function URL: {error!r}"
            raise ValueError(msg) from None

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case; empty where none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

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
