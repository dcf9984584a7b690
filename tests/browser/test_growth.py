"""What meets answers and typing in the page, and what costs it most, in Chromium."""

from dataclasses import dataclass
from typing import Final, final

import pytest
from playwright.sync_api import Page

from tests.growth import Growth, Record, check, measure

_PREPARE: Final = """async (size) => {
  const page = "./static/digest/page";
  if (!document.getElementById("streamed")) {
    const html = await (await fetch(`${page}/index.html`)).text();
    document.body.replaceWith(new DOMParser().parseFromString(html, "text/html").body);
  }
  const { addressOf, Call } = await import("./static/digest/client/call.js");
  const { FunctionError } = await import("./static/digest/client/errors.js");
  const { contentOf, indented, isValid } = await import(`${page}/content.js`);
  const { faultOf } = await import(`${page}/json.js`);
  const faultIn = (json) => (isValid(json) ? null : faultOf(json));
  const { StreamView } = await import(`${page}/output.js`);
  const { Transcript } = await import(`${page}/runs.js`);
  const { markdownOf } = await import(`${page}/markdown.js`);
  const { rowsOfJson, rowsOfText, tableOf } = await import(`${page}/table.js`);
  const { fileName } = await import(`${page}/download.js`);
  const drawn = (rows) => rows && tableOf(rows);
  const csv = (text) => drawn(rowsOfText(text, "text/csv"));
  const named = (disposition) => fileName({ entry: { Name: "a" }, began: 0,
    head: { headers: { get: () => disposition } } });

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
    for await (const _ of new Call(Promise.resolve(answer(texts, type, status))));
  };
  const NDJSON = "application/x-ndjson";
  const SSE = "text/event-stream";
  const FRAME = 'data: {"type":"ping"}\\n\\n';
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
      try { await (RUN); } catch (error) { if (!(ALLOWED)) throw error; }
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
        metrics: dict[str, float] = {
            metric["name"]: metric["value"] for metric in found
        }
        return metrics["ThreadTime"]


@pytest.fixture(scope="module")
def processor(workbench: Page) -> Processor:
    return Processor(workbench)


_ENDED: Final = 'error.name === "EndedEarlyError"'
_FAILED: Final = 'error.name === "FunctionError"'

SHOWN: Final = ("shown(input)", "false", 8_388_608, 1_048_576)

# Not brackets in brackets where JSON.parse meets them: V8 itself takes 0.01 s for
# 130,000, 0.5 s for a million and 4 s for eight, the most that an event may have.
WORK: Final = [
    Work(
        "NDJSON: a line without an end, in pieces",
        'pieces("a")',
        "readAnswer(input, NDJSON)",
        _ENDED,
    ),
    Work(
        "NDJSON: empty lines in one piece",
        '[repeat("\\n")]',
        "readAnswer(input, NDJSON)",
        _ENDED,
    ),
    Work(
        "NDJSON: carriage returns",
        'pieces("\\r")',
        "readAnswer(input, NDJSON)",
        _ENDED,
    ),
    Work(
        "NDJSON: events",
        """[repeat('{"type":"ping"}\\n')]""",
        "readAnswer(input, NDJSON)",
        _ENDED,
    ),
    Work(
        "NDJSON: events in pieces",
        """pieces('{"type":"ping"}\\n')""",
        "readAnswer(input, NDJSON)",
        _ENDED,
    ),
    Work("NDJSON: spaces", 'pieces(" \\n")', "readAnswer(input, NDJSON)", _ENDED),
    Work(
        "NDJSON: a line of spaces", '[repeat(" ")]', "readAnswer(input, NDJSON)", _ENDED
    ),
    Work(
        "NDJSON: escapes",
        """[`{"a":"` + repeat('\\\\"')]""",
        "readAnswer(input, NDJSON)",
        _ENDED,
    ),
    Work(
        "NDJSON: members of a result",
        """['{"type":"result"' + repeat(',"a":"b"') + '}']""",
        "readAnswer(input, NDJSON)",
    ),
    Work(
        "NDJSON: escapes of a result",
        """['{"type":"result","value":"' + repeat('\\\\"') + '"}']""",
        "readAnswer(input, NDJSON)",
    ),
    Work(
        "SSE: data of one event",
        '[FRAME + repeat("data:\\n")]',
        "readAnswer(input, SSE)",
        _ENDED,
    ),
    Work(
        "SSE: data in pieces",
        '[FRAME, ...pieces("data: a\\n")]',
        "readAnswer(input, SSE)",
        _ENDED,
    ),
    Work(
        "SSE: carriage returns",
        '[repeat("\\r") + "a\\n"]',
        "readAnswer(input, SSE)",
        _ENDED,
    ),
    Work("SSE: comments", '[repeat(":\\n")]', "readAnswer(input, SSE)", _ENDED),
    Work("SSE: comments in pieces", 'pieces(":\\n")', "readAnswer(input, SSE)", _ENDED),
    Work(
        "SSE: one field without an end",
        '[repeat("a")]',
        "readAnswer(input, SSE)",
        _ENDED,
    ),
    Work("SSE: colons", '[repeat(":") + "\\n"]', "readAnswer(input, SSE)", _ENDED),
    Work("SSE of others", 'pieces("data: 1\\n\\n")', "readAnswer(input, SSE)"),
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
    *(
        Work(f"markdown: {name}", made, "markdownOf(input)", "false", 65_536, 1_024)
        for name, made in (
            ("brackets", 'repeat("[")'),
            ("images", 'repeat("![")'),
            ("links", 'repeat("[a](https://a.example) ")'),
            ("links without an end", 'repeat("[a](b ")'),
            ("links in links", 'repeat("[") + repeat("](https://a)")'),
            ("targets", 'repeat("](a(b)")'),
            ("emphasis", 'repeat("*a **b _c __d ")'),
            ("closed emphasis", 'repeat("*a **b** c* ")'),
            ("asterisks", 'repeat("*")'),
            (
                "backticks of all lengths",
                """Array.from({ length: Math.sqrt(2 * size) },
             (_, n) => "`".repeat(n)).join(" ")""",
            ),
            ("backticks", 'repeat("` `` ")'),
            ("escapes", 'repeat("\\\\*")'),
            ("angles", 'repeat("<https:a")'),
            ("quotations", 'repeat("> ")'),
            ("quotations in lines", 'repeat("> > > > > > > > > a\\n")'),
            ("lists", 'repeat("- ")'),
            ("nested lists", 'repeat("- a\\n  - b\\n    - c\\n")'),
            ("blank lines in a list", '"- a" + repeat("\\n") + "b"'),
            ("a fence without an end", '"```" + repeat("\\n``")'),
            ("fences", 'repeat("~~~\\n")'),
            ("heading", '"# a" + repeat(" #") + "b"'),
            ("spaces", '"a" + repeat(" ") + "b"'),
            ("rule", 'repeat("- ") + "x"'),
            ("columns", 'repeat("|a") + "\\n" + repeat("|-")'),
            ("rows", '"|a\\n|-\\n" + repeat("|b\\n")'),
        )
    ),
    Work("CSV: rows", 'repeat("a,1\\n")', "csv(input)"),
    Work("CSV: columns", 'repeat("a,")', "csv(input)"),
    Work("CSV: quotation marks", """'"' + repeat('""')""", "csv(input)"),
    Work("CSV: quotations", """repeat('"a",')""", "csv(input)"),
    Work("CSV: carriage returns", 'repeat("\\r")', "csv(input)"),
    Work(
        "rows: objects", """`[${repeat('{"a":1},')}{}]`""", "drawn(rowsOfJson(input))"
    ),
    Work(
        "rows: each with another name",
        """JSON.stringify(Array.from({ length: size / 16 }, (_, n) => ({ [n]: n })))""",
        "drawn(rowsOfJson(input))",
        # From where no more of them are shown.
        largest=1_048_576,
        smallest=65_536,
    ),
    Work("rows: nested at the end", '`[${repeat("[1],")}[[]]]`', "rowsOfJson(input)"),
    Work("name: backslashes", """';filename="' + repeat('\\\\')""", "named(input)"),
    Work("name: dots", """';filename=' + repeat('.')""", "named(input)"),
    Work("name: spaces", """repeat(';  ')""", "named(input)"),
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
