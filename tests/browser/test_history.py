"""The runs of a tab: looked at again, run again, and forgotten."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.browser.desk import Desk
from tests.browser.teller import Teller


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, which each leaves signed out."""
    yield seat.desk
    seat.leave()


@pytest.fixture
def two_runs(desk: Desk, teller: Teller) -> Desk:
    """Let alice have asked ``summarise`` for one text, then ``report`` for another."""
    desk.enter("alice")
    desk.choose("summarise")
    desk.kind("Text")
    desk.text.fill("the first")
    desk.path.fill("/?of=1")
    desk.run()
    telling = teller.called(desk.page)
    telling.say({"type": "output", "text": "In short."})
    telling.finish({"answer": 1})
    expect(desk.content).to_contain_text('"answer": 1')
    desk.choose("report")
    desk.write('{"text": "the second"}')
    desk.run()
    expect(desk.content).to_contain_text('"words": 2')
    return desk


def test_every_run_is_listed_with_its_end(two_runs: Desk):
    expect(two_runs.runs()).to_have_text(
        [re.compile(r"Report.*Finished in"), re.compile(r"Summarise.*Finished in")]
    )
    expect(two_runs.runs().first).to_have_attribute("aria-current", "true")


def test_an_earlier_run_is_shown_again_and_nothing_typed_is_lost(two_runs: Desk):
    two_runs.json.fill('{"text": "not sent yet"}')

    two_runs.runs().last.click()

    expect(two_runs.answer).to_have_accessible_name("Output Summarise")
    expect(two_runs.streamed).to_have_text("In short.")
    expect(two_runs.content).to_contain_text('"answer": 1')
    expect(two_runs.state).to_have_text(re.compile("^Finished in"))
    expect(two_runs.runs().last).to_be_focused()
    two_runs.open("What was sent")
    expect(two_runs.page.locator("#asked")).to_have_text("POST /?of=1\n\nthe first")
    expect(two_runs.json).to_have_value('{"text": "not sent yet"}')


def test_an_earlier_request_is_put_back_into_the_form(two_runs: Desk):
    two_runs.runs().last.click()
    two_runs.open("What was sent")

    two_runs.button("Put into the form").click()

    expect(two_runs.function("summarise")).to_be_checked()
    expect(two_runs.text).to_have_value("the first")
    expect(two_runs.path).to_have_value("/?of=1")
    expect(two_runs.button("Run")).to_be_focused()
    expect(two_runs.runs()).to_have_count(2)


def test_an_earlier_request_is_run_again(two_runs: Desk, teller: Teller):
    two_runs.runs().last.click()
    two_runs.open("What was sent")

    two_runs.button("Run again").click()

    telling = teller.called(two_runs.page)
    assert telling.body == b"the first"
    telling.finish("again")
    expect(two_runs.content).to_have_text("again")
    expect(two_runs.runs()).to_have_count(3)


def test_a_run_goes_on_while_another_is_looked_at(two_runs: Desk, teller: Teller):
    two_runs.choose("summarise")
    two_runs.run()
    telling = teller.called(two_runs.page)
    expect(two_runs.runs().first).to_contain_text("Running")

    two_runs.runs().nth(1).click()
    telling.say({"type": "output", "text": "Meanwhile."})
    telling.finish()

    expect(two_runs.runs().first).to_contain_text("Finished in")
    expect(two_runs.content).to_contain_text('"words": 2')
    two_runs.runs().first.click()
    expect(two_runs.streamed).to_have_text("Meanwhile.")


def test_only_the_last_runs_are_kept(desk: Desk):
    desk.enter("bob")
    desk.choose("hello")

    for at in range(22):
        desk.path.fill(f"/?run={at}")
        desk.run(method="GET")
        expect(desk.runs().first).to_contain_text("Finished")
        expect(desk.page.locator("#asked")).to_have_text(f"GET /?run={at}")

    expect(desk.runs()).to_have_count(20)

    desk.runs().nth(1).focus()
    begin_another(desk)
    expect(desk.runs().nth(2)).to_be_focused()  # the same, one further down

    desk.runs().last.focus()
    begin_another(desk)
    expect(desk.runs().last).to_be_focused()  # another: that of before has gone


def begin_another(desk: Desk) -> None:
    """Begin a run as a click does in browsers where it takes no focus."""
    first = desk.runs().first.element_handle()
    desk.page.locator("#run").evaluate("(button) => button.click()")
    desk.page.wait_for_function(
        "(first) => document.querySelector('#runs button') !== first", arg=first
    )
    expect(desk.runs().first).to_contain_text("Finished")


def test_signing_out_forgets_the_runs(two_runs: Desk):
    two_runs.button("Sign out").click()
    expect(two_runs.button("Sign in")).to_be_visible()

    left = two_runs.page.content()
    assert "the first" not in left
    assert "In short." not in left
    two_runs.enter("alice")
    expect(two_runs.page.locator("#history")).to_be_hidden()
    expect(two_runs.content).to_be_hidden()
