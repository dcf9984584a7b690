import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from aikagi_emulator.launcher.files import StackState, StateFiles
from aikagi_emulator.launcher.ports import claim

NAMES = {"env", "operator.env", "stack.json"}


def state(endpoint: str) -> StackState:
    return StackState(
        env={"AWS_SESSION_TOKEN": "ab/c+d==", "AIKAGI_ALLOWED_ORIGINS": ""},
        operator_env={"AWS_SESSION_TOKEN": "operator"},
        description={"Endpoint": endpoint},
    )


def files(folder: Path, port: int = 8000) -> StateFiles:
    return StateFiles(folder, endpoint=f"http://127.0.0.1:{port}", port=port)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0)
    yield tmp_path / "deep" / ".local"
    os.umask(before)


def test_the_latest_stack_and_the_one_of_the_port_are_told_alike(folder: Path):
    files(folder).write(state("http://127.0.0.1:8000"))

    for place in (folder, folder / "8000"):
        assert json.loads((place / "stack.json").read_text()) == {
            "Endpoint": "http://127.0.0.1:8000"
        }
        assert (place / "env").read_text() == (
            "AWS_SESSION_TOKEN=ab/c+d==\nAIKAGI_ALLOWED_ORIGINS=\n"
        )
        assert (place / "operator.env").read_text() == "AWS_SESSION_TOKEN=operator\n"


def test_nobody_else_can_read_them_whatever_the_umask(folder: Path):
    folder.mkdir(parents=True, mode=0o777)

    files(folder).write(state("http://127.0.0.1:8000"))

    for place in (folder, folder / "8000"):
        assert mode(place) == 0o700
        assert {mode(place / name) for name in NAMES} == {0o600}


def test_a_file_is_replaced_and_never_rewritten(folder: Path):
    files(folder).write(state("http://127.0.0.1:8000"))
    with (folder / "stack.json").open() as opened:
        files(folder).write(state("http://127.0.0.1:8000/changed"))

        assert json.load(opened) == {"Endpoint": "http://127.0.0.1:8000"}

    assert {path.name for path in folder.iterdir()} == {*NAMES, "8000"}


def test_a_file_somebody_prepared_does_not_stay_theirs(folder: Path):
    (folder / "8000").mkdir(parents=True)
    prepared = folder / "8000" / "env"
    prepared.write_text("")
    prepared.chmod(0o666)

    files(folder).write(state("http://127.0.0.1:8000"))

    assert mode(prepared) == 0o600


def test_what_was_written_is_removed(folder: Path):
    mine = files(folder)
    mine.write(state("http://127.0.0.1:8000"))

    mine.remove()

    assert list(folder.iterdir()) == []


def test_a_later_stack_s_files_stay(folder: Path):
    first, second = files(folder), files(folder, 9000)
    first.write(state("http://127.0.0.1:8000"))
    second.write(state("http://127.0.0.1:9000"))

    first.remove()

    assert {path.name for path in folder.iterdir()} == {*NAMES, "9000"}
    assert {path.name for path in (folder / "9000").iterdir()} == NAMES

    second.remove()

    assert list(folder.iterdir()) == []


def test_removing_what_is_not_there_is_no_fault(folder: Path):
    files(folder).remove()

    assert not folder.exists()


def test_a_stack_json_that_is_not_ours_to_understand_stays(folder: Path):
    folder.mkdir(parents=True)
    (folder / "stack.json").write_text("[]")

    files(folder).remove()

    assert (folder / "stack.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "",
        "two words",
        "a#b",
        "a #b",
        "it's",
        'say "so"',
        "back\\slash",
        "$HOME",
        "a=b",
        "研究",
    ],
)
def test_any_value_is_read_back_as_it_was(folder: Path, text: str):
    written = StackState(env={"NAME": text}, operator_env={}, description={})

    files(folder).write(written)

    assert dotenv_values(folder / "env") == {"NAME": text}


def test_without_a_broker_there_is_no_env_and_none_of_an_earlier_stack(folder: Path):
    files(folder).write(state("http://127.0.0.1:8000"))
    alone = StackState(
        env={},
        operator_env={"AWS_SESSION_TOKEN": "operator"},
        description={"Endpoint": "http://127.0.0.1:9000"},
    )

    files(folder, 9000).write(alone)

    for place in (folder, folder / "9000"):
        assert {path.name for path in place.iterdir() if path.is_file()} == NAMES - {
            "env"
        }


def test_no_secret_is_shown():
    assert "ab/c+d==" not in repr(state("x"))


def test_an_earlier_stack_that_still_runs_is_the_latest_again(folder: Path):
    with claim(0) as first, claim(0) as gone:
        running, killed = (
            f"http://127.0.0.1:{claimed.getsockname()[1]}" for claimed in (first, gone)
        )
        StateFiles(folder, endpoint=running, port=8000).write(state(running))
        gone.close()
        StateFiles(folder, endpoint=killed, port=8001).write(state(killed))
        second = StateFiles(folder, endpoint="http://127.0.0.1:9100", port=9000)
        second.write(state("http://127.0.0.1:9100"))

        second.remove()

    assert json.loads((folder / "stack.json").read_text()) == {"Endpoint": running}
    assert {path.name for path in folder.iterdir() if path.is_file()} == NAMES
    assert {mode(folder / name) for name in NAMES} == {0o600}
