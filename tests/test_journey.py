"""The whole product over real sockets: log in, get a grant, call the function URL."""

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.credentials import ContainerProvider
from botocore.exceptions import ClientError

from app.adapters import signing_secret
from app.adapters.login_table import LoginTable
from app.adapters.passwords import Passwords
from app.adapters.table import Table
from app.adapters.tokens import RefreshTokens
from app.adapters.users import UserTable
from app.admin.commands import main
from app.domain.identity import CheckedPassword
from app.domain.logins import Lifetimes
from app.logins import RotatingLogins
from tests.aws_caller import Person, sign
from tests.fakes import KeySet, a_user
from tests.processes import descendants, is_running
from tests.stack import (
    ROOT,
    Stack,
    clean_environment,
    running_stack,
)

ALICE = {"issuer": "local", "subject": "alice"}


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    return Person.log_in(stack.broker, "alice", stack.users["alice"])


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Person:
    return Person.log_in(stack.broker, "bob", stack.users["bob"])


@pytest.fixture(scope="module")
def hello(alice: Person) -> dict[str, str]:
    return alice.grant("hello")


def test_alice_logs_in_gets_a_grant_and_is_known_to_the_function(alice: Person):
    grant = alice.grant("hello")

    answer = sign(grant).send()

    assert answer.status_code == 200
    assert answer.json() == {"message": "hello world", "caller": ALICE}


def test_a_grant_ends_in_a_quarter_of_an_hour_and_says_so_with_a_z(
    hello: dict[str, str],
):
    ends = datetime.fromisoformat(hello["Expiration"])
    now = datetime.fromisoformat(hello["ServerTime"])

    assert hello["Expiration"].endswith("Z")
    # It may be another test's session, of which four fifths are left.
    assert timedelta(minutes=12) <= ends - now <= timedelta(minutes=15)


def test_a_function_does_work_for_its_caller(alice: Person):
    body = json.dumps({"text": "one two two"}).encode()

    answer = sign(alice.grant("report"), body=body).send()

    assert answer.status_code == 200
    counts = answer.json()
    assert (counts["words"], counts["caller"]) == (3, ALICE)


def test_alice_stays_logged_in_until_she_logs_out(stack: Stack):
    first = Person.log_in(stack.broker, "alice", stack.users["alice"])

    second = Person.holding(stack.broker, first.renew())
    again = Person.holding(stack.broker, first.renew())
    third = Person.holding(stack.broker, second.renew())

    assert again.refresh_token == second.refresh_token
    assert sign(third.grant("hello")).send().json()["caller"] == ALICE
    assert third.log_out().status_code == 204
    for person in (second, third):
        answer = person.renew()
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:aikagi:problem:login-ended"
    assert third.log_out().status_code == 204


def test_a_refresh_token_in_two_hands_ends_the_login(stack: Stack):
    other = Person.log_in(stack.broker, "alice", stack.users["alice"])
    stolen = Person.log_in(stack.broker, "alice", stack.users["alice"])
    honest = Person.holding(
        stack.broker, Person.holding(stack.broker, stolen.renew()).renew()
    )

    assert stolen.renew().status_code == 400
    assert honest.renew().status_code == 400
    assert other.renew().status_code == 200


@pytest.fixture
def as_broker(stack: Stack) -> Any:
    """The table, with the broker's own credentials."""
    variables = stack.variables()
    return boto3.client(
        "dynamodb",
        endpoint_url=stack.endpoint,
        region_name=stack.region,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        config=Config(max_pool_connections=50),
    )


def of_alice(expression: str, **values: str) -> dict[str, Any]:
    return {
        "Key": {"pk": {"S": "principal#local#alice"}},
        "UpdateExpression": expression,
        "ExpressionAttributeValues": {
            f":{name}": {"S": value} for name, value in values.items()
        },
    }


