"""The Python client renews tokens and grants when the vectors say so."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest

from aikagi.expiry import RefreshNeed
from aikagi.grant import Grant
from aikagi.tokens import Tokens
from tests.aikagi.loopback import Loopback, running
from tests.aikagi.scripted_requests import check
from tests.vector_files import Vector, reads

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


@reads("renewal", lambda vector: vector["kind"] == "requests")
def test_what_is_sent_and_comes_of_it(loopback: Loopback, vector: Vector):
    check(loopback, vector)
