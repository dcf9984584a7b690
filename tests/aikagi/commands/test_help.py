"""What the command tells of itself."""

import shutil
import subprocess

import pytest

from tests.aikagi.commands.conftest import Typed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_completion(typed: Typed, shell: str):
    ran = typed("completion", shell)

    assert (ran.code, ran.err) == (0, "")
    assert all(word in ran.out for word in ("credentials", "doctor", "password-stdin"))
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=ran.out, text=True, check=True)


def test_help_tells_the_exit_codes_and_the_version_is_told(
    typed: Typed,
):
    assert typed("--version").out.startswith("aikagi ")
    told = typed().out
    assert "exit codes:" in told
    assert "130  interrupted" in told


@pytest.mark.parametrize(
    "words", [(), ("list", "--local"), ("--table", "t", "add"), ("--help",)]
)
def test_whoever_looks_for_the_users_is_told_where_they_are(
    typed: Typed, words: tuple[str, ...]
):
    ran = typed("users", *words)

    assert (ran.code, ran.out) == (2, "")
    assert "python -m app.admin users" in ran.err
    assert "users" not in typed().out + typed("completion", "bash").out
