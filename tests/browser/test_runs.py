"""Several runs at once, each with its row, and what the tab tells of them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Seat, Watch
from tests.browser.desk import Desk
from tests.browser.tab import hide, reveal
from tests.browser.teller import Teller, Telling


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, which each leaves signed out."""
    yield seat.desk
    seat.leave()


@pytest.fixture
def watch(seat: Seat) -> Watch:
    return seat.watch


def begun(desk: Desk, teller: Teller, text: str = "") -> Telling:
    desk.choose("summarise")
    desk.kind("Text")
    desk.text.fill(text)
    desk.run()
    return teller.called(desk.page)


def output(text: str) -> dict[str, str]:
    return {"type": "output", "text": text}


def icon(desk: Desk) -> Locator:
    return desk.page.locator("link[rel=icon]")


def test_two_tasks_run_at_once_and_each_is_seen_when_chosen(
    desk: Desk, teller: Teller, watch: Watch
):
    desk.enter("bob")
    first = begun(desk, teller, "one")
    second = begun(desk, teller, "two")
    assert (first.body, second.body) == (b"one", b"two")
    expect(desk.runs()).to_have_text([re.compile("Running")] * 2)

    first.say(output("Of one."))
    second.say(output("Of two."))
    expect(desk.streamed).to_have_text("Of two.")
    desk.runs().last.click()
    expect(desk.streamed).to_have_text("Of one.")
    expect(desk.runs().last).to_be_focused()
    first.say(output(" More."))
    expect(desk.streamed).to_have_text("Of one. More.")
    second.finish({"of": "two"})

    expect(desk.runs().first).to_contain_text("Finished in")
    expect(desk.state).to_have_text(re.compile("^Running"))
    expect(desk.runs().last).to_be_focused()
    first.finish({"of": "one"})
    expect(desk.content).to_contain_text('"of": "one"')
    desk.runs().first.click()
    expect(desk.content).to_contain_text('"of": "two"')
    expect(desk.streamed).to_have_text("Of two.")
    assert watch.violations() == watch.faults == []


def test_cancel_is_of_the_run_that_is_shown(desk: Desk, teller: Teller):
    desk.enter("bob")
    first, second = begun(desk, teller, "one"), begun(desk, teller, "two")
    desk.runs().last.click()

    desk.button("Cancel").focus()
    desk.button("Cancel").press("Enter")

    expect(desk.runs().last).to_contain_text("Cancelled after")
    expect(desk.answer).to_be_focused()
    while not first.hung_up.is_set():
        first.say(output("of one"))
    second.finish("of two")
    expect(desk.runs().first).to_contain_text("Finished in")


def test_run_again_leaves_alone_what_is_typed_and_needs_no_card_in_sight(
    desk: Desk, teller: Teller
):
    desk.page.route("**/functions", lambda route: route.fulfill(json=many(desk)))
    desk.enter("bob")
    first = begun(desk, teller, "the first")
    desk.text.fill("not sent yet")
    desk.page.locator("#filter").fill("no such function")
    expect(desk.function("summarise")).to_be_hidden()

    desk.open("What was sent")
    desk.button("Run again").click()

    again = teller.called(desk.page)
    assert again.body == b"the first"
    expect(desk.text).to_have_value("not sent yet")
    expect(desk.runs()).to_have_count(2)
    for telling in (first, again):
        telling.finish()
    expect(desk.state).to_have_text(re.compile("^Finished"))
    desk.page.unroute("**/functions")


def many(desk: Desk) -> dict[str, list[dict[str, object]]]:
    """Give a catalogue of so many functions that they have a filter."""
    names = ["summarise", *(f"other-{at}" for at in range(6))]
    return {
        "Functions": [
            {
                "Name": name,
                "Title": name.title(),
                "Description": "",
                "FuncUrl": desk.url_of("summarise"),
                "Region": "ap-northeast-1",
                "InvokeMode": "RESPONSE_STREAM",
                "MaxDurationSeconds": 3600,
            }
            for name in names
        ]
    }


