"""Files of one person's own, and the locks between processes."""

import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aikagi.disk.file_store import FileStore
from aikagi.disk.lock import locked
from aikagi.errors import StateError
from tests.stack import ROOT, clean_environment

HOLD = """
import sys
from pathlib import Path
from aikagi.disk.lock import locked
print("here", flush=True)
with locked(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.readline()
"""


def test_every_folder_on_the_way_is_the_owners_alone(tmp_path: Path):
    root = tmp_path / "some" / "aikagi"
    root.mkdir(parents=True, mode=0o755)

    FileStore(root, "https://broker.example/").entry("login").write({"a": 1})

    [folder] = root.iterdir()
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(root.parent.stat().st_mode) != 0o700


@pytest.mark.parametrize("linked", ["aikagi", "aikagi/broker.example-525d5451bac6"])
def test_nothing_is_written_through_a_folder_that_is_a_link(
    tmp_path: Path, linked: str
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / linked).parent.mkdir(mode=0o700, exist_ok=True)
    (tmp_path / linked).symlink_to(elsewhere)
    entry = FileStore(tmp_path / "aikagi", "https://broker.example/").entry("login")

    with pytest.raises(StateError, match="is a link"):
        entry.write({"a": 1})
    with pytest.raises(StateError, match="is a link"), entry.locked():
        pass

    assert list(elsewhere.iterdir()) == []


def test_brokers_of_like_names_share_nothing(tmp_path: Path):
    stores = [
        FileStore(tmp_path, f"https://broker.example/{path}")
        for path in ("a/b/", "a-b/", "A/b/", "")
    ]
    for number, store in enumerate(stores):
        store.entry("login").write({"number": number})

    records = [store.entry("login").read() for store in stores]

    assert records == [{"number": number} for number in range(4)]


def test_a_lock_keeps_others_out_until_its_holder_is_gone(tmp_path: Path):
    path = tmp_path / "login.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    environment = clean_environment(PYTHONPATH=str(ROOT))

    def hold() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with locked(path):
        waiting = hold()
        assert waiting.stdout
        assert waiting.stdout.readline() == "here\n"
        assert select.select([waiting.stdout], [], [], 0.1)[0] == []
    assert waiting.stdout.readline() == "mine\n"
    waiting.kill()  # it lets go, however it ends
    with locked(path):
        waiting.communicate()
