"""The page while hours pass, on its clock or on AWS's."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import httpx2
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Desk
from tests.browser.teller import Teller, Telling
from tests.stack import Stack

START: Final = {"type": "start", "total": 40}


@pytest.fixture
def desk(page: Page, watch: Watch, stack: Stack) -> Iterator[Desk]:
    """Open the page with a clock that a test can move, as it can the stack's."""
    page.clock.install()
    page.goto(f"{stack.broker}/")
    yield Desk(page, stack)
    stack.controls.reset()


def pass_by(desk: Desk, stack: Stack, by: timedelta) -> None:
    stack.controls.advance(by)
    desk.page.clock.fast_forward(int(by.total_seconds() * 1000))


def progress(code: str, done: int) -> dict[str, Any]:
    return {"type": "progress", "code": code, "done": done}


def begun(desk: Desk, teller: Teller) -> Telling:
    desk.enter("bob")
    desk.choose("summarise")
    desk.run()
    return teller.called(desk.page)


def test_the_time_that_is_left_is_counted_down(desk: Desk):
    left = desk.page.get_by_role("timer")
    desk.enter("bob")
    expect(left).to_have_text("no key held")

    desk.run()
    expect(left).to_have_text(re.compile("1[45]:[0-9]{2} left"))

    desk.page.clock.fast_forward("14:30")
    expect(left).to_have_text(re.compile("0:[0-3][0-9] left"))

    desk.page.clock.fast_forward("00:40")
    expect(left).to_have_text("no key held")


def test_the_outcome_is_spoken(desk: Desk):
    desk.enter("bob")

    desk.run()

    expect(desk.state).to_have_text(re.compile("^Finished"))
    desk.page.clock.fast_forward(2_000)
    expect(desk.answer.get_by_role("status")).to_have_text(
        re.compile(r"Finished in .* The function says you are bob \(local\)")
    )


def test_a_complaint_is_not_taken_back_by_itself(desk: Desk):
    desk.enter("bob")
    desk.json.fill("{")
    desk.run()

    desk.page.clock.fast_forward(2_000)

    expect(desk.page.locator("#json-error")).not_to_be_empty()
    expect(desk.json).to_have_attribute("aria-invalid", "true")


def test_a_task_of_many_minutes_outlives_its_key(
    desk: Desk, stack: Stack, teller: Teller, watch: Watch
):
    telling = begun(desk, teller)
    telling.say(START, progress("reading", 4))
    expect(desk.page.locator("#percent")).to_have_text("10%")

    pass_by(desk, stack, timedelta(minutes=14))

    expect(desk.state).to_have_text(re.compile("^Running, 14:0[0-9]$"))
    pass_by(desk, stack, timedelta(minutes=4))
    expect(desk.page.get_by_role("timer")).to_have_text("no key held")
    telling.say(progress("ranking", 40))
    expect(desk.answer).to_contain_text("Ranking")
    telling.finish("long thought")

    expect(desk.content).to_have_text("long thought")
    expect(desk.state).to_have_text(re.compile("^Finished in 18:0[0-9]$"))
    expect(desk.runs()).to_contain_text("Finished in 18:0")
    desk.open("Request details")
    expect(desk.answer).to_contain_text(re.compile("Total18:0[0-9]"))
    assert watch.faults == []


def test_a_long_afternoon_goes_by_unnoticed(desk: Desk, watch: Watch):
    desk.enter("bob")

    for _ in range(4):
        desk.run()
        expect(desk.state).to_have_text(re.compile("^Finished"))
        expect(desk.answer).to_contain_text("The function says you are bob (local)")
        desk.page.clock.fast_forward("01:00:00")

    renewed = [url for url in watch.addresses if url.endswith("/auth/refresh")]
    assert len(renewed) == 3
    assert watch.faults == []


def test_a_login_that_has_really_ended_says_so_and_keeps_what_was_typed(
    desk: Desk, stack: Stack
):
    with desk.page.expect_response("**/auth/login") as answered:
        desk.enter("bob")
    desk.json.fill('{"text": "long thought"}')
    token = answered.value.json()["access_token"]
    httpx2.post(
        f"{stack.broker}/auth/logout", headers={"Authorization": f"Bearer {token}"}
    )

    desk.page.clock.fast_forward("01:00:00")
    desk.run()

    expect(desk.page.get_by_text("Your login has ended.")).to_be_visible()
    expect(desk.password).to_be_focused()
    desk.enter("bob")
    expect(desk.json).to_have_value('{"text": "long thought"}')
    expect(desk.page.locator("#history")).to_be_hidden()  # it never ran
    desk.run()
    expect(desk.answer).to_contain_text("The function says you are bob (local)")


@pytest.mark.parametrize(
    "wrong", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"]
)
def test_a_clock_an_hour_wrong_works_the_first_time(
    page: Page, stack: Stack, watch: Watch, wrong: timedelta
):
    page.clock.install(time=time.time() + wrong.total_seconds())
    page.goto(f"{stack.broker}/")
    desk = Desk(page, stack)
    desk.enter("bob")

    desk.run()

    expect(desk.answer).to_contain_text("The function says you are bob (local)")
    expect(page.get_by_role("timer")).to_have_text(re.compile("1[45]:[0-9]{2} left"))
    assert len([url for url in watch.addresses if url.endswith("/grant")]) == 1
    assert watch.faults == []


def test_a_refusal_is_repaired_by_a_new_key(desk: Desk, stack: Stack, watch: Watch):
    calls: list[str] = []

    def refuse_once(route: Route) -> None:
        calls.append(route.request.headers["x-amz-security-token"])
        if len(calls) > 1:
            route.continue_()
            return
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "x-amzn-ErrorType",
            "x-amzn-ErrorType": "AccessDeniedException",
        }
        route.fulfill(status=403, json={"Message": "Forbidden"}, headers=headers)

    desk.page.route(f"{stack.functions['hello']}**", refuse_once)
    desk.enter("bob")

    desk.run()

    expect(desk.answer).to_contain_text("The function says you are bob (local)")
    assert len(calls) == len(set(calls)) == 2
    expect(desk.runs()).to_have_count(1)
    assert watch.violations() == []


def test_who_hears_the_page_is_not_talked_to_without_a_pause(
    desk: Desk, teller: Teller
):
    page = desk.page
    page.evaluate(_LISTEN)
    telling = begun(desk, teller)
    telling.say(START)
    for done in range(41):
        telling.say(progress("ranking", done))
    expect(page.locator("#percent")).to_have_text("100%")

    page.clock.fast_forward(2_000)
    expect(page.locator("#spoken")).to_have_text("Ranking 100%")
    telling.say({**progress("ranking", 40), "message": "still"})  # nothing to say of
    expect(desk.answer).to_contain_text("still")
    page.clock.fast_forward(2_000)
    telling.finish()
    expect(desk.state).to_have_text(re.compile("^Finished"))
    page.clock.fast_forward(2_000)
    expect(page.locator("#spoken")).to_have_text(re.compile("^Finished"))

    heard = page.evaluate("heard")
    assert [text.split(" ")[0] for text, _ in heard] == [
        "Summarise:",
        "Ranking",
        "Finished",
    ]
    moments = [moment for _, moment in heard]
    assert min(b - a for a, b in pairwise(moments)) >= 2_000
    assert desk.streamed.get_attribute("aria-live") == "off"


_LISTEN: Final = """() => {
  globalThis.heard = [];
  const node = document.getElementById("spoken");
  new MutationObserver(() => {
    if (node.textContent) heard.push([node.textContent, performance.now()]);
  }).observe(node, { childList: true });
}"""