@pytest.mark.parametrize(
    "attribute", ["groups", "disabled", "created_at", "expires", "valid_from"]
)
def test_the_broker_may_write_nothing_of_a_person_but_their_password(
    stack: Stack, as_broker: Any, attribute: str
):
    table = {"TableName": stack.variables()["AIKAGI_USERS_TABLE"]}
    kept = as_broker.get_item(**table, Key={"pk": {"S": "principal#local#alice"}})
    version = kept["Item"]["credentials_version"]["S"]
    allowed = of_alice("SET credentials_version = :v", v=version)

    as_broker.update_item(**table, **allowed)
    for expression in (
        f"SET #x = :v, credentials_version = :v REMOVE {attribute}",
        "SET credentials_version = :v, #x = :v",
    ):
        more = of_alice(expression, v=version)
        names = {"ExpressionAttributeNames": {"#x": attribute}}
        with pytest.raises(ClientError, match="AccessDenied"):
            as_broker.update_item(**table, **more, **names)
    stranger = {**allowed, "Key": {"pk": {"S": "principal#corp#alice"}}}
    for operation, refused in (
        ("update_item", stranger),
        ("put_item", {"Item": kept["Item"]}),
        ("delete_item", {"Key": allowed["Key"]}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(as_broker, operation)(**table, **refused)
    assert as_broker.get_item(**table, Key=allowed["Key"])["Item"] == kept["Item"]


def test_of_ten_changes_of_one_password_at_once_one_is_made(
    stack: Stack, as_broker: Any
):
    table = Table(as_broker, name=stack.variables()["AIKAGI_USERS_TABLE"])
    users = UserTable(table, passwords=Passwords())
    alice = users.authenticate("alice", stack.users["alice"])
    assert isinstance(alice, CheckedPassword)
    together = Barrier(10)

    def race(number: int) -> bool:
        together.wait()
        return users.replace_password(alice, f"looking-glass-{number}", f"v-{number}")

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(race, range(10)))

    assert won.count(True) == 1
    changed = users.authenticate("alice", f"looking-glass-{won.index(True)}")
    assert isinstance(changed, CheckedPassword)
    assert changed.user.credentials_version == f"v-{won.index(True)}"
    # As it was, for the other tests.
    assert users.replace_password(
        changed, stack.users["alice"], alice.user.credentials_version
    )


def test_fifty_racing_renewals_make_one_successor_in_the_table(
    stack: Stack, as_broker: Any
):
    alice = a_user("alice", "everyone")
    logins = RotatingLogins(
        LoginTable(Table(as_broker, name=stack.variables()["AIKAGI_USERS_TABLE"])),
        RefreshTokens(KeySet()),
        lifetimes=Lifetimes(longest=timedelta(days=7), idle=timedelta(hours=12)),
        clock=lambda: datetime.now(UTC),
    )
    token = logins.begin(alice).text
    together = Barrier(50)

    def race(_: int) -> str:
        together.wait()
        return logins.renew(token, lambda _: alice).text

    with ThreadPoolExecutor(50) as pool:
        successors = set(pool.map(race, range(50)))

    assert len(successors) == 1
    assert logins.renew(successors.pop(), lambda _: alice).text not in successors


def test_the_broker_may_write_logins_and_no_person(stack: Stack, as_broker: Any):
    table = stack.variables()["AIKAGI_USERS_TABLE"]
    login = {"pk": {"S": "login#by-hand"}}
    mallory = {"pk": {"S": "principal#local#mallory"}}
    groups = {
        "UpdateExpression": "SET a = :a",
        "ExpressionAttributeValues": {":a": {"S": "1"}},
    }
    as_broker.put_item(TableName=table, Item=login)
    as_broker.update_item(TableName=table, Key=login, **groups)

    attempts: list[Callable[[], object]] = [
        lambda: as_broker.put_item(TableName=table, Item=mallory),
        lambda: as_broker.put_item(
            TableName=table, Item={**mallory, "login": {"S": "login#by-hand"}}
        ),
        lambda: as_broker.update_item(TableName=table, Key=mallory, **groups),
        lambda: as_broker.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": login}},
                {"Put": {"TableName": table, "Item": mallory}},
            ]
        ),
        lambda: as_broker.delete_item(TableName=table, Key=login),
        lambda: as_broker.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": login}}]}
        ),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError) as caught:
            attempt()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "Item" not in as_broker.get_item(TableName=table, Key=mallory)


def test_bob_is_refused_a_grant_for_what_is_alices(bob: Person):
    answer = bob.ask(FunctionName="report")

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:aikagi:problem:function-not-available"
    assert bob.ask(FunctionName="hello").status_code == 200


def test_bobs_credentials_do_not_open_alices_function(bob: Person, alice: Person):
    grant = bob.grant("hello")
    elsewhere = alice.grant("report")["FuncUrl"]

    assert sign(grant).send().json()["caller"]["subject"] == "bob"
    assert_refused(sign(grant, url=elsewhere, body=b"{}").send())


def test_alices_credentials_for_one_function_do_not_open_her_other(
    alice: Person, hello: dict[str, str]
):
    elsewhere = alice.grant("report")["FuncUrl"]

    assert_refused(sign(hello, url=elsewhere, body=b"{}").send())


