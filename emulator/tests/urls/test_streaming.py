"""A URL whose InvokeMode is RESPONSE_STREAM."""

import asyncio

import pytest

from aikagi_emulator.runtime import (
    FunctionCrashedError,
    FunctionFailedError,
    ThrottledError,
)
from aikagi_emulator.runtime.stream import Head
from aikagi_emulator.urls import UrlError
from aikagi_emulator.urls.asgi import Message
from emulator.tests.urls.fakes import (
    CORS,
    ORIGIN,
    InPieces,
    InProcess,
    ask,
    echo,
    url_of,
)

SIGNED = {"authorization": "alice"}
OK = Head(status=200, headers=(("content-type", "text/plain"),))


def test_pieces_are_sent_one_by_one_with_the_functions_head_and_the_urls_own():
    head = Head(
        status=201,
        headers=(
            ("content-length", "5"),
            ("connection", "keep-alive"),
            ("x-amzn-requestid", "mine"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ),
    )
    pool = InPieces(head, b"one", b"two")
    url = url_of(pool, invoke_mode="RESPONSE_STREAM", cors=CORS)

    answer = ask(url, headers={**SIGNED, "origin": ORIGIN})

    assert (answer.status, answer.body, answer.complete) == (201, b"onetwo", True)
    assert answer.all("set-cookie") == ["a=1", "b=2"]
    assert answer.get("access-control-allow-origin") == ORIGIN
    assert "mine" not in answer.all("x-amzn-requestid")
    assert len(answer.all("x-amzn-requestid")) == 1
    assert not answer.all("content-length")
    assert not answer.all("connection")
    assert pool.calls == [(answer.get("x-amzn-requestid"), "/")]
    assert pool.left


def test_an_answer_that_is_cut_off_has_no_end_and_the_log_says_why():
    lines: list[str] = []
    pool = InPieces(OK, b"one", FunctionCrashedError("exit status 3"))
    url = url_of(
        pool, invoke_mode="RESPONSE_STREAM", log=lambda _, line: lines.append(line)
    )

    answer = ask(url, headers=SIGNED)

    assert (answer.status, answer.body, answer.complete) == (200, b"one", False)
    assert lines == ["GET '/' 200 cut off: FunctionCrashedError: exit status 3"]
    assert pool.left


@pytest.mark.parametrize(
    ("pool", "status"),
    [
        pytest.param(InPieces(ThrottledError("busy")), 429, id="throttled"),
        pytest.param(InPieces(FunctionFailedError("x", "y")), 502, id="failed"),
        pytest.param(InPieces(Head(status=600, headers=())), 502, id="no status"),
        pytest.param(InPieces(Head(status=599, headers=())), 599, id="a status"),
    ],
)
def test_an_answer_that_never_began_is_refused_as_a_whole(pool: InPieces, status: int):
    answer = ask(url_of(pool, invoke_mode="RESPONSE_STREAM"), headers=SIGNED)

    assert (answer.status, answer.complete) == (status, True)
    assert bool(answer.get("content-length")) == (status != 599)


def test_a_stranger_is_refused_before_the_function_hears_of_it():
    pool = InPieces(OK, b"one")

    answer = ask(url_of(pool, invoke_mode="RESPONSE_STREAM"))

    assert (answer.status, answer.json()) == (403, {"Message": "Forbidden."})
    assert pool.calls == []


def test_an_answer_whose_status_no_url_has_is_let_go():
    pool = InPieces(Head(status=600, headers=()))

    ask(url_of(pool, invoke_mode="RESPONSE_STREAM"), headers=SIGNED)

    assert pool.left


def test_a_server_that_says_the_client_has_gone_ends_the_reading():
    pool = InPieces(OK, b"one", b"two")
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"authorization", b"alice")],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise BrokenPipeError

    asyncio.run(url_of(pool, invoke_mode="RESPONSE_STREAM")(scope, receive, send))

    assert pool.left


def test_url_and_function_stream_together_or_not_at_all():
    url_of(InPieces(OK), invoke_mode="RESPONSE_STREAM")
    url_of(InProcess(echo), invoke_mode="BUFFERED")

    with pytest.raises(UrlError, match="awslambdaric cannot stream"):
        url_of(InProcess(echo), invoke_mode="RESPONSE_STREAM")
    with pytest.raises(UrlError, match="needs InvokeMode RESPONSE_STREAM"):
        url_of(InPieces(OK), invoke_mode="BUFFERED")
