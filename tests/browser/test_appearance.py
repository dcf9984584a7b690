"""Languages, themes and widths; and nothing in the way of anybody."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Desk, Stack, wait_until_started
from tests.browser.teller import Teller, Telling

_AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text()
_KANA: Final = "[\u3040-\u30ff\u4e00-\u9fff]"
_SIZES: Final = [
    pytest.param({"width": 1280, "height": 800}, id="1280px"),
    pytest.param({"width": 390, "height": 844}, id="390px"),
]


@pytest.fixture
def guest(
    browser: Browser, stack: Stack, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Open the page as a browser of the given kind does."""
    context = browser.new_context(**request.param)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """Return what axe finds, by rule and place."""
    page.evaluate(f"globalThis.axe ?? (() => {{ {_AXE} }})()")
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def heading(page: Page) -> str:
    title = page.locator("#welcome-title")
    expect(title).not_to_be_empty()
    return title.inner_text()


@pytest.mark.parametrize(
    ("guest", "language"),
    [
        pytest.param({"locale": "ja-JP"}, "ja", id="Japanese"),
        pytest.param({"locale": "en-GB"}, "en", id="English"),
        pytest.param({"locale": "eo"}, "en", id="none of them"),
    ],
    indirect=["guest"],
)
def test_the_language_is_the_browsers_until_one_is_chosen(guest: Page, language: str):
    other = {"en": "ja", "ja": "en"}[language]
    choice = guest.locator("#language")
    first = heading(guest)
    expect(guest.locator("html")).to_have_attribute("lang", language)
    expect(choice).to_have_value(language)

    choice.select_option(other)

    expect(guest.locator("html")).to_have_attribute("lang", other)
    assert heading(guest) != first
    guest.reload()
    expect(guest.locator("#welcome-title")).not_to_be_empty()
    expect(guest.locator("html")).to_have_attribute("lang", other)
    choice.select_option(language)
    expect(guest.locator("#welcome-title")).to_have_text(first)


@pytest.mark.parametrize("guest", [{"locale": "en"}], indirect=True)
def test_two_quick_choices_lead_to_the_last_whichever_words_come_first(guest: Page):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    choice = guest.locator("#language")
    guest.route("**/words-ja.js", hold)
    with guest.expect_request("**/words-ja.js"):
        choice.select_option("ja")
    choice.select_option("en")
    expect(choice).to_have_value("en")

    with guest.expect_response("**/words-ja.js"):
        held[0].continue_()
    guest.evaluate(
        "import(performance.getEntriesByType('resource').find("
        "({ name }) => name.endsWith('words-ja.js')).name).then(() => {})"
    )

    expect(guest.locator("html")).to_have_attribute("lang", "en")
    expect(choice).to_have_value("en")
    expect(choice).to_have_accessible_name("Language")
    assert guest.evaluate("localStorage.getItem('aikagi-language')") == "en"

    choice.select_option("ja")
    expect(guest.locator("html")).to_have_attribute("lang", "ja")
    expect(choice).to_have_accessible_name("言語")


@pytest.mark.parametrize("guest", [{"color_scheme": "light"}], indirect=True)
def test_a_theme_is_chosen_and_kept(guest: Page):
    theme = guest.locator("#theme")

    def ground() -> str:
        colour: str = guest.evaluate(
            "getComputedStyle(document.documentElement).backgroundColor"
        )
        return colour

    light = ground()
    expect(theme).to_have_accessible_name("Theme: as the system")
    guest.emulate_media(color_scheme="dark")
    dark = ground()
    assert dark != light

    theme.click()
    expect(theme).to_have_accessible_name("Theme: light")
    assert ground() == light
    guest.reload()
    expect(guest.locator("#welcome-title")).not_to_be_empty()
    assert ground() == light

    theme.click()
    expect(theme).to_have_accessible_name("Theme: dark")
    guest.emulate_media(color_scheme="light")
    assert ground() == dark

    theme.click()
    assert ground() == light


