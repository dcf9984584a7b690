"""``POST /grant`` and ``GET /functions`` from outside, with STS replaced."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from typing_extensions import override

from app.broker import Broker
from app.domain.credentials import Source
from app.domain.errors import AuditUnavailableError, SessionsUnavailableError
from app.domain.identity import Identity, User
from app.domain.session import SessionRequest
from app.grant_limits import PER_MINUTE
from tests.fakes import (
    NOON,
    Clock,
    FixedCatalogue,
    KnownUsers,
    RecordingAudit,
    RecordingSessions,
    a_bearer,
    a_function,
    a_user,
)

SOURCE = Source(address="203.0.113.7", request_id="r-1")


@pytest.fixture
def bearer(broker: Broker) -> dict[str, str]:
    return bearer_of(broker, "alice")


def bearer_of(broker: Broker, subject: str) -> dict[str, str]:
    token = broker.tokens.mint(a_bearer(subject))
    return {"Authorization": f"Bearer {token.text}"}


def test_grants_credentials_for_one_function(
    client: TestClient, bearer: dict[str, str], sessions: RecordingSessions
):
    answer = client.post("/grant", json={"FunctionName": "report"}, headers=bearer)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "Version": 1,
        "FunctionName": "report",
        "FuncUrl": "https://report.lambda-url.eu-west-1.on.aws/",
        "Region": "eu-west-1",
        "InvokeMode": "BUFFERED",
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "the-secret-key",
        "SessionToken": "the-session-token",
        "Token": "the-session-token",
        "Expiration": "2030-01-01T12:15:00Z",
        "ServerTime": "2030-01-01T12:00:00.123Z",
        "GrantId": "id-1",
        "SessionGrantId": "id-1",
    }
    [plan] = sessions.plans
    assert (plan.name, plan.function.name) == ("local+alice", "report")


def test_a_function_whose_claims_somebody_lacks_is_none_to_them(
    client: TestClient,
    bearer: dict[str, str],
    broker: Broker,
    users: KnownUsers,
    catalogue: FixedCatalogue,
):
    required = {"dept": frozenset({"legal"})}
    secret = replace(a_function("secret", "everyone"), required_claims=required)
    catalogue.functions = (*catalogue.functions, secret)
    lawyer = a_user("bob", "everyone", attributes={"dept": "legal"})
    users.by_identity[lawyer.identity] = lawyer
    of_bob = bearer_of(broker, "bob")

    refusals = [
        client.post("/grant", json={"FunctionName": name}, headers=bearer)
        for name in ("secret", "nonesuch")
    ]
    listed = [
        {entry["Name"] for entry in answer.json()["Functions"]}
        for answer in (
            client.get("/functions", headers=headers) for headers in (bearer, of_bob)
        )
    ]

    hidden, absent = (answer.json() for answer in refusals)
    assert hidden | {"request_id": ""} == absent | {"request_id": ""}
    assert refusals[0].status_code == refusals[1].status_code == 403
    assert ("secret" in listed[0], "secret" in listed[1]) == (False, True)
    answer = client.post("/grant", json={"FunctionName": "secret"}, headers=of_bob)
    assert answer.status_code == 200


def test_a_grant_is_recorded_with_where_it_went(
    client: TestClient, bearer: dict[str, str], audit: RecordingAudit
):
    answer = client.post(
        "/grant",
        json={"FunctionName": "report"},
        headers={**bearer, "X-Forwarded-For": "198.51.100.1", "X-Real-IP": "1.1.1.1"},
    )

    [grant] = audit.grants
    assert grant.identity == Identity(issuer="local", subject="alice")
    assert grant.time == NOON
    assert grant.source.address == "203.0.113.7"
    assert grant.source.request_id == answer.headers["X-Request-Id"]


def test_without_a_record_there_is_no_grant(
    client: TestClient, bearer: dict[str, str], audit: RecordingAudit
):
    audit.broken = AuditUnavailableError()

    answer = client.post("/grant", json={"FunctionName": "report"}, headers=bearer)

    assert answer.status_code == 503
    assert "the-secret-key" not in answer.text
    assert "ASIA" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
def test_the_name_may_be_left_out_with_one_function_in_reach(
    client: TestClient, broker: Broker, body: bytes
):
    headers = {**bearer_of(broker, "bob"), "Content-Type": "application/json"}

    answer = client.post("/grant", content=body, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["FunctionName"] == "hello"


def test_with_several_in_reach_the_name_is_asked_for(
    client: TestClient, bearer: dict[str, str], sessions: RecordingSessions
):
    answer = client.post("/grant", headers=bearer)

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:aikagi:problem:function-not-named"
    assert sessions.plans == []


def test_not_yours_and_not_there_look_the_same(
    client: TestClient, broker: Broker, sessions: RecordingSessions
):
    headers = bearer_of(broker, "bob")

    answers = [
        client.post("/grant", json={"FunctionName": name}, headers=headers)
        for name in ("report", "nonesuch")
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    theirs, nobodys = ({**answer.json(), "request_id": ""} for answer in answers)
    assert theirs == nobodys
    assert theirs["type"] == "urn:aikagi:problem:function-not-available"
    assert sessions.plans == []


@pytest.mark.parametrize("seconds", [15, 30, 900, 1800, 3600])
def test_a_duration_in_range_is_kept(
    client: TestClient,
    bearer: dict[str, str],
    sessions: RecordingSessions,
    seconds: int,
):
    body = {"FunctionName": "hello", "DurationSeconds": seconds}

    assert client.post("/grant", json=body, headers=bearer).status_code == 200
    assert sessions.plans[0].duration.total_seconds() == seconds


@pytest.mark.parametrize("seconds", [14, 3601, 0, -1, 10**19])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_duration_out_of_range_is_the_same_problem_however_it_is_asked_for(
    client: TestClient,
    bearer: dict[str, str],
    sessions: RecordingSessions,
    seconds: int,
    dry_run: bool,
):
    body = {"FunctionName": "hello", "DurationSeconds": seconds, "DryRun": dry_run}

    answer = client.post("/grant", json=body, headers=bearer)
    for_sdks = client.get(
        f"/credentials/hello?DurationSeconds={seconds}", headers=bearer
    )

    sentence = "DurationSeconds is between 15 and 3600"
    assert answer.status_code == for_sdks.status_code == 422
    assert answer.json()["type"] == "urn:aikagi:problem:duration-out-of-range"
    assert answer.json()["detail"] == sentence
    assert for_sdks.json() == {"Code": "DurationOutOfRange", "Message": sentence}
    assert sessions.plans == []


def test_the_limit_of_the_function_is_told_by_both_routes(
    client: TestClient, bearer: dict[str, str], catalogue: FixedCatalogue
):
    catalogue.functions = (a_function("brief", "everyone", longest=1200),)

    def ask(seconds: int) -> list[tuple[int, str | None]]:
        answers = (
            client.post("/grant", json={"DurationSeconds": seconds}, headers=bearer),
            client.get(f"/credentials/brief?DurationSeconds={seconds}", headers=bearer),
        )
        return [
            (
                answer.status_code,
                answer.json().get("detail", answer.json().get("Message")),
            )
            for answer in answers
        ]

    def sentence_of(body: dict[str, str]) -> str | None:
        return body.get("detail", body.get("Message"))

    assert ask(1200) == [(200, None)] * 2
    assert ask(1201) == [(422, "DurationSeconds is between 15 and 1200")] * 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"FunctionName": "hello", "DurationSeconds": true}', id="true"),
        pytest.param('{"FunctionName": "hello", "DurationSeconds": "900"}', id="text"),
        pytest.param('{"FunctionName": "hello", "DurationSeconds": 900.0}', id="float"),
        pytest.param(
            '{"FunctionName": "hello", "DurationSeconds": 9e2}', id="exponent"
        ),
        pytest.param('{"FunctionName": "hello", "DurationSeconds": null}', id="null"),
        pytest.param('{"FunctionName": 1}', id="a name that is a number"),
        pytest.param('{"FunctionName": ""}', id="an empty name"),
        pytest.param('{"FunctionName": ["hello"]}', id="a list of names"),
        pytest.param('{"FunctionName": "hello", "DryRun": 1}', id="a number as yes"),
        pytest.param('{"FunctionName": "hello", "DryRun": "true"}', id="text as yes"),
        pytest.param('{"FunctionName": "hello", "RoleArn": "arn"}', id="a role"),
        pytest.param('{"FunctionName": "hello", "Policy": "{}"}', id="a policy"),
        pytest.param('{"functionName": "hello"}', id="camel case"),
        pytest.param("[]", id="a list"),
        pytest.param('"hello"', id="a string"),
        pytest.param("1", id="a number"),
    ],
)
def test_what_is_not_quite_a_request_is_422_and_grants_nothing(
    client: TestClient,
    bearer: dict[str, str],
    sessions: RecordingSessions,
    body: str,
):
    answer = client.post(
        "/grant",
        content=body,
        headers={**bearer, "Content-Type": "application/json; charset=utf-8"},
    )

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"].startswith("#")
    assert sessions.plans == []


def test_a_problem_points_at_the_field_and_repeats_nothing(
    client: TestClient, bearer: dict[str, str]
):
    secret = {"FunctionName": "hello", "DurationSeconds": "s3cret", "s3cret-too": 1}

    answer = client.post("/grant", json=secret, headers=bearer)

    assert answer.json()["errors"] == [
        {"pointer": "#/DurationSeconds", "detail": "Input should be a valid integer"},
        {"pointer": "#", "detail": "There is a field that is not known"},
    ]
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="half of it"),
        pytest.param(b'{"a":1,"a":1}', "application/json", 400, id="twice"),
        pytest.param(b'{"DurationSeconds":NaN}', "application/json", 400, id="NaN"),
        pytest.param(rb'{"FunctionName":"\ud800"}', "application/json", 400, id="half"),
        pytest.param(b"\xff", "application/json", 400, id="not UTF-8"),
        pytest.param(b"[" * 50_000, "application/json", 400, id="deep"),
        pytest.param(b"x" * (64 * 1024 + 1), "application/json", 413, id="large"),
        pytest.param(b"{}", "text/plain", 415, id="text"),
        pytest.param(b"{}", "application/x-www-form-urlencoded", 415, id="a form"),
        pytest.param(b"{}", "application/json; charset=utf-16", 415, id="UTF-16"),
        pytest.param(b"{}", "", 415, id="of no type"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(
    client: TestClient,
    bearer: dict[str, str],
    body: bytes,
    media_type: str,
    status: int,
):
    answer = client.post(
        "/grant", content=body, headers={**bearer, "Content-Type": media_type}
    )

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_body_is_counted_even_where_its_length_is_not_told(
    client: TestClient, bearer: dict[str, str]
):
    answer = client.post(
        "/grant",
        content=(b"x" * 1024 for _ in range(65)),
        headers={**bearer, "Content-Type": "application/json"},
    )

    assert answer.status_code == 413


def test_a_dry_run_tells_the_plan_and_asks_aws_for_nothing(
    client: TestClient,
    bearer: dict[str, str],
    sessions: RecordingSessions,
    audit: RecordingAudit,
    catalogue: FixedCatalogue,
):
    catalogue.functions = (a_function("report", "research", "staff"),)
    body = {"FunctionName": "report", "DurationSeconds": 1200, "DryRun": True}

    answer = client.post("/grant", json=body, headers=bearer)

    assert answer.status_code == 200
    plan: dict[str, Any] = answer.json()
    assert json.dumps(plan.pop("Policy")).count("function:report") == 2
    assert plan.pop("Tags").keys() == {"issuer", "user", "function", "issued", "grant"}
    assert plan == {
        "DryRun": True,
        "FunctionName": "report",
        "FuncUrl": "https://report.lambda-url.eu-west-1.on.aws/",
        "Region": "eu-west-1",
        "InvokeMode": "BUFFERED",
        "DurationSeconds": 1200,
        "SessionName": "local+alice",
        "Groups": ["research"],
        "DurationRule": "request",
        "MaxDurationSeconds": 3600,
    }
    assert sessions.plans == []
    assert audit.records == []


def test_a_dry_run_refuses_what_a_grant_refuses(client: TestClient, broker: Broker):
    body = {"FunctionName": "report", "DryRun": True}

    answer = client.post("/grant", json=body, headers=bearer_of(broker, "bob"))

    assert answer.status_code == 403


def test_every_fault_of_sts_is_one_503(
    client: TestClient, bearer: dict[str, str], sessions: RecordingSessions
):
    sessions.broken = SessionsUnavailableError(retry_after_seconds=2)

    answer = client.post("/grant", json={"FunctionName": "hello"}, headers=bearer)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["type"] == "urn:aikagi:problem:sessions-unavailable"
    assert "detail" not in answer.json()


def test_a_group_taken_away_counts_at_the_next_grant(
    client: TestClient, bearer: dict[str, str], users: KnownUsers
):
    body = {"FunctionName": "report"}
    assert client.post("/grant", json=body, headers=bearer).status_code == 200

    demoted = a_user("alice", "everyone")
    users.by_identity[demoted.identity] = demoted

    assert client.post("/grant", json=body, headers=bearer).status_code == 403


def test_no_grant_without_a_token(client: TestClient, sessions: RecordingSessions):
    answer = client.post("/grant", json={"FunctionName": "hello"})

    assert answer.status_code == 401
    assert sessions.plans == []


def test_lists_what_one_may_call_and_nothing_else(
    client: TestClient, bearer: dict[str, str], broker: Broker
):
    def names(headers: dict[str, str]) -> list[str]:
        listed = client.get("/functions", headers=headers).json()["Functions"]
        return [function["Name"] for function in listed]

    assert names(bearer) == ["hello", "report"]
    assert names(bearer_of(broker, "bob")) == ["hello"]
    assert client.get("/functions").status_code == 401


def test_a_function_is_listed_without_its_arn_role_and_groups(
    client: TestClient, broker: Broker
):
    answer = client.get("/functions", headers=bearer_of(broker, "bob"))

    assert answer.json() == {
        "Functions": [
            {
                "Name": "hello",
                "Title": "Hello",
                "Description": "What hello does",
                "FuncUrl": "https://hello.lambda-url.eu-west-1.on.aws/",
                "Region": "eu-west-1",
                "InvokeMode": "BUFFERED",
                "MaxDurationSeconds": 3600,
                "Example": None,
                "BodyType": None,
            }
        ]
    }


def test_a_time_is_told_with_a_z_whatever_its_fraction(
    client: TestClient, bearer: dict[str, str], clock: Clock, catalogue: FixedCatalogue
):
    clock.now = NOON.replace(microsecond=0)

    answer = client.post("/grant", json={"FunctionName": "hello"}, headers=bearer)

    assert catalogue.functions
    assert json.loads(answer.text)["ServerTime"] == "2030-01-01T12:00:00.000Z"


# How many, and what was revoked


def test_whoever_was_refused_with_credentials_says_so_and_gets_others(
    client: TestClient, bearer: dict[str, str], sessions: RecordingSessions
):
    wanted = {"FunctionName": "hello", "RefusedAccessKeyId": "ASIAEXAMPLE"}

    assert client.post("/grant", json=wanted, headers=bearer).status_code == 200

    assert sessions.plans[-1].refused_access_key_id == "ASIAEXAMPLE"
    refused: tuple[object, ...] = ("", "A" * 129, 1, [])
    for odd in refused:
        answer = client.post(
            "/grant", json={**wanted, "RefusedAccessKeyId": odd}, headers=bearer
        )
        assert answer.status_code == 422


def test_nobody_gets_more_grants_than_the_limit_and_others_get_theirs(
    client: TestClient,
    broker: Broker,
    bearer: dict[str, str],
    sessions: RecordingSessions,
    clock: Clock,
):
    def ask(headers: dict[str, str] = bearer, **more: Any) -> Response:
        wanted = {"FunctionName": "hello", **more}
        return client.post("/grant", json=wanted, headers=headers)

    for _ in range(PER_MINUTE):
        broker.grant_limits.count(a_user("alice").identity)

    refused = ask()
    for_sdks = client.get("/credentials/hello", headers=bearer)

    assert refused.status_code == for_sdks.status_code == 429
    assert refused.headers["Retry-After"] == for_sdks.headers["Retry-After"] == "1"
    assert refused.json()["type"] == "urn:aikagi:problem:grant-limited"
    assert for_sdks.json()["Code"] == "GrantLimited"
    assert sessions.plans == []
    # What grants nothing is not counted, nor limited.
    assert ask(DryRun=True).status_code == 200
    assert ask(FunctionName="nonesuch").status_code == 403
    assert ask(bearer_of(broker, "bob")).status_code == 200
    clock.advance(seconds=1)
    assert ask().status_code == 200


@pytest.mark.parametrize("path", ["/grant", "/functions", "/auth/me"])
def test_a_token_from_before_a_revocation_counts_no_more(
    client: TestClient, broker: Broker, users: KnownUsers, path: str
):
    alice = a_user("alice", "everyone")
    began = int(NOON.timestamp())

    def ask(valid_from: int) -> int:
        users.by_identity[alice.identity] = replace(alice, valid_from=valid_from)
        method = "POST" if path == "/grant" else "GET"
        headers = bearer_of(broker, "alice")
        return client.request(method, path, headers=headers).status_code

    assert ask(began) == 200
    assert ask(began + 1) == 401


class SlowUsers(KnownUsers):
    """A table that takes seven seconds."""

    def __init__(self, clock: Clock, *users: User) -> None:
        super().__init__(*users)
        self._clock = clock

    @override
    def find(self, identity: Identity) -> User | None:
        found = super().find(identity)
        self._clock.advance(seconds=7)
        return found


def test_a_session_is_tagged_with_the_moment_before_its_user_was_read(
    broker: Broker, sessions: RecordingSessions, clock: Clock
):
    slow = replace(broker, users=SlowUsers(clock, a_user("alice", "everyone")))

    slow.grant(a_bearer("alice"), SessionRequest(function_name="hello"), SOURCE)

    assert [plan.issued for plan in sessions.plans] == [int(NOON.timestamp())]


def test_a_session_is_tagged_with_the_moment_of_what_is_remembered_of_revocations(
    broker: Broker, sessions: RecordingSessions
):
    before = NOON - timedelta(seconds=1)
    alice = replace(a_user("alice", "everyone"), read_at=before)
    remembering = replace(broker, users=KnownUsers(alice))

    remembering.grant(a_bearer("alice"), SessionRequest(function_name="hello"), SOURCE)

    assert [plan.issued for plan in sessions.plans] == [int(before.timestamp())]


def test_a_grant_ends_no_later_after_its_login_than_the_deployment_says(
    broker: Broker, sessions: RecordingSessions, clock: Clock
):
    clock.now = NOON.replace(microsecond=0)
    bounded = replace(broker, grant_seconds_after_login=60)
    ends_soon = replace(
        a_bearer("alice"), login_ends_at=clock() + timedelta(seconds=100)
    )
    token = broker.tokens.mint(ends_soon).text

    for asked, seconds in [(broker, 3600), (bounded, 160)]:
        bearer = broker.verify(token)
        asked.grant(bearer, SessionRequest(function_name="hello"), SOURCE)
        assert sessions.plans[-1].duration == timedelta(seconds=seconds)
