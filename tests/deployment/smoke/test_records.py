"""The checks about what the emulator has not, with answers as AWS's models have them.

botocore's stubs check requests and answers by the models of the services.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, cast

import boto3
import httpx2
import pytest
from botocore.stub import ANY, Stubber

from aikagi.http_client import build_client
from app.adapters import aws
from deployment.smoke.account import Account
from deployment.smoke.checks import Outcome, run_checks
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import State
from deployment.smoke.plan import CHECKS
from deployment.smoke.records import RECORD_CHECKS
from deployment.smoke.roles import ROLE_CHECKS
from tests.stack import Stack

ROLE: Final = "arn:aws:iam::123456789012:role/t-InvokeRole"
BROKER: Final = "arn:aws:iam::123456789012:role/t-BrokerRole"
OUTPUTS: Final = {
    "InvokeRoleArn": ROLE,
    "BrokerRoleArn": BROKER,
    "BrokerLogGroup": "/t/broker",
}


class StubbedSession:
    """Gives one stubbed client of each service, and makes them when asked."""

    region_name = "ap-northeast-1"

    def __init__(self) -> None:
        self._session = aws.new_session()
        self.stubs: dict[str, Stubber] = {}
        self._clients: dict[str, Any] = {}

    def client(self, service: str, **_: object) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,  # type: ignore[call-overload] # chosen at run time
                region_name=self.region_name,
                aws_access_key_id="none",
                aws_secret_access_key="none",
            )
            self.stubs[service] = Stubber(self._clients[service])
            self.stubs[service].activate()
        return self._clients[service]

    def will(
        self, service: str, operation: str, answer: Any, asked: Any = None
    ) -> None:
        self.client(service)
        self.stubs[service].add_response(operation, answer, asked)


@pytest.fixture
def session() -> StubbedSession:
    made = StubbedSession()
    outputs = [{"OutputKey": k, "OutputValue": v} for k, v in OUTPUTS.items()]
    stack = {"StackName": "t", "CreationTime": datetime.now(UTC)}
    described = {"Stacks": [{**stack, "StackStatus": "CREATE_COMPLETE"}]}
    described["Stacks"][0]["Outputs"] = outputs
    made.will("cloudformation", "describe_stacks", described)
    return made


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def deployed(
    session: StubbedSession, waited: list[float], stack: Stack
) -> Iterator[Deployment]:
    """Nobody is logged in yet."""
    account = Account(cast("boto3.session.Session", session), stack="t")
    assert account.status == "CREATE_COMPLETE"
    deployed = Deployment(
        base=stack.broker,
        username="alice",
        password=stack.users["alice"],
        function="hello",
        origin=None,
        account=account,
        client=build_client(),
        clock=time.time,
        wait=waited.append,
        endpoint=None,
        revokes=False,
    )
    yield deployed
    assert deployed.close() is None


@pytest.fixture
def logged_in(deployed: Deployment, stack: Stack) -> None:
    deployed.broker.login("alice", stack.users["alice"])


@pytest.fixture
def outcome_of(deployed: Deployment) -> Callable[[str], Outcome]:
    """Make one check."""
    checks = {check.name: check for check in CHECKS}

    def take(name: str) -> Outcome:
        (outcome,) = run_checks([checks[name]], deployed)
        return outcome

    return take


def a_version(version: str, **changes: Any) -> dict[str, Any]:
    return {
        "Version": version,
        "CodeSha256": "code",
        "MemorySize": 1024,
        "Environment": {"Variables": {"A": "1"}},
        "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"},
        "State": "Active",
        **changes,
    }


def a_resource(
    logical_id: str = "BrokerFunction", physical_id: str = "t-BrokerFunction"
) -> dict[str, Any]:
    return {
        "StackResourceDetail": {
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": "AWS::Any::Type",
            "LastUpdatedTimestamp": datetime.now(UTC),
            "ResourceStatus": "CREATE_COMPLETE",
        }
    }


def will_describe(session: StubbedSession, *versions: dict[str, Any]) -> None:
    """Answer about the alias first, and then about the newest code."""
    for version in versions:
        session.will("cloudformation", "describe_stack_resource", a_resource())
        session.will("lambda", "get_function_configuration", version)


@pytest.mark.parametrize(
    ("changes", "state", "seen"),
    [
        pytest.param({}, State.PASSED, "live is version 7, as deployed", id="same"),
        pytest.param(
            {"CodeSha256": "x"}, State.FAILED, "another CodeSha256", id="code"
        ),
        pytest.param(
            {"Environment": {"Variables": {"A": "2"}}},
            State.FAILED,
            "another Environment",
            id="parameter",
        ),
        pytest.param(
            {"SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}},
            State.FAILED,
            "before SnapStart changed",
            id="SnapStart",
        ),
    ],
)
def test_the_alias_has_what_was_deployed_or_the_check_fails(
    session: StubbedSession,
    outcome_of: Callable[[str], Outcome],
    changes: dict[str, Any],
    state: State,
    seen: str,
):
    will_describe(session, a_version("7", **changes), a_version("$LATEST"))

    outcome = outcome_of("version")

    assert outcome.state is state
    assert seen in outcome.seen


@pytest.mark.parametrize(
    ("snapstart", "state"),
    [
        ({"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}, State.PASSED),
        ({"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}, State.FAILED),
        ({"ApplyOn": "None", "OptimizationStatus": "Off"}, State.NOT_TRIED),
    ],
)
def test_a_snapshot_is_looked_at_where_there_is_to_be_one(
    session: StubbedSession,
    logged_in: None,
    outcome_of: Callable[[str], Outcome],
    snapstart: dict[str, str],
    state: State,
):
    will_describe(session, a_version("7", SnapStart=snapstart))

    assert outcome_of("snapshot").state is state


def will_find(session: StubbedSession, *counts: str) -> None:
    for count in counts:
        asked = {
            "logGroupName": "/t/broker",
            "startTime": ANY,
            "endTime": ANY,
            "queryString": 'filter Event = "Grant" and SessionName = "local+alice" '
            "| stats count(*) as Grants",
        }
        session.will("logs", "start_query", {"queryId": "q"}, asked)
        row = [{"field": "Grants", "value": count}]
        session.will("logs", "get_query_results", {"status": "Running", "results": []})
        done = {"status": "Complete", "results": [row]}
        session.will("logs", "get_query_results", done)


def test_an_audit_line_is_looked_for_until_it_is_there(
    session: StubbedSession,
    logged_in: None,
    outcome_of: Callable[[str], Outcome],
    waited: list[float],
):
    will_find(session, "0", "2")

    assert outcome_of("audit-line").state is State.PASSED
    assert sum(waited) < 60


def test_an_audit_line_that_is_not_found_fails_within_a_minute_and_a_half(
    session: StubbedSession,
    logged_in: None,
    outcome_of: Callable[[str], Outcome],
    waited: list[float],
):
    will_find(session, *["0"] * 6)

    assert outcome_of("audit-line").state is State.FAILED
    assert sum(waited) < 90


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        pytest.param([3, 5], State.PASSED, id="both"),
        pytest.param([None, None, 1, 5], State.PASSED, id="a little later"),
        pytest.param([None] * 6, State.FAILED, id="none of the log"),
        pytest.param([3, *[None] * 6], State.FAILED, id="none of the alias"),
    ],
)
def test_metrics_are_waited_for_and_fail_the_check_where_there_are_none(
    session: StubbedSession,
    logged_in: None,
    outcome_of: Callable[[str], Outcome],
    counts: list[int | None],
    state: State,
):
    session.will("cloudformation", "describe_stack_resource", a_resource())
    for count in counts:
        points = [] if count is None else [{"SampleCount": count}]
        session.will("cloudwatch", "get_metric_statistics", {"Datapoints": points})

    outcome = outcome_of("metrics")

    assert outcome.state is state
    session.stubs["cloudwatch"].assert_no_pending_responses()


def a_record(**changes: Any) -> dict[str, Any]:
    session = BROKER.replace(":iam:", ":sts:").replace("role/", "assumed-role/")
    record = {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "eventID": "e-1",
        "userIdentity": {"type": "AssumedRole", "arn": f"{session}/broker"},
        "requestParameters": {
            "roleArn": ROLE,
            "roleSessionName": "local+alice",
            "sourceIdentity": "local+alice",
        },
        "responseElements": {"credentials": {"accessKeyId": "AKEY"}},
    }
    return {"CloudTrailEvent": json.dumps({**record, **changes})}


@pytest.mark.parametrize(
    ("parameters", "status", "state"),
    [
        pytest.param("broker.example.com true", 404, State.PASSED, id="off"),
        pytest.param("broker.example.com true", 403, State.PASSED, id="off, forbidden"),
        pytest.param("broker.example.com true", 200, State.FAILED, id="still on"),
        pytest.param("broker.example.com true", 503, State.FAILED, id="another answer"),
        pytest.param("broker.example.com false", 200, State.NOT_TRIED, id="on"),
        pytest.param(" true", 200, State.NOT_TRIED, id="the only address"),
    ],
)
def test_an_address_that_was_switched_off_answers_nobody_or_the_check_fails(
    session: StubbedSession,
    deployed: Deployment,
    outcome_of: Callable[[str], Outcome],
    parameters: str,
    status: int,
    state: State,
):
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(status)

    names = ("DomainName", "DisableExecuteApiEndpoint")
    description = cast("dict[str, Any]", deployed.account._description)
    description["Parameters"] = [
        {"ParameterKey": name, "ParameterValue": value}
        for name, value in zip(names, parameters.split(" "), strict=True)
    ]
    resource = a_resource("HttpApi", "a1b2c3")
    session.will("cloudformation", "describe_stack_resource", resource)
    deployed.client.close()
    deployed.client = httpx2.Client(transport=httpx2.MockTransport(answer))

    assert outcome_of("execute-api-address").state is state
    where = "https://a1b2c3.execute-api.ap-northeast-1.amazonaws.com/healthz"
    assert asked == ([] if state is State.NOT_TRIED else [where])


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("UPDATE_COMPLETE", State.PASSED),
        ("UPDATE_ROLLBACK_COMPLETE", State.PASSED),
        ("UPDATE_IN_PROGRESS", State.FAILED),
        ("UPDATE_ROLLBACK_FAILED", State.FAILED),
        ("CREATE_FAILED", State.FAILED),
    ],
)
def test_a_stack_that_cloudformation_is_not_done_with_fails_the_check(
    deployed: Deployment, status: str, state: State
):
    (check,) = (check for check in ROLE_CHECKS if check.name == "stack")
    vars(deployed.account)["status"] = status

    (outcome,) = run_checks([check], deployed)

    assert outcome.state is state


@pytest.mark.parametrize(
    ("records", "state"),
    [
        pytest.param([a_record()], State.PASSED, id="as documented"),
        pytest.param([], State.NOT_TRIED, id="none yet"),
        pytest.param(
            [a_record(userIdentity={"arn": "arn:aws:iam::123456789012:user/eve"})],
            State.NOT_TRIED,
            id="of somebody else",
        ),
        pytest.param(
            [a_record(responseElements=None)], State.FAILED, id="without a key id"
        ),
        pytest.param([{"CloudTrailEvent": "torn"}], State.FAILED, id="no JSON"),
    ],
)
def test_a_record_of_cloudtrail_is_what_the_join_reads_or_the_check_fails(
    session: StubbedSession,
    outcome_of: Callable[[str], Outcome],
    records: list[dict[str, Any]],
    state: State,
):
    asked = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": ROLE}],
        "StartTime": ANY,
    }
    session.will("cloudtrail", "lookup_events", {"Events": records}, asked)

    assert outcome_of("trail-record").state is state


def test_what_the_operator_may_not_look_at_is_not_tried_and_says_why(
    session: StubbedSession, outcome_of: Callable[[str], Outcome]
):
    session.client("cloudtrail")
    stub = session.stubs["cloudtrail"]
    stub.add_client_error(
        "lookup_events", "AccessDeniedException", http_status_code=400
    )
    refused = outcome_of("trail-record")
    stub.add_client_error("lookup_events", "InvalidTimeRangeException")
    broken = outcome_of("trail-record")
    stub.add_client_error("lookup_events", "ThrottlingException")
    throttled = outcome_of("trail-record")

    assert refused.state is State.NOT_TRIED
    assert refused.seen == "needs the permission for LookupEvents"
    assert (broken.state, throttled.state) == (State.FAILED, State.NOT_TRIED)


def test_what_a_step_stumbles_over_is_not_quoted(deployed: Deployment):
    def stumble(_: Deployment) -> str:
        raise ValueError("secret-word")

    (outcome,) = run_checks([replace(RECORD_CHECKS[0], run=stumble)], deployed)

    assert outcome.state is State.FAILED
    assert outcome.seen == "the check itself failed: ValueError"
