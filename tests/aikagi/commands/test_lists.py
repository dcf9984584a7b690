"""Lists, moments and words as people want them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from aikagi.commands.parser import build_parser
from tests.aikagi.commands.conftest import Ran, Typed, log_in
from tests.aikagi.loopback import Loopback, json_answer
from tests.stack import ROOT, clean_environment
from tests.terminal import Terminal


def entry(name: str, **members: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Title": f"The title of {name}",
        "Description": "It does what its description says, at some length",
        "FuncUrl": "https://f.example/",
        "Region": "eu-west-1",
        "InvokeMode": "BUFFERED",
        "MaxDurationSeconds": 3600,
        **members,
    }


NAMES = ["summarise", "a" * 63, "monthly-report-of-all-regions", "要約-する"]


def list_them(loopback: Loopback, *names: str) -> None:
    listed = {"Functions": [entry(name) for name in names]}
    loopback.broker_answers = [json_answer(listed)]


@pytest.mark.parametrize("columns", [20, 50, 62, 80, 140])
def test_no_name_is_cut_and_no_word_is_lost(
    typed: Typed, loopback: Loopback, tmp_path: Path, columns: int
):
    assert log_in(typed, loopback).code == 0
    list_them(loopback, *NAMES)

    terminal = Terminal(
        tmp_path,
        "functions",
        columns=columns,
        XDG_STATE_HOME=str(tmp_path / "state"),
    )

    assert terminal.finish() == 0
    seen = re.sub(r"\x1b\[[0-9;]*m", "", terminal.seen)
    assert all(name in seen for name in NAMES)
    assert "…" not in seen
    squeezed = re.sub(r"\s", "", seen)
    assert squeezed.count("length") == len(NAMES) or columns > 60
    if columns <= 50:
        assert squeezed.count("Itdoeswhatitsdescriptionsays,atsomelength") == len(NAMES)


def test_a_table_fits_where_there_is_room(
    typed: Typed, loopback: Loopback, tmp_path: Path
):
    assert log_in(typed, loopback).code == 0
    list_them(loopback, "hello", "report")

    terminal = Terminal(
        tmp_path, "functions", columns=100, XDG_STATE_HOME=str(tmp_path / "state")
    )

    assert terminal.finish() == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.seen).splitlines()
    assert lines[0].split() == ["NAME", "TITLE", "WHAT", "IT", "DOES"]
    assert [line.split()[0] for line in lines[1:]] == ["hello", "report"]


@pytest.mark.parametrize(
    ("zone", "wanted"),
    [
        ("UTC", r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"),
        ("Asia/Tokyo", r"\d{4}-\d\d-\d\d \d\d:\d\d JST \(UTC\+09:00\)"),
        ("Asia/Kathmandu", r"\d{4}-\d\d-\d\d \d\d:\d\d \+0545 \(UTC\+05:45\)"),
    ],
)
def test_moments_are_those_of_the_clock_on_the_wall(
    alice_typed: Typed, monkeypatch: pytest.MonkeyPatch, zone: str, wanted: str
):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        ran = alice_typed("whoami")
        told = json.loads(alice_typed("whoami", "--json").out)
    finally:
        monkeypatch.undo()
        time.tzset()

    [line] = [line for line in ran.out.splitlines() if line.startswith("login ends")]
    assert re.fullmatch(wanted, line.removeprefix("login ends").strip())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["LoginEnds"])


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("fucntions",), "Did you mean functions?"),
        (("cal", "hello"), "Did you mean call?"),
        (("call", "hello", "--heder", "a: b"), "Did you mean --header?"),
        (("login", "--borker=x"), "Did you mean --broker?"),
        (("credentials", "hello", "--format", "evn"), "Did you mean env?"),
        (("zzz",), "See aikagi --help"),
        (("user",), "See aikagi --help"),
    ],
)
def test_a_word_that_was_mistyped_is_asked_about(words: tuple[str, ...], meant: str):
    with redirect_stderr(StringIO()) as said, pytest.raises(SystemExit) as ended:
        build_parser().parse(words, Namespace())

    assert ended.value.code == 2
    assert meant in said.getvalue()


@pytest.mark.parametrize("words", [("call",), ("credentials",)])
def test_a_function_that_was_mistyped_is_asked_about(
    alice_typed: Typed, words: tuple[str, ...]
):
    near, far = alice_typed(*words, "helo"), alice_typed(*words, "zzz")

    assert (near.code, far.code) == (4, 4)
    assert near.err.splitlines() == [
        "There is no such function (request r-1).",
        "Did you mean hello?",
    ]
    assert "Did you mean" not in far.err


def names(typed: Typed) -> Ran:
    return typed("functions", "--names")


def test_names_are_those_of_the_last_list_and_nobody_is_asked(
    alice_typed: Typed, loopback: Loopback
):
    before = names(alice_typed)
    assert alice_typed("functions").code == 0
    asked = list(loopback.asked)

    after = names(alice_typed)

    assert (before.code, before.out) == (0, "")
    assert (after.code, after.out) == (0, "hello\n")
    assert json.loads(alice_typed("functions", "--names", "--json").out) == ["hello"]
    assert loopback.asked == asked
    assert alice_typed("logout").code == 0
    assert names(alice_typed).out == ""


EVIL = ["$(touch evil)", "`touch evil`", "a b", "-x", "a;touch evil", "é", "a\nb", ""]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_names_and_runs_none(
    alice_typed: Typed, loopback: Loopback, state: Path, tmp_path: Path, shell: str
):
    list_them(loopback, "hello", "help-desk", *EVIL)
    assert alice_typed("functions").code == 0
    script = alice_typed("completion", shell).out
    assert "aikagi functions --names" in script
    if shell == "zsh" or not shutil.which("bash"):
        return  # completions of zsh need a terminal of its own
    for file in ("bin", "evil"):
        assert not (tmp_path / file).exists()
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/aikagi"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m aikagi "$@"\n')
    command.chmod(0o755)
    asked = list(loopback.asked)

    ran = subprocess.run(
        ["bash", "-c", f"{script}\n{COMPLETE}"],
        cwd=tmp_path,
        env=clean_environment(
            PYTHONPATH=str(ROOT),
            XDG_STATE_HOME=str(state),
            PATH=f"{tmp_path}/bin:/usr/bin:/bin",
        ),
        capture_output=True,
        text=True,
        check=True,
    )

    assert sorted(ran.stdout.split()) == ["hello", "help-desk"]
    assert not (tmp_path / "evil").exists()
    assert loopback.asked == asked


COMPLETE = """
COMP_WORDS=(aikagi call he) COMP_CWORD=2
_shtab_aikagi
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param({}, ["report"], id="nothing known"),
        pytest.param(
            {"Example": 'it\'s "one"\ntwo; $HOME', "BodyType": "text"},
            ["report", "--data", 'it\'s "one"\ntwo; $HOME'],
            id="an example",
        ),
        pytest.param({"BodyType": "file"}, ["report", "--data", "@FILE"], id="a file"),
    ],
)
def test_one_function_is_shown_with_a_call_to_type(
    alice_typed: Typed, loopback: Loopback, members: dict[str, Any], words: list[str]
):
    listed = {"Functions": [entry("report", **members), entry("hello")]}
    loopback.broker_answers = [json_answer(listed)]

    ran = alice_typed("functions", "report")

    assert ran.code == 0
    call = ran.out.partition("\ncall it")[2]
    assert shlex.split(call) == ["aikagi", "call", *words]


def test_an_example_that_looks_like_the_name_of_a_file_is_piped(
    alice_typed: Typed, loopback: Loopback
):
    listed = {"Functions": [entry("report", Example="@home")]}
    loopback.broker_answers = [json_answer(listed)]

    ran = alice_typed("functions", "report")

    call = ran.out.partition("\ncall it")[2]
    assert call.strip() == "printf %s @home | aikagi call report --data @-"


def test_one_function_as_json_is_its_entry(alice_typed: Typed, loopback: Loopback):
    wanted = entry("report", Example="one", BodyType="text")
    loopback.broker_answers = [json_answer({"Functions": [entry("a"), wanted]})]

    ran = alice_typed("functions", "report", "--json")

    assert json.loads(ran.out) == wanted


def test_a_function_that_is_not_listed_is_refused_with_the_nearest(
    alice_typed: Typed, loopback: Loopback
):
    list_them(loopback, "report")

    ran = alice_typed("functions", "repotr")

    assert ran.code == 2
    assert "There is no function repotr that you may call." in ran.err
    assert "Did you mean report?" in ran.err
