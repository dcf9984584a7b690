"""What a visit to the page costs, by the browser's own network log."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Stack

MOST_REQUESTS: Final = 15
MOST_BYTES: Final = 64_000
"""Headers and all, as they travel."""


class NetworkLog:
    """The requests of a page that left the browser, and the bytes that came back."""

    def __init__(self, page: Page, broker: str) -> None:
        self._broker = broker
        self._urls: dict[str, str] = {}
        self._cached: set[str] = set()
        self._bytes: dict[str, int] = {}
        tools = page.context.new_cdp_session(page)
        tools.on("Network.requestWillBeSent", self._sent)
        tools.on("Network.requestServedFromCache", self._served_from_cache)
        tools.on("Network.responseReceived", self._received)
        tools.on("Network.loadingFinished", self._finished)
        tools.send("Network.enable")

    def static_files(self) -> dict[str, int]:
        """Path by path, what the document and its files cost; 0 of what was cached."""
        return {
            url.removeprefix(self._broker): self._bytes.get(request, 0)
            for request, url in self._urls.items()
            if request not in self._cached
            and (url.startswith(f"{self._broker}/static/") or url == f"{self._broker}/")
        }

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _served_from_cache(self, event: dict[str, Any]) -> None:
        self._cached.add(event["requestId"])

    def _received(self, event: dict[str, Any]) -> None:
        if event["response"]["fromDiskCache"]:
            self._cached.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes[event["requestId"]] = event["encodedDataLength"]


def visit(page: Page, stack: Stack) -> tuple[dict[str, int], dict[str, int]]:
    """Open the page, sign in, call a function.

    Give the files until the page can be used, and those that the call wanted besides.
    """
    log = NetworkLog(page, stack.broker)
    page.goto(f"{stack.broker}/")
    page.locator("#username").fill("bob")
    page.locator("#password").fill(stack.users["bob"])
    page.locator("#sign-in").click()
    expect(page.locator("#run")).to_be_visible()
    page.wait_for_load_state("networkidle")
    opened = log.static_files()
    page.locator("#run").click()
    expect(page.locator("#state[data-kind=done]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    called = log.static_files()
    return opened, {name: called[name] for name in called.keys() - opened.keys()}


@pytest.mark.parametrize(
    "context", [{"locale": "en"}, {"locale": "ja"}], indirect=True, ids=["en", "ja"]
)
def test_a_first_visit_is_few_requests_and_few_bytes_and_the_next_is_one(
    context: BrowserContext, stack: Stack
):
    first, for_the_call = visit(context.new_page(), stack)
    again, for_another = visit(context.new_page(), stack)

    assert len(first) <= MOST_REQUESTS
    assert 20_000 < sum(first.values()) <= MOST_BYTES
    assert {name.rpartition("/client/")[2] for name in for_the_call} == {
        "streams.js",
        "vendor/aws4fetch-1.0.20.mjs",
    }
    assert (set(again), set(for_another)) == ({"/"}, set())


def test_a_page_of_another_deployment_works_with_this_one_s_files(
    page: Page, stack: Stack, watch: Watch
):
    def of_another(route: Route) -> None:
        answer = route.fetch()
        html = re.sub("static/[0-9a-f]{16}/", f"static/{'0' * 16}/", answer.text())
        route.fulfill(response=answer, body=html)

    page.route(f"{stack.broker}/", of_another)
    page.goto(f"{stack.broker}/")

    page.locator("#language").select_option("ja")

    expect(page.locator("#sign-in")).to_have_text("サインイン")
    files = [url for url in watch.addresses if "/static/" in url]
    assert {url.split("/")[4] for url in files} == {"0" * 16}
    assert watch.faults == watch.violations() == []
