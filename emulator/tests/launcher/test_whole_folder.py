"""A folder is there as a whole, or not at all."""

from pathlib import Path

import pytest

from aikagi_emulator.launcher.whole_folder import whole_folder


def test_a_folder_is_there_once_it_is_whole(tmp_path: Path):
    folder = tmp_path / "new" / "folder"

    with whole_folder(folder) as draft:
        (draft / "file").write_text("1")
        assert not folder.exists()

    assert (folder / "file").read_text() == "1"
    assert list(folder.parent.iterdir()) == [folder]


def test_what_fails_leaves_nothing(tmp_path: Path):
    def fail() -> None:
        with whole_folder(tmp_path / "folder") as draft:
            (draft / "file").write_text("1")
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert not list(tmp_path.iterdir())


def test_the_folder_of_whoever_was_faster_stays(tmp_path: Path):
    folder = tmp_path / "folder"

    with whole_folder(folder) as slow, whole_folder(folder) as fast:
        (slow / "file").write_text("slow")
        (fast / "file").write_text("fast")

    assert (folder / "file").read_text() == "fast"
    assert list(tmp_path.iterdir()) == [folder]
