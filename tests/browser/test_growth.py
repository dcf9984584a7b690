"""What meets answers and typing in the page, and what costs it most, in Chromium."""

from dataclasses import dataclass
from typing import Final, final

import pytest
from playwright.sync_api import Page

from tests.growth import Growth, Record, check, measure

_PREPARE: Final = """async (size) => {
  const files = "./static/digest/";
  if (!document.forms.length) {
    // The page's modules look for the page's elements.
    const html = await (await fetch(`${files}page/index.html`)).text();
    const { body } = new DOMParser().parseFromString(html, "text/html");
    document.body.replaceChildren(...body.childNodes);
  }
  const { addressOf, Call, FunctionError } = await import(`${files}client/aikagi.js`);
  const { faultIn, indented, contentOf } = await import(`${files}page/content.js`);
  const { Transcript, StreamView } = await import(`${files}page/output.js`);

  const bytes = (text) => new TextEncoder().encode(text);
  const repeat = (piece) => piece.repeat(Math.max(1, size / piece.length));
  const pieces = (piece) =>
    Array(Math.max(1, Math.floor(size / piece.length))).fill(piece);
  const answer = (texts, type, status = 200) => {
    const left = texts.values();
    const body = new ReadableStream({ pull(stream) {
      const { done, value } = left.next();
      if (done) stream.close();
      else stream.enqueue(bytes(value));
    } });
    return new Response(body, { status, headers: { "Content-Type": type } });
  };
  const readAnswer = async (texts, type, status) => {
    let count = 0;
    const call = new Call(Promise.resolve(answer(texts, type, status)));
    for await (const _ of call) count += 1;
    return count;
  };
  const NDJSON = "application/x-ndjson";
  const SSE = "text/event-stream";
  const shown = (texts) => {
    const node = document.createElement("pre");
    const view = new StreamView(node);
    const transcript = new Transcript();
    view.show(transcript);
    for (const text of texts) { transcript.append(text); view.draw(); }
  };
  const appended = (texts) => {
    const transcript = new Transcript();
    for (const text of texts) transcript.append(text);
    return transcript.whole();
  };
  const content = (text) => contentOf({ result: { value: [], text }, text: [] });
  const home = "https://fn.lambda-url.ap-northeast-1.on.aws/";

  const input = INPUT;
  globalThis.work = async (times) => {
    for (let time = 0; time < times; time += 1) {
      try { await (RUN); } catch (error) {
        // No input here has a last event.
        if (error.name !== "EndedEarlyError" && !(ALLOWED)) throw error;
      }
    }
  };
}"""


@final
@dataclass(frozen=True, slots=True)
class Work:
    """JavaScript: an ``input`` of ``size`` characters, and what is done with it.

    ``fails`` says of an ``error`` whether it is the right one.
    """

    name: str
    input: str
    run: str
    fails: str = "false"
    largest: int = 32_768
    smallest: int = 512

    def growth_in(self, page: Page, processor: "Processor") -> Growth:
        prepare = (
            _PREPARE.replace("INPUT", self.input)
            .replace("RUN", self.run)
            .replace("ALLOWED", self.fails)
        )

        def cost(size: int, times: int) -> float:
            page.evaluate(prepare, size)
            began = processor.time()
            page.evaluate("(times) => work(times)", times)
            return processor.time() - began

        return measure(self.name, cost, self.largest, self.smallest)


