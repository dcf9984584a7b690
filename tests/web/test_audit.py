"""What each request leaves on record, and that no request leaves more than one line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from app.adapters.audit import to_json
from app.admin.audit_schema import members_of
from app.broker import Broker
from app.domain.audit import AuditRecord
from app.domain.errors import (
    AuditUnavailableError,
    SessionsUnavailableError,
    UsersUnavailableError,
)
from app.domain.identity import Identity
from tests.fakes import (
    NOON,
    FixedCatalogue,
    KnownUsers,
    LoginsInMemory,
    RecordingAudit,
    RecordingSessions,
    a_bearer,
    a_function,
)

ALICE: Final = {"username": "alice", "password": "correct"}
WHO: Final = {"Issuer": "local", "Subject": "alice"}
SOON: Final = "2030-01-01T12:00:00Z"


TYPES: Final = {"string": str, "integer": int, "boolean": bool, "array": list}


def lines(audit: RecordingAudit) -> list[dict[str, Any]]:
    """Give the lines, which are as their schema has them."""
    return [checked(record) for record in audit.records]


def checked(record: AuditRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(json.dumps(to_json(record)))
    members = members_of(type(record))
    required = {name for name, (_, is_required) in members.items() if is_required}
    assert list(line) == [name for name in members if name in line]
    assert line.keys() >= required
    for name, value in line.items():
        schema, _ = members[name]
        assert value == schema.get("const", value)
        assert type(value) is TYPES.get(schema.get("type", ""), type(value))
    return line


def last(audit: RecordingAudit) -> dict[str, Any]:
    """Give what the last line says besides who asked, when and from where."""
    line = lines(audit)[-1]
    assert (line.pop("Version"), line.pop("Time")) == (1, SOON)
    assert line.pop("SourceIp") == "203.0.113.7"
    assert line.pop("RequestId")
    return line


def log_in(client: TestClient) -> dict[str, Any]:
    pair: dict[str, Any] = client.post("/auth/login", data=ALICE).json()
    return pair


def bearer(broker: Broker, subject: str = "alice") -> dict[str, str]:
    token = broker.tokens.mint(a_bearer(subject))
    return {"Authorization": f"Bearer {token.text}"}


def test_a_login_its_renewal_and_its_end_are_on_record(
    client: TestClient, audit: RecordingAudit, logins: LoginsInMemory
):
    pair = log_in(client)
    [login_id] = logins.by_id
    assert last(audit) == {"Event": "Login", **WHO, "LoginId": login_id}

    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    renewed = client.post("/auth/refresh", data=form)
    assert renewed.status_code == 200
    assert last(audit) == {"Event": "Renewal", **WHO, "LoginId": login_id}

    authorization = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    assert client.post("/auth/logout", headers=authorization).status_code == 204
    assert last(audit) == {"Event": "Logout", **WHO, "LoginId": login_id}

    assert client.post("/auth/refresh", data=form).status_code == 400
    assert last(audit) == {"Event": "RenewalRefused", **WHO, "Reason": "ended"}
    assert len(audit.records) == 4


def test_a_line_names_the_request_as_its_answer_does(
    client: TestClient, audit: RecordingAudit
):
    answer = client.post("/auth/login", data={**ALICE, "password": "wrong"})

    [line] = lines(audit)
    assert line["RequestId"] == answer.headers["X-Request-Id"]
    assert line["RequestId"] == answer.json()["request_id"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": "wrong"}, {**WHO, "Reason": "wrong-password"}),
        ({"username": "carol"}, {"Reason": "unknown-user"}),
        ({"username": "correct"}, {"Reason": "unknown-user"}),
        ({"username": "Wonderland 1865!"}, {"Reason": "unknown-user"}),
    ],
)
@pytest.mark.parametrize(
    ("path", "event", "more"),
    [
        ("/auth/login", "LoginRefused", {}),
        ("/auth/password", "PasswordChangeRefused", {"new_password": "another-1871"}),
    ],
)
def test_a_refused_password_is_on_record_and_a_name_of_nobody_is_not(
    client: TestClient,
    audit: RecordingAudit,
    changes: Mapping[str, str],
    expected: Mapping[str, str],
    path: str,
    event: str,
    more: Mapping[str, str],
):
    answer = client.post(path, data={**ALICE, **more, **changes})

    assert answer.status_code == 400
    assert last(audit) == {"Event": event, **expected}
    assert len(audit.records) == 1
    if "Subject" not in expected:
        assert changes["username"].lower() not in json.dumps(lines(audit)).lower()
    assert expected["Reason"] not in answer.text


def test_a_changed_password_is_on_record_and_a_one_time_one_that_gives_no_login(
    client: TestClient, audit: RecordingAudit, users: KnownUsers
):
    users.one_time.add(Identity(issuer="local", subject="alice"))

    client.post("/auth/login", data=ALICE)
    assert last(audit) == {
        "Event": "LoginRefused",
        **WHO,
        "Reason": "password-change-required",
    }
    client.post("/auth/password", data={**ALICE, "new_password": "another-1871"})
    assert last(audit) == {"Event": "PasswordChange", **WHO}
    client.post("/auth/password", data={**ALICE, "new_password": "short"})
    assert last(audit) == {
        "Event": "PasswordChangeRefused",
        "Reason": "new-password-refused",
    }
    assert len(audit.records) == 3


def test_guesses_beyond_the_limit_leave_a_line_each_and_no_name(
    client: TestClient, audit: RecordingAudit
):
    for _ in range(12):
        client.post("/auth/login", data={**ALICE, "password": "wrong"})

    assert len(audit.records) == 12
    assert last(audit) == {"Event": "LoginRefused", "Reason": "login-limited"}


def test_a_renewal_with_a_token_of_nobody_is_on_record_without_it(
    client: TestClient, audit: RecordingAudit
):
    form = {"grant_type": "refresh_token", "refresh_token": "made-up"}

    client.post("/auth/refresh", data=form)

    assert last(audit) == {"Event": "RenewalRefused", "Reason": "not-a-refresh-token"}
    assert "made-up" not in json.dumps(lines(audit))


def test_a_stolen_refresh_token_is_on_record_with_whose_it_was(
    client: TestClient, audit: RecordingAudit, clock: Any
):
    form = {
        "grant_type": "refresh_token",
        "refresh_token": log_in(client)["refresh_token"],
    }
    assert client.post("/auth/refresh", data=form).status_code == 200
    clock.advance(seconds=30)

    assert client.post("/auth/refresh", data=form).status_code == 400

    line = lines(audit)[-1]
    assert (line["Event"], line["Reason"]) == ("RenewalRefused", "refresh-token-reused")
    assert (line["Issuer"], line["Subject"]) == ("local", "alice")


def test_a_grant_that_fails_is_on_record_with_what_was_asked_for(
    client: TestClient,
    broker: Broker,
    audit: RecordingAudit,
    sessions: RecordingSessions,
):
    sessions.broken = SessionsUnavailableError()
    wanted = {"FunctionName": "report", "DurationSeconds": 1200}

    client.post("/grant", json=wanted, headers=bearer(broker))

    assert last(audit) == {
        "Event": "GrantRefused",
        **WHO,
        "Reason": "sessions-unavailable",
        "DryRun": False,
        **wanted,
    }
    assert len(audit.records) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {"FunctionName": "Not a name\n{}", "DurationSeconds": 900},
        {"FunctionName": "n" * 63, "DurationSeconds": int("9" * 19)},
        {"FunctionName": "-", "DurationSeconds": -(10**17)},
    ],
)
def test_no_caller_decides_how_long_a_line_is_or_what_stands_in_it(
    client: TestClient, broker: Broker, audit: RecordingAudit, wanted: Mapping[str, Any]
):
    answer = client.post("/grant", json=wanted, headers=bearer(broker))

    assert answer.status_code in {403, 422}
    assert len(json.dumps(lines(audit))) < 500
    [line] = lines(audit)
    assert ("DurationSeconds" in line) is (wanted["DurationSeconds"] == 900)
    assert "Not a name" not in json.dumps(lines(audit))


def do_log_in(client: TestClient, _broker: Broker) -> int:
    return client.post("/auth/login", data=ALICE).status_code


def do_refuse(client: TestClient, _broker: Broker) -> int:
    wrong = {**ALICE, "password": "wrong"}
    return client.post("/auth/login", data=wrong).status_code


def do_change(client: TestClient, _broker: Broker) -> int:
    form = {**ALICE, "new_password": "another-1871"}
    return client.post("/auth/password", data=form).status_code


def do_log_out(client: TestClient, broker: Broker) -> int:
    return client.post("/auth/logout", headers=bearer(broker)).status_code


def do_refuse_grant(client: TestClient, broker: Broker) -> int:
    wanted = {"FunctionName": "nothing"}
    return client.post("/grant", json=wanted, headers=bearer(broker)).status_code


def do_grant(client: TestClient, broker: Broker) -> int:
    wanted = {"FunctionName": "report"}
    return client.post("/grant", json=wanted, headers=bearer(broker)).status_code


@pytest.mark.parametrize(
    ("do", "status"),
    [
        (do_log_in, 200),
        (do_refuse, 400),
        (do_change, 204),
        (do_log_out, 204),
        (do_refuse_grant, 403),
        (do_grant, 503),
    ],
)
def test_where_no_line_can_be_written_only_a_grant_is_not_made(
    client: TestClient,
    broker: Broker,
    audit: RecordingAudit,
    caplog: pytest.LogCaptureFixture,
    do: Callable[[TestClient, Broker], int],
    status: int,
):
    audit.broken = AuditUnavailableError()

    assert do(client, broker) == status
    missing = [r for r in caplog.records if "missing from the audit" in r.message]
    assert len(missing) == (0 if do is do_grant else 1)


def test_a_renewal_that_cannot_be_recorded_is_made(
    client: TestClient, audit: RecordingAudit
):
    pair = log_in(client)
    audit.broken = AuditUnavailableError()
    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}

    assert client.post("/auth/refresh", data=form).status_code == 200


def test_a_table_that_is_away_is_on_record_as_that(
    client: TestClient, audit: RecordingAudit, users: KnownUsers
):
    users.broken = UsersUnavailableError()

    assert client.post("/auth/login", data=ALICE).status_code == 503
    assert last(audit) == {"Event": "LoginRefused", "Reason": "users-unavailable"}


def test_reading_leaves_no_line(
    client: TestClient, broker: Broker, audit: RecordingAudit
):
    for path in ("/functions", "/auth/me", "/auth/issuers", "/healthz"):
        assert client.get(path, headers=bearer(broker)).status_code == 200

    assert audit.records == []


def test_no_line_holds_a_secret(client: TestClient, audit: RecordingAudit):
    pair = log_in(client)
    authorization = {"Authorization": f"Bearer {pair['access_token']}"}
    grant = client.post(
        "/grant", json={"FunctionName": "report"}, headers=authorization
    ).json()
    form = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    client.post("/auth/refresh", data=form)
    client.post("/auth/logout", headers=authorization)

    written = json.dumps(lines(audit)) + repr(audit.records)
    assert len(audit.records) == 4
    assert grant["AccessKeyId"] in written
    for secret in (
        ALICE["password"],
        pair["access_token"],
        pair["refresh_token"],
        grant["SecretAccessKey"],
        grant["SessionToken"],
    ):
        assert secret not in written


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_caller_learns_nothing_of_why_and_the_audit_does(
    client: TestClient,
    broker: Broker,
    audit: RecordingAudit,
    catalogue: FixedCatalogue,
    dry_run: bool,
):
    wages = a_function("wages", "everyone")
    required = {"team": frozenset({"blue"})}
    catalogue.functions += (replace(wages, required_claims=required),)

    def refuse(function: str) -> tuple[bytes, dict[str, str]]:
        wanted = {"FunctionName": function, "DryRun": dry_run}
        answer = client.post("/grant", json=wanted, headers=bearer(broker, "bob"))
        assert answer.status_code == 403
        headers = dict(answer.headers)
        request_id = headers.pop("x-request-id").encode()
        return answer.content.replace(request_id, b"the request's"), headers

    assert refuse("nothing") == refuse("report") == refuse("wages")
    found = lines(audit)
    assert [(line.pop("FunctionName"), line.pop("Reason")) for line in found] == [
        ("nothing", "no-such-function"),
        ("report", "not-in-a-group"),
        ("wages", "claim-missing"),
    ]
    assert len({line.pop("RequestId") for line in found}) == 3
    assert found[0] == found[1] == found[2]
    assert found[0]["DryRun"] is dry_run


def test_an_sdk_learns_nothing_of_why_either(
    client: TestClient, broker: Broker, audit: RecordingAudit
):
    answers = [
        client.get(f"/credentials/{name}", headers=bearer(broker, "bob"))
        for name in ("nothing", "report")
    ]

    assert answers[0].content == answers[1].content
    assert [line["Reason"] for line in lines(audit)] == [
        "no-such-function",
        "not-in-a-group",
    ]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"FunctionName": "report", "DurationSeconds": 3601}, "duration-too-long"),
        ({"FunctionName": "report", "DurationSeconds": 14}, "duration-too-short"),
        ({}, "function-not-named"),
    ],
)
def test_what_is_wrong_with_a_request_is_on_record(
    client: TestClient,
    broker: Broker,
    audit: RecordingAudit,
    wanted: Mapping[str, Any],
    reason: str,
):
    client.post("/grant", json=wanted, headers=bearer(broker))

    assert last(audit)["Reason"] == reason


def test_who_asks_too_often_is_on_record(
    client: TestClient, broker: Broker, audit: RecordingAudit
):
    headers = bearer(broker)
    for _ in range(121):
        answer = client.post("/grant", json={"FunctionName": "report"}, headers=headers)

    assert answer.status_code == 429
    assert len(audit.grants) == 120
    assert last(audit)["Reason"] == "grant-limited"


def test_somebody_who_was_disabled_or_revoked_since_is_on_record(
    client: TestClient, broker: Broker, audit: RecordingAudit, users: KnownUsers
):
    alice = Identity(issuer="local", subject="alice")
    user, headers = users.by_identity[alice], bearer(broker)
    wanted = {"FunctionName": "report"}

    later = int(NOON.timestamp()) + 60
    users.by_identity[alice] = replace(user, valid_from=later)
    revoked = client.post("/grant", json=wanted, headers=headers)
    assert last(audit)["Reason"] == "revoked"
    del users.by_identity[alice]
    gone = client.post("/grant", json=wanted, headers=headers)
    assert last(audit)["Reason"] == "user-unknown-or-disabled"

    assert (gone.status_code, revoked.status_code) == (401, 401)
    assert [line["Subject"] for line in lines(audit)] == ["alice", "alice"]
    assert client.get("/functions", headers=headers).status_code == 401
    assert len(audit.records) == 2
