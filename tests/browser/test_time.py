"""The page while hours pass, on its clock or on AWS's."""

import itertools
import json
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
from tests.browser.tab import hide, reveal
from tests.browser.teller import Teller, Telling
from tests.stack import Stack

START: Final = {"type": "start", "total": 40}


@pytest.fixture
def desk(page: Page, watch: Watch, stack: Stack) -> Iterator[Desk]:
    """Open the page with a clock that a test can move, as it can the stack's."""
    page.clock.install()
    page.route("**/grant", ask_for_another_session)
    page.goto(f"{stack.broker}/")
    yield Desk(page, stack)
    stack.controls.reset()


SECONDS: Final = itertools.cycle(range(899, 849, -1))


def ask_for_another_session(route: Route) -> None:
    """Ask for a second less than the last test did: its session is not handed out."""
    asked: dict[str, Any] = route.request.post_data_json or {}
    wanted = {**asked, "DurationSeconds": next(SECONDS)}
    route.continue_(post_data=json.dumps(wanted))


def pass_by(desk: Desk, stack: Stack, by: timedelta) -> None:
    stack.controls.advance(by)
    desk.page.clock.fast_forward(int(by.total_seconds() * 1000))


def progress(code: str, done: int) -> dict[str, Any]:
    return {"type": "progress", "code": code, "done": done}


def begun(desk: Desk, teller: Teller) -> Telling:
    desk.enter("bob")
    desk.choose("summarise")
    # What comes before it has arrived counts for no estimate.
    desk.await_part("pace.js")
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
    expect(desk.page.get_by_role("timer")).to_have_text("key no longer needed")
    telling.say(progress("ranking", 40))
    expect(desk.answer).to_contain_text("Ranking")
    telling.finish("long thought")

    expect(desk.content).to_have_text("long thought")
    expect(desk.page.get_by_role("timer")).to_have_text("no key held")
    expect(desk.state).to_have_text(re.compile("^Finished in 18:0[0-9]$"))
    expect(desk.runs()).to_contain_text("Finished in 18:0")
    desk.open("Request details")
    expect(desk.answer).to_contain_text(re.compile("Total18:0[0-9]"))
    assert watch.faults == []


def test_a_task_of_fifteen_minutes_is_followed_from_another_tab(
    desk: Desk, stack: Stack, teller: Teller, watch: Watch
):
    page = desk.page
    telling = begun(desk, teller)
    telling.say(START, progress("reading", 40), {"type": "output", "text": "Minute 0."})
    expect(desk.streamed).to_have_text("Minute 0.")

    hide(page)
    for minute in range(1, 15):
        pass_by(desk, stack, timedelta(minutes=1))
        telling.say(
            progress("ranking", 2 * minute),
            {"type": "output", "text": f" Minute {minute}."},
        )
        percent = f"{minute * 5}% Summarise · Aikagi"
        if minute % 2 == 0:  # the title is written each second
            page.clock.run_for(1_000)
            expect(page).to_have_title(percent)
    expect(desk.streamed).to_have_text("Minute 0.")  # nobody draws for nobody
    reveal(page)

    expect(desk.streamed).to_contain_text("Minute 7. Minute 8.")
    expect(desk.streamed).to_contain_text("Minute 14.")
    expect(desk.page.locator("#percent")).to_have_text("70%")
    expect(desk.state).to_have_text(re.compile("^Running, 14:"))
    expect(desk.page.locator("#left")).to_have_text(
        re.compile("^about [567] min left in this step$")
    )
    hide(page)
    pass_by(desk, stack, timedelta(minutes=1))
    telling.finish("in time")
    expect(page).to_have_title("Finished: Summarise · Aikagi")
    reveal(page)

    expect(desk.content).to_have_text("in time")
    expect(desk.state).to_have_text(re.compile("^Finished in 15:[0-5][0-9]$"))
    assert watch.faults == []


