"""What the page says is said in both languages."""

import re
from typing import Final

from playwright.sync_api import Page

from app.web.assets import STATIC

_FOLDER: Final = STATIC / "page"
_KANA: Final = "[\u3040-\u30ff\u4e00-\u9fff]"
_SAME: Final = {"other-language"}
"""What is written in the language that is not spoken."""


def words(workbench: Page, language: str) -> dict[str, str]:
    found: dict[str, str] = workbench.evaluate(
        "async (path) => (await import(path)).default",
        f"./static/digest/page/words-{language}.js",
    )
    return found


def test_both_languages_have_words_for_the_same(workbench: Page):
    assert list(words(workbench, "en")) == list(words(workbench, "ja"))


def test_both_leave_the_same_places_open(workbench: Page):
    english, japanese = words(workbench, "en"), words(workbench, "ja")

    assert {key: open_places(text) for key, text in english.items()} == {
        key: open_places(text) for key, text in japanese.items()
    }


def open_places(text: str) -> list[str]:
    return sorted(re.findall(r"\{[a-z]+\}", text))


def test_nothing_stays_in_english(workbench: Page):
    english, japanese = words(workbench, "en"), words(workbench, "ja")
    foreign = [
        key
        for key, text in japanese.items()
        if key not in _SAME and re.search(_KANA, text) is None
    ]

    assert foreign == []
    assert [key for key in english if re.search("[぀-ヿ一-鿿]", english[key])] == [
        *_SAME
    ]


def test_every_word_that_the_document_asks_for_is_there(workbench: Page):
    html = (_FOLDER / "index.html").read_text()
    asked = set(re.findall(r'data-(?:text|label|hint)="([^"]+)"', html))

    assert asked - words(workbench, "en").keys() == set()


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
    english = words(workbench, "en")

    said = workbench.evaluate(_SAID, (_FOLDER / "index.html").read_text())

    assert len(said) > 30
    assert [(key, text) for key, text in said if english[key] != text] == []


def test_no_word_is_kept_that_nobody_says(workbench: Page):
    sources = "".join(
        path.read_text()
        for path in (*_FOLDER.glob("*.js"), _FOLDER / "index.html")
        if not path.name.startswith("words-")
    )
    families = ("step.", "json.", "check.", "found.", "cause.", "fail.", "theme-")
    alone = [
        key
        for key in words(workbench, "en")
        if not key.startswith(families) and not key.endswith(".next")
    ]

    assert [key for key in alone if not re.search(rf'"{key}"|\b{key}:', sources)] == []
