"""Any catalogue: many functions, long names, other scripts; functions' addresses."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Seat
from tests.browser.desk import Desk, Stack, wait_until_started
from tests.browser.entries import (
    ARABIC,
    LONG_NAME,
    an_entry,
    offer,
    two_hundred,
    unwieldy,
)

_WIDTHS: Final = [
    pytest.param({"viewport": {"width": 1280, "height": 800}}, id="1280px"),
    pytest.param({"viewport": {"width": 800, "height": 800}}, id="800px"),
    pytest.param({"viewport": {"width": 390, "height": 844}}, id="390px"),
]
_RULES: Final = """(node) => {
  const range = document.createRange();
  range.selectNodeContents(node);
  const widths = [...range.getClientRects()].map(({ width }) => width);
  return Math.max(...widths);
}"""


@pytest.fixture
def sized(context: BrowserContext, stack: Stack) -> Desk:
    """Open the page at the width that the test wants."""
    page = context.new_page()
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    return Desk(page, stack)


def text_width(node: Locator) -> float:
    """Return the width of its longest line."""
    width: float = node.evaluate(_RULES)
    return width


def is_too_wide(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


@pytest.mark.parametrize("context", _WIDTHS, indirect=True)
def test_names_and_titles_of_any_length_can_be_read(sized: Desk, stack: Stack):
    offer(sized.page, unwieldy(stack))
    sized.enter("alice")
    long_names = sized.page.locator("#choices label", has_text=LONG_NAME)

    for node in (long_names.locator("strong"), long_names.locator("code")):
        assert text_width(node) > 120
    assert not is_too_wide(sized.page)
    sized.choose(LONG_NAME)
    sized.run()
    expect(sized.state).to_have_attribute("data-kind", "failed")
    for place in ("#function-title", "#answer-of", "#runs strong"):
        assert text_width(sized.page.locator(place)) > 120
    assert not is_too_wide(sized.page)
    sized.choose("w" * 63)
    assert not is_too_wide(sized.page)


def test_what_is_written_from_right_to_left_turns_nothing_around_it(
    sized: Desk, stack: Stack
):
    offer(sized.page, unwieldy(stack))
    sized.enter("alice")
    sized.choose("arabic")
    sized.json.fill("[1]")
    card = sized.page.locator("#choices label", has_text="arabic")
    theirs = (
        card.locator("strong"),
        card.locator("span"),
        sized.page.locator("#function-title"),
        sized.page.locator("#function-description"),
    )

    for node in theirs:
        expect(node).to_have_css("direction", "rtl")
    expect(card.locator("code")).to_have_css("direction", "ltr")
    sized.button("Sign out").click()
    expect(sized.page.get_by_role("dialog")).to_contain_text(
        f"not sent: \u2068{ARABIC}\u2069."
    )
    sized.page.keyboard.press("Escape")
    sized.run()
    expect(sized.page.locator("#answer-of")).to_have_css("direction", "rtl")
    expect(sized.page.locator("#runs strong")).to_have_css("direction", "rtl")
    expect(sized.page.locator("#answer-title")).to_have_css("direction", "ltr")


@pytest.mark.parametrize("context", _WIDTHS, indirect=True)
def test_the_form_is_in_sight_when_one_of_two_hundred_is_chosen(
    sized: Desk, stack: Stack
):
    offer(sized.page, two_hundred(stack))
    sized.enter("alice")
    height: int = sized.page.evaluate("innerHeight")

    sized.page.locator("#choices label", has_text="f150").click()

    title = sized.page.get_by_role("heading", name="Ledger 150")
    expect(title).to_be_in_viewport(ratio=1)
    expect(sized.function("f150")).to_be_focused()
    box = title.bounding_box()
    assert box
    assert box["y"] < height / 2
    assert sized.page.evaluate("document.documentElement.scrollHeight") < 4_000


@pytest.mark.parametrize("context", _WIDTHS[-1:], indirect=True)
def test_arrow_keys_go_through_the_list_and_enter_goes_to_the_form(
    sized: Desk, stack: Stack
):
    offer(sized.page, two_hundred(stack))
    sized.enter("alice")
    sized.function("f0").focus()

    for _ in range(9):
        sized.page.keyboard.press("ArrowDown")

    expect(sized.function("f9")).to_be_checked()
    expect(
        sized.page.locator("#choices label", has_text="f9").first
    ).to_be_in_viewport()
    title = sized.page.get_by_role("heading", name="Ledger 9")
    sized.page.keyboard.press("Enter")
    expect(title).to_be_in_viewport(ratio=1)
    expect(sized.function("f9")).to_be_focused()


@pytest.fixture
def desk(seat: Seat, stack: Stack) -> Iterator[Desk]:
    """Open a page on which alice may call two hundred functions, none yet chosen."""
    offer(seat.desk.page, two_hundred(stack))
    yield seat.desk
    seat.leave()


def address(desk: Desk) -> str:
    return desk.page.url.removeprefix(desk.page.url.partition("#")[0])


def go(desk: Desk, name: str) -> None:
    """Type another end of the address."""
    desk.page.evaluate("(name) => { location.hash = name; }", name)


def test_an_address_opens_a_function_after_the_sign_in(desk: Desk):
    go(desk, "f150")

    desk.enter("alice")

    expect(desk.function("f150")).to_be_checked()
    expect(desk.page.locator("#choices label", has_text="f150")).to_be_in_viewport()
    expect(desk.page.locator("#function-title")).to_have_text("Ledger 150")
    expect(desk.page.locator("#unknown")).to_be_hidden()


def test_a_card_sets_the_address_and_back_chooses_the_one_before(desk: Desk):
    desk.enter("alice")
    title = desk.page.locator("#function-title")
    assert address(desk) == "#f0"
    before = desk.page.evaluate("history.length")
    desk.choose("f1")
    desk.json.fill("[1]")
    desk.choose("f2")
    assert address(desk) == "#f2"
    assert desk.page.evaluate("history.length") == min(before + 2, 50)

    desk.page.go_back()
    expect(title).to_have_text("Ledger 1")
    expect(desk.function("f1")).to_be_checked()
    expect(desk.json).to_have_value("[1]")
    desk.page.go_back()
    expect(title).to_have_text("Ledger 0")
    expect(desk.json).to_have_value("")
    desk.page.locator("#filter").fill("no such function")
    desk.page.go_forward()
    expect(title).to_have_text("Ledger 1")
    expect(desk.function("f1")).to_be_visible()
    expect(desk.json).to_have_value("[1]")


def test_an_unknown_name_is_told_of_and_nothing_is_lost(desk: Desk):
    unknown = desk.page.locator("#unknown")
    go(desk, "<b>gone</b>" * 9)
    desk.enter("alice")
    expect(unknown).to_contain_text("is not among your functions")
    expect(desk.function("f0")).to_be_checked()
    desk.choose("f1")
    expect(unknown).to_be_hidden()
    desk.json.fill("[1]")

    go(desk, "gone")

    expect(unknown).to_have_text("“gone” is not among your functions. Choose another.")
    expect(desk.json).to_have_value("[1]")
    expect(desk.function("f1")).to_be_checked()
    desk.page.go_back()
    expect(unknown).to_be_hidden()
    expect(desk.json).to_have_value("[1]")


def test_who_signs_out_leaves_no_function_in_the_address(desk: Desk):
    desk.enter("alice")
    desk.choose("f1")

    desk.sign_out()

    assert address(desk) == ""
    desk.page.go_back()
    expect(desk.username).to_be_visible()


def test_a_reload_opens_the_function_that_was_chosen(sized: Desk, stack: Stack):
    offer(sized.page, [an_entry(stack, name, name.title()) for name in ("one", "two")])
    sized.enter("alice")
    sized.choose("two")

    sized.page.reload()
    sized.enter("alice")

    expect(sized.function("two")).to_be_checked()


def test_the_address_names_what_is_put_back_into_the_form(sized: Desk, stack: Stack):
    offer(sized.page, [an_entry(stack, name, name.title()) for name in ("one", "two")])
    sized.enter("alice")
    sized.run()
    expect(sized.state).to_have_attribute("data-kind", "failed")
    sized.choose("two")
    sized.open("What was sent")

    sized.button("Put into the form").click()

    expect(sized.function("one")).to_be_checked()
    assert address(sized) == "#one"


_PRESS: Final = """(node, key) => node.dispatchEvent(new KeyboardEvent("keydown",
  { bubbles: true, cancelable: true, ...key }))"""


@pytest.mark.parametrize(
    "composing",
    [
        pytest.param({"isComposing": True}, id="as most say"),
        pytest.param({"keyCode": 229}, id="as Safari says"),
    ],
)
def test_an_enter_of_an_input_method_neither_jumps_nor_runs(
    desk: Desk, composing: dict[str, Any]
):
    desk.enter("alice")
    searched = desk.page.locator("#filter")
    searched.fill("Ledger 7")
    for key in ("Enter", "ArrowDown", "Escape"):
        searched.evaluate(_PRESS, {"key": key, **composing})
    expect(searched).to_be_focused()
    expect(searched).to_have_value("Ledger 7")
    desk.write_json()
    desk.json.evaluate(_PRESS, {"key": "Enter", **composing})
    desk.json.evaluate(_PRESS, {"key": "Enter", "ctrlKey": True, **composing})
    expect(desk.json).to_have_value("")
    expect(desk.runs()).to_have_count(0)

    searched.press("Enter")
    expect(desk.function("f7")).to_be_focused()
    desk.json.press("Control+Enter")
    expect(desk.runs()).to_have_count(1)
