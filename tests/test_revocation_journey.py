"""Somebody's access is ended, by the command, at a running stack with a clock.

A stack of its own: what is revoked of everybody would end the logins of other tests.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx2
import pytest
from botocore.exceptions import ClientError

import aikagi
from aikagi.checks import main_fault
from aikagi.commands.run import message_of
from aikagi.diagnosis import Diagnosis
from app.adapters import aws, table
from app.adapters.passwords import Passwords
from app.adapters.table import Table
from app.admin.commands import main
from app.admin.revocation import policy, proof
from app.admin.revocation.journal import LEASE_SECONDS, Journal
from app.admin.revocation.policy import RevocationPolicy
from app.admin.revocation.revoker import Revoker
from app.admin.revocation.server_clock import ServerClock
from app.admin.revocation.targets import SingleGrant
from app.admin.users import UserAdministration
from app.domain.identity import Identity
from tests.aws_caller import Person, sign
from tests.stack import Stack, clean_environment, running_stack

PASSWORD = "looking-glass-1871"
PROOF = "operator+revocation="

Typed = Callable[..., tuple[int, str, str]]
Newcomer = Callable[..., Person]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("revocation")) as started:
        yield started


@pytest.fixture(autouse=True)
def as_it_was(stack: Stack) -> Iterator[None]:
    yield
    stack.controls.reset()


@pytest.fixture
def environment(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of an operator who named what the stack's outputs name."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    variables = {
        **stack.operator,
        "AIKAGI_INVOKE_ROLE_ARN": stack.outputs["InvokeRoleArn"],
        "AIKAGI_REVOCATION_POLICY_ARN": stack.outputs["RevocationPolicyArn"],
        "AIKAGI_REVOCATION_ROLE_ARN": stack.outputs["RevocationRoleArn"],
    }
    for name, text in variables.items():
        monkeypatch.setenv(name, text)


@pytest.fixture
def typed(environment: None, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Run a command: exit code, standard output, standard error."""

    def type_it(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(words)
        return code, *capsys.readouterr()

    return type_it


@pytest.fixture(scope="module")
def users(stack: Stack) -> UserAdministration:
    """One for all tests: a command of its own for each user would take longer."""
    operator = stack.operator
    session = boto3.session.Session(
        operator["AWS_ACCESS_KEY_ID"],
        operator["AWS_SECRET_ACCESS_KEY"],
        operator["AWS_SESSION_TOKEN"],
        region_name=stack.region,
    )
    client = session.client(
        "dynamodb", endpoint_url=stack.endpoint, config=aws.IMPATIENT
    )
    return UserAdministration(
        Table(client, name=stack.outputs["UsersTableName"]),
        passwords=Passwords(),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex,
    )


@pytest.fixture
def newcomer(stack: Stack, users: UserAdministration) -> Newcomer:
    """Add a user nobody else has to do with, and log them in."""

    def add(name: str) -> Person:
        users.add(name, PASSWORD, ["everyone"])
        return Person.log_in(stack.broker, name, PASSWORD)

    return add


def is_let_in(grant: dict[str, str]) -> bool:
    answer = sign(grant).send()
    assert answer.status_code in {200, 403}, answer.text
    return answer.status_code == 200


def log_in_and_ask(stack: Stack, name: str) -> httpx2.Response:
    person = Person.log_in(stack.broker, name, PASSWORD)
    return person.ask(FunctionName="hello")


def test_a_revoked_person_s_live_credentials_are_refused_and_another_s_are_not(
    newcomer: Newcomer, typed: Typed
):
    carol, dave = newcomer("carol"), newcomer("dave")
    of_carol, of_dave = carol.grant("hello"), dave.grant("hello")
    assert (is_let_in(of_carol), is_let_in(of_dave)) == (True, True)

    code, out, err = typed("revoke", "carol")

    assert (code, err) == (0, "")
    assert "Logins and tokens of carol from before 20" in out
    assert "It holds: a call was refused " in out
    assert (is_let_in(of_carol), is_let_in(of_dave)) == (False, True)
    assert carol.ask(FunctionName="hello").status_code == 401
    assert carol.renew().status_code == 400
    assert dave.ask(FunctionName="hello").status_code == 200


def test_until_the_policy_decides_credentials_work_and_then_they_do_not(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    stack.controls.set_policy_delay(timedelta(seconds=60))
    grant, other = newcomer("erin").grant("hello"), newcomer("frank").grant("hello")

    assert typed("revoke", "erin", "--no-proof")[0] == 0

    stack.controls.advance(timedelta(seconds=50))
    before = is_let_in(grant)
    stack.controls.advance(timedelta(seconds=11))
    assert (before, is_let_in(grant), is_let_in(other)) == (True, False, True)


def test_a_proof_that_does_not_come_in_time_is_said_and_is_no_success(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    stack.controls.set_policy_delay(timedelta(seconds=60))
    newcomer("gail")

    code, out, err = typed("revoke", "gail", "--wait", "1")

    assert code == 1
    assert "The policy refuses sessions of gail" in out
    assert "It holds" not in out
    assert "After 1 s a call of hello was still let in." in err
    assert "was not proved to hold" in err


def test_who_was_revoked_logs_in_anew_and_the_new_grants_work(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    newcomer("heidi").grant("hello")
    assert typed("revoke", "heidi", "--no-proof")[0] == 0

    answer = log_in_and_ask(stack, "heidi")

    assert answer.status_code == 200
    assert is_let_in(answer.json())


def test_a_grant_alone_is_revoked_and_the_person_goes_on(
    newcomer: Newcomer, typed: Typed
):
    ivan = newcomer("ivan")
    one = ivan.grant("hello")
    other = ivan.ask(FunctionName="hello", DurationSeconds=1000).json()

    code, out, _ = typed("revoke", "--grant", one["SessionGrantId"])

    assert code == 0
    assert "Logins" not in out
    assert (is_let_in(one), is_let_in(other)) == (False, True)
    anew = ivan.grant("hello")
    assert anew["SessionGrantId"] != one["SessionGrantId"]
    assert is_let_in(anew)

    assert typed("revoke", "--undo", "--grant", one["SessionGrantId"])[0] == 0
    assert is_let_in(one)


def test_somebody_of_another_issuer_is_revoked_who_is_in_no_table(
    stack: Stack, typed: Typed
):
    code, out, _ = typed("revoke", "auth0|5f7", "--issuer", "corp", "--json")

    assert code == 0
    line = json.loads(out)
    assert (line["Event"], line["Issuer"], line["Subject"]) == (
        "Revocation",
        "corp",
        "auth0|5f7",
    )
    assert line["Operator"].endswith(":user/operator")
    assert line["ProofAccessKeyId"] != line["ComparedAccessKeyId"]
    assert line.keys() >= {"HeldAfterSeconds", "PolicyVersion", "Expiration"}
    listed = json.loads(typed("revoke", "--list", "--json")[1])
    [row] = [row for row in listed if row["Whose"] == "auth0|5f7 of corp"]
    moment = datetime.fromtimestamp(line["ValidFrom"], UTC)
    assert datetime.fromisoformat(row["From"]) == moment
    found = typed("users", "show", "auth0|5f7", "--issuer", "corp", "--json")
    assert found[0] == 0


def test_the_client_goes_on_by_itself_where_a_grant_alone_was_revoked(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    uma = newcomer("uma")
    with aikagi.Broker(stack.broker) as broker:
        broker.login("uma", PASSWORD)
        broker.call("hello").result()
        held = broker.held_grant("hello")
        assert held is not None
        # The same session, of which the broker says by whose grant it began.
        same = uma.grant("hello")
        assert same["AccessKeyId"] == held.access_key_id

        assert typed("revoke", "--grant", same["SessionGrantId"])[0] == 0

        assert not is_let_in(wire_of(held))
        assert broker.call("hello").result()


def test_whose_access_was_ended_is_told_so_by_the_client_and_by_its_diagnosis(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    newcomer("vera")
    with aikagi.Broker(stack.broker) as broker:
        broker.login("vera", PASSWORD)
        broker.call("hello").result()
        assert typed("revoke", "vera")[0] == 0

        with pytest.raises(aikagi.LoginEndedError) as raised:
            broker.call("hello").result()

        assert raised.value.access_ended
        assert message_of(raised.value) == (
            "Your access was ended. Log in: aikagi login"
        )
        fault = main_fault([*Diagnosis(broker, function="hello").checks()])
        assert fault is not None
        assert fault.cause == "access-ended"


def wire_of(grant: aikagi.Grant) -> dict[str, str]:
    return {
        "AccessKeyId": grant.access_key_id,
        "SecretAccessKey": grant.secret_access_key,
        "SessionToken": grant.session_token,
        "FuncUrl": grant.func_url,
        "Region": grant.region,
    }


def test_nobody_is_revoked_by_a_name_that_nobody_has_unless_they_were_removed(
    typed: Typed, newcomer: Newcomer
):
    grant = newcomer("judy").grant("hello")
    removed = typed("users", "remove", "judy")
    assert "To end them now: `revoke judy --removed`" in removed[1]
    before = typed("revoke", "--list")

    refused = typed("revoke", "judy")

    assert refused[0] == 1
    assert "no user judy" in refused[2]
    assert typed("revoke", "--list") == before
    assert is_let_in(grant)
    assert typed("revoke", "judy", "--removed")[0] == 0
    assert not is_let_in(grant)


def test_who_is_disabled_is_kept_out_and_their_credentials_are_refused(
    newcomer: Newcomer, typed: Typed
):
    ken = newcomer("ken")
    grant = ken.grant("hello")

    code, out, _ = typed("users", "disable", "ken")

    assert code == 0
    assert "ken is kept out until" in out
    assert not is_let_in(grant)
    assert ken.ask(FunctionName="hello").status_code == 401


def test_who_is_disabled_without_a_policy_is_kept_out_and_that_is_said_to_be_all(
    newcomer: Newcomer, typed: Typed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AIKAGI_REVOCATION_POLICY_ARN")
    leo = newcomer("leo")
    grant = leo.grant("hello")

    code, _, err = typed("users", "disable", "leo")

    assert code == 1
    assert "leo is kept out and logged out. AWS sessions made before go on" in err
    assert is_let_in(grant)
    assert leo.ask(FunctionName="hello").status_code == 401


def test_without_a_policy_nothing_is_revoked(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AIKAGI_REVOCATION_POLICY_ARN")

    code, _, err = typed("revoke", "carol")

    assert code == 2
    assert "Name the policy: --policy" in err


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param({"Fault": "AccessDenied"}, 4, id="not allowed"),
        pytest.param({"Fault": "Throttling", "Times": 2}, 5, id="throttled"),
        pytest.param({"Fault": "InternalError", "Times": 2}, 5, id="out of order"),
        pytest.param({"Fault": "DroppedConnection", "Times": 2}, 5, id="hung up"),
        pytest.param({"Fault": "Malformed"}, 5, id="garbled"),
    ],
)
def test_where_the_policy_cannot_be_written_that_is_said_and_again_completes_it(
    *,
    stack: Stack,
    newcomer: Newcomer,
    typed: Typed,
    fault: dict[str, object],
    expected: int,
):
    name = f"mia-{fault['Fault']}".lower()
    mia = newcomer(name)
    grant = mia.grant("hello")
    stack.controls.add_faults(
        {"Service": "iam", "Action": "CreatePolicyVersion", **fault}
    )

    code, out, err = typed("revoke", name)

    assert code == expected
    assert f"Logins and tokens of {name} from before 20" in out
    assert "The policy refuses" not in out
    assert "AWS did not write the policy" in err
    assert "AWS sessions from before go on until 20" in err
    assert mia.ask(FunctionName="hello").status_code == 401
    assert is_let_in(grant)
    assert typed("revoke", "--list")[0] == 1

    assert typed("revoke", name)[0] == 0
    assert not is_let_in(grant)
    assert typed("revoke", "--list")[0] == 0


def test_what_an_interrupted_command_left_is_written_by_the_next_for_anybody(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    grant = newcomer("nina").grant("hello")
    newcomer("oscar")
    stack.controls.add_faults(
        {"Service": "iam", "Action": "GetPolicy", "Fault": "Throttling", "Times": 2}
    )
    assert typed("revoke", "nina", "--no-proof")[0] == 5
    assert is_let_in(grant)

    code, out, _ = typed("revoke", "oscar", "--no-proof")

    assert code == 0
    assert "The policy was not what the table has on record" in out
    assert not is_let_in(grant)


def test_where_the_table_cannot_be_written_nothing_is_revoked(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    grant = newcomer("pat").grant("hello")
    stack.controls.add_faults(
        {"Service": "dynamodb", "Action": "UpdateItem", "Fault": "InternalError"}
        | {"Times": 2}
    )

    code, out, err = typed("revoke", "pat")

    assert (code, out) == (5, "")
    assert "AWS did not do it" in err
    assert is_let_in(grant)
    assert "pat" not in typed("revoke", "--list")[1]


def test_a_proof_that_cannot_begin_is_said_and_the_revocation_holds(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    grant = newcomer("quinn").grant("hello")

    code, out, err = typed("revoke", "quinn", "--function", "nothing")

    assert code == 1
    assert "The policy refuses sessions of quinn" in out
    assert "The catalogue has no function nothing that could be called." in err
    assert not is_let_in(grant)


def test_the_policy_s_own_role_makes_no_session_but_that_of_a_proof(
    stack: Stack, environment: None
):
    sts = proof.connect(_as_operator_of_revocations(stack))

    def begin(name: str, **changes: str) -> Any:
        tags = {
            "issuer": "operator",
            "user": "revocation=",
            "function": "hello",
            "issued": "1",
            "grant": "one",
            **changes,
        }
        return sts.assume_role(
            RoleArn=stack.outputs["InvokeRoleArn"],
            RoleSessionName=name,
            SourceIdentity=name,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    assert begin(PROOF)["Credentials"]
    for name, changes in (
        ("local+alice", {}),
        (PROOF, {"issuer": "local"}),
        (PROOF, {"user": "alice"}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            begin(name, **changes)


def test_whoever_writes_the_policy_can_let_its_sessions_do_nothing_more(
    stack: Stack, environment: None, typed: Typed
):
    operator = _as_operator_of_revocations(stack)
    everything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    written = RevocationPolicy(
        policy.connect(operator), arn=stack.outputs["RevocationPolicyArn"]
    )
    written.write(json.dumps(everything), written.read())
    made = proof.connect(operator).assume_role(
        RoleArn=stack.outputs["InvokeRoleArn"],
        RoleSessionName=PROOF,
        SourceIdentity=PROOF,
        Tags=[
            {"Key": key, "Value": value}
            for key, value in {
                "issuer": "operator",
                "user": "revocation=",
                "function": "hello",
                "issued": "1",
                "grant": "one",
            }.items()
        ],
    )["Credentials"]
    session = boto3.session.Session(
        made["AccessKeyId"],
        made["SecretAccessKey"],
        made["SessionToken"],
        region_name=stack.region,
    )
    call = {
        **{name: str(text) for name, text in made.items()},
        "FuncUrl": stack.functions["hello"],
        "Region": stack.region,
    }

    with pytest.raises(ClientError, match="AccessDenied"):
        table.connect(session).scan(TableName=stack.outputs["UsersTableName"])
    assert is_let_in(call)
    assert not is_let_in({**call, "FuncUrl": stack.functions["report"]})

    # The next command writes it as it is to be.
    assert typed("revoke", "--list")[0] == 1
    assert typed("revoke", "--grant", "one", "--no-proof")[0] == 0
    assert typed("revoke", "--list")[0] == 0
    assert not is_let_in(call)


def _as_operator_of_revocations(stack: Stack) -> boto3.session.Session:
    made = proof.connect(aws.new_session()).assume_role(
        RoleArn=stack.outputs["RevocationRoleArn"], RoleSessionName="test"
    )["Credentials"]
    return boto3.session.Session(
        made["AccessKeyId"],
        made["SecretAccessKey"],
        made["SessionToken"],
        region_name=stack.region,
    )


class Command:
    """One command, whose requests to IAM a test may hold back."""

    def __init__(
        self,
        stack: Stack,
        *,
        report: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], object] = lambda _: None,
    ) -> None:
        session = aws.new_session()
        client = table.connect(session)
        self.iam = policy.connect(session)
        self.journal = Journal(
            Table(client, name=stack.outputs["UsersTableName"]),
            new_id=lambda: f"{id(self)}-{time.monotonic_ns()}",
        )
        self.revoker = Revoker(
            self.journal,
            RevocationPolicy(self.iam, arn=stack.outputs["RevocationPolicyArn"]),
            clock=ServerClock(client),
            monotonic=time.monotonic,
            sleep=sleep,
            report=report,
        )


def test_of_two_commands_at_once_neither_loses_what_the_other_revoked(
    stack: Stack, environment: None
):
    """The first writes the policy only once the second wants to."""
    waits = threading.Event()
    first = Command(stack)
    second = Command(stack, report=lambda _: waits.set(), sleep=time.sleep)
    is_writing = threading.Event()

    def hold(**_: object) -> None:
        is_writing.set()
        waits.wait(10)

    first.iam.meta.events.register("before-call.iam.CreatePolicyVersion", hold)
    threads = [
        threading.Thread(
            target=lambda: first.revoker.revoke(SingleGrant(grant_id="of-the-first"))
        ),
        threading.Thread(
            target=lambda: second.revoker.revoke(SingleGrant(grant_id="of-the-second"))
        ),
    ]
    threads[0].start()
    assert is_writing.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(30)

    found = first.revoker.in_force()
    assert {"of-the-first", "of-the-second"} <= found.entries.grants.keys()
    assert found.is_written
    written = json.dumps(second.revoker._policy.read().document)
    assert "of-the-first" in written
    assert "of-the-second" in written


def test_the_lease_of_a_command_that_was_killed_ends(stack: Stack, environment: None):
    killed = Command(stack)
    killed.journal.read()
    assert killed.journal.take_lease(stack.controls.now().timestamp())
    waited: list[float] = []

    def sleep(_: float) -> None:
        waited.append(10)
        stack.controls.advance(timedelta(seconds=10))

    command = Command(stack, sleep=sleep)
    done = command.revoker.revoke(SingleGrant(grant_id="after-the-killed"))

    assert done.version_id
    # The last one is until every broker knows.
    assert LEASE_SECONDS - 10 <= sum(waited[:-1]) <= LEASE_SECONDS + 20


def test_more_versions_than_iam_keeps_are_made_one_after_another(
    stack: Stack, environment: None
):
    command = Command(stack)

    versions = [
        command.revoker.revoke(SingleGrant(grant_id=f"version-{number}")).version_id
        for number in range(7)
    ]

    assert len(set(versions)) == 7
    listed = command.iam.list_policy_versions(
        PolicyArn=stack.outputs["RevocationPolicyArn"]
    )["Versions"]
    assert len(listed) == 5


def test_where_there_is_no_room_others_get_a_later_moment_and_it_is_said(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    """Of an issuer whose subjects are long, and one user who has to log in again."""
    command = Command(stack)
    entries = command.journal.read()
    lease = command.journal.take_lease(stack.controls.now().timestamp())
    assert lease
    now = int(stack.controls.now().timestamp())
    rita = newcomer("rita")
    entries = entries.with_person(Identity(issuer="local", subject="rita"), now - 1001)
    for number in range(70):
        who = Identity(issuer="corp", subject=f"{number:050}")
        entries = entries.with_person(who, now - 1000)
    for number in range(10):
        who = Identity(issuer="corp", subject=f"other{number}")
        entries = entries.with_person(who, now - 100 * number)
    command.journal.record(lease, entries)
    command.journal.give_up_lease(lease)
    assert rita.ask(FunctionName="hello").status_code == 200

    code, out, _ = typed("revoke", "someone", "--issuer", "corp", "--no-proof")

    assert code == 0
    assert "There was no more room in the policy: a later moment than before" in out
    assert "rita" in out
    assert "everybody" not in out
    assert rita.renew().status_code == 400


def test_everybody_s_credentials_are_refused_and_later_ones_are_not(
    stack: Stack, newcomer: Newcomer, typed: Typed
):
    """Last in this file: everybody is logged out by it."""
    people = [newcomer("sam"), newcomer("tina")]
    grants = [person.grant("hello") for person in people]

    code, out, _ = typed("revoke", "--everyone")

    assert code == 0
    assert "Logins and tokens of everybody from before 20" in out
    assert [is_let_in(grant) for grant in grants] == [False, False]
    assert [person.renew().status_code for person in people] == [400, 400]

    assert is_let_in(log_in_and_ask(stack, "sam").json())

    undone = typed("revoke", "--undo", "--everyone")
    assert undone[0] == 0
    assert "Logins and tokens of everybody from before stay ended." in undone[1]
    assert [is_let_in(grant) for grant in grants] == [True, True]
    assert [person.renew().status_code for person in people] == [400, 400]
