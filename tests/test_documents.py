"""What the documents point at is there: files, folders, and the targets of links."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
EMULATOR: Final = ROOT / "emulator"
DOCUMENTS: Final = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "aikagi", EMULATOR, EMULATOR / "docs")
    for path in folder.glob("**/*.md" if folder.name == "docs" else "*.md")
)

ROOTS: Final = {
    ROOT: (ROOT, ROOT / "app", ROOT / "functions"),
    EMULATOR: (EMULATOR, EMULATOR / "src/aikagi_emulator", ROOT),
}
"""Folders that paths may begin in, by the project whose document names them."""

SUFFIXES: Final = frozenset(
    {".css", ".html", ".in", ".js", ".json", ".md", ".py", ".toml", ".ts", ".txt"}
    | {".mjs", ".yaml", ".yml"}
)
ADDRESSES: Final = frozenset({"static/aikagi.js", "static/aikagi.d.ts"})
"""Of the broker's, below its URL, and no files."""

EXAMPLE: Final = "greet"
"""The function that ``make function`` would write."""

MADE: Final = frozenset(
    {".aws-sam", ".emulator", ".local", ".tools", ".venv", "environments"}
)
"""Folders that a command makes: a fresh clone has none of them."""

_FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_PATH: Final = re.compile(r"\.?[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*/?")
_LINK: Final = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def prose(document: Path) -> str:
    return _FENCED.sub("", document.read_text())


def paths_in(text: str, roots: tuple[Path, ...]) -> Iterator[str]:
    """Give what is written as a path of a file or folder of this repository.

    That is what ends as files here do, and what begins with a folder there is.
    Placeholders (``<name>``, ``…``, ``*``) are no letters of a path.
    """
    for span in _SPAN.findall(text):
        if not _PATH.fullmatch(span) or span in ADDRESSES or EXAMPLE in span:
            continue
        first, slash, rest = span.partition("/")
        if first in MADE:
            continue
        begins_here = slash and any((root / first).is_dir() for root in roots)
        if begins_here or (rest and Path(span).suffix in SUFFIXES):
            yield span


def broken_paths(text: str, roots: tuple[Path, ...]) -> list[str]:
    return [
        path
        for path in paths_in(text, roots)
        if not any((root / path).exists() for root in roots)
    ]


def anchors_of(document: Path) -> set[str]:
    """Give the anchors of its headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in _HEADING.findall(prose(document)):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def broken_links(document: Path, text: str) -> list[str]:
    return [
        link
        for link in _LINK.findall(text)
        if ":" not in link and not _leads_somewhere(document, link)
    ]


def _leads_somewhere(document: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = document.parent / name if name else document
    if not target.exists():
        return False
    return not anchor or anchor in anchors_of(target)


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_file_and_folder_that_a_document_names_is_there(document: Path):
    project = EMULATOR if document.is_relative_to(EMULATOR) else ROOT

    assert broken_paths(prose(document), (*ROOTS[project], document.parent)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_within_the_documents_leads_somewhere(document: Path):
    assert broken_links(document, prose(document)) == []


def test_paths_are_told_from_other_words_in_code():
    text = (
        "`app/main.py`, `app/gone.py`, `local/x.py`, `tests/vectors/`, `tests/gone/`, "
        "`application/json`, `n/a`, `GET /`, `/auth/me`, `static/<digest>/x.js`, "
        "`functions/greet/app.py`, `web/login_pool.py`, `main.py`"
    )

    assert broken_paths(text, ROOTS[ROOT]) == [
        "app/gone.py",
        "local/x.py",
        "tests/gone/",
    ]


def test_links_to_nothing_are_found():
    text = (
        "[a](docs/glossary.md), [b](docs/glossary.md#the-client), [c](#how-it-works), "
        "[d](docs/gone.md), [e](docs/glossary.md#gone), [f](#gone), "
        "[g](https://example.com/gone.md)"
    )

    assert broken_links(ROOT / "README.md", text) == [
        "docs/gone.md",
        "docs/glossary.md#gone",
        "#gone",
    ]


def test_every_test_that_a_document_names_is_there():
    sources = "".join(
        path.read_text()
        for folder in (ROOT / "tests", EMULATOR / "tests")
        for path in folder.rglob("test_*.py")
    )
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"`(test_[a-z0-9_]+)`", prose(document))
    }

    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []


@pytest.mark.parametrize(
    "lock",
    [
        pytest.param(path, id=path.relative_to(ROOT).as_posix())
        for path in sorted(ROOT.glob("tests/*/node/package-lock.json"))
        + sorted(ROOT.glob("requirements/*.txt"))
    ],
)
def test_no_lock_holds_an_address(lock: Path):
    assert "://" not in lock.read_text()
