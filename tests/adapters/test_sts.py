"""The exact request STS receives, and everything that can come back instead."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters import sts
from app.adapters.sts import StsSessions
from app.domain.errors import SessionsUnavailableError
from app.domain.metrics import Metric
from app.domain.session import SessionPlan, SessionRequest, plan_session
from tests.fakes import NOON, ROLE, Clock, a_function, a_user
from tests.scripted_aws import Answer, Request, ScriptedAws


def planned(seconds: int, attributes: Mapping[str, str] | None = None) -> SessionPlan:
    return plan_session(
        a_user("alice", "research", attributes=attributes),
        a_function("report", "research"),
        SessionRequest(duration_seconds=seconds),
        grant_id="g-1",
        now=NOON,
    )


PLAN = planned(900)


def issued(
    key: str = "ASIAEXAMPLE",
    secret: str = "s-e-c-r-e-t",
    token: str = "t-o-k-e-n",
    expiration: str = "2030-01-01T14:00:00+02:00",
) -> Answer:
    return xml(f"""<AssumeRoleResponse><AssumeRoleResult><Credentials>
        <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>
        <SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration>
        </Credentials><PackedPolicySize>17</PackedPolicySize></AssumeRoleResult><ResponseMetadata>
        <RequestId>sts-request-1</RequestId></ResponseMetadata></AssumeRoleResponse>""")


def refused(code: str, status: int) -> Answer:
    return xml(
        f"""<ErrorResponse><Error><Code>{code}</Code><Message>not on {ROLE}</Message>
        </Error></ErrorResponse>""",
        status,
    )


def xml(text: str, status: int = 200) -> Answer:
    return Answer(status=status, body=text.encode())


class Measured:
    """What was measured, in order; a timer beside it goes on by what a test says."""

    def __init__(self) -> None:
        self.values: list[tuple[str, float]] = []
        self.seconds = 1000.0

    def add(self, metric: Metric, value: float) -> None:
        self.values.append((metric.name, value))

    def timer(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def measured() -> Measured:
    return Measured()


@pytest.fixture
def sessions(script: ScriptedAws, measured: Measured) -> StsSessions:
    return StsSessions(
        sts.connect(script.session(), measure=measured.add),
        clock=Clock(NOON - timedelta(hours=1)),
        measure=measured.add,
        timer=measured.timer,
    )


def test_assumes_the_role_exactly_as_planned(
    sessions: StsSessions, script: ScriptedAws
):
    script.will(issued())

    credentials = sessions.issue(PLAN)

    [request] = script.requests
    assert request.query == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "local+alice",
        "SourceIdentity": "local+alice",
        "DurationSeconds": "900",
        "Policy": PLAN.policy,
        **{
            f"Tags.member.{place}.{part}": value
            for place, pair in enumerate(PLAN.tags.items(), 1)
            for part, value in zip(("Key", "Value"), pair, strict=True)
        },
    }
    assert credentials.access_key_id == "ASIAEXAMPLE"
    assert credentials.secret_access_key == "s-e-c-r-e-t"
    assert credentials.session_token == "t-o-k-e-n"
    assert credentials.request_id == "sts-request-1"


def test_what_lasts_less_than_sts_issues_ends_by_its_policy(
    sessions: StsSessions, script: ScriptedAws
):
    brief = planned(30)
    script.will(issued(expiration="2030-01-01T12:15:00Z"))

    credentials = sessions.issue(brief)

    [request] = script.requests
    assert request.query["DurationSeconds"] == "900"
    assert request.query["Policy"] == brief.policy != PLAN.policy
    assert credentials.expires_at == brief.ends_at


def test_credentials_know_their_session(sessions: StsSessions, script: ScriptedAws):
    script.will(issued())

    credentials = sessions.issue(PLAN)

    assert credentials.grant_id == "g-1"
    assert credentials.issued == int(NOON.timestamp())
    assert credentials.packed_policy_size == 17
    assert credentials.dropped_tags == ()


# Tags that there is no room for

TAGGED = planned(900, {"team": "blue", "department": "R", "seat": "3"})


def keys_of(request: Request) -> list[str]:
    return [value for name, value in request.query.items() if name.endswith(".Key")]


@pytest.mark.parametrize("too_large", range(4))
def test_tags_of_claims_are_left_out_from_the_last_until_there_is_room(
    sessions: StsSessions, script: ScriptedAws, too_large: int
):
    answers = iter([refused("PackedPolicyTooLarge", 400)] * too_large)
    script.will_ask(lambda _: next(answers, issued()))

    credentials = sessions.issue(TAGGED)

    claims = ["claim.team", "claim.department", "claim.seat"]
    assert [keys_of(request) for request in script.requests] == [
        [*TAGGED.tags, *claims[: 3 - dropped]] for dropped in range(too_large + 1)
    ]
    assert credentials.dropped_tags == tuple(claims[3 - too_large :])
    # What says who they are, and what they may call, is always there.
    for request in script.requests:
        assert request.query["Policy"] == TAGGED.policy
        assert request.query["SourceIdentity"] == "local+alice"


def test_without_room_for_what_has_to_be_there_there_is_no_session(
    sessions: StsSessions, script: ScriptedAws
):
    script.will(refused("PackedPolicyTooLarge", 400))

    with pytest.raises(SessionsUnavailableError):
        sessions.issue(TAGGED)

    assert len(script.requests) == 4


def test_no_other_refusal_makes_a_session_with_less(
    sessions: StsSessions, script: ScriptedAws
):
    script.will(refused("ValidationError", 400))

    with pytest.raises(SessionsUnavailableError):
        sessions.issue(TAGGED)

    assert len(script.requests) == 1


def test_an_expiry_in_another_zone_is_told_in_utc(
    sessions: StsSessions, script: ScriptedAws
):
    script.will(issued())

    assert sessions.issue(PLAN).expires_at.isoformat() == "2030-01-01T12:00:00+00:00"


def test_secrets_are_in_no_repr(sessions: StsSessions, script: ScriptedAws):
    script.will(issued())

    shown = repr(sessions.issue(PLAN))

    assert "s-e-c-r-e-t" not in shown
    assert "t-o-k-e-n" not in shown


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        pytest.param(refused("AccessDenied", 403), None, id="not allowed"),
        pytest.param(refused("PackedPolicyTooLarge", 400), None, id="packed policy"),
        pytest.param(refused("MalformedPolicyDocument", 400), None, id="bad policy"),
        pytest.param(refused("ValidationError", 400), None, id="bad request"),
        pytest.param(refused("ExpiredToken", 403), None, id="the broker's own expired"),
        pytest.param(refused("Throttling", 400), 2, id="throttled"),
        pytest.param(refused("InternalFailure", 500), 2, id="a fault of theirs"),
        pytest.param(Answer.hang_up(), 2, id="hung up"),
        pytest.param(xml("<AssumeRole"), None, id="half an answer"),
        pytest.param(xml("not xml"), None, id="no xml"),
        pytest.param(xml(""), None, id="nothing"),
        pytest.param(xml("<AssumeRoleResponse/>"), None, id="no credentials"),
        pytest.param(issued(key=""), None, id="an empty key id"),
        pytest.param(issued(secret=""), None, id="an empty secret"),
        pytest.param(issued(token=""), None, id="an empty token"),
        pytest.param(issued(expiration=""), None, id="no expiry"),
        pytest.param(issued(expiration="soon"), None, id="no time"),
        pytest.param(
            issued(expiration="2029-12-31T00:00:00Z"), None, id="already expired"
        ),
    ],
)
def test_every_fault_is_one_to_the_caller(
    sessions: StsSessions,
    script: ScriptedAws,
    answer: Answer,
    retry_after: int | None,
    caplog: pytest.LogCaptureFixture,
):
    script.will(answer)

    with (
        caplog.at_level(logging.DEBUG, "app"),
        pytest.raises(SessionsUnavailableError) as caught,
    ):
        sessions.issue(PLAN)

    assert str(caught.value) == ""
    assert caught.value.retry_after_seconds == retry_after
    assert "g-1" in caplog.text
    assert "s-e-c-r-e-t" not in caplog.text


def test_what_sts_said_stays_on_the_cause(sessions: StsSessions, script: ScriptedAws):
    script.will(refused("AccessDenied", 403))

    with pytest.raises(SessionsUnavailableError) as caught:
        sessions.issue(PLAN)

    assert ROLE in str(caught.value.__cause__)


def test_a_refusal_is_final_and_a_fault_that_passes_is_tried_twice(
    sessions: StsSessions, script: ScriptedAws
):
    script.will(refused("AccessDenied", 403))
    with pytest.raises(SessionsUnavailableError):
        sessions.issue(PLAN)
    assert len(script.requests) == 1

    script.will(refused("InternalFailure", 500), issued())
    assert sessions.issue(PLAN).access_key_id == "ASIAEXAMPLE"
    bodies = [request.body for request in script.requests[1:]]
    assert bodies == [bodies[0]] * 2

    script.will(refused("InternalFailure", 500))
    with pytest.raises(SessionsUnavailableError):
        sessions.issue(PLAN)
    assert len(script.requests) == 5


# What is measured


def slow(answer: Answer, seconds: float, measured: Measured) -> Answer:
    """Let as much time pass before an answer."""
    return replace(answer, before=lambda: measured.pass_by(seconds))


def test_a_session_is_measured_by_its_time_and_its_room(
    sessions: StsSessions, script: ScriptedAws, measured: Measured
):
    script.will(slow(issued(), 0.0421, measured))

    sessions.issue(PLAN)

    assert measured.values == [("StsLatency", 42.1), ("PackedPolicySize", 17)]


def test_each_try_that_is_throttled_counts_and_the_time_is_that_of_all(
    sessions: StsSessions, script: ScriptedAws, measured: Measured
):
    throttled = slow(refused("Throttling", 400), 0.5, measured)
    script.will(throttled, slow(issued(), 0.25, measured))

    sessions.issue(PLAN)
    assert measured.values == [
        ("StsThrottles", 1),
        ("StsLatency", 750),
        ("PackedPolicySize", 17),
    ]

    measured.values.clear()
    script.will(throttled)
    with pytest.raises(SessionsUnavailableError):
        sessions.issue(PLAN)
    assert measured.values == [
        ("StsThrottles", 1),
        ("StsThrottles", 1),
        ("StsLatency", 1000),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refused("AccessDenied", 403), id="not allowed"),
        pytest.param(refused("InternalFailure", 500), id="a fault of theirs"),
        pytest.param(Answer.hang_up(), id="hung up"),
        pytest.param(xml("<AssumeRole"), id="half an answer"),
    ],
)
def test_what_fails_otherwise_is_measured_by_its_time_alone(
    sessions: StsSessions, script: ScriptedAws, measured: Measured, answer: Answer
):
    script.will(answer)

    with pytest.raises(SessionsUnavailableError):
        sessions.issue(PLAN)

    assert measured.values == [("StsLatency", 0)]


def test_every_session_that_was_asked_for_with_less_is_measured_by_itself(
    sessions: StsSessions, script: ScriptedAws, measured: Measured
):
    too_large = slow(refused("PackedPolicyTooLarge", 400), 0.1, measured)
    script.will(too_large, too_large, slow(issued(), 0.2, measured))

    sessions.issue(TAGGED)

    assert measured.values == [
        ("StsLatency", 100),
        ("StsLatency", 100),
        ("StsLatency", 200),
        ("PackedPolicySize", 17),
    ]


def test_a_session_of_which_sts_says_no_size_is_measured_without(
    sessions: StsSessions, script: ScriptedAws, measured: Measured
):
    answer = issued()
    script.will(replace(answer, body=answer.body.replace(b"PackedPolicySize", b"X")))

    sessions.issue(PLAN)

    assert measured.values == [("StsLatency", 0)]


def test_an_unreachable_sts_is_unavailable_for_a_while(
    monkeypatch: pytest.MonkeyPatch, script: ScriptedAws, free_port: Callable[[], int]
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    sessions = StsSessions(sts.connect(script.session()), clock=Clock())

    with pytest.raises(SessionsUnavailableError) as caught:
        sessions.issue(PLAN)

    assert caught.value.retry_after_seconds == 2
