import asyncio
import logging
import shutil
from pathlib import Path

import pytest

from aikagi_emulator.launcher import code_watch
from aikagi_emulator.launcher.code_watch import CodeWatch, Reload, ReloadOnChange
from aikagi_emulator.urls.asgi import Receive, Scope, Send


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "package").mkdir(parents=True)
    (folder / "main.py").write_text("1")
    (folder / "package" / "part.py").write_text("1")
    return folder


def test_nothing_changed_until_something_does(code: Path):
    watch = CodeWatch(code)
    before = watch.changes()

    assert watch.changes() == before
    (code / "main.py").write_text("2")
    after = watch.changes()
    assert after > before
    assert watch.changes() == after
    watch.close()


def write_below(code: Path) -> None:
    (code / "package" / "part.py").write_text("2")


def replace_as_editors_do(code: Path) -> None:
    new = code / ".main.py.swp"
    new.write_text("2")
    new.replace(code / "main.py")


def delete(code: Path) -> None:
    (code / "main.py").unlink()


def link(code: Path) -> None:
    (code / "other.py").symlink_to("main.py")


def replace_the_folder(code: Path) -> None:
    copy = code.with_name("copy")
    shutil.copytree(code, copy)
    shutil.rmtree(code)
    copy.rename(code)


@pytest.mark.parametrize(
    "edit", [write_below, replace_as_editors_do, delete, link, replace_the_folder]
)
def test_every_way_to_edit_is_noticed(code: Path, edit: object):
    assert callable(edit)
    watch = CodeWatch(code)
    before = watch.changes()

    edit(code)

    assert watch.changes() > before
    watch.close()


@pytest.mark.parametrize("again", [False, True], ids=["new", "replaced"])
def test_what_is_new_is_watched_too(code: Path, again: bool):
    watch = CodeWatch(code)
    if again:
        replace_the_folder(code)
    (code / "more").mkdir()
    before = watch.changes()

    (code / "more" / "file.py").write_text("1")

    assert watch.changes() > before
    watch.close()


@pytest.mark.parametrize("name", ["__pycache__", ".git", "main.pyc", "main.py~"])
def test_what_is_no_code_is_not_worth_a_start(code: Path, name: str):
    watch = CodeWatch(code)
    before = watch.changes()

    (code / name).mkdir()
    (code / name / "file").write_text("1")

    assert watch.changes() == before
    watch.close()


def test_more_folders_than_code_has_are_told(
    code: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(code_watch, "_MOST_FOLDERS", 1)

    watch = CodeWatch(code)

    assert "more than 1 folders: changes in some are not noticed" in caplog.text
    assert len(watch._watched) == 1
    watch.close()


def test_a_folder_that_cannot_be_watched_is_told_and_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)

    watch = CodeWatch(tmp_path / "missing")

    assert "missing are not noticed: No such file or directory" in caplog.text
    assert watch.changes() == watch.changes()
    watch.close()


async def call(application: ReloadOnChange) -> None:
    async def nothing(*_: object) -> dict[str, str]:
        return {}

    await application({"type": "http"}, nothing, nothing)  # type: ignore[arg-type]  # never called


def test_an_application_starts_anew_before_the_call_that_follows(code: Path):
    seen: list[str] = []

    async def answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append("answer")

    async def recycle() -> None:
        seen.append("recycle")

    watch = CodeWatch(code)
    fresh = ReloadOnChange(answer, [Reload([watch], recycle=recycle)])

    asyncio.run(call(fresh))
    (code / "main.py").write_text("2")
    asyncio.run(call(fresh))
    asyncio.run(call(fresh))

    assert seen == ["answer", "recycle", "answer", "answer"]
    watch.close()


def test_a_function_with_two_addresses_starts_anew_once_for_both(code: Path):
    seen: list[str] = []
    watch = CodeWatch(code)

    async def answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append("answer")

    async def recycle() -> None:
        seen.append("recycle")

    function = Reload([watch], recycle=recycle)
    addresses = [ReloadOnChange(answer, [function]) for _ in range(2)]
    (code / "main.py").write_text("2")
    for address in addresses:
        asyncio.run(call(address))

    assert seen == ["recycle", "answer", "answer"]
    watch.close()


def test_a_function_whose_code_was_not_edited_goes_on_beside_one_whose_was(
    code: Path, tmp_path: Path
):
    other = tmp_path / "other"
    other.mkdir()
    watches = {"edited": CodeWatch(code), "other": CodeWatch(other)}
    recycled: list[str] = []

    async def answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
        pass

    def reload(name: str) -> Reload:
        async def recycle() -> None:
            recycled.append(name)

        return Reload([watches[name]], recycle=recycle)

    fresh = ReloadOnChange(answer, [reload(name) for name in watches])
    (code / "main.py").write_text("2")
    asyncio.run(call(fresh))

    assert recycled == ["edited"]
    for watch in watches.values():
        watch.close()


def test_calls_that_come_meanwhile_wait_for_the_new_start_too(code: Path):
    seen: list[str] = []
    watch = CodeWatch(code)

    async def answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append("answer")

    async def live() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def recycle() -> None:
            begun.set()
            await go_on.wait()
            seen.append("recycle")

        fresh = ReloadOnChange(answer, [Reload([watch], recycle=recycle)])
        (code / "main.py").write_text("2")
        calls = [asyncio.create_task(call(fresh)) for _ in range(2)]
        await begun.wait()
        # Long enough for the other to answer, had it not to wait.
        await asyncio.wait(calls, timeout=0.1)
        go_on.set()
        await asyncio.gather(*calls)

    asyncio.run(live())

    assert seen == ["recycle", "answer", "answer"]
    watch.close()
