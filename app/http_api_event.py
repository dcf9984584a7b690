"""HTTP API events, payload format 2.0: checked whole, and cut to what is used.

API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs".
Whoever may invoke the function directly writes the whole event: nothing in it is
believed for having come from API Gateway.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

_HOST: Final = re.compile(r"[^:/@]+(?::[0-9]{1,5})?")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, section 5.6.2."""
_NOT_ONE_LINE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters but the tab, and what else begins a new line for somebody."""


class EventRefusedError(ValueError):
    """The message says what is wrong with the event, and repeats nothing of it."""


def _one_line(text: str) -> str:
    if _NOT_ONE_LINE.search(text):
        raise ValueError("it is more than one line of text")
    # Half a surrogate pair is no text at all; this raises ``UnicodeEncodeError``.
    text.encode()
    return text


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _headers(headers: dict[str, str]) -> dict[str, str]:
    """Give them with their names in lower case."""
    lowered = {name.lower(): value for name, value in headers.items()}
    _one_line(" ".join(lowered.values()))
    if len(lowered) != len(headers):
        raise ValueError("a header is there twice")
    if not all(map(_HEADER_NAME.fullmatch, lowered)):
        raise ValueError("a header's name is none")
    if not _HOST.fullmatch(lowered.get("host", "none")):
        raise ValueError("the Host header is malformed")
    if not _PORT.fullmatch(lowered.get("x-forwarded-port", "443")):
        raise ValueError("the X-Forwarded-Port header is no port")
    return lowered


class _Shape(BaseModel):
    # What is not declared here is not used, and goes no further.
    model_config = ConfigDict(strict=True, alias_generator=to_camel, extra="ignore")


class _Http(_Shape):
    method: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}\z")]
    path: Annotated[str, Field(pattern=r"^/"), AfterValidator(_one_line)]
    source_ip: Annotated[str, Field(max_length=64), AfterValidator(_address)]


class _Context(_Shape):
    http: _Http
    # It is the X-Request-Id of the answer, and stands in the audit line.
    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=_-]{1,128}\z")] = ""


class _Event(_Shape):
    version: Literal["2.0"]
    request_context: _Context
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = {}
    raw_query_string: Annotated[str, Field(pattern=r"^[!-~]*\z")] = ""
    body: str | None = None
    is_base64_encoded: bool = False


def read(event: object) -> Mapping[str, Any]:
    """Return the event with what was checked and nothing else.

    Its cookies are left out: the broker reads none. Raises ``EventRefusedError``.
    """
    try:
        checked = _Event.model_validate(event)
    except ValidationError as error:
        raise EventRefusedError(
            f"not an HTTP API event of payload 2.0, see {_where(error)}"
        ) from None
    _check_body(checked)
    return checked.model_dump(by_alias=True)


def _where(error: ValidationError) -> str:
    """Name the member that is wrong; the names of headers are input as well."""
    first, *more = error.errors(include_input=False)[0]["loc"] or ("the whole event",)
    return ".".join(map(str, [first, *(more if first == "requestContext" else [])]))


def _check_body(event: _Event) -> None:
    body = event.body or ""
    try:
        if event.is_base64_encoded:
            base64.b64decode(body, validate=True)
        else:
            body.encode()
    except (binascii.Error, ValueError):
        raise EventRefusedError("its body is not what it says it is") from None
