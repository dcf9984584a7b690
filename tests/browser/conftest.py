"""A real Chromium: one for the session, a fresh context for each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    sync_playwright,
)

from tests.browser import faulty_stack
from tests.browser.desk import Desk, Stack, wait_until_started
from tests.browser.faulty_stack import Elsewhere
from tests.browser.recorder import Recorder
from tests.browser.teller import Teller
from tests.browser_setup import find_chromium, is_required

ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_KEEP_VIOLATIONS: Final = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  violations.push(`${effectiveDirective} ${blockedURI}`));
"""
# They are told of in a task of their own.
_VIOLATIONS: Final = "new Promise((done) => setTimeout(() => done(violations)))"


@final
class Watch:
    """What a page says and asks for while a test does something else."""

    def __init__(self, page: Page) -> None:
        self.console: list[str] = []
        self.faults: list[str] = []
        self.addresses: list[str] = []
        self._page = page
        page.add_init_script(_KEEP_VIOLATIONS)
        page.on("console", self._hear)
        page.on("pageerror", self._stumble)
        page.on("request", self._follow)

    def violations(self) -> list[str]:
        """What the policy of the page that is open has stopped so far."""
        found: list[str] = self._page.evaluate(_VIOLATIONS)
        return found

    def forget(self) -> None:
        for heard in (self.console, self.faults, self.addresses):
            heard.clear()

    def _hear(self, message: ConsoleMessage) -> None:
        self.console.append(message.text)
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _stumble(self, error: Error) -> None:
        self.faults.append(str(error))

    def _follow(self, request: Request) -> None:
        self.addresses.append(request.url)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the browser come last: Playwright's event loop runs until it closes, and
    until then nothing else in this thread can run one of its own.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        reason = "there is no Chromium"
        if is_required():
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(
    browser: Browser, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """Take the options of the context, if a test wants any, as its parameter."""
    options: dict[str, Any] = getattr(request, "param", {})
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def watch(page: Page) -> Watch:
    return Watch(page)


@pytest.fixture
def desk(page: Page, watch: Watch, stack: Stack) -> Desk:
    """Open the page at ``/``, watched."""
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    return Desk(page, stack)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def workbench(browser: Browser, recorder: Recorder) -> Iterator[Page]:
    """Open a blank page at the recorder, from where the client's modules load."""
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.goto(recorder.url)
    yield page
    page.close()


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    with faulty_stack.elsewhere() as place:
        yield place


@pytest.fixture(scope="session")
def faulty(
    tmp_path_factory: pytest.TempPathFactory,
    elsewhere: Elsewhere,
) -> Iterator[Stack]:
    """Start a stack that lets pages of ``elsewhere`` in, with functions at fault."""
    folder = tmp_path_factory.mktemp("faulty")
    with faulty_stack.faulty_stack(folder, elsewhere) as stack:
        yield stack


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A page that the tests of a module share: each finds it signed out, or tidy."""

    desk: Desk
    watch: Watch

    def leave(self) -> None:
        """Sign out, too, which takes the runs from the page."""
        self.tidy()
        if self.desk.button("Sign out").is_visible():
            self.desk.sign_out()
        self.watch.forget()

    def tidy(self) -> None:
        """Let go of what stands in for answers, and of what was observed."""
        self.desk.page.unroute_all(behavior="ignoreErrors")
        self.watch.forget()


@pytest.fixture(scope="module")
def seat(browser: Browser, stack: Stack) -> Iterator[Seat]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    watch = Watch(page)
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    yield Seat(desk=Desk(page, stack), watch=watch)
    context.close()


@pytest.fixture
def teller(desk: Desk, stack: Stack) -> Iterator[Teller]:
    """Stand in for ``summarise``, whose words come when the test says so."""
    with Teller() as teller:
        teller.stand_in_for(desk.page, stack.functions["summarise"])
        yield teller