def assert_refused(answer: httpx2.Response) -> None:
    assert answer.status_code == 403
    assert "caller" not in answer.text
    assert answer.headers["x-amzn-errortype"]


def test_an_unsigned_call_is_refused(hello: dict[str, str]):
    assert_refused(httpx2.post(hello["FuncUrl"]))


def test_the_accepted_call_is_refused_after_any_change(
    hello: dict[str, str], bob: Person
):
    honest = sign(hello, "a/path?x=1", body=b'{"a": 1}')
    foreign = bob.grant("hello")["SessionToken"]

    def headed(**changes: str) -> dict[str, str]:
        renamed = {name.replace("_", "-"): value for name, value in changes.items()}
        return {**honest.headers, **renamed}

    assert honest.send().status_code == 200
    assert_refused(honest.send(body=b'{"a": 2}'))
    assert_refused(honest.send(url=honest.url.replace("a/path", "a/patch")))
    assert_refused(honest.send(url=honest.url.replace("x=1", "x=2")))
    assert_refused(honest.send(method="PUT"))
    assert_refused(honest.send(headers=headed(X_Amz_Security_Token=foreign)))
    assert_refused(honest.send(headers=headed(X_Amz_Date="20300101T000000Z")))
    assert_refused(honest.send(headers=headed(x_amz_more="1")))
    signature = honest.headers["Authorization"]
    changed = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    assert_refused(honest.send(headers=headed(Authorization=changed)))


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"service": "execute-api"}, id="another service"),
        pytest.param({"region": "us-east-1"}, id="another Region"),
    ],
)
def test_a_signature_for_elsewhere_is_refused(
    hello: dict[str, str], scope: dict[str, Any]
):
    assert_refused(sign(hello, **scope).send())


@pytest.mark.parametrize("name", ["SecretAccessKey", "SessionToken", "AccessKeyId"])
def test_credentials_with_one_letter_changed_are_refused(
    hello: dict[str, str], name: str
):
    value = hello[name]
    changed = value[:-1] + ("A" if value[-1] != "A" else "B")

    assert_refused(sign({**hello, name: changed}).send())


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_six_minutes_off_is_refused(
    hello: dict[str, str], minutes: int, monkeypatch: pytest.MonkeyPatch
):
    wrong = datetime.now(UTC) + timedelta(minutes=minutes)
    # botocore asks its own module for the time; there is no other way to tell it.
    monkeypatch.setattr(
        "botocore.auth.get_current_datetime", lambda: wrong.replace(tzinfo=None)
    )

    assert_refused(sign(hello).send())


def test_granted_credentials_can_do_nothing_else(stack: Stack, hello: dict[str, str]):
    session = boto3.session.Session(
        hello["AccessKeyId"],
        hello["SecretAccessKey"],
        hello["SessionToken"],
        hello["Region"],
    )
    variables = stack.variables()

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=stack.endpoint)  # type: ignore[call-overload] # any service

    attempts: dict[str, Callable[[], object]] = {
        "read the users": lambda: client("dynamodb").scan(
            TableName=variables["AIKAGI_USERS_TABLE"]
        ),
        "read the secret": lambda: client("secretsmanager").get_secret_value(
            SecretId=variables["AIKAGI_SIGNING_SECRET_ARN"]
        ),
        "read the catalogue": lambda: client("ssm").get_parameters_by_path(
            Path=variables["AIKAGI_CATALOGUE_PATH"]
        ),
        "assume the role again": lambda: client("sts").assume_role(
            RoleArn=variables["AIKAGI_INVOKE_ROLE_ARN"], RoleSessionName="local+bob"
        ),
    }

    name = client("sts").get_caller_identity()["Arn"]
    assert name.endswith("/local+alice")
    for attempt in attempts.values():
        with pytest.raises(ClientError) as caught:
            attempt()
        code = caught.value.response["Error"]["Code"]
        assert code in {"AccessDenied", "AccessDeniedException"}


def test_an_sdk_takes_credentials_from_the_broker_by_itself(
    stack: Stack, alice: Person
):
    provider = ContainerProvider(
        environ={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{stack.broker}/credentials/hello",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": alice.token,
        }
    )

    found = provider.load()

    assert found is not None
    frozen = found.get_frozen_credentials()
    grant = {
        "AccessKeyId": str(frozen.access_key),
        "SecretAccessKey": str(frozen.secret_key),
        "SessionToken": str(frozen.token),
        "FuncUrl": stack.functions["hello"],
        "Region": stack.region,
    }
    assert sign(grant).send().json()["caller"] == ALICE


