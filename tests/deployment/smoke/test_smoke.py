"""The whole smoke test, against a real stack with AWS's emulator as the account."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

from aikagi.http_client import build_client
from deployment.smoke.outcomes import State
from deployment.smoke.plan import CHECKS
from deployment.smoke.report import to_json
from tests.deployment.smoke.running import (
    Run,
    outcome_of,
    person_at,
    run,
    run_as_operator,
)
from tests.stack import ROOT, Stack, clean_environment
from tests.terminal import Terminal

NOT_OF_EMULATOR: Final = {
    "version",
    "snapshot",
    "execute-api-address",
    "audit-line",
    "metrics",
    "trail-record",
}
NOT_IN_TEMPLATE: Final = {"issuer-keys", "source-networks", "role-path"}
ORIGIN: Final = "http://localhost:5173"


@pytest.fixture(scope="module")
def revoked_before(stack: Stack) -> set[str]:
    return revoked_grants(stack)


@pytest.fixture(scope="module")
def whole(stack: Stack, revoked_before: set[str]) -> Run:
    """Run it once, with all that it can be given."""
    return run_as_operator(stack, "--origin", ORIGIN)


@pytest.fixture(scope="module")
def as_user(stack: Stack) -> Run:
    """Run it where nothing is known of AWS."""
    nothing = {"AWS_EC2_METADATA_DISABLED": "true"}
    return run(stack, "--json", "--no-wait", environment=nothing)


def test_every_check_of_a_stack_as_it_is_passes_but_for_what_the_emulator_lacks(
    whole: Run,
):
    not_tried = whole.named("not tried")

    assert whole.named("failed") == set()
    assert not_tried == NOT_OF_EMULATOR | NOT_IN_TEMPLATE
    assert whole.named("passed") == {check.name for check in CHECKS} - not_tried
    assert whole.code == 0


def test_a_short_grant_is_waited_for_once_and_not_for_long(whole: Run):
    (waited,) = (seconds for seconds in whole.waited if seconds > 5)

    assert 10 < waited < 25


def test_without_a_stack_nothing_of_the_operators_passes(as_user: Run):
    needing = {
        check["Check"]
        for check in as_user.report["Checks"]
        if check["Seen"].startswith("needs STACK")
    }

    assert as_user.code == 0
    assert {"trust", "boundary", "time-to-live", "broker-invoke"} <= needing
    assert needing <= as_user.named("not tried")
    assert "another-url" in as_user.named("passed")


def test_credentials_for_aws_on_this_machine_are_not_sent_to_aws_itself(as_user: Run):
    needing = {
        check["Check"]
        for check in as_user.report["Checks"]
        if "AWS_ENDPOINT_URL" in check["Seen"]
    }

    assert needing == {"session", "plain-invoke", "other-services"}
    assert needing <= as_user.named("not tried")


def test_what_takes_time_is_left_out_where_nothing_may_be_waited_for(as_user: Run):
    assert as_user.waited == []
    assert as_user.check("short-grant")["State"] == "not tried"


def test_a_run_ends_its_logins_takes_its_revocation_back_and_can_be_repeated(
    stack: Stack, whole: Run, revoked_before: set[str]
):
    before = len(stack.log)
    again = run_as_operator(stack, "--no-wait")
    events = audited(stack.log[before:])

    assert again.code == 0
    assert events.count("Login") == 2
    assert events.count("Login") == events.count("Logout")
    assert whole.check("revocation")["State"] == "passed"
    version = again.check("policy-versions")["Seen"].split()[0]
    assert int(version.removeprefix("v")) > 1
    assert revoked_grants(stack) <= revoked_before


def audited(lines: list[str]) -> list[str]:
    """Give the logins and logouts that lines of the broker's log tell of."""
    return [
        json.loads(found[0])["Event"]
        for line in lines
        if (found := re.search(r'\{"Version":.*"Event": ?"Log(in|out)".*\}', line))
    ]


