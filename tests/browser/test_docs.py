"""The API's documentation in Chromium: it needs nobody but the broker."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Stack


def test_the_documentation_is_complete_without_the_internet(
    page: Page, stack: Stack, watch: Watch
):
    page.goto(f"{stack.broker}/docs")

    expect(page.get_by_role("heading", name="Aikagi")).to_be_visible()
    expect(page.locator('[data-path="/grant"]')).to_be_visible()
    strangers = [url for url in watch.addresses if not url.startswith(stack.broker)]
    assert [url for url in strangers if not url.startswith("data:")] == []
    assert watch.violations() == []
    assert watch.faults == []


def test_alice_authorises_and_tries_a_route_out(page: Page, stack: Stack, watch: Watch):
    page.goto(f"{stack.broker}/docs")

    page.locator(".btn.authorize").click()
    page.locator("#oauth_username").fill("alice")
    page.locator("#oauth_password").fill(stack.users["alice"])
    page.locator(".modal-ux .button.authorize").click()
    expect(page.locator(".modal-ux").get_by_text("Logout")).to_be_visible()
    page.locator(".btn-done").click()
    page.locator('[data-path="/auth/me"]').click()
    with page.expect_response("**/auth/me") as answered:
        page.get_by_role("button", name="Execute").click()

    assert answered.value.status == 200
    expect(page.locator(".live-responses-table")).to_contain_text("alice")
    assert watch.violations() == []
    assert watch.faults == []


def test_only_name_and_password_are_asked_for(page: Page, stack: Stack):
    page.goto(f"{stack.broker}/docs")

    page.locator(".btn.authorize").click()

    asked = page.locator(".modal-ux").locator("input:visible, select:visible")
    assert [field.get_attribute("data-name") for field in asked.element_handles()] == [
        "username",
        "password",
    ]


def test_the_server_is_the_broker_that_is_looked_at(page: Page, stack: Stack):
    page.goto(f"{stack.broker}/docs")

    expect(page.locator(".servers option")).to_have_text([stack.broker.rstrip("/")])


def test_a_wrong_password_is_told_in_words_of_the_brokers(page: Page, stack: Stack):
    page.goto(f"{stack.broker}/docs")
    dialog = page.locator(".modal-ux")
    page.locator(".btn.authorize").click()
    page.locator("#oauth_username").fill("alice")
    page.locator("#oauth_password").fill("not-her-password")

    dialog.locator(".button.authorize").click()

    expect(dialog.locator(".errors")).to_contain_text("invalid_grant")
    expect(dialog.locator(".errors")).to_contain_text("Wrong username or password")
    page.locator("#oauth_password").fill(stack.users["alice"])
    dialog.locator(".button.authorize").click()
    expect(dialog.get_by_text("Logout")).to_be_visible()


def test_the_documentation_follows_the_dark_scheme(page: Page, stack: Stack):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{stack.broker}/docs")
    expect(page.locator("html")).to_have_class("dark-mode")

    page.emulate_media(color_scheme="light")

    expect(page.locator("html")).not_to_have_class("dark-mode")
