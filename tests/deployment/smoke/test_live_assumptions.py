"""What only an account can settle is one list, and the smoke test settles its rows."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

from deployment.smoke.plan import CHECKS
from tests.deployment.smoke import check_table
from tests.stack import ROOT

PAGE: Final = ROOT / "docs" / "live-assumptions.md"
_ROW: Final = re.compile(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)
_PHRASES: Final = re.compile(
    r"live (AWS )?account|who wrote this had|first deployment to see|only an account",
    re.IGNORECASE,
)


def rows(heading: str) -> dict[str, str]:
    """Give the last column of the tables below a heading, by the assumptions' names."""
    found = re.search(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", PAGE.read_text())
    assert found
    listed = _ROW.findall(found[1])
    assert len({name for name, _, _ in listed}) == len(listed)
    return {name: last for name, _, last in listed}


def test_every_assumption_is_settled_by_the_checks_that_its_row_names():
    settled: dict[str, set[str]] = defaultdict(set)
    for check in CHECKS:
        for name in check.settles:
            settled[name].add(check.name)
    listed = {
        name: set(re.findall(r"`([a-z-]+)`", last))
        for name, last in rows("Settled by the smoke test").items()
    }

    assert len(listed) > 20
    assert listed == settled


def test_every_other_assumption_says_why_no_check_settles_it():
    others = rows("Not seen by the smoke test")
    settled = {name for check in CHECKS for name in check.settles}

    assert others
    assert all(len(why) > 20 for why in others.values())
    assert not others.keys() & settled


def test_no_other_page_assumes_something_of_an_account_without_leading_to_the_list():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    alone = [
        str(page.relative_to(ROOT))
        for page in pages
        if page != PAGE
        and _PHRASES.search(_joined(page))
        and "live-assumptions.md" not in page.read_text()
    ]

    assert alone == []


def test_every_check_has_a_row_in_the_page_and_is_described_there_as_it_is():
    assert check_table.markdown() in (ROOT / "docs" / "smoke.md").read_text()


def test_every_check_has_a_name_of_its_own_and_sentences():
    names = [check.name for check in CHECKS]

    assert len(set(names)) == len(names)
    for check in CHECKS:
        assert check.assumed[0].isupper(), check.name
        assert check.assumed.endswith("."), check.name
        assert check.otherwise.endswith("."), check.name


def _joined(page: Path) -> str:
    """Give a page's text without its line breaks."""
    return " ".join(page.read_text().split())