def test_a_request_is_put_into_a_form_that_the_filter_hides(desk: Desk, teller: Teller):
    desk.page.route("**/functions", lambda route: route.fulfill(json=many(desk)))
    desk.enter("bob")
    begun(desk, teller, "the first").finish()
    expect(desk.state).to_have_text(re.compile("^Finished"))
    desk.choose("other-3")
    desk.page.locator("#filter").fill("other")
    expect(desk.function("summarise")).to_be_hidden()

    desk.open("What was sent")
    desk.button("Put into the form").click()

    expect(desk.function("summarise")).to_be_checked()
    expect(desk.function("summarise")).to_be_visible()
    expect(desk.text).to_have_value("the first")
    desk.page.unroute("**/functions")


@pytest.mark.parametrize("answer", ["Keep it", "Replace it"])
def test_a_draft_is_replaced_only_with_leave(desk: Desk, teller: Teller, answer: str):
    desk.enter("bob")
    begun(desk, teller, "the first").finish()
    expect(desk.state).to_have_text(re.compile("^Finished"))
    desk.text.fill("not sent yet")
    desk.open("What was sent")

    desk.button("Put into the form").click()
    question = desk.page.get_by_role("dialog", name="Replace what you have written?")
    expect(question).to_contain_text("written for Summarise was not sent")
    question.get_by_role("button", name=answer).click()

    kept = {"Keep it": "not sent yet", "Replace it": "the first"}[answer]
    expect(desk.text).to_have_value(kept)
    desk.button("Put into the form").click()
    expect(question).to_be_visible(visible=answer == "Keep it")
    desk.page.keyboard.press("Escape")


def test_a_double_click_and_a_held_key_start_one_run(desk: Desk, teller: Teller):
    desk.enter("bob")
    desk.choose("summarise")

    desk.button("Run").dblclick()
    telling = teller.called(desk.page)
    expect(desk.runs()).to_have_count(1)
    desk.text.focus()
    desk.page.keyboard.down("Control")
    for _ in range(4):
        desk.page.keyboard.down("Enter")
    desk.page.keyboard.up("Enter")
    desk.page.keyboard.up("Control")
    again = teller.called(desk.page)

    expect(desk.runs()).to_have_count(2)
    telling.finish()
    again.finish()
    expect(desk.runs().last).to_contain_text("Finished")


def test_more_runs_than_are_kept_do_not_push_out_one_that_runs(
    desk: Desk, teller: Teller
):
    desk.enter("bob")
    telling = begun(desk, teller, "long")
    desk.choose("hello")
    for at in range(21):
        desk.path.fill(f"/?run={at}")
        desk.run(method="GET")
        expect(desk.page.locator("#asked")).to_have_text(f"GET /?run={at}")
        expect(desk.state).to_have_text(re.compile("^Finished"))

    expect(desk.runs()).to_have_count(20)
    expect(desk.runs().last).to_contain_text("Running")
    telling.finish()
    expect(desk.runs().last).to_contain_text("Finished")


def test_a_login_found_ended_by_a_diagnosis_leaves_the_other_task_its_stream(
    desk: Desk, teller: Teller
):
    desk.enter("bob")
    telling = begun(desk, teller, "goes on")
    telling.say(output("Before. "))
    desk.page.route(f"{desk.url_of('hello')}**", lambda route: route.abort())
    desk.choose("hello")
    desk.json.fill("[1]")
    desk.run(method="GET")
    expect(desk.problem).to_contain_text("No answer came")
    desk.page.route("**/auth/me", lambda route: route.fulfill(status=401, json={}))
    desk.page.route("**/auth/refresh", ended)

    desk.button("Find out why").click()

    over = desk.page.get_by_role("status").filter(has_text="What runs goes on")
    expect(over).to_be_visible()
    desk.runs().last.click()
    telling.say(output("After."))
    expect(desk.streamed).to_have_text("Before. After.")
    desk.page.unroute_all()
    desk.button("Run").click()  # leads to the form, and back
    expect(desk.password).to_be_focused()
    desk.button("Back to the output").click()
    expect(desk.streamed).to_have_text("Before. After.")
    desk.page.locator("#sign-in-again").click()
    desk.enter("bob")
    expect(over).to_be_hidden()
    telling.finish()
    expect(desk.runs().last).to_contain_text("Finished")
    assert not telling.hung_up.is_set()


