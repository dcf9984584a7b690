import json
from datetime import timedelta
from typing import Any

import pytest

from aikagi_emulator.aws import Fault, Kind
from emulator.tests.control.conftest import House, Knock

CLOCK = "/_emulator/clock"
FAULTS = "/_emulator/faults"


def asked(value: object) -> bytes:
    return json.dumps(value).encode()


def test_the_operator_moves_the_clock_and_is_told_the_time(house: House, knock: Knock):
    moved = knock("POST", CLOCK, body=asked({"OffsetSeconds": 3600}))
    further = knock("POST", CLOCK, body=asked({"AdvanceSeconds": -600.5}))
    told = knock("GET", CLOCK).json()

    assert (moved.status_code, moved.json()["OffsetSeconds"]) == (200, 3600)
    assert further.json()["OffsetSeconds"] == 2999.5
    assert house.clock.offset == timedelta(seconds=2999.5)
    assert told["OffsetSeconds"] == 2999.5
    assert told["Now"].endswith("Z")


@pytest.mark.parametrize("seconds", [-500_000, 500_000])
def test_a_clock_that_was_moved_far_can_be_moved_back(
    house: House, knock: Knock, seconds: int
):
    knock("POST", CLOCK, body=asked({"OffsetSeconds": seconds}))

    answer = knock("POST", CLOCK, body=asked({"OffsetSeconds": 0}))

    assert answer.status_code == 200
    assert house.clock.offset == timedelta()


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
    house: House, knock: Knock, body: object
):
    knock("POST", CLOCK, body=asked({"OffsetSeconds": 60}))

    answer = knock("POST", CLOCK, body=asked(body))

    assert answer.status_code == 400
    assert answer.json()["Code"] == "ValidationException"
    assert house.clock.offset == timedelta(seconds=60)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_told_so(knock: Knock, body: bytes):
    assert knock("POST", CLOCK, body=body).json()["Code"] == "SerializationException"


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
    ],
)
def test_nobody_but_the_operator_is_let_in(
    house: House, knock: Knock, method: str, path: str, body: bytes
):
    waiting = Fault(service="ssm", kind=Kind.THROTTLING)
    house.faults.add(waiting)

    def knocked(**how: Any) -> int:
        return knock(method, path, body=body, **how).status_code

    assert knocked(session=None) == 403
    assert knocked(session=house.almighty) == 403
    assert knocked(secret="x" * 40) == 403
    assert knocked(service="sts") == 403
    assert (house.clock.offset, list(house.faults)) == (timedelta(), [waiting])
    assert knocked() == 200


def test_the_almighty_are_told_who_they_are_not(house: House, knock: Knock):
    answer = knock("GET", CLOCK, session=house.almighty)

    assert answer.json() == {
        "Code": "AccessDeniedException",
        "Message": f"{house.almighty.arn} is not the operator of this stack",
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
    knock: Knock, method: str, path: str
):
    assert knock(method, path).status_code == 404
    assert knock(method, path, session=None).status_code == 403


@pytest.mark.parametrize("path", ["/", "/_emulator", "/aikagi/clock"])
def test_everything_else_is_the_endpoint_s(knock: Knock, path: str):
    assert knock("POST", path).status_code == 418


def test_faults_are_added_told_and_removed(house: House, knock: Knock):
    slow = {"Service": "dynamodb", "Action": "GetItem", "Fault": "Slow", "Seconds": 2}
    throttling = {"Service": "sts", "Fault": "Throttling", "Times": 2}

    added = knock("POST", FAULTS, body=asked([slow, throttling]))
    told = knock("GET", FAULTS)

    assert added.status_code == 200
    assert told.json() == [
        {**slow, "Times": 1, "Seconds": 2.0},
        {**throttling, "Action": "*"},
    ]
    assert knock("DELETE", FAULTS).json() == []
    assert not house.faults


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
    house: House, knock: Knock, fault: Any, said: str
):
    good = {"Service": "sts", "Fault": "Throttling"}
    bad = {**good, **fault} if fault and fault != {"Service": "sts"} else fault

    answer = knock("POST", FAULTS, body=asked([good, bad]))

    assert answer.status_code == 400
    assert answer.json()["Message"].startswith(said)
    assert not house.faults
    assert knock("POST", FAULTS, body=asked([good])).status_code == 200
