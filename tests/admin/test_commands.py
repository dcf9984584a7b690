"""What an operator types, what AWS answers, and what comes of it."""

import argparse
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from app.adapters.table import VERSION
from app.admin.commands import build_parser, main
from tests.scripted_aws import Answer, ScriptedAws
from tests.stack import ROOT, clean_environment
from tests.working_table import WorkingTable

COST = {"TableName": "users", "CapacityUnits": 1.0}
DONE = Answer.json({"ConsumedCapacity": COST})
IS_THERE = Answer.error("ConditionalCheckFailedException")
PASSWORD = "looking-glass-1871"
ADD = ("add", "carol", "--group", "everyone", "--password-stdin")

Typed = Callable[..., tuple[int, str, str]]

OPERATOR_ALONE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {
            "aikagi", "fastapi", "httpx2", "mangum", "multipart", "pydantic",
            "pydantic_settings", "rich", "starlette", "uvicorn",
        }:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from app.admin.commands import main
main(["users", "list", "--help"])
"""


@pytest.fixture
def typed(
    script: ScriptedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Run a command on the scripted table: code, standard output, standard error."""
    script.will(DONE)
    monkeypatch.setenv("AIKAGI_USERS_TABLE", "users")

    def type_it(*words: str, stdin: str = f"{PASSWORD}\n") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        code = main(["users", *words])
        return code, *capsys.readouterr()

    return type_it


def every_command() -> list[tuple[str, argparse.ArgumentParser]]:
    [areas] = (action for action in build_parser()._actions if action.choices)
    assert isinstance(areas, argparse._SubParsersAction)
    return [
        (f"python -m app.admin {name}", parser)
        for area, commands in areas.choices.items()
        for name, parser in commands_of(area, commands)
    ]


def commands_of(
    area: str, parser: argparse.ArgumentParser
) -> list[tuple[str, argparse.ArgumentParser]]:
    """Give the commands of an area; an area that has none is one itself."""
    return [
        (f"{area} {name}", command)
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, command in action.choices.items()
    ] or [(area, parser)]


@pytest.mark.parametrize(("path", "parser"), every_command())
def test_every_help_has_an_example_that_can_be_typed(
    path: str, parser: argparse.ArgumentParser
):
    help_text = parser.format_help()

    [example] = [
        line for line in help_text.splitlines() if line.startswith(f"  {path}")
    ]
    build_parser().parse_args(example.split()[3:])
    assert "exit codes:" in help_text


@pytest.mark.parametrize(("path", "parser"), every_command())
def test_no_command_takes_a_password_as_an_argument(
    path: str, parser: argparse.ArgumentParser
):
    named = [action for action in parser._actions if "password" in action.dest]

    assert all(action.nargs == 0 for action in named)
    assert bool(named) == path.endswith((" add", " passwd"))


def test_a_user_is_added_once(typed: Typed, script: ScriptedAws):
    assert typed(*ADD) == (0, "Added carol.\n", "")
    [request] = script.requests
    assert PASSWORD.encode() not in request.body
    assert b'"attribute_not_exists(pk)"' in request.body

    script.will(IS_THERE)
    code, out, err = typed(*ADD)

    assert (code, out) == (1, "")
    assert "carol already: see `python -m app.admin users passwd`" in err


@pytest.mark.parametrize(
    "words",
    [
        ("passwd", "carol", "--password-stdin"),
        ("groups", "carol", "--group", "research"),
        ("attributes", "carol", "team=blue"),
        ("disable", "carol", "--no-revoke"),
        ("enable", "carol"),
        ("enable", "carol", "--issuer", "corp"),
        ("end-logins", "carol"),
        ("remove", "carol"),
    ],
)
def test_nobody_can_be_changed_who_is_not_there(
    typed: Typed, script: ScriptedAws, words: tuple[str, ...]
):
    assert typed(*words)[0] == 0

    script.will(IS_THERE)
    code, out, err = typed(*words)

    assert (code, out) == (1, "")
    assert "no user carol: see `python -m app.admin users list`" in err


def test_the_users_are_listed_for_people_and_for_programs(
    typed: Typed, script: ScriptedAws
):
    carol = {
        "pk": {"S": "principal#local#carol"},
        "groups": {"SS": ["research", "every\x1b[2Jone"]},
    }
    bob = {"pk": {"S": "principal#local#bob"}, "disabled": {"BOOL": True}}
    script.will(Answer.json({"Items": [carol, bob], "ConsumedCapacity": COST}))

    assert typed("list") == (
        0,
        "bob\tdisabled\t\ncarol\tenabled\tevery\ufffd[2Jone,research\n",
        "",
    )
    code, out, err = typed("list", "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {"Username": "bob", "Enabled": False, "Groups": []},
        {
            "Username": "carol",
            "Enabled": True,
            "Groups": ["every\x1b[2Jone", "research"],
        },
    ]


