"""``aikagi doctor`` tells the causes apart."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.aikagi.commands.conftest import Typed, log_in
from tests.aikagi.loopback import CORS_HEADERS, Answer, Loopback, json_answer, problem

ALL = [
    *("broker", "clock", "login", "catalogue", "grant", "url"),
    *("protection", "aws-clock", "cors", "call"),
]


def test_nothing_is_wrong(alice_typed: Typed, loopback: Loopback):
    ran = alice_typed("doctor", "hello")

    assert ran.code == 0, ran.out
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["ok", name] for name in ALL
    ]
    assert (loopback.runs, loopback.calls[-1].method) == (1, "GET")


def test_nothing_reaches_a_function_that_nothing_shall(
    alice_typed: Typed, loopback: Loopback
):
    ran = alice_typed("doctor", "hello", "--no-call")

    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "--     call        not tried"
    assert loopback.runs == 0


def test_without_a_function_the_way_to_the_broker_is_looked_at(alice_typed: Typed):
    told = json.loads(alice_typed("doctor", "--json").out)

    assert [check["check"] for check in told["checks"]] == ALL[:3]
    assert (told["cause"], told["title"]) == ("none", "Nothing is wrong")


def skewed(loopback: Loopback) -> None:
    loopback.clock_offset = 3700.0


def moved(loopback: Loopback) -> None:
    loopback.function = "http://localhost:1/"


def refused(code: str, message: str = "", status: int = 403) -> Callable[[Any], None]:
    def break_it(loopback: Loopback) -> None:
        answer = json_answer({"Message": message}, status, **{"x-amzn-errortype": code})
        loopback.answer = lambda _: answer

    return break_it


def opened(loopback: Loopback) -> None:
    loopback.is_open = True


def slow_aws(loopback: Loopback) -> None:
    loopback.aws_clock_offset = 400.0


@pytest.mark.parametrize(
    ("break_it", "cause", "check", "said"),
    [
        pytest.param(
            skewed, "clock", "clock", "1 h 1 min behind the broker's", id="our clock"
        ),
        pytest.param(
            slow_aws, "clock", "aws-clock", "the broker's is 6 min behind", id="AWS's"
        ),
        pytest.param(
            Loopback.end_login, "login-ended", "login", "has ended", id="login"
        ),
        pytest.param(moved, "unreachable", "url", "does not answer", id="url"),
        pytest.param(opened, "auth-type", "protection", "anybody", id="auth type"),
        pytest.param(
            lambda it: it.allow("https://desk.example"),
            "cors",
            "cors",
            "AllowOrigins",
            id="CORS",
        ),
        pytest.param(
            lambda it: it.allow(it.base.rstrip("/"), "content-type,*"),
            "cors",
            "cors",
            "AllowHeaders lacks authorization",
            id="CORS, headers",
        ),
        pytest.param(
            refused("AccessDeniedException"),
            "permission",
            "call",
            "not let you in",
            id="permission",
        ),
        pytest.param(
            refused("UnrecognizedClientException"),
            "refused",
            "call",
            "AWS refuses",
            id="unknown credentials",
        ),
        pytest.param(
            refused("InvalidSignatureException", "Signature expired: 2026"),
            "clock",
            "call",
            "time is off",
            id="signature's time",
        ),
        pytest.param(
            refused("InvalidSignatureException", "does not match"),
            "signature",
            "call",
            "not what was signed",
            id="signature",
        ),
        pytest.param(
            refused("TooManyRequestsException", status=429),
            "throttled",
            "call",
            "too many",
            id="throttled",
        ),
        pytest.param(
            lambda it: setattr(it, "answer", lambda _: Answer(status=502)),
            "function-failed",
            "call",
            "fails",
            id="crashed",
        ),
    ],
)
def test_each_cause_is_told_from_the_others(
    alice_typed: Typed,
    loopback: Loopback,
    break_it: Callable[[Loopback], None],
    cause: str,
    check: str,
    said: str,
):
    before = alice_typed("doctor", "hello", "--json")
    assert json.loads(before.out)["cause"] == "none", before.out
    if cause == "unreachable":
        log_in(alice_typed, loopback)  # or the grant held would name the old address
    break_it(loopback)

    ran = alice_typed("doctor", "hello", "--json")

    told = json.loads(ran.out)
    assert (ran.code, told["cause"]) == (1, cause), told
    assert said in told["title"]
    assert told["advice"]
    assert [c["check"] for c in told["checks"] if c["ok"] is False] == [check]


def test_a_wrong_clock_here_explains_less_than_any_other_fault(
    alice_typed: Typed, loopback: Loopback
):
    skewed(loopback)
    loopback.end_login()

    told = json.loads(alice_typed("doctor", "--json").out)

    faults = [check["check"] for check in told["checks"] if check["ok"] is False]
    assert faults == ["clock", "login"]
    assert told["cause"] == "login-ended"


def test_a_function_of_others_is_told_with_those_that_are_yours(
    alice_typed: Typed,
):
    ran = alice_typed("doctor", "report", "-q")

    assert ran.code == 1
    assert ran.out.startswith("fault  catalogue   report is not among yours: hello\n")
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
        "                   Log in: aikagi login",
    ]


def test_the_origin_of_another_page_can_be_tried(
    alice_typed: Typed, loopback: Loopback
):
    loopback.allow("https://desk.example", CORS_HEADERS)

    assert alice_typed("doctor", "hello", "--origin", "https://desk.example").code == 0
    assert alice_typed("doctor", "hello", "--origin", "https://desk.evil").code == 1