@pytest.mark.parametrize("guest", [{"locale": "ja-JP"}], indirect=True)
def test_only_a_taste_is_kept_in_the_browser(guest: Page, stack: Stack):
    guest.locator("#language").select_option("en")
    guest.locator("#theme").click()
    Desk(guest, stack).enter("alice")

    kept = guest.evaluate("({ ...localStorage })")

    assert kept == {"aikagi-language": "en", "aikagi-theme": "light"}


def test_everything_said_changes_its_language(desk: Desk, teller: Teller, watch: Watch):
    desk.enter("alice")
    at_work(desk, teller).cut()
    expect(desk.problem).to_contain_text("The answer ended early.")
    desk.write("{")
    desk.page.locator("#run").click()

    desk.page.locator("#language").select_option("ja")

    expect(desk.page.locator("#problem")).to_contain_text("応答が途中で終わりました。")
    expect(desk.page.locator("#state")).to_contain_text("で失敗")
    expect(desk.page.locator("#json-error")).to_contain_text("1 行 2 文字目: 引用符")
    expect(desk.page.locator("#steps")).to_contain_text("順位付け")
    expect(desk.page.locator("#runs")).to_contain_text("で失敗")
    words = desk.page.locator("[data-text]:visible").all_inner_texts()
    assert [text for text in words if not is_japanese(text)] == []
    assert watch.violations() == []


def is_japanese(text: str) -> bool:
    """Numbers, times and addresses are as they are in any language."""
    return bool(re.search(_KANA, text)) or not re.search("[A-Za-z]{4,}", text)


@pytest.mark.parametrize("size", _SIZES)
def test_nothing_is_in_the_way_of_anybody(
    browser: Browser, stack: Stack, size: Any, teller_alone: Teller
):
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{stack.broker}/")
    desk = Desk(page, stack)

    assert in_every_dress(page) == []
    desk.log_in("alice", "not-her-password")
    expect(page.get_by_role("alert").first).not_to_be_empty()
    desk.enter("alice")
    teller_alone.stand_in_for(page, stack.functions["summarise"])
    telling = at_work(desk, teller_alone)
    assert in_every_dress(page) == []
    telling.finish({"caller": {"issuer": "local", "subject": "alice" * 20}})
    expect(desk.content).to_be_visible()
    desk.open("Request details")
    desk.open("What was sent")
    desk.kind("File")
    desk.path.fill("/" + "long" * 60)
    assert in_every_dress(page) == []
    page.route(f"{stack.functions['hello']}**", lambda route: route.abort())
    desk.choose("hello")
    desk.run()
    desk.button("Find out why").click()
    expect(page.locator("#found li").first).to_be_visible()
    assert in_every_dress(page) == []
    context.close()


@pytest.fixture
def teller_alone() -> Iterator[Teller]:
    with Teller() as teller:
        yield teller


def at_work(desk: Desk, teller: Teller) -> Telling:
    """Have ``summarise`` show steps and text."""
    desk.choose("summarise")
    desk.run()
    telling = teller.called(desk.page)
    telling.say(
        {"type": "start", "total": 4},
        {"type": "progress", "done": 4, "code": "reading"},
        {"type": "progress", "done": 1, "code": "ranking", "message": "m" * 300},
        {"type": "output", "text": "A key fits one lock.\n" * 60},
    )
    expect(desk.streamed).to_contain_text("fits")
    return telling


def in_every_dress(page: Page) -> list[str]:
    """Return what is wrong in either theme, and by how much it is too wide."""
    is_wide = page.evaluate("innerWidth > 600")
    # A telephone is looked at once: colours are the same at any width.
    found = [f"light {fault}" for fault in faults(page)] if is_wide else []
    found += [f"too wide by {overflow(page)}"] if overflow(page) else []
    page.locator("#language").select_option("ja")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    found += [f"dark, Japanese {fault}" for fault in faults(page)]
    found += [f"too wide by {overflow(page)}"] if overflow(page) else []
    page.emulate_media(color_scheme="light")
    page.locator("#language").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    return found
