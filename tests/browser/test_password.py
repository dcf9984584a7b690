"""Signing in with a password that was given for once."""

from collections.abc import Callable
from typing import Final

import boto3
import pytest
from playwright.sync_api import BrowserContext, expect

from app.adapters.passwords import Passwords
from app.adapters.table import Table
from app.admin.users import UserAdministration
from tests.browser.conftest import Watch
from tests.browser.desk import Desk, wait_until_started
from tests.fakes import Clock, Ids
from tests.stack import Stack

ONCE: Final = "for-once-only"
NEW: Final = "looking-glass-1871"

Given = Callable[[str], str]


@pytest.fixture
def given(stack: Stack) -> Given:
    """Add somebody whose password is good for once, and give their name."""
    variables = stack.operator
    client = boto3.client(
        "dynamodb",
        endpoint_url=stack.endpoint,
        region_name=stack.region,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
    )
    users = UserAdministration(
        Table(client, name=variables["AIKAGI_USERS_TABLE"]),
        passwords=Passwords(),
        clock=Clock(),
        new_id=Ids(),
    )

    def give(username: str) -> str:
        users.add(username, ONCE, ["everyone"], one_time=True)
        return username

    return give


def test_a_password_given_for_once_is_changed_on_the_way_in(
    desk: Desk, watch: Watch, given: Given
):
    page, username = desk.page, given("paige")
    desk.log_in(username, ONCE)
    dialog = page.get_by_role("dialog", name="Choose a new password")
    first, again = dialog.get_by_label("New password"), dialog.get_by_label("The same")
    expect(first).to_be_focused()

    for new, same, said in (
        ("short", "short", "A password has 8 to 1,024 bytes."),
        (ONCE, ONCE, "It is the old one."),
        (NEW, f"{NEW}!", "The two differ."),
    ):
        first.fill(new)
        again.fill(same)
        dialog.get_by_role("button", name="Change it and sign in").click()
        expect(dialog.get_by_role("alert")).to_have_text(said)
    again.fill(NEW)
    page.keyboard.press("Enter")

    expect(desk.button("Sign out")).to_be_visible()
    expect(page.locator("#username-shown")).to_have_text(username)
    desk.sign_out()
    desk.log_in(username, NEW)
    expect(desk.button("Sign out")).to_be_visible()
    assert watch.violations() == []
    # The browser itself tells of a status of 400.
    assert all("400" in fault for fault in watch.faults)


def test_who_does_not_change_it_is_not_signed_in(desk: Desk, given: Given):
    page, username = desk.page, given("percy")
    desk.log_in(username, ONCE)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(desk.button("Sign in")).to_be_visible()
    desk.button("Sign in").click()
    dialog.get_by_role("button", name="Not now").click()
    expect(desk.button("Sign in")).to_be_visible()
    expect(page.locator("#password-error")).to_have_text("")


def test_a_refusal_of_the_broker_is_said_and_can_be_answered(desk: Desk, given: Given):
    page, username = desk.page, given("petra")
    problem = {
        "json": {"type": "urn:aikagi:problem:new-password-refused", "title": "No"},
        "status": 400,
    }
    answers = [problem, {"status": 503, "json": {"title": "Later"}}]
    page.route(
        "**/auth/password",
        lambda route: route.fulfill(**answers.pop(0)) if answers else route.continue_(),
    )
    desk.log_in(username, ONCE)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New password").fill(NEW)
    dialog.get_by_label("The same").fill(NEW)
    change = dialog.get_by_role("button", name="Change it and sign in")

    change.click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "This one cannot be taken. Choose another."
    )
    change.click()
    expect(dialog.get_by_role("alert")).to_contain_text("right now")
    change.click()

    expect(desk.button("Sign out")).to_be_visible()


@pytest.mark.parametrize("context", [{"locale": "ja"}], indirect=True)
def test_it_is_asked_in_the_language_of_the_page(
    context: BrowserContext, stack: Stack, given: Given
):
    page = context.new_page()
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    page.locator("#username").fill(given("pia"))
    page.locator("#password").fill(ONCE)
    page.locator("#sign-in").click()

    dialog = page.get_by_role("dialog", name="新しいパスワードを決めてください")

    expect(dialog.get_by_label("もう一度入力")).to_be_visible()
    dialog.get_by_label("新しいパスワード").fill("short")
    dialog.get_by_label("もう一度入力").fill("short")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("8 バイト以上")