def test_the_same_journey_through_the_lambda_handler(stack: Stack):
    script = """
import json, sys
from app.lambda_handler import handler
from tests.http_api_events import http_api_event
form = {"content-type": "application/x-www-form-urlencoded"}
body = b"username=alice&password=wonderland-1865"
login = handler(http_api_event("POST", "/auth/login", headers=form, body=body), None)
sent = {"authorization": "Bearer " + json.loads(login["body"])["access_token"]}
sent["content-type"] = "application/json"
body = b'{"FunctionName": "hello"}'
answer = handler(http_api_event("POST", "/grant", headers=sent, body=body), None)
print(json.dumps(answer))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=clean_environment(**stack.variables(), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    login, audit, answer = map(json.loads, done.stdout.splitlines())
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    grant = json.loads(answer["body"])
    assert sign(grant).send().json()["caller"] == ALICE
    assert (login["Event"], audit["Event"]) == ("Login", "Grant")
    assert audit["AccessKeyId"] == grant["AccessKeyId"]
    assert audit["SourceIp"] == "203.0.113.7"


def test_a_plain_server_runs_beside_the_stack_on_its_env_file(
    stack: Stack, free_port: Callable[[], int]
):
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--env-file", str(stack.state / "env")],
        cwd=ROOT,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stderr
        for line in server.stderr:
            if "Uvicorn running on" in line:
                break
        person = Person.log_in(
            f"http://127.0.0.1:{port}", "alice", stack.users["alice"]
        )
        assert sign(person.grant("hello")).send().json()["caller"] == ALICE
    finally:
        server.terminate()
        server.communicate(timeout=30)


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_printed_lines_work_when_pasted_into_a_shell(stack: Stack):
    said = "".join(stack.log)
    snippet = re.search(r"^get\(\).*?; echo$", said, re.DOTALL | re.MULTILINE)
    assert snippet

    done = subprocess.run(
        ["sh"],
        input=snippet[0],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert json.loads(done.stdout) == {"message": "hello world", "caller": ALICE}


def test_an_operator_asks_why(stack: Stack):
    operator = stack.variables("operator.env")

    status, text = admin("why", "bob", "hello", **operator)
    assert status == 0, text
    assert "passed\tgroups\tin everyone; hello is for everyone" in text
    status, text = admin("why", "bob", "report", **operator)
    assert status == 1, text
    assert "failed\tgroups\tin everyone; report is for research" in text


def admin(*arguments: str, typed: str = "", **variables: str) -> tuple[int, str]:
    """Run an operator's command in this process; at a terminal: admin/test_terminal."""
    output = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patched,
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        patched.setattr("sys.stdin", io.StringIO(typed))
        patched.setattr("os.environ", clean_environment(**variables))
        return main(arguments), output.getvalue()


def test_an_operator_adds_a_user_who_can_come_in_until_kept_out(stack: Stack):
    operator = stack.variables("operator.env")
    add = ("users", "add", "carol", "--group", "everyone", "--password-stdin")

    added = admin(*add, typed="looking-glass-1871\n", **operator)
    again = admin(*add, typed="something-else-1871\n", **operator)
    carol = Person.log_in(stack.broker, "carol", "looking-glass-1871")

    assert added == (0, "Added carol.\n")
    assert again[0] == 1
    assert "already" in again[1]
    assert carol.ask(FunctionName="hello").status_code == 200
    carol = Person.holding(stack.broker, carol.renew())
    assert admin("users", "groups", "carol", "--group", "research", **operator)[0] == 0
    assert carol.ask(FunctionName="hello").status_code == 403
    assert carol.ask(FunctionName="report").status_code == 200
    assert "carol\tenabled\tresearch" in admin("users", "list", **operator)[1]
    assert admin("users", "disable", "carol", "--no-revoke", **operator)[0] == 0
    assert carol.ask(FunctionName="report").status_code == 401
    assert carol.renew().status_code == 400
    assert admin("users", "enable", "carol", **operator)[0] == 0
    assert carol.ask(FunctionName="report").status_code == 200
    assert carol.renew().status_code == 400