def test_a_program_reads_whom_a_change_was_about(typed: Typed):
    assert typed("disable", "carol", "--no-revoke", "--json") == (
        0,
        '{"Username": "carol"}\n',
        "",
    )


def test_somebody_is_shown_without_their_password(typed: Typed, script: ScriptedAws):
    table = WorkingTable()
    script.will_ask(table.answer)
    assert typed(*ADD, "--one-time")[0] == 0
    assert typed("disable", "carol", "--no-revoke")[0] == 0

    code, out, err = typed("show", "Carol", "--json")
    shown = typed("show", "carol")[1]

    told = json.loads(out)
    assert told.pop("CreatedAt").endswith("+00:00")
    assert (code, err, told) == (
        0,
        "",
        {
            "Username": "carol",
            "Enabled": False,
            "Groups": ["everyone"],
            "Password": "one-time",
        },
    )
    assert "Password\tone-time\n" in shown
    assert "argon2" not in out + shown
    assert typed("passwd", "carol", "--password-stdin")[0] == 0
    assert json.loads(typed("show", "carol", "--json")[1])["Password"] == "set"
    assert typed("remove", "carol")[0] == 0
    assert table.items() == []
    assert typed("show", "carol")[0] == 1


STRANGE = "auth0|5f7#\u65e5\u672c\u8a9e " + "x" * 230


def test_somebody_of_another_issuer_is_kept_out_before_they_ever_came(
    typed: Typed, script: ScriptedAws
):
    table = WorkingTable()
    script.will_ask(table.answer)
    assert typed("add", "alice", "--password-stdin")[0] == 0
    [alice] = table.items()
    corp = ("--issuer", "corp")

    for subject in ("alice", STRANGE):
        told = json.loads(typed("disable", subject, *corp, "--no-revoke", "--json")[1])
        assert told == {"Issuer": "corp", "Subject": subject}
        item = table.item(f"principal#corp#{subject}")
        assert item.keys() == {"pk", "disabled", "credentials_version", "version"}
        assert item["disabled"] == {"BOOL": True}

    assert table.item("principal#local#alice") == alice
    listed = json.loads(typed("list", *corp, "--json")[1])
    assert {"Issuer": "corp", "Subject": STRANGE, "Enabled": False} in listed
    assert len(listed) == 2
    assert [user["Username"] for user in json.loads(typed("list", "--json")[1])] == [
        "alice"
    ]
    assert typed("enable", STRANGE, *corp)[0] == 0
    assert table.item(f"principal#corp#{STRANGE}")["disabled"] == {"BOOL": False}
    assert json.loads(typed("show", STRANGE, *corp, "--json")[1])["Enabled"]


def test_logins_of_anybody_are_ended(typed: Typed, script: ScriptedAws):
    table = WorkingTable()
    script.will_ask(table.answer)
    assert typed("add", "alice", "--password-stdin")[0] == 0
    before = table.item("principal#local#alice")

    began = int(time.time())

    assert typed("end-logins", "alice")[0] == 0
    assert typed("end-logins", STRANGE, "--issuer", "corp")[0] == 0

    after = table.item("principal#local#alice")
    versions = [item.pop("credentials_version") for item in (before, after)]
    assert versions[0] != versions[1]
    assert after == before
    # A token of this very second counts no more.
    valid_from = int(table.item(f"principal#corp#{STRANGE}")["valid_from"]["N"])
    assert began < valid_from <= time.time() + 1


@pytest.mark.parametrize(
    ("subject", "alias", "said"),
    [
        pytest.param("x" * 256, "corp", "at most 255 characters", id="long"),
        pytest.param("a\nb", "corp", "without control characters", id="control"),
        pytest.param("a\ud800", "corp", "without control characters", id="half"),
        pytest.param("", "corp", "never empty", id="empty"),
        pytest.param("x", "Corp", "an issuer's alias", id="alias"),
        pytest.param("x y", "local", "a username is", id="own"),
    ],
)
def test_what_can_be_nobody_is_not_asked_of_aws(
    typed: Typed, script: ScriptedAws, subject: str, alias: str, said: str
):
    code, _, err = typed("disable", subject, "--issuer", alias, "--no-revoke")

    assert code == 1
    assert said in err
    assert script.requests == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(DONE, 0, id="done"),
        pytest.param(Answer.error("ExpiredTokenException"), 3, id="expired"),
        pytest.param(Answer.error("AccessDeniedException"), 4, id="not allowed"),
        pytest.param(Answer.error("UnrecognizedClientException"), 4, id="no such key"),
        pytest.param(Answer.error("ResourceNotFoundException"), 2, id="no such table"),
        pytest.param(Answer.error("InternalServerError", 500), 5, id="theirs"),
        pytest.param(Answer.hang_up(), 5, id="hung up"),
        pytest.param(Answer(body=b"{"), 5, id="garbage"),
    ],
)
def test_what_aws_says_is_told_and_has_an_exit_code(
    typed: Typed, script: ScriptedAws, answer: Answer, code: int
):
    script.will(answer)

    got, _, err = typed("disable", "carol", "--no-revoke")

    assert got == code
    assert err.startswith("AWS did not do it: ") == bool(code)
    assert err.count("\n") == bool(code)


