"""What a snapshot of the broker holds, and what a restored process makes anew.

The broker is the whole of it, by its handler. Its AWS is one server on loopback that
notes what it is asked, and where from.
"""

import io
import json
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.adapters.audit import AuditLines
from app.adapters.embedded_metrics import EmbeddedMetrics
from app.adapters.line_writer import LineWriter
from app.audit_trail import AuditTrail
from app.bootstrap import assemble
from app.domain.identity import Bearer, Identity
from app.grant_limits import PER_MINUTE
from app.http_api import Handler, handler_for
from app.request_metrics import RequestMetrics
from app.settings import Settings
from app.snapstart import SharedCredentialsError, SnapStartHooks
from app.web.application import create_app
from app.web.workers import SameThread
from tests.baselines import canned_aws
from tests.embedded_metric_format import sums
from tests.http_api_events import http_api_event
from tests.loopback_server import LoopbackServer, RequestHandler

ANOTHER_SECRET = "a-newer-signing-secret-of-tests-with-no-other-use-at-all"

pytestmark = pytest.mark.usefixtures("current_loop")


class NotedAws:
    """Notes each call: its operation, its connection and whose signature it has."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.connections: list[tuple[str, int]] = []
        self.access_keys: list[str] = []
        self.answers: dict[str, Mapping[str, Any]] = {}
        self.broken = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.credentials_end_in = timedelta(hours=6)
        self._fetched = 0

    def credentials(self) -> bytes:
        self._fetched += 1
        return json.dumps(
            {
                "AccessKeyId": f"ASIA{self._fetched}",
                "SecretAccessKey": "an-example",
                "Token": "a-token",
                "Expiration": f"{datetime.now(UTC) + self.credentials_end_in:%FT%TZ}",
            }
        ).encode()

    def answer(self, target: str, body: bytes) -> bytes:
        operation = target.rpartition(".")[2]
        if not operation:
            operation = body.partition(b"&")[0].partition(b"=")[2].decode()
            is_session = operation == "AssumeRole"
            self.calls.append(operation)
            return (canned_aws.SESSION if is_session else canned_aws.CALLER).encode()
        self.calls.append(operation)
        changed = self.answers.get(operation)
        return json.dumps(changed or canned_aws.json_answer(operation, body)).encode()

    def forget(self) -> None:
        self.calls.clear()
        self.connections.clear()
        self.access_keys.clear()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotedAws]:
    noted = NotedAws()

    class Handler(RequestHandler):
        def answer_get(self) -> None:
            self._send(200, noted.credentials())

        def answer_post(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signed_by = self.headers["Authorization"].partition("Credential=")[2]
            noted.access_keys.append(signed_by.partition("/")[0])
            noted.connections.append(self.client_address)
            answer = noted.answer(self.headers.get("X-Amz-Target", ""), body)
            assert noted.may_answer.wait(10)
            self._send(400 if noted.broken else 200, answer)

        # http.server looks its methods up by these names.
        do_GET = answer_get  # noqa: N815 - http.server's name
        do_POST = answer_post  # noqa: N815 - http.server's name

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with LoopbackServer(Handler) as server:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.origin)
        monkeypatch.setenv("AWS_DEFAULT_REGION", canned_aws.REGION)
        url = f"{server.origin}/credentials"
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        yield noted


class Broker:
    """As Lambda starts it."""

    def __init__(self) -> None:
        settings = Settings.model_validate(
            {
                "AWS_REGION": canned_aws.REGION,
                "users_table": canned_aws.TABLE,
                "signing_secret_arn": "a-secret",
                "invoke_role_arn": canned_aws.ROLE,
                "catalogue_path": f"{canned_aws.FUNCTIONS}-3",
                "issuers_path": "/aikagi/speed/issuers",
            }
        )
        self.records = io.StringIO()
        made = assemble(settings)
        self.measured = io.StringIO()
        clock = made.broker.clock
        metrics = RequestMetrics(
            EmbeddedMetrics(LineWriter(self.measured), namespace="Aikagi", clock=clock)
        )
        log = AuditLines(LineWriter(self.records))
        trail = AuditTrail(log=log, clock=clock, metrics=metrics)
        self.assembly = replace(
            made, broker=replace(made.broker, audit=trail), metrics=metrics
        )
        app = create_app(self.assembly.broker, workers=SameThread())
        self.handler: Handler = handler_for(app)
        self.app = app
        self.hooks = SnapStartHooks(self.handler, app, self.assembly)

    def token(self) -> str:
        now = datetime.now(UTC)
        bearer = Bearer(
            identity=Identity(issuer="local", subject="alice"),
            login_id="a" * 32,
            issued_at=now,
            login_ends_at=now + timedelta(hours=1),
        )
        return self.assembly.broker.tokens.mint(bearer).text

    def grant(self, token: str, function: str = "f0") -> int:
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
        }
        body = json.dumps({"FunctionName": function}).encode()
        event = http_api_event("POST", "/grant", headers=headers, body=body)
        return int(self.handler(event, None)["statusCode"])


@pytest.fixture
def broker(aws: NotedAws) -> Broker:
    del aws
    return Broker()


def test_before_a_snapshot_everything_is_read_and_nothing_written_or_recorded(
    aws: NotedAws, broker: Broker
):
    aws.forget()
    broker.hooks.before_snapshot()

    assert set(aws.calls) == {
        "GetParametersByPath",
        "BatchGetItem",
        "GetItem",
        "GetCallerIdentity",
    }
    # The catalogue and the issuers; and the grant that is tried reads once more.
    assert aws.calls.count("GetParametersByPath") == 2
    assert aws.calls.count("BatchGetItem") == 1
    assert aws.calls.count("GetItem") == 1
    assert broker.records.getvalue() == ""
    assert broker.measured.getvalue() == ""


def test_a_snapshot_has_counted_no_grant(broker: Broker):
    broker.hooks.before_snapshot()

    nobody = Identity(issuer="local", subject="snapstart")
    for _ in range(PER_MINUTE):
        broker.assembly.broker.grant_limits.count(nobody)


def test_after_a_restore_a_grant_asks_for_the_user_and_the_session_and_no_more(
    aws: NotedAws, broker: Broker
):
    broker.hooks.before_snapshot()
    broker.hooks.after_restore()
    aws.forget()

    assert broker.grant(broker.token()) == 200
    # It is no session of the snapshot's, and it is on record.
    assert aws.calls == ["GetItem", "AssumeRole"]
    [line] = broker.records.getvalue().splitlines()
    assert json.loads(line)["Subject"] == "alice"


def test_each_restore_is_measured_once_and_the_requests_after_it_as_ever(
    broker: Broker,
):
    broker.hooks.before_snapshot()
    for _ in range(2):
        broker.hooks.after_restore()
    assert sums(broker.measured.getvalue().splitlines()) == {("Restores",): 2}

    assert broker.grant(broker.token()) == 200
    found = sums(broker.measured.getvalue().splitlines())
    assert (found["Restores",], found["Grants",]) == (2, 1)


def test_a_restored_process_has_the_secret_and_the_catalogue_of_its_own_time(
    aws: NotedAws, broker: Broker
):
    before = broker.token()
    assert broker.grant(before) == 200
    broker.hooks.before_snapshot()
    secret = {"SecretString": ANOTHER_SECRET, "VersionId": "b" * 32}
    aws.answers["GetSecretValue"] = secret
    path = f"{canned_aws.FUNCTIONS}-2"
    one_less = canned_aws.json_answer(
        "GetParametersByPath", json.dumps({"Path": path}).encode()
    )
    for parameter in one_less["Parameters"]:
        parameter["Name"] = parameter["Name"].replace(path, f"{path[:-2]}-3")
    aws.answers["GetParametersByPath"] = one_less
    broker.hooks.after_restore()

    assert broker.grant(before) == 401
    assert broker.grant(broker.token(), "f1") == 200
    assert broker.grant(broker.token(), "f2") == 403


def test_a_restored_process_knows_what_was_revoked_since(aws: NotedAws, broker: Broker):
    token = broker.token()
    broker.hooks.before_snapshot()
    key = {"pk": {"S": "principal#local#alice"}}
    asked = {"RequestItems": {canned_aws.TABLE: {"Keys": [key]}}}
    answer = canned_aws.json_answer("BatchGetItem", json.dumps(asked).encode())
    answer["Responses"][canned_aws.TABLE].append(
        {"pk": {"S": "revocations"}, "valid_from": {"N": "4000000000"}}
    )
    aws.answers["BatchGetItem"] = answer
    broker.hooks.after_restore()

    assert broker.grant(token) == 401


def test_no_connection_of_before_the_snapshot_is_used_after_it(
    aws: NotedAws, broker: Broker
):
    broker.hooks.before_snapshot()
    before = set(aws.connections)
    aws.forget()

    broker.hooks.after_restore()
    assert broker.grant(broker.token()) == 200

    assert before
    assert not before & set(aws.connections)


def test_the_first_request_after_a_restore_opens_no_connection(
    aws: NotedAws, broker: Broker
):
    broker.hooks.before_snapshot()
    broker.hooks.after_restore()
    opened = set(aws.connections)
    aws.forget()

    assert broker.grant(broker.token()) == 200
    assert set(aws.connections) <= opened


@pytest.mark.parametrize(("minutes", "is_new"), [(9, True), (30, False)])
def test_credentials_of_a_snapshot_are_used_until_their_end_comes_near(
    aws: NotedAws, *, minutes: float, is_new: bool
):
    # botocore goes by the clock that Lambda has set after a restore. Ten minutes before
    # the end it asks for others.
    aws.credentials_end_in = timedelta(minutes=minutes)
    broker = Broker()
    broker.hooks.before_snapshot()
    [*_, before] = aws.access_keys
    aws.forget()
    aws.credentials_end_in = timedelta(hours=6)

    broker.hooks.after_restore()

    assert aws.access_keys
    assert (before not in aws.access_keys) is is_new


def test_credentials_that_cannot_be_fetched_anew_are_in_no_snapshot(
    aws: NotedAws, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "an-example")
    broker = Broker()

    with pytest.raises(SharedCredentialsError, match="SnapStart=None"):
        broker.hooks.before_snapshot()
    assert set(aws.calls) == {"GetSecretValue"}


def test_two_processes_of_one_snapshot_draw_different_numbers(
    aws: NotedAws, broker: Broker
):
    del aws
    broker.hooks.before_snapshot()
    of_snapshot, drawn = random.getstate(), set[float]()
    for _ in range(2):
        random.setstate(of_snapshot)
        broker.hooks.after_restore()
        drawn.add(random.random())  # noqa: S311 - the numbers that are meant

    assert len(drawn) == 2


def test_a_fault_of_aws_stops_neither_a_snapshot_nor_a_restore(
    aws: NotedAws, broker: Broker
):
    token = broker.token()
    aws.broken = True

    broker.hooks.before_snapshot()
    broker.hooks.after_restore()

    assert broker.grant(token) == 503


def test_an_aws_that_does_not_answer_holds_up_no_restore(aws: NotedAws, broker: Broker):
    token = broker.token()
    hooks = SnapStartHooks(
        broker.handler, broker.app, broker.assembly, longest_wait=0.05
    )
    hooks.before_snapshot()
    aws.may_answer.clear()

    hooks.after_restore()
    aws.may_answer.set()

    assert broker.grant(token) == 200