def test_attributes_of_a_user_become_tags_that_the_role_admits(stack: Stack):
    operator = stack.variables("operator.env")
    add = ("users", "add", "caterpillar", "--group", "everyone", "--password-stdin")
    admin(*add, typed="looking-glass-1871\n", **operator)
    attributes = ("users", "attributes", "caterpillar", "team=blue", "seat=Pilz 3")
    assert admin(*attributes, **operator)[0] == 0
    caterpillar = Person.log_in(stack.broker, "caterpillar", "looking-glass-1871")

    planned = caterpillar.ask(FunctionName="hello", DryRun=True).json()
    grant = caterpillar.grant("hello")

    assert planned["Tags"]["claim.team"] == "blue"
    assert planned["Tags"]["claim.seat"] == "Pilz 3"
    assert sign(grant).send().status_code == 200


def test_a_grant_in_a_row_has_the_session_of_the_first(stack: Stack, alice: Person):
    first, second = (
        alice.ask(FunctionName="hello", DurationSeconds=1801).json() for _ in range(2)
    )

    assert first["GrantId"] == first["SessionGrantId"] == second["SessionGrantId"]
    assert second["GrantId"] != first["GrantId"]
    assert second["AccessKeyId"] == first["AccessKeyId"]
    other = alice.ask(FunctionName="hello", DurationSeconds=1802).json()
    assert other["AccessKeyId"] != first["AccessKeyId"]


def test_a_login_is_refused_alike_whether_the_user_is_disabled_unknown_or_mistyped(
    stack: Stack,
):
    operator = stack.variables("operator.env")
    add = ("users", "add", "tweedledee", "--password-stdin")
    admin(*add, typed="looking-glass-1871\n", **operator)

    def log_in(username: str, password: str) -> httpx2.Response:
        form = {"username": username, "password": password}
        return httpx2.post(f"{stack.broker}/auth/login", data=form, timeout=30)

    def refusal(username: str, password: str) -> tuple[object, ...]:
        answer = log_in(username, password)
        varying = {"date": "", "x-request-id": ""}
        body = {**answer.json(), "request_id": ""}
        return answer.status_code, {**answer.headers, **varying}, body

    assert log_in("tweedledee", "looking-glass-1871").status_code == 200
    assert admin("users", "disable", "tweedledee", "--no-revoke", **operator)[0] == 0
    refusals = [
        refusal("tweedledee", "looking-glass-1871"),
        refusal("tweedledee", "through-it-1871"),
        refusal("alice", "through-it-1871"),
        refusal("tweedledum", "looking-glass-1871"),
    ]

    assert refusals == [refusals[0]] * len(refusals)
    assert refusals[0][0] == 400


def test_a_new_password_ends_the_logins_made_with_the_old_one(stack: Stack):
    operator = stack.variables("operator.env")
    typed = "--password-stdin"
    admin("users", "add", "dinah", typed, typed="looking-glass-1871\n", **operator)
    before = Person.log_in(stack.broker, "dinah", "looking-glass-1871")
    before = Person.holding(stack.broker, before.renew())

    changed = admin(
        *("users", "passwd", "dinah", typed), typed="the-rose-tree-1865\n", **operator
    )
    after = Person.log_in(stack.broker, "dinah", "the-rose-tree-1865")

    assert changed[0] == 0
    assert (
        "logins begun with another cannot be renewed. Access tokens go on" in changed[1]
    )
    assert before.renew().status_code == 400
    assert after.renew().status_code == 200
    listed = admin("users", "list", **operator)[1].splitlines()
    assert {line.split("\t")[0] for line in listed} >= {"alice", "bob", "dinah"}
    assert not [line for line in listed if "login" in line]


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        pytest.param(("add", "No Name"), "long-enough-1\n", "a username is", id="name"),
        pytest.param(("add", "dave"), "short\n", "8 to 1024 bytes", id="password"),
        pytest.param(("passwd", "nobody"), "long-enough-1\n", "no user", id="nobody"),
    ],
)
def test_an_operator_is_told_in_a_sentence_what_was_not_done(
    stack: Stack, arguments: tuple[str, str], typed: str, said: str
):
    operator = stack.variables("operator.env")

    status, text = admin(
        "users", *arguments, "--password-stdin", typed=typed, **operator
    )

    assert status == 1
    assert said in text
    assert "Traceback" not in text


def test_the_broker_itself_may_not_add_users(stack: Stack):
    status, text = admin(
        *("users", "add", "eve", "--password-stdin"),
        typed="long-enough-1\n",
        **stack.variables("env"),
    )

    assert status == 4
    assert "not authorized to perform: dynamodb:PutItem" in text


