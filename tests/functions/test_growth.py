"""What reads requests in the functions, and the request that costs it most.

A function URL takes 6 MB; less of it is measured, and shows the same growth.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from aikagi_function import BadRequestError, Output, Request, Result
from aikagi_function.caller import caller_from, decode_session_name
from aikagi_function.events import encode
from aikagi_function.web_adapter import read_body, request_from
from report.app import count
from tests.functions.conftest import ROLE
from tests.growth import Case, Record, as_parameters, assert_linear, repeated

HEAD = 65_536
"""Bytes of a request line and headers."""

CONTEXT = {
    "requestId": "1",
    "http": {"method": "POST", "path": "/"},
    "authorizer": None,
}


def an_event(body: str | bytes = b"", **members: object) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    whole = {"requestContext": CONTEXT, "rawPath": "/", "headers": headers}
    return {**whole, "body": body, **members}


def json_of(body: str) -> object:
    return Request.from_event(an_event(body)).json()


def of_json(name: str, make: Callable[[int], str]) -> Case[Any]:
    return Case(f"JSON: {name}", make, json_of, refusal=(BadRequestError,))


def a_scope(query: bytes = b"", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    context = (b"x-amzn-request-context", json.dumps(CONTEXT).encode())
    return {"raw_path": b"/", "query_string": query, "headers": [context, *headers]}


def arrived(scope: dict[str, Any]) -> Request:
    return request_from(scope, b"", margin=0, clock=lambda: 0)


async def _received(pieces: list[bytes]) -> bytes | None:
    left = iter(pieces)

    async def receive() -> dict[str, Any]:
        piece = next(left, None)
        return {
            "type": "http.request",
            "body": piece or b"",
            "more_body": piece is not None,
        }

    return await read_body(receive)


def an_arn(name: str, arn: Callable[[int], str]) -> Case[Any]:
    def run(user_arn: str) -> object:
        iam = {"userArn": user_arn, "accessKey": "ASIA"}
        return caller_from(
            iam, invoke_role_arn=f"arn:aws:iam::123456789012:role/{ROLE}"
        )

    return Case(f"caller: {name}", arn, run)


ARN = "arn:aws:sts::123456789012:assumed-role/"

REQUESTS: list[Case[Any]] = [
    of_json("nesting", repeated("[")),
    of_json("objects", repeated('{"a":')),
    of_json("a number", repeated("1")),
    of_json("a fraction", repeated("1", "0.")),
    of_json("an exponent", repeated("1", "1e")),
    of_json("escapes", repeated('\\"', '"')),
    of_json("half surrogates", repeated("\\ud83d", '"', '"')),
    of_json("lines before a fault", repeated("\n")),
    of_json("members", lambda n: json.dumps({f"a{i}": i for i in range(n // 13)})),
    Case(
        "event: base64",
        lambda n: an_event(base64.b64encode(b"a" * n).decode(), isBase64Encoded=True),
        Request.from_event,
    ),
    Case(
        "event: no base64",
        lambda n: an_event("A" * n + "=", isBase64Encoded=True),
        Request.from_event,
        refusal=(ValueError,),
    ),
    Case(
        "event: headers",
        lambda n: an_event(headers={f"A{i}": "b" for i in range(n // 10)}),
        Request.from_event,
        HEAD,
    ),
    Case(
        "event: content type",
        lambda n: an_event(headers={"content-type": "/;" * (n // 2)}),
        lambda event: Request.from_event(event).content_type,
        HEAD,
    ),
    Case(
        "event: no UTF-8",
        lambda n: an_event(b"a" * n + b"\xff"),
        lambda event: Request.from_event(event).text(),
        refusal=(BadRequestError,),
    ),
    Case(
        "web: query of one name",
        lambda n: a_scope(b"a&" * (n // 2)),
        arrived,
        262_144,
        smallest=32_768,
    ),
    Case(
        "web: query of escapes",
        lambda n: a_scope(b"a=" + b"%FF" * (n // 3)),
        arrived,
        HEAD,
    ),
    Case(
        "web: one header many times",
        lambda n: a_scope(b"", *[(b"a", b"b")] * (n // 6)),
        arrived,
        262_144,
        smallest=32_768,
    ),
    Case(
        "web: many headers",
        lambda n: a_scope(b"", *((b"a%d" % i, b"") for i in range(n // 9))),
        arrived,
        HEAD,
    ),
    Case(
        "web: body in pieces",
        lambda n: [b"a"] * n,
        lambda pieces: asyncio.run(_received(pieces)),
    ),
    an_arn("name of a session", repeated("=41", f"{ARN}{ROLE}/local+")),
    an_arn("name of a role", repeated("a", ARN)),
    an_arn("partition", repeated("-", "arn:aws")),
    an_arn("slashes", repeated("/", f"{ARN}{ROLE}")),
    Case("caller: session name", repeated("a", "local+"), decode_session_name),
    Case("event to write: separators", lambda n: Output("\u2028" * n), encode),
    Case("event to write: escapes", lambda n: Result("\0" * n), encode),
]


def a_report(name: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(f"report: {name}", text, count)


def different_words(size: int) -> str:
    return " ".join(f"w{i}." for i in range(size // 7))


REPORTS: list[Case[Any]] = [
    a_report("marks of one letter", repeated("\u0315\u0300", "a")),
    a_report("marks without a letter", repeated("\u0300")),
    a_report("words with hyphens", repeated("a-")),
    a_report("apostrophes", repeated("'")),
    a_report("one long word", repeated("a")),
    a_report("different words", different_words),
    a_report("line ends", repeated("\r\n")),
    a_report("letters that grow", repeated("\u1e9e\u0390")),
]

CASES = [*REQUESTS, *REPORTS]


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_work_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)
