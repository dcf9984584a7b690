"""What the command tells of itself."""

import argparse
import re
import shlex
import shutil
import subprocess

import pytest

from aikagi.commands.parser import build_parser
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
    help_text = typed().out
    assert "exit codes:" in help_text
    assert "130  interrupted" in help_text


def every_command() -> list[tuple[str, argparse.ArgumentParser]]:
    parser = build_parser()
    [commands] = (action for action in parser._actions if action.choices)
    assert isinstance(commands, argparse._SubParsersAction)
    return [item for item in commands.choices.items() if item[0] != "users"]


@pytest.mark.parametrize(("name", "parser"), every_command())
def test_every_help_has_an_example_that_can_be_typed(
    name: str, parser: argparse.ArgumentParser
):
    help_text = parser.format_help()
    found = re.findall(rf"aikagi {name}[^\n>|)]*", help_text.partition("\noptions:")[2])

    assert found
    for example in found:
        build_parser().parse_args(shlex.split(example)[1:])


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
