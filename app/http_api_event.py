"""The shape of an HTTP API event, payload format 2.0, as far as Mangum relies on it.

API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

import base64
import binascii
import json
import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

_HOST: Final = re.compile(r"[^:/@]+(?::[0-9]{1,5})?")
_PORT: Final = re.compile(r"[0-9]{1,5}")


class EventRefusedError(ValueError):
    """The message says what is wrong with the event, and repeats nothing of it."""


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, alias_generator=to_camel)


class _Http(_Shape):
    method: Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")]
    path: Annotated[str, Field(pattern=r"^/")]
    source_ip: Annotated[str, Field(min_length=1)]


class _Context(_Shape):
    http: _Http


class _Event(_Shape):
    version: Literal["2.0"]
    request_context: _Context
    headers: dict[str, str] = {}
    raw_query_string: str = ""
    cookies: list[str] = []
    body: str | None = None
    is_base64_encoded: bool = False


def check(event: object) -> None:
    """Raise ``EventRefusedError`` for what Mangum would stumble over."""
    try:
        read = _Event.model_validate(event)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the whole event"
        raise EventRefusedError(
            f"not an HTTP API event of payload 2.0, see {where}"
        ) from None
    _check_text(read)
    headers = {name.lower(): value for name, value in read.headers.items()}
    if not _HOST.fullmatch(headers.get("host", "none")):
        raise EventRefusedError("its Host header is malformed")
    if not _PORT.fullmatch(headers.get("x-forwarded-port", "443")):
        raise EventRefusedError("its X-Forwarded-Port header is no port")
    if read.is_base64_encoded:
        _check_base64(read.body or "")


def _check_text(read: _Event) -> None:
    try:
        json.dumps(read.model_dump(), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise EventRefusedError("it holds half a surrogate pair") from None


def _check_base64(body: str) -> None:
    try:
        base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise EventRefusedError("its body is not base64") from None
