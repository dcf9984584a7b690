import json
from datetime import timedelta
from typing import Any

import pytest

from aikagi_emulator.aws import Fault, Kind
from emulator.tests.control.conftest import Ask, Controlled

CLOCK = "/_emulator/clock"
FAULTS = "/_emulator/faults"
DELAY = "/_emulator/policy-delay"


def asked(value: object) -> bytes:
    return json.dumps(value).encode()


def test_the_operator_moves_the_clock_and_is_told_the_time(
    controlled: Controlled, ask: Ask
):
    moved = ask("POST", CLOCK, body=asked({"OffsetSeconds": 3600}))
    further = ask("POST", CLOCK, body=asked({"AdvanceSeconds": -600.5}))
    answer = ask("GET", CLOCK).json()

    assert (moved.status_code, moved.json()["OffsetSeconds"]) == (200, 3600)
    assert further.json()["OffsetSeconds"] == 2999.5
    assert controlled.clock.offset == timedelta(seconds=2999.5)
    assert answer["OffsetSeconds"] == 2999.5
    assert answer["Now"].endswith("Z")


def test_the_operator_delays_policies(controlled: Controlled, ask: Ask):
    answer = ask("POST", DELAY, body=asked({"Seconds": 90}))

    assert (answer.status_code, answer.json()) == (200, {"Seconds": 90})
    assert ask("GET", DELAY).json() == {"Seconds": 90}
    assert controlled.aws.policy_delay() == timedelta(seconds=90)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"Seconds": 1, "Minutes": 1}, id="two"),
        pytest.param({"Seconds": "1"}, id="a string"),
        pytest.param({"Seconds": True}, id="a truth"),
        pytest.param({"Seconds": -1}, id="back"),
        pytest.param({"Seconds": 3601}, id="more than an hour"),
        pytest.param({"Seconds": 10**15}, id="beyond all times"),
    ],
)
def test_what_is_no_delay_is_refused(controlled: Controlled, ask: Ask, body: object):
    ask("POST", DELAY, body=asked({"Seconds": 60}))

    answer = ask("POST", DELAY, body=asked(body))

    assert answer.json()["Code"] == "ValidationException"
    assert controlled.aws.policy_delay() == timedelta(seconds=60)


@pytest.mark.parametrize("seconds", [-500_000, 500_000])
def test_a_clock_that_was_moved_far_can_be_moved_back(
    controlled: Controlled, ask: Ask, seconds: int
):
    ask("POST", CLOCK, body=asked({"OffsetSeconds": seconds}))

    answer = ask("POST", CLOCK, body=asked({"OffsetSeconds": 0}))

    assert answer.status_code == 200
    assert controlled.clock.offset == timedelta()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"OffsetSeconds": 1, "AdvanceSeconds": 1}, id="two"),
        pytest.param({"Offset": 1}, id="another name"),
        pytest.param({"OffsetSeconds": "1"}, id="a string"),
        pytest.param({"OffsetSeconds": True}, id="a truth"),
        pytest.param({"OffsetSeconds": None}, id="null"),
        pytest.param({"OffsetSeconds": float("nan")}, id="no number"),
        pytest.param({"OffsetSeconds": float("inf")}, id="infinity"),
        pytest.param({"OffsetSeconds": 10**400}, id="a huge number"),
        pytest.param({"OffsetSeconds": 10**15}, id="beyond all dates"),
        pytest.param({"OffsetSeconds": 7 * 86_400}, id="a week"),
        pytest.param({"AdvanceSeconds": -7 * 86_400}, id="a week back"),
    ],
)
def test_what_is_no_move_is_refused_and_moves_nothing(
    controlled: Controlled, ask: Ask, body: object
):
    ask("POST", CLOCK, body=asked({"OffsetSeconds": 60}))

    answer = ask("POST", CLOCK, body=asked(body))

    assert answer.status_code == 400
    assert answer.json()["Code"] == "ValidationException"
    assert controlled.clock.offset == timedelta(seconds=60)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_told_so(ask: Ask, body: bytes):
    assert ask("POST", CLOCK, body=body).json()["Code"] == "SerializationException"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", CLOCK, b"", id="read the clock"),
        pytest.param("POST", CLOCK, b'{"OffsetSeconds":60}', id="move the clock"),
        pytest.param("GET", FAULTS, b"", id="read faults"),
        pytest.param(
            "POST", FAULTS, b'[{"Service":"sts","Fault":"Throttling"}]', id="add faults"
        ),
        pytest.param("DELETE", FAULTS, b"", id="remove faults"),
        pytest.param("GET", DELAY, b"", id="read the delay of policies"),
        pytest.param("POST", DELAY, b'{"Seconds":60}', id="delay policies"),
    ],
)
def test_nobody_but_the_operator_is_let_in(
    controlled: Controlled, ask: Ask, method: str, path: str, body: bytes
):
    waiting = Fault(service="ssm", kind=Kind.THROTTLING)
    controlled.faults.add(waiting)

    def status(**how: Any) -> int:
        return ask(method, path, body=body, **how).status_code

    assert status(session=None) == 403
    assert status(session=controlled.almighty) == 403
    assert status(secret="x" * 40) == 403
    assert status(service="sts") == 403
    assert (controlled.clock.offset, list(controlled.faults)) == (
        timedelta(),
        [waiting],
    )
    assert status() == 200