def test_the_page_says_when_it_last_heard_and_when_the_line_is_silent(
    desk: Desk, teller: Teller
):
    heard = desk.page.locator("#heard")
    telling = begun(desk, teller)
    telling.say({"type": "start"})
    expect(heard).to_have_text(re.compile("^Last heard [0-3] sec ago$"))
    expect(heard).not_to_have_attribute("data-silent", "")

    desk.page.clock.fast_forward(6_000)
    expect(heard).to_have_text(re.compile("^Last heard [6-9] sec ago$"))
    desk.page.clock.fast_forward(5_000)
    expect(heard).to_have_text(
        re.compile("^Nothing heard for 1[0-5] sec. The task may still be at work")
    )
    expect(heard).to_have_attribute("data-silent", "")
    expect(desk.page.locator("#spoken")).to_have_text(re.compile("^Nothing heard"))
    desk.page.clock.fast_forward("20:00")
    expect(heard).to_have_text(re.compile("^Nothing heard for 20:1[0-9]"))

    telling.say({"type": "ping"})

    expect(heard).to_have_text(re.compile("^Last heard [0-3] sec ago$"))
    expect(heard).not_to_have_attribute("data-silent", "")
    telling.finish()
    expect(heard).to_be_hidden()


def test_a_silence_is_spoken_of_once(desk: Desk, teller: Teller):
    desk.page.evaluate(_LISTEN)
    telling = begun(desk, teller)
    for at in range(4):
        telling.say(progress("reading", at), {"type": "ping"})
        expect(desk.page.locator("#heard")).to_have_text(re.compile("^Last heard"))
        desk.page.clock.fast_forward(12_000)
        expect(desk.page.locator("#heard")).to_have_text(re.compile("^Nothing heard"))
    telling.finish()
    expect(desk.state).to_have_text(re.compile("^Finished"))
    desk.page.clock.fast_forward(4_000)

    spoken = [text.split(" ")[0] for text, _ in desk.page.evaluate("heard")]
    assert spoken.count("Nothing") == 1
    assert len(spoken) <= 8


def test_a_function_that_answers_at_once_is_not_said_to_be_silent(
    desk: Desk, stack: Stack
):
    desk.page.route(f"{stack.functions['hello']}**", lambda _: None)
    desk.enter("bob")
    with desk.page.expect_request(f"{stack.functions['hello']}**"):
        desk.run()

    desk.page.clock.fast_forward("05:00")

    expect(desk.state).to_have_text(re.compile("^Running, 5:"))
    expect(desk.answer).to_contain_text("This function answers once")
    expect(desk.page.locator("#heard")).to_be_empty()
    desk.button("Cancel").click()


def test_the_time_left_is_told_where_progress_tells_it(desk: Desk, teller: Teller):
    left = desk.page.locator("#left")
    percent = desk.page.locator("#percent")
    telling = begun(desk, teller)
    telling.say({"type": "start", "total": 1000}, progress("reading", 0))
    expect(percent).to_have_text("0%")
    desk.page.clock.fast_forward(4_000)
    telling.say(progress("reading", 40))
    expect(percent).to_have_text("4%")
    desk.page.clock.run_for(1_000)
    expect(left).to_be_empty()  # too early to tell

    seen = []
    for done in range(100, 1000, 100):
        desk.page.clock.fast_forward(9_000 if done % 200 else 11_000)
        telling.say(progress("reading", done))
        expect(percent).to_have_text(f"{done // 10}%")
        desk.page.clock.run_for(1_000)
        expect(left).to_have_text(re.compile("^about .* left in this step$"))
        seen.append(left.inner_text())

    def seconds(text: str) -> int:
        [(number, unit)] = re.findall("([0-9]+) (sec|min)", text)
        return int(number) * {"sec": 1, "min": 60}[unit]

    times = [seconds(text) for text in seen]
    assert times == sorted(times, reverse=True), "it never jumps up"
    assert times[-1] <= 20
    telling.say(progress("writing", 10))
    expect(left).to_be_empty()  # of another step nothing is known yet
    telling.finish()


