"""What the page shows of a task while it is at work, and of how it ended."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Seat, Watch
from tests.browser.desk import Desk
from tests.browser.teller import Teller, Telling

HOSTILE: Final = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"
START: Final = {"type": "start", "total": 40}
SHOWN: Final = 100_000
"""Characters of streamed text that the page shows at most."""


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, which each leaves signed out."""
    yield seat.desk
    seat.leave()


@pytest.fixture
def watch(seat: Seat) -> Watch:
    return seat.watch


def progress(code: str, done: int, message: str = "") -> dict[str, Any]:
    return {"type": "progress", "code": code, "done": done, "message": message}


def output(text: str) -> dict[str, Any]:
    return {"type": "output", "text": text}


def begun(desk: Desk, teller: Teller) -> Telling:
    """Let bob ask for a summary, and return the stream that will answer."""
    desk.enter("bob")
    desk.choose("summarise")
    desk.run()
    return teller.called(desk.page)


def test_a_task_is_seen_getting_on(desk: Desk, teller: Teller, watch: Watch):
    telling = begun(desk, teller)
    bar = desk.answer.get_by_role("progressbar", name="Progress")
    steps = desk.answer.get_by_role("listitem")

    expect(desk.state).to_have_text("Running, 0:00")
    expect(desk.answer).to_contain_text("Waiting for the first sign of life.")
    expect(bar).not_to_have_attribute("value", re.compile(""))

    telling.say(START, progress("reading", 40), progress("ranking", 31, "31 done"))

    expect(desk.page.locator("#percent")).to_have_text("77%")
    expect(bar).to_have_attribute("value", "0.775")
    expect(steps).to_have_text(["Reading", "Ranking"])
    expect(steps.last).to_have_attribute("aria-current", "step")
    expect(desk.answer).to_contain_text("31 done")

    telling.say(output("A key "), output("fits.\n"))

    expect(desk.streamed).to_have_text("A key fits.\n", use_inner_text=False)

    telling.say(progress("polishing", 1))

    expect(steps).to_have_text(["Reading", "Ranking", "polishing"])

    telling.finish({"sentences": 1, "caller": {"issuer": "local", "subject": "bob"}})

    expect(desk.state).to_have_text(re.compile("^Finished in "))
    expect(desk.answer).to_contain_text("The function says you are bob (local)")
    expect(desk.content).to_contain_text('"sentences": 1')
    expect(desk.button("Cancel")).to_be_hidden()
    assert watch.violations() == watch.faults == []


def test_progress_without_a_whole_has_no_percent(desk: Desk, teller: Teller):
    telling = begun(desk, teller)

    telling.say({"type": "start"}, progress("reading", 3, "page 3"))

    expect(desk.answer).to_contain_text("page 3")
    expect(desk.page.locator("#bar:indeterminate")).to_be_visible()
    expect(desk.page.locator("#percent")).to_be_hidden()
    telling.finish()
    expect(desk.page.locator("#bar")).to_have_attribute("value", "1")


def test_a_whole_that_makes_no_sense_breaks_nothing(desk: Desk, teller: Teller):
    telling = begun(desk, teller)

    for total in (0, -1, None):
        telling.say({**progress("reading", 3, f"of {total}"), "total": total})
        expect(desk.answer).to_contain_text(f"of {total}")
        expect(desk.page.locator("#bar:indeterminate")).to_be_visible()
    telling.say({**progress("reading", 9, "too far"), "total": 3})

    expect(desk.page.locator("#percent")).to_have_text("100%")
    telling.finish()


