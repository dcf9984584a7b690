"""``aikagi doctor`` tells the causes apart."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.aikagi.commands.conftest import Typed, log_in
from tests.aikagi.loopback import CORS_HEADERS, Answer, Loopback, json_answer, problem

ALL = ["broker", "clock", "login", "permission", "grant", "url", "cors", "call"]


def test_nothing_is_wrong_and_no_function_ran(alice_typed: Typed, loopback: Loopback):
    ran = alice_typed("doctor", "hello")

    assert ran.code == 0, ran.out
    lines = [line.split()[:2] for line in ran.out.splitlines()]
    assert lines == [["ok", name] for name in ALL[:-1]] + [["--", "call"]]
    assert loopback.calls == []


def test_without_a_function_the_way_to_the_broker_is_looked_at(alice_typed: Typed):
    told = json.loads(alice_typed("doctor", "--json").out)

    assert [each["check"] for each in told["checks"]] == ALL[:3]
    assert (told["cause"], told["title"]) == (None, "Nothing is wrong")


def skewed(loopback: Loopback) -> None:
    loopback.ahead = 3700.0


def moved(loopback: Loopback) -> None:
    loopback.function = "http://localhost:1/"


def refused(code: str, message: str = "", status: int = 403) -> Callable[[Any], None]:
    def break_it(loopback: Loopback) -> None:
        answer = json_answer({"Message": message}, status, **{"x-amzn-errortype": code})
        loopback.answer = lambda _: answer

    return break_it


@pytest.mark.parametrize(
    ("break_it", "cause", "said"),
    [
        pytest.param(skewed, "clock", "1 h 1 min behind the broker's", id="clock"),
        pytest.param(Loopback.end_login, "login", "has ended", id="login"),
        pytest.param(moved, "url", "does not answer", id="url"),
        pytest.param(
            lambda it: it.allow("https://desk.example"), "cors", "not let in", id="CORS"
        ),
        pytest.param(
            lambda it: it.allow(it.base.rstrip("/"), "content-type,*"),
            "cors",
            "authorization",
            id="CORS, headers",
        ),
        pytest.param(
            refused("AccessDeniedException"), "call", "not let you in", id="Lambda"
        ),
        pytest.param(
            refused("InvalidSignatureException", "Signature expired: 2026"),
            "call",
            "time is off",
            id="Lambda, clock",
        ),
        pytest.param(
            refused("InvalidSignatureException", "does not match"),
            "call",
            "not what was signed",
            id="Lambda, signature",
        ),
        pytest.param(
            refused("TooManyRequestsException", status=429),
            "call",
            "too many",
            id="throttled",
        ),
        pytest.param(
            lambda it: setattr(it, "answer", lambda _: Answer(status=502)),
            "call",
            "crashed",
            id="crashed",
        ),
    ],
)
def test_each_cause_is_told_from_the_others(
    alice_typed: Typed,
    loopback: Loopback,
    break_it: Callable[[Loopback], None],
    cause: str,
    said: str,
):
    before = alice_typed("doctor", "hello", "--call", "--json")
    assert json.loads(before.out)["cause"] is None, before.out
    break_it(loopback)
    alice_typed("logout") if cause == "url" else None
    log_in(alice_typed, loopback) if cause == "url" else None

    ran = alice_typed("doctor", "hello", "--call", "--json")

    told = json.loads(ran.out)
    assert (ran.code, told["cause"]) == (1, cause), told
    assert said in told["title"]
    assert told["advice"]
    assert [c["check"] for c in told["checks"] if c["ok"] is False] == [cause]


def test_a_function_of_others_is_told_with_those_that_are_yours(
    alice_typed: Typed,
):
    ran = alice_typed("doctor", "report", "-q")

    assert ran.code == 1
    assert ran.out.startswith("fault  permission  report is not among yours: hello\n")
    assert "a group that may call it" in ran.out


def test_a_broker_that_is_none_or_nowhere_is_told(
    typed: Typed, loopback: Loopback, free_port: Callable[[], int]
):
    loopback.broker_answers = [problem(404, "x", "Not Found")]
    wrong = typed("doctor", "--broker", loopback.base)
    nowhere = typed("doctor", "--broker", f"http://127.0.0.1:{free_port()}")

    assert (wrong.code, nowhere.code) == (1, 1)
    assert "it answers 404" in wrong.out
    assert "Connection refused" in nowhere.out
    assert wrong.out.count("fault") == nowhere.out.count("fault") == 1


def test_nobody_logged_in_is_told(typed: Typed, loopback: Loopback):
    ran = typed("doctor", "hello", "--broker", loopback.base)

    assert ran.code == 1
    assert ran.out.splitlines()[-2:] == [
        "fault  login       Nobody is logged in",
        "                   aikagi login",
    ]


def test_the_origin_of_another_page_can_be_tried(
    alice_typed: Typed, loopback: Loopback
):
    loopback.allow("https://desk.example", CORS_HEADERS)

    assert alice_typed("doctor", "hello", "--origin", "https://desk.example").code == 0
    assert alice_typed("doctor", "hello", "--origin", "https://desk.evil").code == 1
