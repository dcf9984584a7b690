"""``make gallery``: every state of the page as a picture, in `.local/gallery`.

Both languages, both themes, wide and narrow. For people to look at; tests compare no
pictures.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal, final

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.desk import Desk
from tests.browser.entries import offer, two_hundred, unwieldy
from tests.browser.teller import Teller, Telling
from tests.browser_setup import find_chromium
from tests.stack import ROOT, Stack, running_stack

_FOLDER: Final = ROOT / ".local/gallery"
_WIDE: Final = (1280, 800)
_NARROW: Final = (390, 844)
Theme = Literal["light", "dark"]

_TEXT: Final = (
    "A spare key opens one door. Whoever borrows it gives it back, and the lock never"
    " has to change.\n\nThe broker keeps the master key, and lends.\n"
)


_PICTURE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="240">'
    '<rect width="320" height="240" fill="#165e83"/>'
    '<circle cx="240" cy="120" r="90" fill="#e5c474" fill-opacity=".8"/></svg>'
)
_MARKDOWN: Final = (
    "# Spare keys\n\nA key opens **one** door, and *ends by itself*. See"
    " [the broker](https://broker.example/) or run `aikagi call hello`.\n\n"
    "## 合鍵とは\n\n1. Sign in\n2. Borrow\n   - for one function\n   - for minutes\n\n"
    "> The lock never has to change.\n\n```sh\naikagi call hello --json\n```\n\n"
    "| Function | Calls |\n|---|--:|\n| hello | 1,204 |\n| report | 31 |\n"
)
_CSV: Final = "Name,City,Calls,Share\n" + "".join(
    f'"Key {n}, spare",{city},{n * 137},{n / 7:.2f}%\n'
    for n, city in enumerate(("京都", "Lyon", "São Paulo", "Αθήνα") * 130)
)


@final
class Sitting:
    """One person, one language, one theme, one width."""

    def __init__(self, page: Page, stack: Stack, teller: Teller, name: str) -> None:
        self.page = page
        self.stack = stack
        self.teller = teller
        self.desk = Desk(page, stack)
        self.name = name

    def shoot(self, state: str, *, whole: bool = True) -> None:
        """Photograph the ``whole`` page, or what is in sight of it."""
        _FOLDER.mkdir(parents=True, exist_ok=True)
        path = _FOLDER / f"{state}-{self.name}.png"
        self.page.evaluate("scrollTo(0, 0)")  # or the bar stands in the middle
        self.page.screenshot(path=path, full_page=whole, animations="disabled")

    def run(self) -> None:
        self.page.locator("#run").click()

    def answered(self, state: str) -> None:
        expect(self.page.locator(f'#state[data-kind="{state}"]')).to_be_visible()

    def streaming(self) -> Telling:
        self.page.locator("#text").fill(_TEXT * 3)
        self.run()
        return self.teller.called(self.page)


def signed_out(sitting: Sitting) -> None:
    page = sitting.page
    page.locator("#username").wait_for()
    sitting.shoot("01-sign-in")
    page.locator("#username").fill("alice")
    page.locator("#password").fill("not-hers")
    page.locator("#sign-in").click()
    expect(page.locator("#password-error")).not_to_be_empty()
    sitting.shoot("02-wrong-password")


def at_first(sitting: Sitting) -> None:
    page = sitting.page
    page.locator("#password").fill(sitting.stack.users["alice"])
    page.locator("#sign-in").click()
    expect(page.locator("#desk")).to_be_visible()
    sitting.shoot("03-desk")
    page.locator("#json").fill('{"text": "one",\n "of": [1, 2\n}')
    sitting.run()
    expect(page.locator("#json-error")).not_to_be_empty()
    sitting.shoot("04-not-json")
    page.locator("#json").fill('{"text": "A key fits one lock."}')
    sitting.desk.choose("report")
    sitting.shoot("21-example")
    page.locator('input[name="kind"][value="json"]').check()
    page.locator("#json").fill('{"text": "A key fits one lock. One lock, one key."}')
    page.locator("#format").click()
    sitting.run()
    sitting.answered("done")
    page.locator("details").first.locator("summary").click()
    sitting.shoot("05-result")


def at_work(sitting: Sitting) -> None:
    page = sitting.page
    sitting.desk.choose("summarise")
    sitting.teller.stand_in_for(page, sitting.stack.functions["summarise"])
    page.locator('input[name="kind"][value="file"]').check()
    page.locator("#file").set_input_files(
        {"name": "minutes-2026.txt", "mimeType": "text/plain", "buffer": b"x" * 48_213}
    )
    sitting.shoot("06-file")
    page.locator('input[name="kind"][value="text"]').check()
    telling = sitting.streaming()
    sitting.shoot("07-waiting")
    telling.say({"type": "start", "total": 40}, progress("reading", 40, 40))
    telling.say(progress("ranking", 31, 40, "31 of 40 sentences ranked"))
    telling.say({"type": "output", "text": _TEXT})
    expect(page.locator("#streamed")).to_contain_text("master key")
    sitting.shoot("08-progress")
    telling.say(*({"type": "output", "text": _TEXT} for _ in range(12)))
    telling.say(progress("writing", 40, 40))
    caller = {"issuer": "local", "subject": "alice"}
    telling.finish({"sentences": 3, "of": 40, "language": "en", "caller": caller})
    sitting.answered("done")
    sitting.shoot("09-streamed")


def when_it_goes_wrong(sitting: Sitting) -> None:
    page = sitting.page
    telling = sitting.streaming()
    telling.say({"type": "start"}, progress("writing", 3, 9))
    telling.say({"type": "output", "text": _TEXT})
    expect(page.locator("#streamed")).to_contain_text("master key")
    telling.cut()
    sitting.answered("failed")
    sitting.shoot("10-ended-early")
    telling = sitting.streaming()
    telling.say({"type": "output", "text": _TEXT}, progress("writing", 3, 9))
    message = "Sentence 12 is not text."
    telling.say({"type": "error", "code": "unreadable", "message": message})
    sitting.answered("failed")
    sitting.shoot("11-task-error")
    telling = sitting.streaming()
    telling.say({"type": "start", "total": 9}, progress("ranking", 4, 9))
    expect(page.locator("#percent")).not_to_be_empty()
    page.locator("#cancel").click()
    sitting.answered("cancelled")
    sitting.shoot("12-cancelled")
    telling.cut()


def when_refused(sitting: Sitting) -> None:
    page = sitting.page
    page.unroute_all()
    page.route(f"{sitting.stack.functions['summarise']}**", refusing)
    sitting.run()
    sitting.answered("failed")
    page.locator("#diagnose").click()
    expect(page.locator("#found li").first).to_be_visible()
    sitting.shoot("13-refused")
    page.unroute_all()
    page.route("**/grant", lambda route: problem(route, 503))
    sitting.desk.choose("report")
    page.locator("#language").scroll_into_view_if_needed()
    sitting.run()
    sitting.shoot("14-history")


def when_the_login_has_ended(sitting: Sitting) -> None:
    page = sitting.page
    # Whose key was given up, and what is written for it.
    sitting.desk.choose("summarise")
    page.route("**/auth/refresh", ended)
    page.route("**/auth/me", lambda route: problem(route, 401))
    page.route("**/grant", lambda route: problem(route, 401))
    page.locator("#run").click()
    expect(page.locator("#session-notice")).to_be_visible()
    sitting.shoot("15-login-ended")
    page.unroute_all()


def with_two_runs(sitting: Sitting) -> None:
    """Two tasks at work, a line that is silent, and who would leave."""
    page = sitting.page
    page.locator("#password").fill(sitting.stack.users["alice"])
    page.locator("#sign-in").click()
    expect(page.locator("#desk")).to_be_visible()
    sitting.teller.stand_in_for(page, sitting.stack.functions["summarise"])
    first, second = sitting.streaming(), sitting.streaming()
    first.say({"type": "start", "total": 40}, progress("reading", 12, 40))
    second.say({"type": "start", "total": 40}, progress("reading", 0, 40))
    expect(page.locator("#percent")).to_have_text("0%")
    page.wait_for_timeout(6_000)
    second.say(progress("reading", 9, 40, "Page 9 of 40"))
    second.say({"type": "output", "text": _TEXT})
    expect(page.locator("#left")).not_to_be_empty()
    page.locator("#notify").click()
    sitting.shoot("17-two-runs")
    expect(page.locator("#heard[data-silent]")).to_be_visible(timeout=15_000)
    sitting.shoot("18-silent")
    page.locator("#text").fill(_TEXT)
    page.locator("#path").fill("/?again=1")
    page.locator("#sign-out").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    sitting.shoot("19-leaving", whole=False)
    page.keyboard.press("Escape")
    first.finish()
    message = "Page 10 is blank."
    second.say({"type": "error", "code": "unreadable", "message": message})
    sitting.answered("failed")
    sitting.shoot("20-failed-step")
    page.locator("#sign-out").click()
    page.get_by_role("dialog").locator("button").last.click()
    expect(page.locator("#welcome")).to_be_visible()


def with_many_functions(sitting: Sitting) -> None:
    page = sitting.page
    page.locator("#username").fill("alice")
    entries = [an_entry(at, sitting.stack) for at in range(9)]
    page.route("**/functions", lambda route: route.fulfill(json={"Functions": entries}))
    page.locator("#password").fill(sitting.stack.users["alice"])
    page.locator("#sign-in").click()
    expect(page.locator("#filter")).to_be_visible()
    page.locator("#filter").fill("re")
    sitting.shoot("16-filter")
    page.locator("#sign-out").click()


def with_any_catalogue(sitting: Sitting) -> None:
    """Two hundred functions; the longest names; an address that opens nothing."""
    page = sitting.page
    for state, entries in (
        ("27-two-hundred", two_hundred(sitting.stack)),
        ("28-long-names", unwieldy(sitting.stack)),
    ):
        page.unroute_all()
        offer(page, entries)
        page.evaluate("location.hash = 'gone'")
        page.locator("#username").fill("alice")
        page.locator("#password").fill(sitting.stack.users["alice"])
        page.locator("#sign-in").click()
        expect(page.locator("#desk")).to_be_visible()
        sitting.shoot(f"{state}-unknown")
        page.locator("#choices label").nth(2).click()
        page.screenshot(path=_FOLDER / f"{state}-in-sight-{sitting.name}.png")
        sitting.shoot(state)
        page.emulate_media(forced_colors="active")
        sitting.shoot(f"{state}-forced-colours")
        page.emulate_media(forced_colors="none")
        page.locator("#sign-out").click()


def with_answers_to_look_at(sitting: Sitting) -> None:
    """An image, one that is none, Markdown, a table; and the request for elsewhere."""
    page = sitting.page
    page.unroute_all()
    page.goto("about:blank")  # or the address would open what was called last
    page.goto(f"{sitting.stack.broker}/")
    page.locator("#username").fill("bob")
    page.locator("#password").fill(sitting.stack.users["bob"])
    page.locator("#sign-in").click()
    expect(page.locator("#desk")).to_be_visible()
    sitting.desk.choose("hello")
    for state, content_type, body in (
        ("22-image", "image/svg+xml", _PICTURE),
        ("23-no-image", "image/png", "no picture"),
        ("24-markdown", "text/markdown; charset=utf-8", _MARKDOWN),
        ("25-table", "text/csv; charset=utf-8", _CSV),
    ):
        answer_with(sitting, content_type, body)
        sitting.run()
        sitting.answered("done")
        expect(page.locator("div[data-rendered]")).to_be_visible()
        sitting.shoot(state)
    page.locator("#asked-part summary").click()
    page.locator("#copy-as button").nth(1).click()
    expect(page.locator("#copy-as pre")).to_be_visible()
    sitting.shoot("26-copy-as")
    page.unroute_all()
    page.locator("#sign-out").click()


def answer_with(sitting: Sitting, content_type: str, body: str) -> None:
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": content_type}

    def answer(route: Route) -> None:
        route.fulfill(headers=headers, body=body.encode())

    sitting.page.unroute_all()
    sitting.page.route(f"{sitting.stack.functions['hello']}**", answer)


_STATES: Final[tuple[Callable[[Sitting], None], ...]] = (
    signed_out,
    at_first,
    at_work,
    when_it_goes_wrong,
    when_refused,
    when_the_login_has_ended,
    with_two_runs,
    with_many_functions,
    with_answers_to_look_at,
    with_any_catalogue,
)


def progress(
    code: str, done: int, total: int, message: str | None = None
) -> dict[str, Any]:
    said = {"type": "progress", "code": code, "done": done, "total": total}
    return {**said, "message": message} if message else said


def refusing(route: Route) -> None:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "x-amzn-ErrorType, x-amzn-RequestId",
        "x-amzn-ErrorType": "AccessDeniedException",
        "x-amzn-RequestId": "7e6d1f0c-3f7e-4c7c-9b5d-0a4f5e9f1c11",
    }
    route.fulfill(status=403, json={"Message": "Forbidden"}, headers=headers)


def ended(route: Route) -> None:
    body = {"type": "urn:aikagi:problem:login-ended", "error": "invalid_grant"}
    route.fulfill(status=400, json=body)


def problem(route: Route, status: int) -> None:
    headers = {"Content-Type": "application/problem+json", "Retry-After": "7"}
    body = '{"title": "Not now", "request_id": "r-1"}'
    route.fulfill(status=status, body=body, headers=headers)


def an_entry(at: int, stack: Stack) -> dict[str, Any]:
    title, description = _CATALOGUE[at % len(_CATALOGUE)]
    return {
        "Name": title.lower().replace(" ", "-"),
        "Title": title,
        "Description": description,
        "FuncUrl": stack.functions["hello"],
        "Region": "ap-northeast-1",
        "InvokeMode": "RESPONSE_STREAM" if at % 2 else "BUFFERED",
        "MaxDurationSeconds": 3600,
    }


_CATALOGUE: Final = (
    ("Report", "Counts what is in a text."),
    ("Summarise", "Reads a text and streams a summary with its progress."),
    ("Transcribe", "Turns speech into text, minute by minute."),
    ("Redact", "Blackens names and numbers in a document."),
    ("Reconcile", "Compares two ledgers line by line."),
    ("Translate", "Japanese to English, and back."),
    ("Thumbnails", "Makes small pictures of large ones."),
    ("Render", "Draws a map from tiles."),
    ("Hello", "Greets whoever calls."),
)


def sittings(browser: Browser, stack: Stack, teller: Teller) -> Iterator[Sitting]:
    themes: tuple[Theme, ...] = ("light", "dark")
    for locale, theme, size in product(("en", "ja"), themes, (_WIDE, _NARROW)):
        width, height = size
        context = browser.new_context(
            locale=locale,
            color_scheme=theme,
            viewport={"width": width, "height": height},
        )
        page = context.new_page()
        page.goto(f"{stack.broker}/")
        yield Sitting(page, stack, teller, f"{locale}-{theme}-{width}")
        context.close()


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as state,
        running_stack(Path(state)) as stack,
        Teller() as teller,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS
        )
        for sitting in sittings(browser, stack, teller):
            for state_of in _STATES:
                state_of(sitting)
    return 0


if __name__ == "__main__":
    sys.exit(main())