def test_a_stream_that_is_cut_says_so_and_keeps_what_came(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    telling.say(START, output("Half a sentence"))
    expect(desk.streamed).to_contain_text("Half")

    telling.cut()

    expect(desk.problem).to_contain_text("The answer ended early.")
    expect(desk.problem).to_contain_text("It broke off after 2 events")
    expect(desk.problem).to_contain_text("look before you run it again")
    expect(desk.state).to_have_text(re.compile("^Failed after "))
    expect(desk.streamed).to_have_text("Half a sentence")


def test_a_task_that_fails_says_why(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    telling.say(output("Until here"))

    telling.say({"type": "error", "code": "unreadable", "message": "Page 3 is blank."})

    expect(desk.problem).to_contain_text("The task failed.")
    expect(desk.problem.locator("blockquote")).to_have_text("Page 3 is blank.")
    expect(desk.problem).to_contain_text("“unreadable”")
    expect(desk.streamed).to_have_text("Until here")


def test_who_cancels_hears_that_it_goes_on(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    telling.say(START, output("Before"))
    expect(desk.streamed).to_have_text("Before")

    # At once, not with the next event: there may be none for long.
    with desk.page.expect_event("requestfailed"):
        desk.button("Cancel").click()

    expect(desk.state).to_have_text(re.compile("^Cancelled after "))
    expect(desk.problem).to_contain_text("It goes on to its end, and is billed for it.")
    while not telling.hung_up.is_set():  # the connection has gone
        telling.say(output("after"))
    expect(desk.streamed).to_have_text("Before")

    desk.run()
    teller.called(desk.page).finish("again")

    expect(desk.content).to_have_text("again")


def test_nothing_is_started_while_a_task_runs(desk: Desk, teller: Teller):
    telling = begun(desk, teller)

    desk.json.press("Control+Enter")
    telling.finish("once")

    expect(desk.content).to_have_text("once")
    expect(desk.runs()).to_have_count(1)
    desk.json.press("Control+Enter")
    teller.called(desk.page).finish("twice")
    expect(desk.content).to_have_text("twice")


def test_who_signs_out_leaves_the_next_a_form_that_runs(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    telling.say(output("bob's own"))
    expect(desk.streamed).to_have_text("bob's own")

    desk.button("Sign out").click()
    desk.enter("alice")
    while not telling.hung_up.is_set():
        telling.say(output("bob's own"))

    expect(desk.streamed).to_have_text("")
    expect(desk.state).to_have_text("")
    desk.choose("summarise")
    desk.run()
    teller.called(desk.page).finish("alice's")
    expect(desk.content).to_have_text("alice's")


def test_what_a_task_tells_is_shown_as_text(desk: Desk, teller: Teller, watch: Watch):
    telling = begun(desk, teller)

    telling.say(START, progress(HOSTILE, 1, HOSTILE), output(HOSTILE))
    expect(desk.page.locator("#message")).to_have_text(HOSTILE)
    telling.say({"type": "error", "code": HOSTILE, "message": HOSTILE})

    expect(desk.problem.locator("blockquote")).to_have_text(HOSTILE)
    expect(desk.problem).to_contain_text(f"“{HOSTILE}”")
    expect(desk.streamed).to_have_text(HOSTILE)
    expect(desk.page.locator("#steps")).to_have_text(HOSTILE)
    expect(desk.page.locator("main img, main b:text('bold')")).to_have_count(0)
    expect(desk.page).to_have_title("Aikagi")
    assert watch.violations() == []


def test_steps_without_end_do_not_fill_the_page(desk: Desk, teller: Teller):
    telling = begun(desk, teller)

    telling.say(*(progress(f"step-{at}", at) for at in range(100)))
    telling.finish()

    expect(desk.state).to_have_text(re.compile("^Finished"))
    assert desk.answer.get_by_role("listitem").count() == 8


def test_a_hundred_thousand_events_stay_readable(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    line = "All work and no play.\n"

    for at in range(100):
        telling.say(*(output(line) for _ in range(990)))
        telling.say(*(progress("writing", at) for _ in range(10)))
    telling.finish()

    expect(desk.state).to_have_text(re.compile("^Finished"), timeout=60_000)
    shown = desk.streamed.evaluate("(node) => node.textContent.length")
    assert SHOWN - 20_000 < shown <= SHOWN
    assert desk.streamed.evaluate("(node) => node.childElementCount") < 60
    assert desk.page.evaluate("document.querySelectorAll('*').length") < 500
    skipped = 99_000 * len(line) - shown
    expect(desk.answer).to_contain_text(f"{skipped:,} characters before these")
    desk.open("Request details")
    expect(desk.answer).to_contain_text("100,001")
    assert saved(desk, "#streamed-part") == line * 99_000


def saved(desk: Desk, part: str) -> str:
    with desk.page.expect_download() as download:
        desk.page.locator(part).get_by_role("button", name="Download").click()
    return download.value.path().read_text()


def test_a_line_without_an_end_is_shown_in_blocks(desk: Desk, teller: Teller):
    telling = begun(desk, teller)

    for at in range(1, 16):
        telling.say(output("x" * 10_000), progress("writing", at, f"piece {at}"))
        expect(desk.page.locator("#message")).to_have_text(f"piece {at}")
    telling.finish()

    expect(desk.state).to_have_text(re.compile("^Finished"))
    lengths = desk.streamed.evaluate(
        "(node) => [...node.children].map((piece) => piece.textContent.length)"
    )
    assert max(lengths) == 20_000
    assert SHOWN - 20_000 < sum(lengths) <= SHOWN


def test_the_end_is_followed_unless_somebody_reads_higher_up(
    desk: Desk, teller: Teller
):
    telling = begun(desk, teller)
    for at in range(2_000):
        telling.say(output(f"line {at}\n"))
    expect(desk.streamed).to_contain_text("line 1999")
    expect_frame(desk.page)
    assert from_end(desk) < 30

    desk.streamed.evaluate("(node) => { node.scrollTop = 40; }")
    expect_frame(desk.page)
    telling.say(*(output(f"more {at}\n") for at in range(50)))
    expect(desk.streamed).to_contain_text("more 49")
    assert desk.streamed.evaluate("(node) => node.scrollTop") == 40

    desk.streamed.evaluate("(node) => { node.scrollTop = node.scrollHeight; }")
    expect_frame(desk.page)
    telling.say(output("the last\n"))
    expect(desk.streamed).to_contain_text("the last")
    expect_frame(desk.page)
    assert from_end(desk) < 30
    telling.finish()


def from_end(desk: Desk) -> float:
    pixels: float = desk.streamed.evaluate(
        "({ scrollHeight, scrollTop, clientHeight }) =>"
        " scrollHeight - scrollTop - clientHeight"
    )
    return pixels


def expect_frame(page: Page) -> None:
    """Wait until the browser has drawn, and told of what was scrolled."""
    page.evaluate(
        "new Promise((done) => requestAnimationFrame("
        "() => requestAnimationFrame(done)))"
    )


def test_a_result_can_be_copied_and_saved(desk: Desk, teller: Teller):
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begun(desk, teller).finish({"合": [1]})
    expect(desk.content).to_contain_text("合")

    desk.page.locator("#content-part").get_by_role("button", name="Copy").click()

    expect(desk.page.get_by_role("button", name="Copied")).to_be_visible()
    laid_out = '{\n  "合": [\n    1\n  ]\n}'
    assert desk.page.evaluate("navigator.clipboard.readText()") == laid_out
    assert saved(desk, "#content-part") == laid_out
