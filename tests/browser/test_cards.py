"""Choosing a function among many."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Seat
from tests.browser.desk import Desk, Stack

_WIDE: Final = "\uff34\uff32\uff21\uff2e\uff33"  # as Japanese keyboards write it
_TITLES: Final = ("Report", "Résumé", "Reconcile", _WIDE, "要約", "Last")


@pytest.fixture
def desk(seat: Seat, stack: Stack) -> Iterator[Desk]:
    """Open a page on which alice may call six functions."""
    offer(seat.desk, stack, _TITLES)
    yield seat.desk
    seat.leave()


def offer(desk: Desk, stack: Stack, titles: tuple[str, ...]) -> None:
    entries = [an_entry(at, title, stack) for at, title in enumerate(titles)]
    desk.page.route(
        "**/functions", lambda route: route.fulfill(json={"Functions": entries})
    )
    desk.enter("alice")


def an_entry(at: int, title: str, stack: Stack) -> dict[str, Any]:
    return {
        "Name": f"f{at}",
        "Title": title,
        "Description": "Compares two ledgers." if at == 2 else "Does something.",
        "FuncUrl": stack.functions["hello"],
        "Region": "ap-northeast-1",
        "InvokeMode": "RESPONSE_STREAM" if at % 2 else "BUFFERED",
        "MaxDurationSeconds": 3600,
    }


def filter_of(desk: Desk) -> Locator:
    return desk.page.get_by_role("searchbox", name="Filter functions")


def shown(desk: Desk) -> list[str]:
    return desk.page.locator("#choices label:visible strong").all_inner_texts()


def test_a_card_says_how_its_function_answers(desk: Desk):
    cards = desk.page.locator("#choices label")

    expect(cards.nth(0)).to_contain_text("answers at once")
    expect(cards.nth(1)).to_contain_text("streams")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("re", ["Report", "Reconcile"], id="title"),
        pytest.param("f4", ["要約"], id="name"),
        pytest.param("LEDGERS two", ["Reconcile"], id="words of the description"),
        pytest.param("要", ["要約"], id="Japanese"),
        pytest.param("trans", [_WIDE], id="full width"),
        pytest.param("nothing like it", [], id="none"),
    ],
)
def test_functions_are_filtered(desk: Desk, typed: str, found: list[str]):
    filter_of(desk).fill(typed)

    assert shown(desk) == found
    expect(desk.page.locator("#no-match")).to_have_text(
        "" if found else "No function matches."
    )


def test_the_filter_is_there_once_it_is_of_use(desk: Desk, stack: Stack):
    expect(filter_of(desk)).to_be_visible()
    desk.button("Sign out").click()
    desk.page.unroute_all()

    offer(desk, stack, _TITLES[:5])

    expect(filter_of(desk)).to_be_hidden()
    desk.page.keyboard.press("/")
    expect(desk.page.get_by_role("main")).to_be_focused()


def test_the_filter_works_from_the_keyboard(desk: Desk):
    keyboard = desk.page.keyboard
    keyboard.press("/")
    expect(filter_of(desk)).to_be_focused()
    expect(filter_of(desk)).to_have_value("")

    keyboard.type("las")
    keyboard.press("ArrowDown")
    expect(desk.function("f5")).to_be_focused()
    expect(desk.function("f5")).to_be_checked()
    expect(desk.page.get_by_role("heading", name="Last")).to_be_visible()

    keyboard.press("/")
    keyboard.press("Escape")
    assert shown(desk) == [*_TITLES]
    desk.path.focus()
    keyboard.press("End")
    keyboard.type("/")
    expect(desk.path).to_have_value("//")


def test_nobody_is_left_without_a_word(desk: Desk, stack: Stack):
    desk.button("Sign out").click()
    desk.page.unroute_all()

    offer(desk, stack, ())

    expect(desk.page.locator("#no-functions")).to_be_visible()
    expect(desk.button("Run")).to_be_hidden()
    expect(desk.page.locator("#answer")).to_be_hidden()