def test_a_login_found_ended_with_nothing_running_leads_to_the_form(desk: Desk):
    desk.enter("bob")
    desk.page.route(f"{desk.url_of('hello')}**", lambda route: route.abort())
    desk.run(method="GET")
    expect(desk.problem).to_contain_text("No answer came")
    desk.page.route("**/auth/me", lambda route: route.fulfill(status=401, json={}))
    desk.page.route("**/auth/refresh", ended)

    desk.button("Find out why").click()

    expect(desk.page.get_by_text("Your login has ended.")).to_be_visible()
    expect(desk.button("Back to the output")).to_be_hidden()
    desk.page.unroute_all()
    desk.enter("bob")
    expect(desk.runs().first).to_contain_text("Failed")


def ended(route: object) -> None:
    body = {"type": "urn:aikagi:problem:login-ended", "error": "invalid_grant"}
    route.fulfill(status=400, json=body)  # type: ignore[attr-defined] # a Route


def test_the_tab_tells_what_goes_on_and_how_it_ended(desk: Desk, teller: Teller):
    desk.enter("bob")
    expect(desk.page).to_have_title("Aikagi")
    first = begun(desk, teller)
    expect(desk.page).to_have_title("Running: Summarise · Aikagi")
    hide(desk.page)
    expect(icon(desk)).to_have_attribute("href", re.compile("icon-running.svg$"))
    reveal(desk.page)
    expect(icon(desk)).to_have_attribute("href", re.compile("icon.svg$"))
    first.say({"type": "progress", "done": 3, "total": 4})
    expect(desk.page).to_have_title("75% Summarise · Aikagi")
    second = begun(desk, teller)
    expect(desk.page).to_have_title("2 running · Aikagi")

    hide(desk.page)
    first.say({"type": "error", "code": "no", "message": "No."})
    expect(desk.page).to_have_title("Running: Summarise · Aikagi")
    second.finish()
    # Nobody has looked since the first failed.
    expect(desk.page).to_have_title("Failed: Summarise · Aikagi")
    expect(icon(desk)).to_have_attribute("href", re.compile("icon-failed.svg$"))
    reveal(desk.page)
    telling = begun(desk, teller)
    hide(desk.page)
    telling.finish()

    expect(desk.page).to_have_title("Finished: Summarise · Aikagi")
    expect(icon(desk)).to_have_attribute("href", re.compile("icon-done.svg$"))
    answer = desk.page.request.get(icon(desk).evaluate("({ href }) => href"))
    assert answer.headers["content-type"] == "image/svg+xml"
    reveal(desk.page)
    desk.sign_out()
    expect(desk.page).to_have_title("Aikagi")
    expect(icon(desk)).to_have_attribute("href", re.compile("icon.svg$"))


_NOTIFICATIONS = """() => {
  globalThis.told = [];
  const Real = globalThis.RealNotification ??= globalThis.Notification;
  globalThis.Notification = class extends Real {
    constructor(title, options) { super(title, options); told.push(title); }
  };
}"""


@pytest.mark.parametrize(
    ("asked", "hidden", "told"),
    [
        (True, True, ["Finished: Summarise"]),
        (True, False, []),
        (False, True, []),
    ],
)
def test_who_asks_is_told_of_the_end_when_looking_elsewhere(
    desk: Desk, teller: Teller, watch: Watch, asked: bool, hidden: bool, told: list[str]
):
    desk.page.context.grant_permissions(["notifications"])
    desk.page.evaluate(_NOTIFICATIONS)
    desk.enter("bob")
    telling = begun(desk, teller)
    button = desk.button("Tell me when it is done")
    expect(button).to_have_attribute("aria-pressed", "false")
    if asked:
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")

    if hidden:
        hide(desk.page)
    telling.finish()
    expect(desk.page).to_have_title("Finished: Summarise · Aikagi")

    assert desk.page.evaluate("told") == told
    reveal(desk.page)
    desk.page.context.clear_permissions()
    assert watch.violations() == watch.faults == []


def test_a_browser_that_tells_nobody_says_so(desk: Desk, teller: Teller):
    desk.page.evaluate("""() => {
      Notification.requestPermission = async () => "denied";
      Object.defineProperty(Notification, "permission", { get: () => "denied" });
    }""")
    desk.enter("bob")
    telling = begun(desk, teller)

    desk.button("Tell me when it is done").click()

    expect(desk.answer).to_contain_text("does not allow notifications")
    expect(desk.button("Tell me when it is done")).to_have_attribute(
        "aria-pressed", "false"
    )
    telling.finish()
