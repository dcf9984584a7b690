"""What the page says is said in every language."""

import re
import unicodedata
from typing import Final

import pytest
from playwright.sync_api import Page

from app.web.assets import STATIC

_FOLDER: Final = STATIC / "page"
_CODES: Final = sorted(
    path.stem.removeprefix("words-") for path in _FOLDER.glob("words-*.js")
)
_DEFAULT: Final = "en"
"""It stands in the document."""

_SENTENCE: Final = 3
"""Words from which on none is the same in another language by chance."""


_PARTS: Final = sorted(path.name for path in _FOLDER.glob("*-words.js"))
"""Words of parts that are imported when they are wanted, by languages."""


def words(workbench: Page, language: str) -> dict[str, str]:
    """Return what the page says, and all its parts."""
    found: dict[str, str] = workbench.evaluate(
        "async (path) => (await import(path)).default",
        f"./static/digest/page/words-{language}.js",
    )
    for part in _PARTS:
        found |= of_part(workbench, part)[language]
    return found


def of_part(workbench: Page, name: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = workbench.evaluate(
        "async (path) => (await import(path)).default", f"./static/digest/page/{name}"
    )
    return found


def names(workbench: Page) -> dict[str, str]:
    """Return each language's own name, by its code."""
    found: dict[str, str] = workbench.evaluate(
        "async () => (await import('./static/digest/page/language.js')).LANGUAGES"
    )
    return found


def test_there_are_words_for_each_language_that_can_be_chosen(workbench: Page):
    named = names(workbench)

    assert sorted(named) == _CODES
    assert next(iter(named)) == _DEFAULT
    assert len(set(named.values())) == len(named) > 1


def test_every_part_says_its_own_in_every_language(workbench: Page):
    assert len(_PARTS) > 1
    for part in _PARTS:
        assert sorted(of_part(workbench, part)) == _CODES


@pytest.mark.parametrize("code", _CODES)
def test_every_language_has_words_for_the_same(workbench: Page, code: str):
    assert list(words(workbench, code)) == list(words(workbench, _DEFAULT))


@pytest.mark.parametrize("code", _CODES)
def test_every_language_leaves_the_same_places_open(workbench: Page, code: str):
    english, other = words(workbench, _DEFAULT), words(workbench, code)

    assert {key: open_places(text) for key, text in other.items()} == {
        key: open_places(text) for key, text in english.items()
    }


def open_places(text: str) -> list[str]:
    return sorted(re.findall(r"\{[a-z]+\}", text))


@pytest.mark.parametrize("code", _CODES)
def test_nothing_is_said_in_another_language(workbench: Page, code: str):
    english, other = words(workbench, _DEFAULT), words(workbench, code)
    own_name = names(workbench)[code]
    if not is_latin(own_name):
        foreign = [key for key, text in other.items() if is_latin(text)]
    elif code != _DEFAULT:
        foreign = [
            key
            for key, text in other.items()
            if text == english[key] and len(text.split()) >= _SENTENCE
        ]
    else:
        foreign = [key for key, text in english.items() if not is_latin(text)]

    assert foreign == []


def is_latin(text: str) -> bool:
    """Tell whether every letter is, if there is any."""
    return all(
        unicodedata.name(letter).startswith("LATIN")
        for letter in text
        if letter.isalpha()
    )


def test_every_word_that_the_document_asks_for_is_there(workbench: Page):
    html = (_FOLDER / "index.html").read_text()
    asked = set(re.findall(r'data-(?:text|label|hint)="([^"]+)"', html))

    assert asked - words(workbench, _DEFAULT).keys() == set()


# As the browser reads it: text, and what is said to whoever does not see.
_SAID: Final = """(html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const said = [];
  for (const node of page.querySelectorAll("[data-text], [data-label], [data-hint]")) {
    const { text, label, hint } = node.dataset;
    if (text) said.push([text, node.textContent]);
    if (label) said.push([label, node.getAttribute("aria-label")]);
    if (hint) said.push([hint, node.getAttribute("placeholder")]);
  }
  return said;
}"""


def test_the_words_of_the_default_language_stand_in_the_document(workbench: Page):
    english = words(workbench, _DEFAULT)

    said = workbench.evaluate(_SAID, (_FOLDER / "index.html").read_text())

    assert len(said) > 30
    assert [(key, text) for key, text in said if english[key] != text] == []


def test_no_word_is_kept_that_nobody_says(workbench: Page):
    sources = "".join(
        path.read_text()
        for path in (*_FOLDER.glob("*.js"), _FOLDER / "index.html")
        if "words" not in path.name
    )
    families = (
        "step.",
        "json.",
        "check.",
        "found.",
        "cause.",
        "fail.",
        "issuer.",
        "theme-",
        "step-",
        "tab-",
    )
    alone = [
        key
        for key in words(workbench, _DEFAULT)
        if not key.startswith(families)
        and not key.endswith((".next", ".more", ".no", ".yes"))
    ]

    assert [key for key in alone if not re.search(rf'"{key}"|\b{key}:', sources)] == []
