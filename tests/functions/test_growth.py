"""What meets requests in the functions, and the request that costs it most.

A function URL takes 6 MB; less of it is measured, and shows the same growth.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

import report
import summarise
from caller import decode, recognise
from events import Output, Result, encode
from summary.language import language_of
from summary.sentences import spans
from summary.words import words_of
from tasks import Request
from tasks.arrival import body_of, request_of
from tests.functions.conftest import ROLE
from tests.growth import Case, Record, as_parameters, assert_linear, repeated
from url_event import BadRequestError, UrlEvent

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
    return UrlEvent.read(an_event(body)).json()


def of_json(name: str, make: Callable[[int], str]) -> Case[Any]:
    return Case(f"JSON: {name}", make, json_of, refusal=(BadRequestError,))


def a_scope(query: bytes = b"", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    context = (b"x-amzn-request-context", json.dumps(CONTEXT).encode())
    return {"raw_path": b"/", "query_string": query, "headers": [context, *headers]}


def arrived(scope: dict[str, Any]) -> Request:
    return request_of(scope, b"", margin=0, clock=lambda: 0)


async def _received(pieces: list[bytes]) -> bytes | None:
    left = iter(pieces)

    async def receive() -> dict[str, Any]:
        piece = next(left, None)
        return {
            "type": "http.request",
            "body": piece or b"",
            "more_body": piece is not None,
        }

    return await body_of(receive)


def an_arn(name: str, arn: Callable[[int], str]) -> Case[Any]:
    def run(user_arn: str) -> object:
        return recognise({"userArn": user_arn, "accessKey": "ASIA"}, invoke_role=ROLE)

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
        UrlEvent.read,
    ),
    Case(
        "event: no base64",
        lambda n: an_event("A" * n + "=", isBase64Encoded=True),
        UrlEvent.read,
        refusal=(ValueError,),
    ),
    Case(
        "event: headers",
        lambda n: an_event(headers={f"A{i}": "b" for i in range(n // 10)}),
        UrlEvent.read,
        HEAD,
    ),
    Case(
        "event: content type",
        lambda n: an_event(headers={"content-type": "/;" * (n // 2)}),
        lambda event: UrlEvent.read(event).content_type,
        HEAD,
    ),
    Case(
        "event: no UTF-8",
        lambda n: an_event(b"a" * n + b"\xff"),
        lambda event: UrlEvent.read(event).text(),
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
    Case("caller: session name", repeated("a", "local+"), decode),
    Case("event to write: separators", lambda n: Output("\u2028" * n), encode),
    Case("event to write: escapes", lambda n: Result("\0" * n), encode),
]


def asked(text: str) -> Request:
    headers = {"content-type": "text/plain"}
    return Request.read(an_event(text, headers=headers))


def read_sentences(text: str) -> object:
    return sum(1 for _ in spans(text))


def a_report(name: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(f"report: {name}", text, report.count)


def a_text(name: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(f"sentences: {name}", text, read_sentences, refusal=(StopIteration,))


def a_summary(name: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(
        f"summary: {name}",
        text,
        lambda given: list(summarise.task(asked(given))),
        32_768,
        (BadRequestError,),
    )


def different_words(size: int) -> str:
    return " ".join(f"w{i}." for i in range(size // 7))


def sharing_sentences(size: int) -> str:
    return "".join(f"Key w{i}. " for i in range(size // 11))


TEXTS: list[Case[Any]] = [
    a_report("marks of one letter", repeated("\u0315\u0300", "a")),
    a_report("marks without a letter", repeated("\u0300")),
    a_report("words with hyphens", repeated("a-")),
    a_report("apostrophes", repeated("'")),
    a_report("one long word", repeated("a")),
    a_report("different words", different_words),
    a_report("line ends", repeated("\r\n")),
    a_report("letters that grow", repeated("\u1e9e\u0390")),
    # From where texts are looked through in stretches of 65,536 characters.
    Case(
        "sentences: full stops", repeated("."), read_sentences, 1_048_576, (), 131_072
    ),
    a_text("full stops and spaces", repeated(". ")),
    a_text("ideographic full stops", repeated("。 ")),
    a_text("closing marks", repeated(".)")),
    a_text("one end and closing marks", repeated(")", "a.", "a")),
    a_text("opening quotation marks", repeated("\u300c")),
    a_text("quotations without an end", repeated("\u300c" + "a" * 199)),
    a_text("quotations in quotations", repeated("\u300ca.\u300d")),
    a_text("brackets after an end", repeated("(", "a. ", "a")),
    a_text("empty lines", repeated("\n", "a", "a")),
    a_text("lines of spaces", repeated(" \n", "a", "a")),
    a_text("short lines", repeated("a\n")),
    a_text("spaces", repeated(" ", "a", "a")),
    a_text("points of a list", repeated("- \n")),
    a_text("one long line", repeated("a")),
    a_text("abbreviations", repeated("e.g. ")),
    a_text("marks of one letter", repeated("\u0315\u0300", "a")),
    a_text("joiners", repeated("\u200d", "a")),
    Case("words: one sentence", repeated("\ufdfa\u0315\u0300"), words_of, 600),
    Case("words: apostrophes", repeated("a'"), words_of, 600),
    Case("language", repeated("a1"), language_of),
    a_summary("full stops", repeated(".")),
    a_summary("different words", different_words),
    a_summary("one sentence again and again", repeated("This is it. ")),
    a_summary("sentences that share a word", sharing_sentences),
    a_summary("one long sentence", repeated("word ")),
    a_summary("kanji", repeated("鍵を借りる。")),
]

CASES = [*REQUESTS, *TEXTS]


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_work_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)
