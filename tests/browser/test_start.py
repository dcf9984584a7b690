"""The page when a part of it does not arrive, or the browser cannot run it."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.desk import Stack, wait_until_started

_PARTS = """() => performance.getEntriesByType("resource").map(({ name }) => name)
  .filter((url) => /[.](js|mjs|css)$/.test(new URL(url).pathname))"""


def missing(page: Page) -> Locator:
    return page.get_by_text("A part of this page has not arrived.")


def unavailable(route: Route) -> None:
    route.fulfill(status=503, headers={"Cache-Control": "no-store"}, body="Not now")


def require_told(page: Page, part: str) -> None:
    """The page says that something is missing, in words, and offers nothing else."""
    # At once, and not when it has waited for long.
    expect(page.locator("html"), part).to_have_attribute("data-failed", "part")
    expect(missing(page), part).to_be_visible()
    expect(page.locator("#welcome-title")).to_have_text(
        "The spare key to one function."
    )
    if not part.endswith(".css"):
        for name in ("language", "theme", "sign-in"):
            expect(page.locator(f"#{name}"), part).to_be_disabled()


def test_each_part_that_does_not_arrive_is_told_of_and_can_be_tried_again(
    page: Page, stack: Stack
):
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    expect(missing(page)).to_be_hidden()
    parts = [url for url in page.evaluate(_PARTS) if not url.endswith("/start.js")]
    assert len(parts) > 10
    # Not by a route: while there is one, nothing comes from the cache.
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")

    for part in parts:
        tools.send("Network.setBlockedURLs", {"urls": [part]})
        page.goto(f"{stack.broker}/")
        require_told(page, part)

        tools.send("Network.setBlockedURLs", {"urls": []})
        page.get_by_role("link", name="Try again").click()
        wait_until_started(page)
        expect(missing(page), part).to_be_hidden()


@pytest.mark.parametrize("part", ["page/app.js", "page/words-en.js", "page/app.css"])
def test_a_part_that_answers_503_is_told_of_and_can_be_tried_again(
    page: Page, stack: Stack, part: str
):
    page.route(f"**/{part}", unavailable)
    page.goto(f"{stack.broker}/")
    require_told(page, part)

    page.unroute(f"**/{part}")
    page.get_by_role("link", name="Try again").click()
    wait_until_started(page)
    expect(missing(page)).to_be_hidden()


def test_without_what_watches_the_start_the_page_starts(page: Page, stack: Stack):
    page.route("**/page/start.js", unavailable)

    page.goto(f"{stack.broker}/")

    wait_until_started(page)
    expect(missing(page)).to_be_hidden()
    expect(page.locator("#sign-in")).to_be_enabled()


def test_without_any_script_that_arrives_the_page_says_so_in_a_while(
    page: Page, stack: Stack
):
    page.route("**/*.js", unavailable)
    page.goto(f"{stack.broker}/")
    expect(missing(page)).to_be_hidden()

    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")

    expect(missing(page)).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()


@pytest.mark.parametrize("part", ["no modules", "other syntax"])
def test_a_browser_that_is_too_old_is_told_so(page: Page, stack: Stack, part: str):
    if part == "no modules":
        page.add_init_script("delete HTMLScriptElement.prototype.noModule")
        page.route("**/page/app.js", lambda route: route.abort())
    else:
        page.route("**/page/app.js", of_another_age)

    page.goto(f"{stack.broker}/")

    expect(page.get_by_text("This page needs a newer browser")).to_be_visible()
    expect(missing(page)).to_be_hidden()


def of_another_age(route: Route) -> None:
    route.fulfill(content_type="text/javascript", body="let later than = today")


def test_a_language_that_does_not_arrive_is_told_of_and_comes_when_asked_again(
    page: Page, stack: Stack
):
    page.route("**/page/words-ja.js", unavailable)
    page.goto(f"{stack.broker}/")
    wait_until_started(page)

    page.locator("#language").select_option("ja")

    expect(missing(page)).to_be_visible()
    expect(page.locator("#sign-in")).to_have_text("Sign in")

    page.unroute("**/page/words-ja.js")
    page.locator("#language").select_option("ja")

    expect(page.locator("#sign-in")).to_have_text("サインイン")
    expect(missing(page)).to_be_hidden()


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_the_page_says_what_it_needs(
    context: BrowserContext, stack: Stack
):
    page = context.new_page()

    page.goto(f"{stack.broker}/")

    # Chromium told so by a test does not show what `noscript` holds; others do.
    assert "needs JavaScript" in page.content()
    expect(page.get_by_text("Your password goes to this broker")).to_be_visible()
    expect(missing(page)).to_be_hidden()
    expect(page.locator("#sign-in")).to_be_disabled()
