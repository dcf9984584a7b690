"""``make bench-page``: how late an event is seen, and what many of them cost."""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any, Final

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.__main__ import machine
from tests.browser.conftest import ARGUMENTS
from tests.browser.desk import Desk
from tests.browser.teller import Teller
from tests.browser_setup import find_chromium
from tests.stack import ROOT, Stack, running_stack

_RUNS: Final = 10
_EVENTS: Final = 100_000
_LINE: Final = "All work and no play makes a dull page.\n"

# Each event says when the function yields it.
_TASK: Final = """
import time
from aikagi_function import Progress, Result, Start, streamed


def task(request):
    yield Start(20)
    for done in range(20):
        yield Progress(done, code="working", message=str(time.time()))
        time.sleep(0.1)
    yield Result()


handler = streamed(task)
"""
_LISTEN: Final = """() => {
  globalThis.late = [];
  const message = document.getElementById("message");
  new MutationObserver(() => {
    const sent = Number(message.textContent);
    if (sent) late.push(Date.now() - sent * 1000);
  }).observe(message, { childList: true });
}"""
_FRAMES: Final = """() => {
  globalThis.longest = 0;
  let last = performance.now();
  const frame = (now) => {
    longest = Math.max(longest, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


def latency(page: Page, stack: Stack) -> Iterator[str]:
    """Milliseconds from the yield of a function to the words on the page."""
    desk = Desk(page, stack)
    desk.enter("bob")
    desk.choose("summarise")
    page.evaluate(_LISTEN)
    firsts, all_late = [], []
    for _ in range(_RUNS + 1):
        page.evaluate("late.length = 0")
        desk.run()
        expect(page.locator('#state[data-kind="done"]')).to_be_visible()
        late: list[float] = page.evaluate("late")
        firsts.append(late[0])
        all_late += late
    yield f"{'first event, cold':34} {firsts[0]:8.1f} ms"
    yield _line("first event, warm", firsts[1:])
    yield _line("any event", all_late)


def _line(name: str, values: list[float]) -> str:
    middle, worst = statistics.median(values), max(values)
    return f"{name:34} {middle:8.1f} ms    worst {worst:.1f} ms of {len(values)}"


def many(page: Page, stack: Stack, teller: Teller) -> Iterator[str]:
    desk = Desk(page, stack)
    desk.enter("bob")
    desk.choose("summarise")
    page.evaluate(_FRAMES)
    teller.stand_in_for(page, stack.functions["summarise"])
    yield f"{'longest frame, idle':34} {_longest(page):8.1f} ms"
    before = _heap(page)
    yield f"{'heap before':34} {before:8.2f} MB"
    for kind, event in _KINDS.items():
        page.evaluate("longest = 0")
        desk.run()
        telling = teller.called(page)
        for at in range(0, _EVENTS, 1000):
            lines = (
                json.dumps(event(number)) + "\n" for number in range(at, at + 1000)
            )
            telling.send("".join(lines).encode())
        telling.finish()
        done = page.locator('#state[data-kind="done"]')
        expect(done).to_be_visible(timeout=120_000)
        took, frame, heap = done.inner_text(), _longest(page), _heap(page)
        nodes = page.evaluate("document.querySelectorAll('*').length")
        yield (
            f"{f'{_EVENTS:,} {kind} events':34} {frame:8.1f} ms longest frame, "
            f"heap {heap - before:+.2f} MB, {nodes} elements, {took}"
        )


_KINDS: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "ping": lambda _: {"type": "ping"},
    "progress": lambda at: {"type": "progress", "done": at, "total": _EVENTS},
    "output": lambda _: {"type": "output", "text": _LINE},
}


def _longest(page: Page) -> float:
    page.wait_for_timeout(200)  # the frames that are still to come
    longest: float = page.evaluate("longest")
    return longest


def _heap(page: Page) -> float:
    """Megabytes that the page's scripts hold."""
    tools = page.context.new_cdp_session(page)
    tools.send("HeapProfiler.collectGarbage")
    used: float = tools.send("Runtime.getHeapUsage")["usedSize"]
    tools.detach()
    return used / 1e6


def _telling_stack(folder: Path) -> Path:
    """Make a copy of the product whose ``summarise`` says what time it is."""
    (folder / "app").symlink_to(ROOT / "app")
    copytree(ROOT / "functions", folder / "functions")
    (folder / "functions/summarise/app.py").write_text(_TASK)
    template = folder / "template.yaml"
    template.write_text((ROOT / "template.yaml").read_text())
    return template


def main() -> None:
    def show(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    show(machine())
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(
            Path(folder) / "state", template=_telling_stack(Path(folder))
        ) as stack,
        Teller() as teller,
        sync_playwright() as playwright,
    ):
        path = find_chromium()
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"{stack.broker}/")
        for line in latency(page, stack):
            show(line)
        page.reload()
        for line in many(page, stack, teller):
            show(line)
        browser.close()
    show(machine())


if __name__ == "__main__":
    main()
