"""A stack whose time moves and whose AWS has bad days, through the real broker."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
import httpx2
import pytest
from botocore.exceptions import ClientError

from aikagi_emulator.control import ControlError, Controls
from tests.aws_caller import Person, sign
from tests.stack import ROOT, Stack, clean_environment

ASSUME = {"Service": "sts", "Action": "AssumeRole"}
READ = {"Service": "dynamodb", "Action": "BatchGetItem"}
DURATIONS = itertools.count(901)
SECRETS = {"SecretAccessKey", "SessionToken", "Token", "access_token", "refresh_token"}


@pytest.fixture
def controls(stack: Stack) -> Iterator[Controls]:
    """Those of the one stack of all tests, which gets back what it was."""
    controls = stack.controls
    yield controls
    controls.reset()


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    return Person.log_in(stack.broker, "alice", stack.users["alice"])


@pytest.fixture
def fresh(alice: Person) -> Callable[[], httpx2.Response]:
    """Asks for a grant of a quarter of an hour, and never twice for the same.

    So none of them has the session of another.
    """
    return lambda: alice.ask(FunctionName="hello", DurationSeconds=next(DURATIONS))


def granted(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    grant: dict[str, str] = answer.json()
    return grant


def call(
    grant: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, *, at: datetime
) -> httpx2.Response:
    with monkeypatch.context() as patched:
        # botocore asks its own module for the time; there is no other way to tell it.
        patched.setattr(
            "botocore.auth.get_current_datetime", lambda: at.replace(tzinfo=None)
        )
        return sign(grant).send()


def test_a_grant_ends_without_anybody_waiting(
    controls: Controls,
    fresh: Callable[[], httpx2.Response],
    monkeypatch: pytest.MonkeyPatch,
):
    grant = granted(fresh())
    lifetime = datetime.fromisoformat(grant["Expiration"]) - datetime.now(UTC)

    before = controls.advance(lifetime - timedelta(seconds=30))
    young = call(grant, monkeypatch, at=before)
    after = controls.advance(timedelta(seconds=31))
    old = call(grant, monkeypatch, at=after)

    assert young.status_code == 200
    assert old.status_code == 403
    assert old.headers["x-amzn-errortype"] == "ExpiredTokenException"


def test_a_grant_of_half_a_minute_is_good_for_half_a_minute(
    controls: Controls, alice: Person, monkeypatch: pytest.MonkeyPatch
):
    answer = alice.ask(FunctionName="hello", DurationSeconds=30)
    grant = granted(answer)
    ends = datetime.fromisoformat(grant["Expiration"])
    began = datetime.fromisoformat(grant["ServerTime"])
    assert timedelta(seconds=29) < ends - began <= timedelta(seconds=30)

    now = controls.advance(began + timedelta(seconds=20) - controls.now())
    young = call(grant, monkeypatch, at=now)
    now = controls.advance(began + timedelta(seconds=31) - controls.now())
    old = call(grant, monkeypatch, at=now)

    assert young.status_code == 200
    assert old.status_code == 403
    # Not an expired token: the session goes on, and allows nothing.
    assert old.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_credentials_that_ended_are_an_expired_token_to_sts(
    stack: Stack,
    controls: Controls,
    fresh: Callable[[], httpx2.Response],
    monkeypatch: pytest.MonkeyPatch,
):
    grant = granted(fresh())
    sts = boto3.client(
        "sts",
        endpoint_url=stack.endpoint,
        region_name=stack.region,
        aws_access_key_id=grant["AccessKeyId"],
        aws_secret_access_key=grant["SecretAccessKey"],
        aws_session_token=grant["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"].endswith("/local+alice")

    later = controls.advance(timedelta(hours=2)).replace(tzinfo=None)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: later)

    with pytest.raises(ClientError) as caught:
        sts.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "ExpiredToken"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_the_real_time_is_too_far_from_a_moved_one(
    controls: Controls, fresh: Callable[[], httpx2.Response], minutes: int
):
    grant = granted(fresh())
    controls.set_offset(timedelta(minutes=minutes - minutes // 3))
    near = sign(grant).send()

    controls.set_offset(timedelta(minutes=minutes))
    far = sign(grant).send()

    assert near.status_code == 200
    assert far.status_code == 403
    assert far.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_what_sts_tells_of_an_end_is_told_in_its_own_time(
    controls: Controls, fresh: Callable[[], httpx2.Response]
):
    controls.set_offset(timedelta(minutes=10))

    grant = granted(fresh())

    ends = datetime.fromisoformat(grant["Expiration"])
    left = ends - datetime.fromisoformat(grant["ServerTime"])
    assert timedelta(minutes=24) < left < timedelta(minutes=26)


def test_whoever_is_refused_can_tell_the_time_by_the_answer(
    stack: Stack, controls: Controls
):
    controls.set_offset(timedelta(hours=1))

    for url in (stack.endpoint, stack.functions["hello"]):
        (date,) = httpx2.post(url).headers.get_list("date")
        ahead = parsedate_to_datetime(date) - datetime.now(UTC)
        assert timedelta(minutes=59) < ahead < timedelta(minutes=61)


def test_a_broker_whose_clock_is_an_hour_off_lends_nothing_until_it_is_right(
    stack: Stack, controls: Controls, fresh: Callable[[], httpx2.Response]
):
    controls.set_offset(timedelta(hours=1))

    refused = fresh()
    no_login = log_in(stack)
    controls.set_offset(timedelta())

    assert_unavailable(refused)
    assert_unavailable(no_login)
    granted(fresh())


@pytest.mark.parametrize(
    ("fault", "passes"),
    [
        pytest.param({"Fault": "Throttling"}, True, id="throttling"),
        pytest.param({"Fault": "InternalError"}, True, id="an internal error"),
        pytest.param({"Fault": "DroppedConnection"}, True, id="a dropped connection"),
        pytest.param({"Fault": "Malformed"}, False, id="a malformed answer"),
        pytest.param({"Fault": "PackedPolicyTooLarge"}, False, id="a packed policy"),
        pytest.param({"Fault": "AccessDenied"}, False, id="access denied"),
    ],
)
def test_whatever_ails_sts_nobody_gets_credentials_and_then_they_do(
    controls: Controls,
    fresh: Callable[[], httpx2.Response],
    fault: dict[str, Any],
    passes: bool,
):
    controls.add_faults({**ASSUME, **fault, "Times": 2})

    refused = fresh()

    assert_unavailable(refused)
    assert ("retry-after" in refused.headers) == passes
    controls.clear_faults()
    granted(fresh())


def assert_unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    is_oauths = answer.url.path == "/auth/login"
    kind = "application/json" if is_oauths else "application/problem+json"
    assert answer.headers["content-type"] == kind
    assert answer.json().get("error") == (
        "temporarily_unavailable" if is_oauths else None
    )
    assert not SECRETS & answer.json().keys()
    assert "arn:aws" not in answer.text


def test_one_throttled_call_is_the_sdk_s_to_repeat(
    controls: Controls, fresh: Callable[[], httpx2.Response]
):
    controls.add_faults({**ASSUME, "Fault": "Throttling", "Times": 1})

    granted(fresh())

    assert controls.faults() == []


def test_a_slow_answer_is_only_slow(
    controls: Controls, fresh: Callable[[], httpx2.Response]
):
    controls.add_faults({**ASSUME, "Fault": "Slow", "Seconds": 0.01})

    granted(fresh())

    assert controls.faults() == []


def log_in(stack: Stack, password: str | None = None) -> httpx2.Response:
    return httpx2.post(
        f"{stack.broker}/auth/login",
        data={"username": "alice", "password": password or stack.users["alice"]},
        timeout=30,
    )


@pytest.mark.parametrize(
    ("kind", "passes"),
    [
        pytest.param("Throttling", True, id="throttling"),
        pytest.param("DroppedConnection", True, id="a dropped connection"),
        pytest.param("Malformed", False, id="a malformed answer"),
        pytest.param("AccessDenied", False, id="access denied"),
    ],
)
def test_a_table_that_cannot_be_read_is_no_wrong_password(
    stack: Stack, controls: Controls, kind: str, passes: bool
):
    assert log_in(stack, "not-the-password").status_code == 400
    controls.add_faults({**READ, "Fault": kind, "Times": 2})

    refused = log_in(stack)

    assert_unavailable(refused)
    assert ("retry-after" in refused.headers) == passes
    controls.clear_faults()
    assert log_in(stack).status_code == 200


def test_nobody_but_the_operator_steers_the_stack(stack: Stack, controls: Controls):
    broker = Controls(variables=stack.variables("env"))

    with pytest.raises(ControlError, match="is not the operator of this stack"):
        broker.advance(timedelta(hours=1))
    with pytest.raises(ControlError, match="is not the operator of this stack"):
        broker.add_faults({**ASSUME, "Fault": "Throttling"})

    assert (controls.offset(), controls.faults()) == (timedelta(), [])


def test_a_command_moves_the_clock_and_says_what_time_it_is(
    stack: Stack, controls: Controls
):
    def run(*words: str) -> str:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "aikagi_emulator.clock", *words),
                *("--state", str(stack.state.parent), "--port", str(stack.port)),
            ],
            cwd=ROOT,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout

    assert run("+1h").endswith("Z, 1:00:00 ahead of the real time\n")
    assert run("-90m").endswith("Z, 0:30:00 behind the real time\n")
    assert controls.offset() == timedelta(minutes=-30)
    assert run("reset").endswith("Z, the real time\n")
    assert controls.offset() == timedelta()
