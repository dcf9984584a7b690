"""The broker's routes over HTTP: JSON in and out, failures as errors of ours."""

import json as json_format
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, final

import httpx2

from aikagi.address import base_url
from aikagi.errors import BrokerError, LoginEndedError, UnreachableError
from aikagi.http_client import within

BROKER_TIMEOUT: Final = 30.0
"""Seconds: API Gateway ends a request after about as many."""

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes of a broker's answer, decompressed: more than any has."""

_MOST_FIELD_ERRORS: Final = 20
"""As many as a broker lists."""

_LOGIN_ENDED: Final = "urn:aikagi:problem:login-ended"
_JSON: Final = re.compile(r"application/(problem\+)?json\b", re.IGNORECASE)
_ERRNO: Final = re.compile(r"^\[Errno -?[0-9]+\] ")


@final
class BrokerTransport:
    """Sends requests to one broker, and follows no redirect: a password would too."""

    def __init__(self, base: str, client: httpx2.Client) -> None:
        self.base = base_url(base)
        self._client = client

    def request(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        timeout: float = BROKER_TIMEOUT,
    ) -> dict[str, Any]:
        """Give the body of the answer, empty where there is none.

        ``timeout`` is in seconds, for the request and its answer together. Raises
        ``BrokerError``, ``LoginEndedError`` or ``UnreachableError``.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with self._client.stream(
                method,
                self.base + path,
                headers=headers,
                data=form,
                json=json,
                timeout=timeout,
                follow_redirects=False,
                extensions=within(timeout),
            ) as answer:
                body = _json_object(read_at_most(answer, LARGEST_ANSWER))
        except httpx2.HTTPError as error:
            raise UnreachableError("broker", reason_of(error)) from error
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return {}
        if not answer.is_success:
            raise _failure(answer, body)
        if body is None:
            raise _not_a_broker(answer)
        return body


def reason_of(error: httpx2.HTTPError) -> str:
    """Say why there was no answer, in a few words."""
    if isinstance(error, httpx2.TimeoutException):
        return "it did not answer in time"
    return _ERRNO.sub("", str(error)) or type(error).__name__


def read_at_most(answer: httpx2.Response, size: int) -> bytes:
    """Read an answer, decompressed. Raises an error of httpx2 if it has more bytes."""
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > size:
            raise httpx2.RemoteProtocolError(f"it answers with more than {size} bytes")
    return bytes(body)


def with_body(answer: httpx2.Response) -> httpx2.Response:
    """Give an answer whose connection is open as one with its body, decompressed.

    Raises an error of httpx2 if that has more than ``LARGEST_ANSWER`` bytes.
    """
    headers = answer.headers.copy()
    headers.pop("content-encoding", None)
    body = read_at_most(answer, LARGEST_ANSWER)
    return httpx2.Response(answer.status_code, headers=headers, content=body)


def _failure(
    answer: httpx2.Response, body: dict[str, Any] | None
) -> BrokerError | UnreachableError:
    media_type = answer.headers.get("content-type", "")
    described = _JSON.match(media_type) is not None
    problem = (body if described else None) or {}
    is_problem = "problem" in media_type or bool({"title", "error"} & problem.keys())
    # A gateway before a broker has answers of its own for these.
    if not is_problem and not is_a_gateways(answer.status_code):
        return _not_a_broker(answer)
    members = {name: value for name, value in problem.items() if isinstance(value, str)}
    if members.get("type") == _LOGIN_ENDED:
        return LoginEndedError(request_id=members.get("request_id"))
    after = answer.headers.get("retry-after", "")
    status = f"The broker answered {answer.status_code}"
    return BrokerError(
        answer.status_code,
        # RFC 6749, section 5.2, where a token endpoint is no broker's.
        members.get("title") or members.get("error_description") or status,
        type=members.get("type", "about:blank"),
        detail=members.get("detail"),
        request_id=members.get("request_id"),
        # RFC 9110, section 10.2.3, also allows a date, which no broker sends.
        retry_after=int(after) if re.fullmatch("[0-9]{1,9}", after) else None,
        field_errors=_field_errors(problem),
    )


def _field_errors(problem: Mapping[str, Any]) -> tuple[str, ...]:
    """Say of each wrong field what is wrong: the member ``errors`` of a 422."""
    listed = problem.get("errors")
    return tuple(
        ": ".join(filter(None, [pointer.lstrip("#/"), detail]))
        for error in (listed if isinstance(listed, list) else [])[:_MOST_FIELD_ERRORS]
        if isinstance(error, dict)
        and isinstance(pointer := error.get("pointer"), str)
        and isinstance(detail := error.get("detail"), str)
    )


def is_a_gateways(status: int) -> bool:
    """Say whether a gateway may have given it in a broker's place."""
    return status in {401, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _not_a_broker(answer: httpx2.Response) -> UnreachableError:
    return UnreachableError(
        "broker", f"what answers there ({answer.status_code}) is none; is its URL right"
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json_format.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
