"""Why somebody would get a grant, as an operator asks the live table and catalogue."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.admin.commands import main
from tests.fakes import ROLE
from tests.scripted_aws import Answer, Request, ScriptedAws
from tests.working_table import WorkingTable

Asked = Callable[..., tuple[int, str, str]]

HELLO = {
    "Title": "Hello",
    "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:stack-Hello-1",
    "FuncUrl": "https://abc123.lambda-url.eu-west-1.on.aws/",
    "InvokeMode": "BUFFERED",
    "Groups": ["everyone", "staff"],
    "MaxDurationSeconds": 1200,
}
CORP = {
    "Title": "Corporation",
    "Issuer": "https://login.example.com",
    "Audiences": ["a-client"],
    "Algorithms": ["RS256"],
    "MaxTokenSeconds": 3600,
    "GroupsClaim": ["realm_access", "roles"],
    "Groups": {"admins": ["staff"]},
    "RequiredClaims": {"email_verified": True},
    "Attributes": [{"Name": "team", "Claim": "team"}],
}


DURATION = (
    "passed\tduration\t900 seconds: nothing was asked for; between 15 and 1200 can be "
    "had"
)


def parameters(path: str, entries: dict[str, Any]) -> Answer:
    found = [
        {"Name": f"{path}/{name}", "Value": json.dumps(entry)}
        for name, entry in entries.items()
    ]
    return Answer.json({"Parameters": found})


@pytest.fixture
def table() -> WorkingTable:
    return WorkingTable()


@pytest.fixture
def asked(
    table: WorkingTable,
    script: ScriptedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Asked:
    """Ask why, of the entries above: code, standard output, standard error."""
    stored = {
        "/functions": {"hello": HELLO, "broken": {**HELLO, "Arn": "nonsense"}},
        "/issuers": {"corp": CORP},
    }

    def answer(request: Request) -> Answer:
        body: Any = request.json
        if "Path" in body:
            return parameters(body["Path"], stored[body["Path"]])
        return table.answer(request)

    script.will_ask(answer)
    monkeypatch.setenv("AIKAGI_USERS_TABLE", "users")
    monkeypatch.setenv("AIKAGI_CATALOGUE_PATH", "/functions")
    monkeypatch.setenv("AIKAGI_ISSUERS_PATH", "/issuers")
    monkeypatch.setenv("AIKAGI_INVOKE_ROLE_ARN", ROLE)

    def ask(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["why", *words])
        return code, *capsys.readouterr()

    for name, group in (("alice", "everyone"), ("bob", "visitors")):
        monkeypatch.setattr(sys, "stdin", None)
        table.put(
            {
                "pk": {"S": f"principal#local#{name}"},
                "groups": {"SS": [group]},
                "version": {"N": "3"},
            }
        )
    return ask


def test_a_grant_is_explained_rule_by_rule(asked: Asked):
    code, out, err = asked("alice", "hello")

    assert code == 0
    assert out.splitlines()[:4] == [
        "passed\tuser\talice is not disabled",
        "passed\tfunction\thello",
        "passed\tgroups\tin everyone; hello is for everyone, staff",
        DURATION,
    ]
    granted = [line.split("\t")[1:] for line in out.splitlines()[4:]]
    assert [name for name, _ in granted] == [
        "SessionName",
        "RoleArn",
        "DurationSeconds",
        "Groups",
        "Tags",
        "Policy",
    ]
    assert granted[0][1] == "local+alice"
    assert "/functions/broken is left out: its Arn is not a Lambda function's" in err
    assert logging.getLogger("app.adapters.catalogue").handlers == []


@pytest.mark.parametrize(
    ("words", "failed", "reason"),
    [
        (
            ("bob", "hello"),
            "groups\tin visitors; hello is for everyone, staff",
            "not-in-a-group",
        ),
        (("alice", "nothing"), "function\tno-such-function", "no-such-function"),
        (("alice", "broken"), "function\tno-such-function", "no-such-function"),
        (
            ("alice", "hello", "--duration", "1201"),
            "duration\tDurationSeconds is between 15 and 1200",
            "duration-too-long",
        ),
        (("carol", "hello"), "user\tthere is no user carol", None),
    ],
)
def test_what_is_missing_is_said(
    asked: Asked, words: tuple[str, ...], failed: str, reason: str | None
):
    code, out, _ = asked(*words)

    assert code == 1
    assert f"failed\t{failed}\n" in out
    assert out.endswith("Nothing would be granted.\n")
    code, out, _ = asked(*words, "--json")
    answer = json.loads(out)
    assert (code, answer["Granted"], answer.get("Reason")) == (1, False, reason)
    assert "Grant" not in answer


def test_somebody_disabled_gets_nothing_and_the_other_rules_are_said_too(
    asked: Asked, table: WorkingTable
):
    item = table.item("principal#local#alice")
    table.put({**item, "disabled": {"BOOL": True}})

    code, out, _ = asked("alice", "hello")

    assert code == 1
    assert [line.split("\t")[0] for line in out.splitlines()] == [
        "failed",
        "passed",
        "passed",
        "passed",
        "Nothing would be granted.",
    ]


def test_somebody_of_an_issuer_is_who_their_token_says(asked: Asked):
    corp = ("--issuer", "corp", "--claim", "realm_access.roles=admins")

    code, out, _ = asked("5f7", "hello", *corp, "--claim", "team=red", "--json")

    answer = json.loads(out)
    assert (code, answer["Granted"]) == (0, True)
    assert answer["Rules"][0] == {
        "Rule": "token",
        "Passed": True,
        "Detail": "gives staff, team=red",
    }
    assert answer["Grant"]["SessionName"] == "corp+5f7"
    assert answer["Grant"]["Tags"]["claim.team"] == "red"


@pytest.mark.parametrize(
    ("claims", "failed"),
    [
        ((), "groups\tin no group"),
        (("realm_access.roles=others",), "groups\tin no group"),
        (("email_verified=false",), "token\tlacks-a-required-claim"),
        (("email_verified=no",), "token\tlacks-a-required-claim"),
    ],
)
def test_a_token_that_says_otherwise_is_refused(
    asked: Asked, claims: tuple[str, ...], failed: str
):
    given = [word for claim in claims for word in ("--claim", claim)]

    code, out, _ = asked("5f7", "hello", "--issuer", "corp", *given)

    assert code == 1
    assert f"failed\t{failed}" in out


def test_somebody_of_an_issuer_can_be_disabled(asked: Asked, table: WorkingTable):
    key = {"pk": {"S": "principal#corp#5f7"}, "version": {"N": "3"}}
    table.put({**key, "disabled": {"BOOL": True}})
    claims = ("--claim", "realm_access.roles=admins")

    code, out, _ = asked("5f7", "hello", "--issuer", "corp", *claims)

    assert code == 1
    assert "failed\tuser\t5f7 is disabled" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--issuer", "corp", "--claim", "role=x"), "reads no claim role"),
        (("--issuer", "corp", "--claim", "x"), "A claim is NAME=VALUE."),
        (("--issuer", "other"), "There is no issuer other"),
        (("--claim", "team=red"), "name its issuer by --issuer"),
    ],
)
def test_a_question_that_cannot_be_asked_is_said(
    asked: Asked, words: tuple[str, ...], said: str
):
    code, out, err = asked("5f7", "hello", *words)

    assert (code, out) == (2, "")
    assert said in err


def test_what_is_not_named_is_asked_for(asked: Asked, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIKAGI_INVOKE_ROLE_ARN")

    code, _, err = asked("alice", "hello")

    assert code == 2
    assert "--role (the stack's output InvokeRoleArn)" in err
    assert asked("alice", "hello", "--role", ROLE)[0] == 0


def test_a_catalogue_that_cannot_be_read_is_said(asked: Asked, script: ScriptedAws):
    script.will_ask(lambda _: Answer.error("AccessDeniedException", status=400))

    code, out, err = asked("alice", "hello")

    assert (code, out) == (4, "")
    assert "AWS did not do it" in err


def test_without_the_brokers_packages_it_is_said_what_to_install(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "app.adapters.catalogue_entry", None)

    code, _, err = asked("alice", "hello")

    assert code == 1
    assert "requirements/runtime.txt" in err
