"""Leaving the page: asked first if something would be lost, and told of afterwards."""

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Desk, Stack
from tests.browser.teller import Teller, Telling


def begun(desk: Desk, teller: Teller) -> Telling:
    desk.enter("bob")
    desk.choose("summarise")
    desk.run()
    telling = teller.called(desk.page)
    telling.say({"type": "output", "text": "Half of it"})
    expect(desk.streamed).to_have_text("Half of it")
    return telling


class Leaver:
    """Reloads, and answers what the browser asks then."""

    def __init__(self, page: Page, *, stays: bool) -> None:
        self.asked = 0
        self._stays = stays
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        assert dialog.type == "beforeunload"
        self.asked += 1
        if self._stays:
            dialog.dismiss()
        else:
            dialog.accept()


def reload(page: Page) -> None:
    """As the button does: Playwright's own waits for a page that may stay."""
    page.evaluate("() => { setTimeout(() => location.reload()); }")


def test_a_reload_while_a_task_runs_is_asked_about(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    leaver = Leaver(desk.page, stays=True)

    with desk.page.expect_event("dialog"):
        reload(desk.page)
    telling.say({"type": "output", "text": ", and the rest."})
    telling.finish()

    expect(desk.streamed).to_have_text("Half of it, and the rest.")
    assert leaver.asked == 1


def test_who_reloads_all_the_same_is_told_what_was_interrupted(
    desk: Desk, teller: Teller, watch: Watch
):
    begun(desk, teller)
    leaver = Leaver(desk.page, stays=False)
    notice = desk.page.locator("#session-notice")

    with desk.page.expect_event("load"):
        reload(desk.page)

    expect(notice).to_contain_text("You left while Summarise was running.")
    expect(notice).to_contain_text("it goes on to its end, and is billed for it")
    assert leaver.asked == 1
    assert desk.page.evaluate("sessionStorage.length") == 0
    with desk.page.expect_event("load"):
        reload(desk.page)
    expect(desk.button("Sign in")).to_have_text("Sign in")
    expect(notice).to_be_hidden()
    assert leaver.asked == 1
    assert watch.violations() == []


def test_something_written_and_not_sent_is_asked_about(desk: Desk):
    desk.enter("bob")
    desk.json.fill("[1]")
    leaver = Leaver(desk.page, stays=True)

    with desk.page.expect_event("dialog"):
        reload(desk.page)
    expect(desk.json).to_have_value("[1]")
    assert leaver.asked == 1

    desk.run()
    expect(desk.state).to_contain_text("Finished in")
    with desk.page.expect_event("load"):
        reload(desk.page)
    assert leaver.asked == 1


def test_who_has_nothing_to_lose_is_not_asked(desk: Desk):
    desk.enter("bob")
    leaver = Leaver(desk.page, stays=True)
    desk.run(method="GET")
    expect(desk.state).to_contain_text("Finished in")

    with desk.page.expect_event("load"):
        reload(desk.page)

    expect(desk.button("Sign in")).to_be_visible()
    assert leaver.asked == 0


def test_the_way_back_is_asked_about_too(desk: Desk, teller: Teller, stack: Stack):
    desk.page.goto("about:blank")
    desk.page.goto(f"{stack.broker}/")
    telling = begun(desk, teller)
    leaver = Leaver(desk.page, stays=True)

    with desk.page.expect_event("dialog"):
        # One back is the function that was chosen before.
        desk.page.evaluate("() => { setTimeout(() => history.go(-2)); }")

    telling.finish("here still")
    expect(desk.content).to_have_text("here still")
    assert leaver.asked == 1


@pytest.mark.parametrize("stays", [True, False])
def test_closing_the_tab_is_asked_about(
    context: BrowserContext, stack: Stack, teller: Teller, stays: bool
):
    page = context.new_page()
    page.goto(f"{stack.broker}/")
    teller.stand_in_for(page, stack.functions["summarise"])
    desk = Desk(page, stack)
    telling = begun(desk, teller)
    leaver = Leaver(page, stays=stays)

    with page.expect_event("dialog" if stays else "close"):
        page.close(run_before_unload=True)

    assert leaver.asked == 1
    assert page.is_closed() is not stays
    telling.finish("here still")
    if stays:
        expect(desk.content).to_have_text("here still")


def test_signing_out_asks_what_is_lost_and_escape_stays(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    desk.choose("hello")
    desk.json.fill("[1]")

    desk.button("Sign out").focus()
    desk.button("Sign out").press("Enter")
    question = desk.page.get_by_role("dialog", name="Sign out?")
    expect(question).to_contain_text("Still running: Summarise.")
    expect(question).to_contain_text("Written and not sent: Hello.")
    expect(question.get_by_role("button", name="Stay")).to_be_focused()
    desk.page.keyboard.press("Escape")

    expect(question).to_be_hidden()
    expect(desk.button("Sign out")).to_be_focused()
    telling.say({"type": "output", "text": "."})
    expect(desk.streamed).to_have_text("Half of it.")
    expect(desk.json).to_have_value("[1]")

    desk.button("Sign out").click()
    question.get_by_role("button", name="Stay").click()
    expect(desk.json).to_have_value("[1]")

    desk.sign_out()
    while not telling.hung_up.is_set():
        telling.say({"type": "output", "text": "."})
    expect(desk.page.locator("#session-notice")).to_contain_text(
        "You left while Summarise was running."
    )
    desk.enter("bob")
    desk.sign_out()
    expect(desk.page.locator("#session-notice")).to_be_hidden()


def test_signing_out_with_nothing_to_lose_asks_nothing(desk: Desk):
    desk.enter("bob")
    desk.json.fill("[1]")
    desk.run()
    expect(desk.state).to_contain_text("Finished in")

    desk.button("Sign out").click()

    expect(desk.username).to_be_focused()


@pytest.mark.parametrize("kind", ["Text", "File"])
def test_a_text_and_a_file_count_as_written(desk: Desk, kind: str):
    desk.enter("bob")
    desk.kind(kind)
    if kind == "Text":
        desk.text.fill("words")
    else:
        desk.file.set_input_files(
            {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}
        )

    desk.button("Sign out").click()

    expect(desk.page.get_by_role("dialog")).to_contain_text("not sent: Hello.")


def test_what_could_not_be_sent_is_not_taken_for_sent(desk: Desk):
    def refuse(route: Route) -> None:
        route.fulfill(status=503, json={"title": "Not now"})

    desk.enter("bob")
    desk.json.fill("[1]")
    desk.page.route("**/grant", refuse)
    desk.run()
    expect(desk.state).to_contain_text("Failed")

    desk.button("Sign out").click()

    expect(desk.page.get_by_role("dialog")).to_contain_text("not sent: Hello.")


@pytest.mark.parametrize("leaves", [True, False])
def test_signing_out_needs_no_part_of_the_page_that_has_not_arrived(
    desk: Desk, leaves: bool
):
    def answer(dialog: Dialog) -> None:
        assert dialog.message == "Sign out?"
        if leaves:
            dialog.accept()
        else:
            dialog.dismiss()

    desk.page.on("dialog", answer)
    desk.page.route("**/question.js", lambda route: route.abort())
    desk.enter("bob")
    desk.kind("Text")
    desk.text.fill("words")

    with desk.page.expect_event("dialog"):
        desk.button("Sign out").click()

    expect(desk.username).to_be_visible(visible=leaves)
