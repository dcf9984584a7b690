"""No answer of a broker ends in a traceback, or tells a terminal what to do."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from aikagi import AikagiError, Broker, UnreachableError
from tests.aikagi.commands.conftest import Ran, Typed, log_in
from tests.aikagi.loopback import PASSWORD, Answer, Loopback, json_answer, running

OBEYED: Final = "\x1b]0;title\x07\x1b[2J\x9b31m\x7f\u202eabc\u2066\r\x08"
HOSTILE: Final[list[object]] = [
    *(None, True, 5, -1, 1.5, 10**400, 10**18),
    *("", "x", OBEYED, "\ud800", "a\r\nX: y", "合鍵", "x" * 100_000),
    *("http://192.0.2.1/", "https://[", "//", "https://a@b\\@c/", "file:///etc/passwd"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-11-29T00:00:00"),
    *([], {}, [None], [{}], {"a": []}, [[[]]], [OBEYED], {OBEYED: OBEYED}),
]
BODIES: Final = [
    b"",
    b"null",
    b"[]",
    b"5",
    b"{",
    b'{"a": 1e999}',
    b'{"expires_in": NaN, "access_token": "a"}',
    b'"\\ud800"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"type": [], "title": 5, "request_id": 5, "errors": {"a": 1}, "detail": []}',
    b'{"title": "a", "errors": [null, 5, {}, {"pointer": 5, "detail": "a"}]}',
    json.dumps({"title": OBEYED, "detail": OBEYED, "request_id": OBEYED}).encode(),
    json.dumps(
        {"title": "a", "errors": [{"pointer": "#/a", "detail": OBEYED}]}
    ).encode(),
]
MEMBERS: Final = {
    "auth/login": [
        *("access_token", "token_type", "expires_in", "refresh_token"),
        "refresh_token_expires_in",
    ],
    "auth/me": ["issuer", "subject", "groups", "session_name"],
    "functions": [
        *("Name", "Title", "Description", "FuncUrl", "Region", "InvokeMode"),
        "MaxDurationSeconds",
    ],
    "grant": [
        *("FunctionName", "FuncUrl", "Region", "InvokeMode", "AccessKeyId"),
        *("SecretAccessKey", "SessionToken", "Expiration", "ServerTime"),
    ],
}
ASK: Final[dict[str, Callable[[Broker], object]]] = {
    "auth/login": lambda broker: broker.login("alice", PASSWORD),
    "auth/me": Broker.me,
    "functions": Broker.functions,
    "grant": lambda broker: broker.grant("hello", refused=broker.grant("hello")),
}
"""What asks a broker at each route."""

COMMANDS: Final = {
    "auth/login": (("login",),),
    "auth/me": (("whoami",), ("doctor",)),
    "functions": (("functions",), ("doctor", "hello")),
    "grant": (("credentials", "hello"), ("call", "hello")),
}


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    yield from running()


@pytest.fixture(scope="module")
def right(loopback: Loopback) -> dict[str, dict[str, Any]]:
    """Give the right answers by their routes, as the broker has them."""
    given: dict[str, dict[str, Any]] = {}
    respond = loopback.respond

    def remember(request: Any) -> Answer:
        answer = respond(request)
        with suppress(ValueError):
            given[request.raw_path.strip("/")] = json.loads(b"".join(answer.pieces))
        return answer

    with pytest.MonkeyPatch.context() as patch, Broker(loopback.base) as broker:
        patch.setattr(loopback, "respond", remember)
        for ask in ASK.values():
            ask(broker)
    return given


def changed(
    right: dict[str, dict[str, Any]], route: str
) -> Iterator[tuple[str, Callable[[object], Answer]]]:
    """Give a member's name, and what answers with another value of it."""
    body = right[route]
    of = body["Functions"][0] if route == "functions" else body

    def with_member(name: str) -> Callable[[object], Answer]:
        def answer(value: object) -> Answer:
            wrong = {**of, name: value}
            return json_answer({"Functions": [wrong]} if of is not body else wrong)

        return answer

    assert set(MEMBERS[route]) <= set(of)
    for name in MEMBERS[route]:
        yield name, with_member(name)