@final
class Processor:
    """Tells what a page's own thread has worked, whatever else the machine does."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def time(self) -> float:
        """Seconds, since whenever."""
        found = self._session.send("Performance.getMetrics")["metrics"]
        metrics: dict[str, float] = {each["name"]: each["value"] for each in found}
        return metrics["ThreadTime"]


@pytest.fixture(scope="module")
def processor(workbench: Page) -> Processor:
    return Processor(workbench)


_MALFORMED: Final = 'error.name === "MalformedError"'
_FAILED: Final = 'error.name === "FunctionError"'

SHOWN: Final = ("shown(input)", "false", 8_388_608, 1_048_576)

# Not brackets in brackets where JSON.parse meets them: V8 itself takes 0.01 s for
# 130,000, 0.5 s for a million and 4 s for eight, the most that an event may have.
WORK: Final = [
    Work(
        "lines: one without an end, in pieces", 'pieces("a")', "readAnswer(input, SSE)"
    ),
    Work("lines: short ones in pieces", 'pieces("a\\n")', "readAnswer(input, SSE)"),
    Work("lines: empty ones in one piece", '[repeat("\\n")]', "readAnswer(input, SSE)"),
    Work("lines: carriage returns", 'pieces("\\r")', "readAnswer(input, SSE)"),
    Work("lines: half letters", 'pieces("鍵")', "readAnswer(input, SSE)"),
    Work(
        "NDJSON: events",
        """[repeat('{"type":"ping"}\\n')]""",
        "readAnswer(input, NDJSON)",
    ),
    Work(
        "NDJSON: events in pieces",
        """pieces('{"type":"ping"}\\n')""",
        "readAnswer(input, NDJSON)",
    ),
    Work("NDJSON: spaces", 'pieces(" \\n")', "readAnswer(input, NDJSON)"),
    Work("NDJSON: a line of spaces", '[repeat(" ")]', "readAnswer(input, NDJSON)"),
    Work(
        "NDJSON: escapes",
        """[`{"a":"` + repeat('\\\\"')]""",
        "readAnswer(input, NDJSON)",
        _MALFORMED,
    ),
    Work("SSE: data of one event", '[repeat("data:\\n")]', "readAnswer(input, SSE)"),
    Work("SSE: data in pieces", 'pieces("data: a\\n")', "readAnswer(input, SSE)"),
    Work("SSE: carriage returns", '[repeat("\\r") + "a\\n"]', "readAnswer(input, SSE)"),
    Work("SSE: comments", '[repeat(":\\n")]', "readAnswer(input, SSE)"),
    Work("SSE: one field without an end", '[repeat("a")]', "readAnswer(input, SSE)"),
    Work("SSE: colons", '[repeat(":") + "\\n"]', "readAnswer(input, SSE)"),
    Work("text: in pieces", 'pieces("a")', 'readAnswer(input, "text/plain")'),
    Work("JSON: a number", '[repeat("1")]', 'readAnswer(input, "application/json")'),
    Work(
        "JSON: a fraction",
        '["0." + repeat("1")]',
        'readAnswer(input, "application/json")',
    ),
    Work(
        "failure: in pieces",
        'pieces("a")',
        'readAnswer(input, "text/plain", 500)',
        _FAILED,
    ),
    Work(
        "failure: escapes",
        """'"' + repeat('\\\\"')""",
        "new FunctionError(new Response(), input)",
    ),
    Work("fault: brackets", 'repeat("[1,")', "faultIn(input)"),
    Work("fault: objects", """repeat('{"a":')""", "faultIn(input)"),
    Work("fault: closed brackets", 'repeat("[") + repeat("]") + "]"', "faultIn(input)"),
    Work("fault: a string of escapes", """'"' + repeat('\\\\"')""", "faultIn(input)"),
    Work("fault: strings", """"[" + repeat('"",') + "]" """, "faultIn(input)"),
    Work("fault: numbers", '"[" + repeat("1,") + "]"', "faultIn(input)"),
    Work("fault: a number", 'repeat("1") + "x"', "faultIn(input)"),
    Work("fault: line ends", 'repeat("\\n") + "x"', "faultIn(input)"),
    Work("layout: brackets", 'repeat("[")', "indented(input)"),
    Work("layout: objects", """repeat('{"a":')""", "indented(input)"),
    Work("layout: closed brackets", 'repeat("[") + repeat("]")', "indented(input)"),
    Work("layout: numbers", '"[" + repeat("1,") + "1]"', "indented(input)"),
    Work("layout: a string of escapes", """'"' + repeat('\\\\"')""", "indented(input)"),
    Work("layout: backslashes", 'repeat("\\\\\\n")', "indented(input)"),
    Work("layout: commas", 'repeat(",")', "indented(input)"),
    Work("result: nesting", 'repeat("[") + repeat("]")', "content(input)"),
    Work("result: spaces", 'repeat(" ") + "x"', "content(input)"),
    # From where the oldest of a text is shown no more.
    Work(
        "transcript: in pieces",
        'pieces("a".repeat(64))',
        "appended(input)",
        largest=8_388_608,
        smallest=1_048_576,
    ),
    Work("view: a line in pieces", 'pieces("a".repeat(4096))', *SHOWN),
    Work("view: short lines", 'pieces("a\\n".repeat(2048))', *SHOWN),
    Work(
        "view: a line in large pieces",
        'pieces("a".repeat(65_536))',
        "shown(input)",
        largest=4_194_304,
        smallest=524_288,
    ),
    Work("path: slashes", '"/a" + repeat("/")', "addressOf(input, home)"),
    Work("path: dots", '"/a" + repeat("/..")', "addressOf(input, home)"),
    Work("path: percent signs", '"/" + repeat("%")', "addressOf(input, home)"),
    Work("path: query of one name", '"/?" + repeat("a&")', "addressOf(input, home)"),
    Work(
        "path: marks in a query", """"/?a=" + repeat("'")""", "addressOf(input, home)"
    ),
]


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.name)
def test_work_grows_linearly(
    workbench: Page, processor: Processor, work: Work, record_property: Record
):
    check(work.growth_in(workbench, processor), record_property)