def test_an_estimate_is_withdrawn_where_the_step_is_stuck(desk: Desk, teller: Teller):
    left = desk.page.locator("#left")
    telling = begun(desk, teller)
    telling.say({"type": "progress", "done": 0, "total": 100})
    for done in (5, 10, 15):
        expect(desk.page.locator("#percent")).to_have_text(f"{done - 5}%")
        desk.page.clock.fast_forward(5_000)
        telling.say({"type": "progress", "done": done, "total": 100})
    expect(desk.page.locator("#percent")).to_have_text("15%")
    desk.page.clock.run_for(1_000)
    expect(left).to_have_text(re.compile("^about ([6-9]0 sec|100 sec|2 min) left$"))

    for _ in range(5):
        desk.page.clock.fast_forward(5_000)
        telling.say({"type": "ping"})
    expect(desk.page.locator("#heard")).to_have_text(re.compile("^Last heard"))

    expect(left).to_be_empty()
    telling.finish()


def test_credentials_are_said_to_be_fetched_and_cancelling_then_costs_nothing(
    desk: Desk, teller: Teller
):
    held: list[Route] = []
    desk.page.route("**/grant", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    desk.enter("bob")
    desk.choose("summarise")
    with desk.page.expect_request("**/grant"):
        desk.run()
    expect(desk.answer).to_contain_text("Getting credentials from the broker.")

    desk.button("Cancel").click()

    expect(desk.problem).to_contain_text("Nothing was sent.")
    expect(desk.problem).not_to_contain_text("billed")
    desk.page.unroute("**/grant")
    for route in held:
        route.continue_()
    desk.run()
    telling = teller.called(desk.page)
    expect(desk.answer).not_to_contain_text("Getting credentials")
    desk.button("Cancel").click()
    expect(desk.problem).to_contain_text("is billed for it")
    while not telling.hung_up.is_set():
        telling.say({"type": "ping"})


def test_the_network_is_lost_for_a_minute(desk: Desk, teller: Teller):
    context = desk.page.context
    telling = begun(desk, teller)
    telling.say(START, progress("reading", 4), {"type": "output", "text": "Before."})
    expect(desk.streamed).to_have_text("Before.")
    desk.choose("hello")
    desk.json.fill("[1]")

    context.set_offline(True)
    desk.page.clock.fast_forward("01:00")

    expect(desk.page.locator("#heard")).to_have_text(
        re.compile("^Nothing heard for 1:0.*: this computer is offline")
    )
    expect(desk.streamed).to_have_text("Before.")
    desk.run()  # there is nobody to ask for credentials
    expect(desk.problem).to_contain_text("The broker cannot be reached.")
    expect(desk.json).to_have_value("[1]")

    context.set_offline(False)
    desk.runs().last.click()
    telling.say({"type": "output", "text": " After."})
    expect(desk.streamed).to_have_text("Before. After.")
    expect(desk.page.locator("#heard")).to_have_text(re.compile("^Last heard"))
    telling.finish()
    expect(desk.state).to_have_text(re.compile("^Finished in 1:0"))
    desk.choose("hello")
    expect(desk.json).to_have_value("[1]")
    desk.run()
    expect(desk.answer).to_contain_text("The function says you are bob (local)")


def test_a_line_that_breaks_for_good_keeps_what_came(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    telling.say(START, progress("reading", 4), {"type": "output", "text": "Before."})
    expect(desk.streamed).to_have_text("Before.")
    desk.page.clock.fast_forward("01:00")
    expect(desk.page.locator("#heard")).to_have_text(re.compile("^Nothing heard"))

    telling.cut()

    expect(desk.problem).to_contain_text("The answer ended early.")
    expect(desk.streamed).to_have_text("Before.")
    expect(desk.page).to_have_title("Failed: Summarise · Aikagi")


def test_nobody_is_alarmed_by_the_end_of_a_key_that_is_not_needed(
    desk: Desk, teller: Teller
):
    lease = desk.page.locator("#lease")
    telling = begun(desk, teller)
    expect(lease).to_have_text("key no longer needed")
    desk.page.clock.fast_forward("14:30")
    expect(lease).to_have_text("key no longer needed")
    expect(lease).to_have_attribute("data-held", "not")

    desk.choose("hello")
    expect(lease).to_have_text("no key held")
    desk.run()
    expect(desk.answer).to_contain_text("The function says you are bob (local)")
    expect(lease).to_have_text(re.compile("1[45]:[0-9]{2} left"))
    telling.finish()


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
    expect(page.get_by_role("timer")).to_have_text(re.compile("1[2-5]:[0-9]{2} left"))
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
