"""What an operator types about keys, and that no secret is ever shown."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.signing_secret import VERSION
from app.admin.commands import main
from tests.scripted_aws import Answer, ScriptedAws
from tests.working_secret import NAME, WorkingSecret

PLAIN = "only-for-tests-and-for-nothing-else-at-all"
WEEK = ("--login-lifetime", "604800")

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def secret(script: ScriptedAws) -> WorkingSecret:
    made = WorkingSecret(PLAIN)
    script.will_ask(made.answer)
    return made


@pytest.fixture
def typed(
    secret: WorkingSecret,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Run a command: code, standard output, standard error. None shows a secret."""
    monkeypatch.setenv("AIKAGI_SIGNING_SECRET_ARN", NAME)

    def type_it(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["keys", *words])
        said = capsys.readouterr()
        for shown in (PLAIN, *re.findall(r'"Secret": "([^"]+)"', secret.text)):
            assert shown not in said.out + said.err
        return code, said.out, said.err

    return type_it


def test_keys_are_shown_by_id_and_dates(typed: Typed):
    code, out, err = typed("show")

    assert (code, err) == (0, "")
    assert re.fullmatch(r"[0-9a-f]{16}\tsigns\t20..-..-..T..:..:..Z\n", out)
    typed("rotate", *WEEK)
    _, out, _ = typed("show")
    old, new = out.splitlines()
    assert re.fullmatch(r"[0-9a-f]{16}\tsigns\t.*", old)
    assert re.fullmatch(r"[0-9a-f]{16}\tsigns from 20..-.*Z\t20..-.*Z", new)


def test_a_rotation_says_from_when_and_until_when(typed: Typed, secret: WorkingSecret):
    _, before, _ = typed("show", "--json")
    [old] = json.loads(before)
    started = datetime.now(UTC)

    code, out, err = typed("rotate", *WEEK)

    assert (code, err) == (0, "")
    said = re.fullmatch(
        rf"Added the key ([0-9a-f]{{16}}), which signs from (.*Z)\.\n"
        rf"The key {old['KeyId']} verifies until (.*Z)\.\n",
        out,
    )
    assert said
    signs, until = map(datetime.fromisoformat, said.groups()[1:])
    assert timedelta(minutes=9) < signs - started < timedelta(minutes=11)
    assert until - signs == timedelta(hours=1, days=7)
    assert json.loads(secret.text)["Version"] == VERSION


def test_a_program_reads_what_was_done(typed: Typed):
    code, out, err = typed("rotate", "--json", *WEEK)

    assert (code, err) == (0, "")
    rotated = json.loads(out)
    assert [key["KeyId"] for key in rotated["Keys"]][-1] == rotated["Added"]
    assert rotated["Dropped"] == []
    assert [set(key) for key in rotated["Keys"]] == [
        {"KeyId", "CreatedAt", "SignsFrom", "VerifiesUntil"}
    ] * 2
    assert json.loads(typed("show", "--json")[1]) == rotated["Keys"]


@pytest.mark.parametrize(
    ("option", "variable", "days"),
    [(("604800",), "86400", 7), ((), "86400", 1), ((), "", 90)],
)
def test_old_keys_verify_as_long_as_the_longest_login_that_is_known_of(
    typed: Typed,
    monkeypatch: pytest.MonkeyPatch,
    option: tuple[str, ...],
    variable: str,
    days: int,
):
    monkeypatch.setenv("AIKAGI_LOGIN_LIFETIME_SECONDS", variable)

    _, out, _ = typed(
        "rotate", "--json", *(f"--login-lifetime={given}" for given in option)
    )

    old, new = json.loads(out)["Keys"]
    until, signs = map(datetime.fromisoformat, (old["VerifiesUntil"], new["SignsFrom"]))
    assert until - signs == timedelta(hours=1, days=days)


def test_after_a_leak_nothing_else_verifies(typed: Typed):
    typed("rotate")

    code, out, _ = typed("rotate", "--end-logins")

    assert code == 0
    assert out.count("Dropped the key") == 2
    assert "Everybody is logged out" in out
    [only] = json.loads(typed("show", "--json")[1])
    assert only["VerifiesUntil"] is None


@pytest.mark.parametrize("seconds", ["899", "7776001", "soon", "-1", "1e9", "\u0663"])
def test_a_lifetime_that_no_deployment_has_is_refused(
    typed: Typed,
    secret: WorkingSecret,
    monkeypatch: pytest.MonkeyPatch,
    seconds: str,
):
    with pytest.raises(SystemExit, match="2"):
        typed("rotate", f"--login-lifetime={seconds}")
    monkeypatch.setenv("AIKAGI_LOGIN_LIFETIME_SECONDS", seconds)
    code, _, err = typed("rotate")

    assert code == 1
    assert err == "Not done: a login lasts 900 to 7776000 seconds.\n"
    assert secret.text == PLAIN


def test_the_secret_has_to_be_named(typed: Typed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIKAGI_SIGNING_SECRET_ARN")

    code, out, err = typed("show")
    assert (code, out) == (2, "")
    assert "SigningSecretArn" in err

    assert typed("show", "--secret", NAME)[0] == 0


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        pytest.param(
            f'{{"Version": {VERSION + 1}}}', 7, "by a later version", id="later"
        ),
        pytest.param('{"a": "b"}', 1, "has no Version", id="somebody else's"),
    ],
)
@pytest.mark.parametrize("command", ["show", "rotate"])
def test_a_secret_that_is_not_understood_is_left_as_it_is(
    typed: Typed, secret: WorkingSecret, command: str, text: str, code: int, said: str
):
    secret.put(text)

    answered = typed(command)

    assert (answered[0], answered[1]) == (code, "")
    assert said in answered[2]
    assert secret.text == text


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(Answer.error("AccessDeniedException"), 4, id="not allowed"),
        pytest.param(Answer.error("ResourceNotFoundException"), 2, id="no such secret"),
        pytest.param(Answer.error("InternalServiceError", 500), 5, id="out of order"),
    ],
)
def test_what_aws_refuses_is_an_exit_code(
    script: ScriptedAws, monkeypatch: pytest.MonkeyPatch, answer: Answer, code: int
):
    monkeypatch.setenv("AIKAGI_SIGNING_SECRET_ARN", NAME)
    script.will(answer)

    assert main(["keys", "show"]) == code