def test_the_almighty_are_told_who_they_are_not(controlled: Controlled, ask: Ask):
    answer = ask("GET", CLOCK, session=controlled.almighty)

    assert answer.json() == {
        "Code": "AccessDeniedException",
        "Message": f"{controlled.almighty.arn} is not the operator of this stack",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("DELETE", CLOCK, id="a method"),
        pytest.param("GET", "/_emulator/", id="no word"),
        pytest.param("GET", "/_emulator/clocks", id="another word"),
    ],
)
def test_what_is_not_there_is_told_to_the_operator_alone(
    ask: Ask, method: str, path: str
):
    assert ask(method, path).status_code == 404
    assert ask(method, path, session=None).status_code == 403


@pytest.mark.parametrize("path", ["/", "/_emulator", "/aikagi/clock"])
def test_everything_else_is_the_endpoint_s(ask: Ask, path: str):
    assert ask("POST", path).status_code == 418


def test_faults_are_added_told_and_removed(controlled: Controlled, ask: Ask):
    slow = {"Service": "dynamodb", "Action": "GetItem", "Fault": "Slow", "Seconds": 2}
    throttling = {"Service": "sts", "Fault": "Throttling", "Times": 2}

    added = ask("POST", FAULTS, body=asked([slow, throttling]))
    answer = ask("GET", FAULTS)

    assert added.status_code == 200
    assert answer.json() == [
        {**slow, "Times": 1, "Seconds": 2.0},
        {**throttling, "Action": "*"},
    ]
    assert ask("DELETE", FAULTS).json() == []
    assert not controlled.faults


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param([], "A fault is an object", id="no object"),
        pytest.param({"Service": "sts"}, "A fault is an object", id="no fault"),
        pytest.param({"Time": 1}, "A fault is an object", id="an unknown member"),
        pytest.param({"Service": 1}, "Service is a string", id="a number"),
        pytest.param({"Service": "kms"}, "Service is one of dyn", id="no service"),
        pytest.param({"Fault": "Bad"}, "Fault is one of Access", id="no kind"),
        pytest.param({"Fault": []}, "Fault is a string", id="a list"),
        pytest.param({"Action": "sts:*"}, "Action is the name", id="no action"),
        pytest.param({"Times": 0}, "Times is from 1", id="never"),
        pytest.param({"Times": True}, "Times is a whole number", id="a truth"),
        pytest.param({"Times": 10**7}, "Times is from 1", id="too often"),
        pytest.param({"Seconds": 1}, "Seconds, up to 60", id="not slow"),
        pytest.param({"Seconds": "1"}, "Seconds is a number", id="not a number"),
        pytest.param({"Fault": "Slow"}, "Seconds, up to 60", id="slow by nothing"),
        pytest.param(
            {"Fault": "Slow", "Seconds": 61}, "Seconds, up to 60", id="too slow"
        ),
        pytest.param(
            {"Fault": "PackedPolicyTooLarge"}, "PackedPolicyTooLarge is", id="packed"
        ),
    ],
)
def test_what_is_no_fault_is_told_and_none_of_its_list_is_added(
    controlled: Controlled, ask: Ask, fault: Any, said: str
):
    good = {"Service": "sts", "Fault": "Throttling"}
    bad = {**good, **fault} if fault and fault != {"Service": "sts"} else fault

    answer = ask("POST", FAULTS, body=asked([good, bad]))

    assert answer.status_code == 400
    assert answer.json()["Message"].startswith(said)
    assert not controlled.faults
    assert ask("POST", FAULTS, body=asked([good])).status_code == 200
