import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.launcher.template_watch import TemplateWatch


def write(path: Path) -> None:
    path.write_text("new")


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("new")
    other.replace(path)


@pytest.mark.parametrize("edit", [write, replace])
def test_an_edit_is_told_however_an_editor_writes(
    tmp_path: Path, edit: Callable[[Path], None]
):
    path = tmp_path / "template.yaml"
    path.write_text("old")

    async def wait() -> None:
        watch = TemplateWatch(path)
        edit(path)
        async with asyncio.timeout(10):
            await watch.changed()
        watch.close()

    asyncio.run(wait())


def same(path: Path) -> None:
    path.write_text("old")


def remove(path: Path) -> None:
    path.unlink()


def beside(path: Path) -> None:
    path.with_name("neighbour.yaml").write_text("new")


@pytest.mark.parametrize("edit", [same, remove, beside])
def test_what_is_no_edit_is_not_told(tmp_path: Path, edit: Callable[[Path], None]):
    path = tmp_path / "template.yaml"
    path.write_text("old")
    changes: list[str] = []

    async def wait() -> None:
        watch = TemplateWatch(path)
        edit(path)
        changing = asyncio.create_task(watch.changed())
        # Long enough for it to look: it would have told by then.
        await asyncio.wait({changing}, timeout=0.3)
        changes.extend(["early"] if changing.done() else [])
        path.write_text("new")
        async with asyncio.timeout(10):
            await changing
        changes.append("edit")
        watch.close()

    asyncio.run(wait())

    assert changes == ["edit"]


def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        TemplateWatch(tmp_path / "missing" / "template.yaml")


@pytest.mark.parametrize("edited", ["first.yaml", "second.yaml"])
def test_of_several_templates_the_one_that_was_edited_is_named(
    tmp_path: Path, edited: str
):
    (tmp_path / "apart").mkdir()
    paths = [tmp_path / "first.yaml", tmp_path / "apart" / "second.yaml"]
    for path in paths:
        path.write_text("old")
    chosen = next(path for path in paths if path.name == edited)
    changed: list[Path] = []

    async def wait() -> None:
        watch = TemplateWatch(*paths)
        chosen.write_text("new")
        async with asyncio.timeout(10):
            changed.append(await watch.changed())
        watch.close()

    asyncio.run(wait())

    assert changed == [chosen]