def revoked_grants(stack: Stack) -> set[str]:
    """Give the grants that the revocation policy denies now."""
    iam = stack.operator_client("iam")
    arn = stack.outputs["RevocationPolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return set(re.findall(r"\b[0-9a-f]{32}\b", json.dumps(document, default=str)))


def test_no_secret_is_written(stack: Stack, whole: Run):
    written = whole.output + whole.errors

    assert stack.users["alice"] not in written
    for secret in (
        stack.operator["AWS_SECRET_ACCESS_KEY"],
        stack.operator["AWS_SESSION_TOKEN"],
    ):
        assert not secret or secret not in written
    # The beginnings of a JWT and of an access key id of a session.
    assert not re.search(r"eyJ[A-Za-z0-9_-]{5}|ASIA[A-Z0-9]{8}|argon2", written)


def test_a_wrong_password_fails_one_check_and_leaves_the_rest_untried(
    stack: Stack, whole: Run
):
    wrong = run(stack, "--json", password="not-the-password")

    assert whole.check("login")["State"] == "passed"
    assert wrong.named("failed") == {"login"}
    assert wrong.check("grant")["State"] == "not tried"
    assert wrong.code == 1


def test_no_broker_is_an_exit_code_of_its_own(stack: Stack):
    nobody = run(stack, "--broker", "http://127.0.0.1:9/", "--json")

    assert nobody.code == 5
    assert [check["Check"] for check in nobody.report["Checks"]] == ["broker"]


@pytest.mark.parametrize(
    ("arguments", "password", "said"),
    [
        pytest.param(["--user", ""], None, "who logs in", id="no user"),
        pytest.param(["--broker", ""], None, "Name the broker", id="no broker"),
        pytest.param(["--broker", "http://a.example"], None, "https://", id="http"),
        pytest.param(["--stack", "gone"], None, "gone does not exist", id="stack"),
        pytest.param([], "", "There is no password", id="password"),
    ],
)
def test_a_command_that_is_wrong_is_told_in_a_sentence(
    stack: Stack, arguments: list[str], password: str | None, said: str
):
    done = run(stack, *arguments, password=password)

    assert (done.code, done.output) == (2, "")
    assert said in done.errors


def test_an_operator_without_credentials_is_told_before_a_password_is_read(
    stack: Stack, tmp_path: Path
):
    nothing = {"AWS_CONFIG_FILE": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    nothing["AWS_SHARED_CREDENTIALS_FILE"] = str(tmp_path)
    done = subprocess.run(
        [
            *(ROOT / ".venv/bin/python", "-m", "deployment.smoke"),
            *("--broker", stack.broker, "--user", "alice", "--stack", "local"),
        ],
        env=clean_environment(AWS_DEFAULT_REGION=stack.region, **nothing),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 3
    assert "credentials" in done.stderr
    assert done.stdout == ""


def test_an_operator_whom_aws_refuses_has_an_exit_code_of_their_own(stack: Stack):
    done = run(stack, "--stack", "local", environment=stack.variables("env"))

    assert done.code == 4
    assert "not authorized to perform: cloudformation:DescribeStacks" in done.errors


def test_each_check_is_one_line_at_a_terminal_of_eighty_columns(
    stack: Stack, tmp_path: Path
):
    terminal = Terminal(
        tmp_path,
        *("--broker", stack.broker, "--user", "alice", "--stack", "local"),
        "--no-wait",
        module="deployment.smoke",
        columns=80,
        **stack.operator,
    )
    terminal.wait_for("Password of alice: ")
    terminal.type(stack.users["alice"])

    assert terminal.finish() == 0
    assert stack.users["alice"] not in terminal.seen
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.seen)
    lines = plain.partition("\n")[2].splitlines()
    assert max(map(len, lines)) <= 80
    assert [line[10:35].split()[0] for line in lines[:-1]] == [s.name for s in CHECKS]


def test_a_run_that_is_interrupted_logs_out_all_the_same(stack: Stack, tmp_path: Path):
    before = len(stack.log)
    terminal = Terminal(
        tmp_path,
        *("--broker", stack.broker, "--user", "alice"),
        module="deployment.smoke",
        AWS_ENDPOINT_URL=stack.endpoint,
    )
    terminal.wait_for("Password of alice: ")
    terminal.type(stack.users["alice"])
    terminal.wait_for("Waiting for")
    terminal.interrupt()

    assert terminal.finish() == 130
    assert "Traceback" not in terminal.seen
    events = audited(stack.log[before:])
    assert events.count("Login") == events.count("Logout") == 2


def test_make_takes_the_user_of_its_own_words_and_not_of_the_shell():
    def command(*words: str) -> str:
        return subprocess.run(
            ["make", "--dry-run", "smoke", "BROKER=https://a.example", *words],
            env=clean_environment(USER="somebody"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    assert "--user 'alice'" in command("USER=alice", "STACK=aikagi")
    assert "--user ''" in command()


def test_the_keys_of_an_issuer_that_answers_are_read(signing_stack: Stack):
    with person_at(signing_stack, client=build_client(), wait=time.sleep) as deployment:
        outcome = outcome_of("issuer-keys", deployment)

    assert outcome.state is State.PASSED, outcome.seen


def test_a_report_for_programs_has_what_a_person_reads(whole: Run):
    report = whole.report

    assert report["Passed"] + report["Failed"] + report["NotTried"] == len(CHECKS)
    assert report["Stack"] == "local"
    for row, check in zip(report["Checks"], CHECKS, strict=True):
        assert row["Check"] == check.name
        assert (row["Assumed"], row["Otherwise"]) == (check.assumed, check.otherwise)
    assert to_json([], User=None) == {
        "Passed": 0,
        "Failed": 0,
        "NotTried": 0,
        "Checks": [],
    }