def test_attributes_are_replaced_and_taken_away(typed: Typed, script: ScriptedAws):
    table = WorkingTable()
    script.will_ask(table.answer)
    assert typed(*ADD)[0] == 0

    code, out, err = typed("attributes", "carol", "team=blue", "department=R & D=3")
    assert (code, out) == (2, "")
    assert "An attribute is NAME=VALUE" in err

    code, out, err = typed("attributes", "carol", "team=blue", "department=R D=3")
    assert (code, err) == (0, "")
    assert out == "carol has department=R D=3, team=blue, from the next grant on.\n"
    assert "Attributes\tdepartment=R D=3, team=blue\n" in typed("show", "carol")[1]

    code, out, err = typed("attributes", "carol", "team=red", "--json")
    assert json.loads(out) == {"Username": "carol", "Attributes": {"team": "red"}}
    assert json.loads(typed("show", "carol", "--json")[1])["Attributes"] == {
        "team": "red"
    }
    assert typed("attributes", "carol")[1] == (
        "carol has no attributes, from the next grant on.\n"
    )
    assert "attributes" not in table.item("principal#local#carol")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("team",), id="no value"),
        pytest.param(("=blue",), id="no name"),
        pytest.param(("Team=blue",), id="a capital"),
        pytest.param(("team=blue", "team=red"), id="twice"),
        pytest.param(("team=a\tb",), id="a control character"),
        pytest.param(("team=" + "x" * 257,), id="too long"),
    ],
)
def test_what_is_no_attribute_changes_nothing(
    typed: Typed, script: ScriptedAws, words: tuple[str, ...]
):
    table = WorkingTable()
    script.will_ask(table.answer)
    assert typed(*ADD)[0] == 0
    before = table.items()

    assert typed("attributes", "carol", *words)[0] == 2
    assert table.items() == before
    assert typed("attributes", "carol", "team=" + "x" * 256)[0] == 0


COMMANDS = {
    "add": ADD[1:],
    "passwd": ("carol", "--password-stdin"),
    "groups": ("carol", "--group", "research"),
    "attributes": ("carol", "team=blue"),
    "disable": ("carol", "--no-revoke"),
    "enable": ("carol",),
    "list": (),
    "show": ("carol",),
    "end-logins": ("carol",),
    "remove": ("carol",),
    "import": ("-", "--format", "csv"),
    "export": ("-", "--format", "csv"),
}


@pytest.mark.parametrize(
    "name", [path.split()[-1] for path, _ in every_command() if " users " in path]
)
def test_a_user_whom_a_later_version_has_written_is_left_alone_by_every_command(
    typed: Typed, script: ScriptedAws, name: str
):
    table = WorkingTable()
    script.will_ask(table.answer)
    assert typed(*ADD)[0] == 0
    [carol] = table.items()
    table.put({**carol, "version": {"N": str(VERSION + 1)}})
    before = table.items()

    stdin = "Username\n" if name == "import" else f"{PASSWORD}\n"
    code, out, err = typed(name, *COMMANDS[name], stdin=stdin)

    assert (code, out) == (7, "")
    assert err == (
        "The item principal#local#carol was written by a later version of the broker "
        f"(its format is {VERSION + 1}, this one knows {VERSION}): update this one. "
        "Nothing was changed.\n"
    )
    assert table.items() == before

    table.put(carol)
    assert typed(name, *COMMANDS[name], stdin=stdin)[0] == (1 if name == "add" else 0)


def test_without_credentials_of_aws_the_operator_is_told_to_log_in(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, script: ScriptedAws
):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    code, _, err = typed("list")

    assert code == 3
    assert "credentials" in err
    assert script.requests == []


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        pytest.param(ADD, "short\n", 1, "a password has 8 to", id="short password"),
        pytest.param(ADD, "", 1, "a password has 8 to", id="no password"),
        pytest.param(
            ("add", "ca rol", "--password-stdin"), PASSWORD, 1, "a username", id="name"
        ),
        pytest.param(("add", "carol"), PASSWORD, 2, "--password-stdin", id="a pipe"),
    ],
)
def test_what_cannot_be_done_is_not_asked_of_aws(
    typed: Typed,
    script: ScriptedAws,
    words: tuple[str, ...],
    stdin: str,
    code: int,
    said: str,
):
    got, out, err = typed(*words, stdin=stdin)

    assert (got, out) == (code, "")
    assert said in err
    assert script.requests == []


def test_the_commands_need_neither_the_web_nor_the_client():
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", OPERATOR_ALONE],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "users list" in ran.stdout