@pytest.mark.parametrize("route", list(MEMBERS))
def test_a_member_may_be_anything(
    loopback: Loopback, right: dict[str, dict[str, Any]], route: str
):
    with Broker(loopback.base) as broker:
        for _, answer in changed(right, route):
            for value in HOSTILE:
                require_error_of_ours(broker, loopback, route, answer(value))


@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 403, 422, 500, 599])
@pytest.mark.parametrize("route", list(MEMBERS))
def test_a_body_may_be_anything(loopback: Loopback, route: str, status: int):
    with Broker(loopback.base) as broker:
        for body in BODIES:
            for kind in ("application/json", "application/problem+json"):
                answer = Answer(status=status, media_type=kind, pieces=(body,))
                require_error_of_ours(broker, loopback, route, answer)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
@pytest.mark.parametrize("route", list(MEMBERS))
def test_a_body_that_is_not_what_its_coding_says_is_none(
    alice: Broker, loopback: Loopback, route: str, coding: str
):
    loopback.broker_answers = [
        *([None] if route == "grant" else []),  # the first, which is refused
        Answer(headers={"Content-Encoding": coding}, pieces=(b"{}",)),
    ]

    with pytest.raises(UnreachableError):
        ASK[route](alice)


def require_error_of_ours(
    broker: Broker, loopback: Loopback, route: str, answer: Answer
) -> None:
    """Let the broker be wrong once. Whatever raises another error is a bug."""
    loopback.broker_answers = []
    broker.login("alice", PASSWORD)
    loopback.broker_answers = [answer, answer]
    with suppress(AikagiError):
        ASK[route](broker)
        broker.login_expires_at()
    loopback.broker_answers = []


def run(typed: Typed, loopback: Loopback, *words: str) -> Ran:
    return log_in(typed, loopback) if words == ("login",) else typed(*words)


def require_harmless(shown: str) -> None:
    assert not {"\x1b", "\x07", "\x08", "\r", "\x9b", "\x7f"} & set(shown)
    assert not {"\u202e", "\u2066"} & set(shown)
    assert "Traceback" not in shown


@pytest.mark.parametrize("route", list(MEMBERS))
def test_no_member_tells_a_terminal_what_to_do(
    alice_typed: Typed,
    loopback: Loopback,
    right: dict[str, dict[str, Any]],
    state: Path,
    route: str,
):
    for _, answer in changed(right, route):
        for words in COMMANDS[route]:
            for path in state.rglob("grant-*.json"):
                path.unlink()
            before = [None] if "doctor" in words else []  # its GET /healthz
            loopback.broker_answers = [*before, answer(OBEYED)]
            ran = run(alice_typed, loopback, *words)
            require_harmless(ran.out + ran.err)
            loopback.broker_answers = []
            assert log_in(alice_typed, loopback).code == 0


@pytest.mark.parametrize("status", [400, 403, 422, 503])
@pytest.mark.parametrize("route", list(MEMBERS))
def test_no_refusal_tells_a_terminal_what_to_do(
    alice_typed: Typed, loopback: Loopback, state: Path, route: str, status: int
):
    wrong = {"pointer": OBEYED, "detail": OBEYED}
    told = {"title": OBEYED, "detail": OBEYED, "request_id": OBEYED, "errors": [wrong]}
    for path in state.rglob("grant-*.json"):
        path.unlink()
    loopback.broker_answers = [json_answer(told, status)]

    ran = run(alice_typed, loopback, *COMMANDS[route][0])

    assert ran.code in {4, 5}
    require_harmless(ran.out + ran.err)
    assert ran.err.count("\N{REPLACEMENT CHARACTER}") > 4


def test_a_refusal_tells_what_is_wrong_with_which_field(
    alice_typed: Typed, loopback: Loopback
):
    loopback.broker_answers = [
        json_answer(
            {
                "title": "Unprocessable Content",
                "errors": [
                    {"pointer": "#/DurationSeconds", "detail": "It is less than 900"},
                    {"pointer": "#", "detail": "There is a field that is not known"},
                ],
                "request_id": "r-1",
            },
            422,
        )
    ]

    ran = alice_typed("credentials", "hello", "--duration", "1")

    assert ran.code == 4
    assert ran.err == (
        "Unprocessable Content: DurationSeconds: It is less than 900; "
        "There is a field that is not known (request r-1).\n"
    )