OTHER_ROLE = """
  OtherRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: !Ref AWS::AccountId}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: call-anything
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: [lambda:InvokeFunctionUrl, lambda:InvokeFunction]
                Resource: !GetAtt HelloFunction.Arn

Outputs:
"""


def test_another_role_that_names_its_session_like_alice_is_not_alice(tmp_path: Path):
    template = (ROOT / "template.yaml").read_text()
    assert template.count("\nOutputs:\n") == 1
    for folder in ("app", "functions"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    other = tmp_path / "template.yaml"
    other.write_text(template.replace("\nOutputs:\n", OTHER_ROLE))

    with running_stack(tmp_path / "state", template=other) as stack:
        operator = stack.variables("operator.env")
        sts = stack.operator_client("sts")
        account = sts.get_caller_identity()["Account"]
        name = re.search(
            r"role/([^/]*InvokeRole[^/]*)$", operator["AIKAGI_INVOKE_ROLE_ARN"]
        )
        assert name
        role = other_role_arn(stack, account)
        session = sts.assume_role(RoleArn=role, RoleSessionName="local+alice")
        forged = {
            **{key: str(value) for key, value in session["Credentials"].items()},
            "FuncUrl": stack.functions["hello"],
            "Region": stack.region,
        }
        honest = Person.log_in(stack.broker, "alice", stack.users["alice"])

        assert sign(honest.grant("hello")).send().json()["caller"] == ALICE
        answer = sign(forged).send()
        assert answer.status_code == 200
        assert answer.json()["caller"] is None


def other_role_arn(stack: Stack, account: str) -> str:
    from aikagi_emulator.template import Addresses, load

    loaded = load(
        stack.state.parent.parent / "template.yaml",
        addresses=Addresses(
            http_api=lambda _: stack.broker, function_url=lambda _: stack.broker
        ),
        account=account,
    )
    return str(loaded.resources["OtherRole"].attributes["Arn"])


def test_a_taken_port_is_a_sentence(stack: Stack, tmp_path: Path):
    second = subprocess.run(
        [
            *(sys.executable, "-m", "aikagi_emulator", "--port", str(stack.port)),
            *("--state", str(tmp_path)),
        ],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert second.returncode == 2
    assert second.stderr == (
        f"Port {stack.port} is taken. AIKAGI_PORT={stack.port} uses {stack.port}, "
        f"{stack.port + 100} for AWS, and from {stack.port + 101} on one port for "
        f"each function, from {stack.port + 1} on one for each HTTP API: set it to "
        f"another number, or end the program that has port {stack.port}.\n"
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_ended_stack_leaves_no_process_and_no_file(name: str, tmp_path: Path):
    import signal

    with running_stack(tmp_path / "state") as stack:
        alice = Person.log_in(stack.broker, "alice", stack.users["alice"])
        assert sign(alice.grant("hello")).send().status_code == 200
        started = descendants(stack.process.pid)
        assert len(started) >= 2

        status = stack.stop(getattr(signal, name))

    assert status == 0
    assert "Traceback" not in "".join(stack.log)
    assert [pid for pid in started if is_running(pid)] == []
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []


def test_no_secret_is_in_any_line_of_the_log_at_debug(
    stack: Stack, alice: Person, hello: dict[str, str]
):
    httpx2.get(f"{stack.broker}/auth/me", headers={"Authorization": "Bearer forged"})
    sign(hello).send()
    env, operator = stack.variables("env"), stack.variables("operator.env")
    used = Person.log_in(stack.broker, "alice", stack.users["alice"])
    renewed = Person.holding(stack.broker, used.renew())
    Person.holding(stack.broker, renewed.renew())
    assert used.renew().status_code == 400
    secrets = [
        alice.token,
        *(
            part
            for token in (used.refresh_token, renewed.refresh_token)
            for part in token.split(".")[2:]
        ),
        hello["SecretAccessKey"],
        hello["SessionToken"],
        *(
            variables[name]
            for variables in (env, operator)
            for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            if variables[name]
        ),
        *(
            key.secret
            for key in signing_secret.fetch(
                stack.operator_client("secretsmanager"),
                env["AIKAGI_SIGNING_SECRET_ARN"],
            )
        ),
    ]

    said = "".join(line for line in stack.log if "password=" not in line)

    assert "DEBUG" in said
    assert "refresh-token-reused" in said
    assert [secret for secret in secrets if secret in said] == []
    # The demo passwords stand in the announcement, and nowhere after it.
    after = said.partition("ready in ")[2]
    assert [word for word in stack.users.values() if word in after] == []
