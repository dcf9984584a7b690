"""The Python client renews tokens and grants when the vectors say so."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest

from aikagi import AikagiError, Broker
from aikagi.expiry import RefreshNeed
from aikagi.grant import Grant
from aikagi.tokens import Tokens
from tests.aikagi.loopback import PASSWORD, Answer, Loopback, answer_of, running
from tests.vector_files import Vector, bytes_of, reads

NOW: Final = 1_900_000_000.0


@reads("renewal", lambda vector: vector["kind"] == "lifetime")
def test_what_is_left_of_a_life_says_what_to_do(vector: Vector):
    value = grant(vector) if vector["of"] == "grant" else tokens(vector)

    need = value.refresh_need(NOW + vector["lifetime"] - vector["remaining"])

    if vector["refresh"] == "ended":
        assert need is RefreshNeed.MANDATORY
        assert isinstance(value, Tokens)
        assert value.refresh_token is None  # so there is nothing to refresh it with
    else:
        assert need.name.lower() == vector["refresh"]


def grant(vector: Vector) -> Grant:
    server_time = NOW + vector["clock_offset"]
    members = ("FunctionName", "FuncUrl", "Region", "InvokeMode")
    credentials = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    body = {
        **dict.fromkeys((*members, *credentials), "x"),
        "FuncUrl": "https://function.example/",
        "Expiration": moment(server_time + vector["lifetime"]),
        "ServerTime": moment(server_time),
    }
    return Grant.from_response(body, asked_at=NOW)


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def tokens(vector: Vector) -> Tokens:
    body = {"access_token": "a", "expires_in": vector["lifetime"]}
    if vector.get("refresh_token", True):
        body["refresh_token"] = "b"
    return Tokens.from_response(body, login_id="c", username="alice", now=NOW)


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    yield from running()


class Clock:
    def __init__(self) -> None:
        self.moved = 0.0

    def __call__(self) -> float:
        return time.time() + self.moved


@reads("renewal", lambda vector: vector["kind"] == "requests")
def test_what_is_sent_and_comes_of_it(loopback: Loopback, vector: Vector):
    loopback.refreshes = vector.get("refresh_token", True)
    clock = Clock()
    with Broker(loopback.base, clock=clock) as broker:
        if vector.get("logged_in", True) and vector["do"] != "login":
            broker.login("alice", PASSWORD)
            loopback.asked.clear()
        clock.moved = vector.get("after", 0)
        loopback.broker_answers = [scripted(answer) for answer in vector["answers"]]
        told = [scripted(answer) for answer in vector.get("function_answers", ())]
        loopback.answer = lambda _: told.pop(0) or Answer()

        raised = failure(broker, vector)

    assert loopback.asked == vector["asked"]
    assert len(loopback.calls) == vector.get("calls", 0)
    if raised is None or "error" not in vector:
        assert raised is vector.get("error")
    else:
        wanted = vector["error"]
        given = {name: getattr(raised, name, None) for name in wanted}
        assert given | {"name": type(raised).__name__} == wanted


def scripted(answer: Vector) -> Answer | None:
    if answer.get("good"):
        return None
    if answer.get("lost"):
        return Answer(pieces=(b"{",), cut=True)
    return answer_of(answer, [bytes_of(chunk) for chunk in answer["chunks"]])


def failure(broker: Broker, vector: Vector) -> AikagiError | None:
    try:
        match vector["do"]:
            case "login":
                broker.login("alice", PASSWORD)
            case "grant":
                broker.grant("hello")
            case "functions":
                broker.functions()
            case "call":
                method = vector.get("method", "GET")
                data = "x" if method == "POST" else None
                broker.call("hello", method=method, data=data).result()
            case _:
                broker.me()
    except AikagiError as error:
        return error
    return None
