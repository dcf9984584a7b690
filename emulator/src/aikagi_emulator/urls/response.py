"""What a function returned, as the HTTP response it stands for.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final

from aikagi_emulator.runtime import Streamed
from aikagi_emulator.urls.cors import Headers

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""RFC 9110, sections 5.1 and 5.5."""

_NOT_THE_FUNCTIONS: Final = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-amzn-requestid",
    }
)
"""Of the hop, or set by the URL itself: a function's own are dropped."""

_JSON: Final = "application/json"
_FIRST_STATUS, _LAST_STATUS = 200, 599
_WITHOUT_CONTENT: Final = (204, 205, 304)


class MalformedResponseError(Exception):
    """The function returned something that cannot become a response."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """``headers`` have lower-case names and no content-length.

    Where there is ``streamed``, that is the body.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    streamed: Streamed | None = None


def shape(payload: bytes, *, content_type: str = _JSON) -> Response:
    """Read ``payload``, the JSON a function returned.

    ``content_type`` is that of a result which has a ``statusCode`` and names none.

    Raises:
        MalformedResponseError: what is wrong with it, for the function's author.
    """
    try:
        result: Any = json.loads(payload)
    except (ValueError, RecursionError) as error:
        msg = "the function returned bytes that are not JSON"
        raise MalformedResponseError(msg) from error
    if isinstance(result, dict) and "statusCode" in result:
        return _from_object(result, content_type)
    # The shorthand: any JSON is the body. AWS's page shows a string with its quotes
    # on; other emulators, tested beside AWS, take them off. Only an account can say.
    body = result.encode() if isinstance(result, str) else payload
    return Response(status=200, headers=(("content-type", _JSON),), body=body)


def relayed(streamed: Streamed) -> Response:
    """Answer as a web process began to.

    Raises:
        MalformedResponseError: no URL could answer that.
    """
    try:
        status = _status(streamed.status)
    except MalformedResponseError:
        streamed.leave()
        raise
    headers = [pair for pair in streamed.headers if pair[0] not in _NOT_THE_FUNCTIONS]
    return Response(status=status, headers=tuple(headers), body=b"", streamed=streamed)


def _from_object(result: Mapping[str, Any], content_type: str) -> Response:
    status = _status(result["statusCode"])
    headers = _headers(result.get("headers") or {})
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", content_type))
    headers += [("set-cookie", _value(cookie)) for cookie in _cookies(result)]
    body = _body(result)
    return Response(
        status=status,
        headers=tuple(headers),
        body=b"" if status in _WITHOUT_CONTENT else body,
    )


def _status(value: object) -> int:
    text = str(value)
    if not re.fullmatch(r"[0-9]{3}", text):
        msg = f"statusCode is {value!r}, not a number of three digits"
        raise MalformedResponseError(msg)
    if not _FIRST_STATUS <= int(text) <= _LAST_STATUS:
        msg = f"statusCode {text} cannot end a response"
        raise MalformedResponseError(msg)
    return int(text)


def _headers(values: object) -> list[tuple[str, str]]:
    if not isinstance(values, dict):
        msg = "headers is not an object"
        raise MalformedResponseError(msg)
    for name in values:
        if not _NAME.fullmatch(name):
            msg = f"{name!r} cannot be the name of a header"
            raise MalformedResponseError(msg)
    return [
        (name.lower(), _value(value))
        for name, value in values.items()
        if name.lower() not in _NOT_THE_FUNCTIONS
    ]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, (str, int, float)):
        msg = f"a header has the value {value!r}, which is not a text"
        raise MalformedResponseError(msg)
    if not _VALUE.fullmatch(str(value)):
        msg = f"a header has the value {value!r}, which no header can have"
        raise MalformedResponseError(msg)
    return str(value)


def _cookies(result: Mapping[str, Any]) -> Iterable[object]:
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list):
        msg = "cookies is not a list"
        raise MalformedResponseError(msg)
    return cookies


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    text = body if isinstance(body, str) else json.dumps(body)
    try:
        if result.get("isBase64Encoded"):
            return base64.b64decode(text, validate=True)
        return text.encode()
    except (binascii.Error, ValueError) as error:
        msg = "body is not what isBase64Encoded says"
        raise MalformedResponseError(msg) from error
