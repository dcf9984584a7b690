"""How the page's client follows what a function tells, in whatever form it tells it."""

from typing import Any, Final

import pytest
from playwright.sync_api import Page

from tests.browser.bench import tell

# A function whose answer comes piece by piece, and how its events are gathered.
_TOOLS: Final = """
const bytes = (text) => new TextEncoder().encode(text);
const ndjson = { "Content-Type": "application/x-ndjson; charset=utf-8" };
const pieces = { pulled: 0, left: null };
const answering = (chunks, headers = ndjson, status = 200) => {
  const waiting = chunks.map(
    (chunk) => typeof chunk === "string" ? bytes(chunk) : chunk);
  script.call = () => new Response(new ReadableStream({
    pull(stream) {
      pieces.pulled += 1;
      const next = waiting.shift();
      if (next instanceof Error) stream.error(next);
      else if (next === undefined) stream.close();
      else if (next !== null) stream.enqueue(next);
      else return new Promise(() => {});
    },
    cancel() { pieces.left = true; },
  }, { highWaterMark: 0 }), { status, headers });
};
const gathered = async (call = broker.call("hello")) => {
  const events = [];
  try {
    for await (const event of call) events.push(event);
  } catch ({ name, message, events: count, cause }) {
    events.push({ name, message, ...(count === undefined ? {} : { count }),
      ...(cause && { cause: cause.message }) });
  }
  return events;
};
"""

NDJSON: Final = """{"type":"start","total":2}
{"type":"progress","done":1,"code":"reading","message":"合鍵 é"}
{"type":"output","text":"ключ 🗝"}
{"type":"ping"}
{"type":"result","value":{"of":2}}
"""


def follow(workbench: Page, body: str) -> Any:
    return tell(workbench, _TOOLS + body)


def literal(text: str) -> str:
    """Write ``text`` as a template of JavaScript, with its escapes left to it."""
    return f"`{text}`"


def test_an_event_is_told_before_the_next_is_made(workbench: Page):
    told = follow(
        workbench,
        """let stream;
        script.call = () => new Response(
          new ReadableStream({ start(it) { stream = it; } }), { headers: ndjson });
        const call = broker.call("hello");
        const { status } = await call.response;
        const events = call[Symbol.asyncIterator]();
        stream.enqueue(bytes('{"type":"start"}\\n{"type":"pi'));
        const first = await events.next();
        stream.enqueue(bytes('ng"}\\n'));
        const second = await events.next();
        return [status, first.value.type, second.value.type];""",
    )

    assert told == [200, "start", "ping"]


def test_other_bytes_are_a_blob(workbench: Page):
    told = follow(
        workbench,
        """answering([Uint8Array.of(0, 255), Uint8Array.of(10)],
          { "Content-Type": "image/png" });
        const value = await broker.call("hello").result();
        return [value instanceof Blob, value.type,
          [...new Uint8Array(await value.arrayBuffer())]];""",
    )

    assert told == [True, "image/png", [0, 255, 10]]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("hello", id="a word"),
        pytest.param('{"type":"output","text":7}', id="output of a number"),
    ],
)
def test_a_line_that_is_no_event_is_shown_and_ends_the_call(workbench: Page, line: str):
    told = follow(
        workbench,
        f"""answering(['{{"type":"ping"}}\\n{line}\\n{{"type":"result"}}\\n', null]);
        return [await gathered(), pieces.left];""",
    )

    assert told == [
        [
            {"type": "ping"},
            {
                "name": "MalformedError",
                "message": f"The function sent a line that is no event: {line}",
            },
        ],
        True,
    ]


def test_of_a_malformed_line_only_the_beginning_is_shown(workbench: Page):
    [error] = follow(
        workbench, 'answering(["x".repeat(10_000) + "\\n"]); return gathered();'
    )

    assert error["message"].endswith(": " + "x" * 80)


@pytest.mark.parametrize(
    "headers", ["ndjson", '{ "Content-Type": "text/event-stream" }']
)
def test_a_line_without_an_end_does_not_fill_the_memory(workbench: Page, headers: str):
    told = follow(
        workbench,
        f"""const megabyte = "x".repeat(1 << 20);
        answering(["data:", ...Array(64).fill(megabyte)], {headers});
        const [error] = await gathered();
        return [error.name, error.message, pieces.pulled < 12, pieces.left];""",
    )

    assert told == [
        "MalformedError",
        "The function sent a line without an end",
        True,
        True,
    ]


def test_a_long_line_in_one_piece_is_refused_too(workbench: Page):
    told = follow(
        workbench,
        """const long = (size) => `{"type":"output","text":"${"x".repeat(size)}"}\\n`;
        answering([long(7 << 20), long(8 << 20)]);
        const [first, second] = await gathered();
        return [first.text.length, second.name];""",
    )

    assert told == [7 << 20, "MalformedError"]


def test_many_data_lines_of_one_event_do_not_fill_the_memory_either(workbench: Page):
    told = follow(
        workbench,
        """const lines = `data: ${"x".repeat(1 << 20)}\\n`;
        answering(Array(64).fill(lines), { "Content-Type": "text/event-stream" });
        const [error] = await gathered();
        return [error.name, pieces.pulled < 12];""",
    )

    assert told == ["MalformedError", True]


@pytest.mark.parametrize(
    ("chunks", "count", "cause"),
    [
        pytest.param("[]", 0, None, id="at once"),
        pytest.param(
            """['{"type":"ping"}\\n{"type":"ping"}\\n']""", 2, None, id="later"
        ),
        pytest.param(
            """['{"type":"ping"}\\n', new TypeError("network error")]""",
            1,
            "network error",
            id="by the network",
        ),
    ],
)
def test_a_stream_without_its_last_event_ended_early(
    workbench: Page, chunks: str, count: int, cause: str | None
):
    told = follow(workbench, f"answering({chunks}); return gathered();")

    assert told[-1] == {
        "name": "EndedEarlyError",
        "message": "The answer ended before its last event",
        "count": count,
        **({"cause": cause} if cause else {}),
    }


@pytest.mark.parametrize(
    ("rest", "left"),
    [
        pytest.param("", None, id="the end"),
        pytest.param(""", '{"type":"ping"}\\n', null""", True, id="more events"),
        pytest.param(""", '\\n', null""", True, id="a blank line"),
        pytest.param(", null", None, id="silence"),
        pytest.param(""", new TypeError("cut")""", None, id="a broken connection"),
    ],
)
def test_nothing_counts_after_the_last_event(
    workbench: Page, rest: str, left: bool | None
):
    told = follow(
        workbench,
        f"""answering(['{{"type":"result","value":7}}\\n{{"type":"ping"}}\\n'{rest}]);
        const call = broker.call("hello");
        const events = await gathered(call);
        await settle();
        return [events, await call.result(), pieces.left, unheard];""",
    )

    assert told == [[{"type": "result", "value": 7, "text": "7"}], 7, left, []]


def test_a_result_is_known_before_the_stream_ends(workbench: Page):
    told = follow(
        workbench,
        """answering(['{"type":"ping"}\\n{"type":"result","value":7}\\n', null]);
        return broker.call("hello").result();""",
    )

    assert told == 7


def test_a_task_that_says_it_failed_lets_the_stream_end(workbench: Page):
    told = follow(
        workbench,
        """const text = '{"type":"error","code":"deadline","message":"Too long"}\\n';
        answering([text, null]);
        const call = broker.call("hello");
        const [{ name }] = await gathered(call);
        await settle();
        return [name, (await caught(call.result())).code, pieces.left, unheard];""",
    )

    assert told == ["TaskError", "deadline", None, []]


def test_text_is_told_before_its_next_piece_is_made(workbench: Page):
    told = follow(
        workbench,
        """answering(["data: 1\\n\\n", "data", null],
          { "Content-Type": "text/event-stream" });
        const events = broker.call("hello")[Symbol.asyncIterator]();
        return [(await events.next()).value.text, (await events.next()).value.text];""",
    )

    assert told == ["data: 1\n\n", "data"]


@pytest.mark.parametrize(
    ("charset", "sent"),
    [
        pytest.param("utf-8", b"\xef\xbb\xbf\xe5\x90\x88\xff.", id="a mark"),
        pytest.param("Shift_JIS", "合鍵。\r\n".encode("shift_jis"), id="Shift_JIS"),
        pytest.param("iso-2022-jp", "合鍵".encode("iso-2022-jp"), id="JIS"),
    ],
)
@pytest.mark.parametrize("size", [1, 100], ids=["by the byte", "whole"])
def test_a_text_has_the_bytes_that_it_was_read_from(
    workbench: Page, charset: str, sent: bytes, size: int
):
    pieces = [list(sent[at : at + size]) for at in range(0, len(sent), size)]
    told = follow(
        workbench,
        f"""answering({pieces}.map((piece) => Uint8Array.from(piece)),
          {{ "Content-Type": "text/plain; charset={charset}" }});
        const events = await gathered();
        const {{ value, body }} = events.pop();
        const whole = [...new Uint8Array(await body.arrayBuffer())];
        return [whole, events.flatMap(({{ bytes }}) => [...bytes]), value,
          events.map(({{ text }}) => text).join(""), body.type];""",
    )

    whole, come, value, text, kind = told
    assert bytes(whole) == sent
    assert bytes(come) == sent[: len(come)]
    assert len(sent) - len(come) in {0, len(b"\x1b(B")}
    assert value == text == sent.decode(charset, "replace").removeprefix("\ufeff")
    assert kind == f"text/plain; charset={charset}".lower()


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        pytest.param(b"\xef\xbb\xbf[1.0]", [1], id="with a mark"),
        pytest.param(b" no JSON ", " no JSON ", id="none"),
    ],
)
def test_an_answer_of_json_has_its_bytes(workbench: Page, sent: bytes, value: object):
    told = follow(
        workbench,
        f"""answering([Uint8Array.from({list(sent)})],
          {{ "Content-Type": "application/json" }});
        const [{{ value, body }}] = await gathered();
        return [value, [...new Uint8Array(await body.arrayBuffer())]];""",
    )

    assert told == [value, list(sent)]


def test_a_call_says_when_its_request_leaves(workbench: Page):
    told = follow(
        workbench,
        """let lend;
        const grant = script.grant;
        script.grant = () => new Promise((done) => { lend = () => done(grant()); });
        answering(['{"type":"result","value":7}\\n']);
        const call = broker.call("hello");
        let isSent = false;
        call.sent.then(() => { isSent = true; });
        await settle();
        const before = isSent;
        lend();
        await call.sent;
        return [before, count("call"), await call.result()];""",
    )

    assert told == [False, 1, 7]


def test_a_request_that_never_left_says_why(workbench: Page):
    told = follow(
        workbench,
        """script.grant = () => problem(403, {});
        const call = broker.call("hello");
        const { name, status } = await caught(call.sent);
        return [name, status, count("call"), unheard];""",
    )

    assert told == ["BrokerError", 403, 0, []]


def test_a_result_can_be_asked_for_after_the_events_and_as_often_as_one_likes(
    workbench: Page,
):
    told = follow(
        workbench,
        """answering(['{"type":"ping"}\\n', '{"type":"result","value":7}\\n']);
        const call = broker.call("hello");
        const early = call.result();
        const events = caught(gathered(call));
        return [await early, await call.result(), (await events)?.name, count("call")];
        """,
    )

    assert told == [7, 7, None, 1]


def test_events_are_read_once(workbench: Page):
    told = follow(
        workbench,
        """answering(['{"type":"result","value":7}\\n']);
        const call = broker.call("hello");
        await call.result();
        try { call[Symbol.asyncIterator](); } catch ({ name, message }) {
          return [name, message];
        }""",
    )

    assert told == ["TypeError", "The events of a call are read once"]


def test_leaving_the_loop_hangs_up(workbench: Page):
    told = follow(
        workbench,
        """answering(['{"type":"ping"}\\n{"type":"ping"}\\n', null]);
        const call = broker.call("hello");
        for await (const event of call) break;
        const { name } = await caught(call.result());
        return [name, pieces.left, unheard];""",
    )

    assert told == ["AbortError", True, []]


def test_leaving_with_the_last_event_lets_the_stream_end(workbench: Page):
    told = follow(
        workbench,
        """answering(['{"type":"result","value":7}\\n', null]);
        const call = broker.call("hello");
        for await (const event of call) if (event.type === "result") break;
        await settle();
        return [await call.result(), pieces.left];""",
    )

    assert told == [7, None]


@pytest.mark.parametrize("when", ["between the events", "while it waits"])
def test_a_call_given_up_says_why_and_hangs_up(workbench: Page, when: str):
    told = follow(
        workbench,
        f"""const controller = new AbortController();
        const later = "{when}" === "while it waits";
        script.call = ({{ signal }}) => new Response(new ReadableStream({{
          start(stream) {{
            stream.enqueue(bytes('{{"type":"ping"}}\\n{{"type":"ping"}}\\n'));
            signal.addEventListener("abort", () => stream.error(signal.reason));
          }} }}), {{ headers: ndjson }});
        const call = broker.call("hello", {{ signal: controller.signal }});
        const seen = [];
        try {{
          for await (const event of call) {{
            seen.push(event.type);
            if (!later) controller.abort(new Error("enough"));
            else if (seen.length === 2) setTimeout(() => controller.abort(
              new Error("enough")));
          }}
        }} catch (error) {{ seen.push(error.message); }}
        return [seen, (await caught(call.result())).message, unheard];""",
    )

    pings = ["ping"] if when == "between the events" else ["ping", "ping"]
    assert told == [[*pings, "enough"], "enough", []]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            '{"message": "No such chapter"}', "No such chapter", id="our functions'"
        ),
        pytest.param('{"Message": "Forbidden"}', "Forbidden", id="Lambda's"),
        pytest.param('{"message": 7}', "The function answered 418", id="a number"),
        pytest.param("null", "The function answered 418", id="null"),
        pytest.param("I am a teapot", "The function answered 418", id="text"),
        pytest.param("", "The function answered 418", id="nothing"),
    ],
)
def test_a_failure_is_told_in_the_functions_own_words(
    workbench: Page, body: str, message: str
):
    told = follow(
        workbench,
        f"""answering(['{body}'], {{ "x-amzn-requestid": "r-7",
          "x-amzn-errortype": "TeapotException" }}, 418);
        const call = broker.call("hello", {{ method: "POST" }});
        const {{ status }} = await call.response;
        const {{ body, ...error }} = await caught(call.result());
        return [status, error, await body.text()];""",
    )

    assert told == [
        418,
        {
            "name": "FunctionError",
            "message": message,
            "status": 418,
            "text": body,
            "isTruncated": False,
            "requestId": "r-7",
            "errorType": "TeapotException",
        },
        body,
    ]


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502])
def test_every_status_from_400_on_is_a_failure(workbench: Page, status: int):
    told = follow(
        workbench,
        f"""answering([{literal(NDJSON)}], ndjson, {status});
        const call = broker.call("hello", {{ method: "POST" }});
        const {{ name, status, requestId }} = await caught(call.result());
        return [name, status, requestId, count("call")];""",
    )

    assert told == ["FunctionError", status, None, 1]


def test_of_a_failure_only_so_much_is_read(workbench: Page):
    told = follow(
        workbench,
        """const words = JSON.stringify({ message: "m".repeat(1000) });
        answering([words, ...Array(64).fill("合".repeat(10_000))], {}, 500);
        const error = await caught(broker.call("hello", { method: "POST" }).result());
        answering([words], {}, 500);
        const short = await caught(broker.call("hello", { method: "POST" }).result());
        return [error.text.length, pieces.pulled < 15, pieces.left,
          short.message.length];""",
    )

    assert told == [65_536, True, True, 500]


def test_a_call_that_found_no_answer_fails_wherever_one_looks(workbench: Page):
    told = follow(
        workbench,
        """script.call = () => { throw new TypeError("Failed to fetch"); };
        const call = broker.call("hello", { method: "POST" });
        const failures = [call.response, gathered(call).then(([first]) => {
          throw first; }), call.result()];
        return Promise.all(
          failures.map(async (failure) => (await caught(failure)).name));""",
    )

    assert told == ["UnreachableError"] * 3


def test_a_failure_nobody_looks_at_disturbs_nobody(workbench: Page):
    told = follow(
        workbench,
        """script.call = () => { throw new TypeError("Failed to fetch"); };
        broker.call("hello", { method: "POST" });
        broker.signOut();
        broker.call("hello");
        await settle();
        return unheard;""",
    )

    assert told == []


def test_nothing_is_read_before_somebody_takes_it(workbench: Page):
    told = follow(
        workbench,
        """const line = '{"type":"ping"}\\n';
        answering(Array(100).fill(line));
        const call = broker.call("hello");
        await call.response;
        await settle();
        const before = pieces.pulled;
        const events = call[Symbol.asyncIterator]();
        for (let taken = 0; taken < 5; taken += 1) await events.next();
        await settle();
        return [before, pieces.pulled];""",
    )

    assert told == [0, 5]


@pytest.mark.parametrize("together", [1, 100_000], ids=["a piece each", "in one piece"])
def test_the_page_has_its_turns_between_a_hundred_thousand_events(
    workbench: Page, together: int
):
    told = follow(
        workbench,
        f"""const line = (at) => `{{"type":"progress","done":${{at}}}}\\n`;
        let made = 0;
        script.call = () => new Response(new ReadableStream({{
          pull(stream) {{
            if (made === 100_000) {{
              stream.enqueue(bytes('{{"type":"result","value":"done"}}\\n'));
              return stream.close();
            }}
            let text = "";
            for (let n = 0; n < {together}; n += 1) text += line(made++);
            stream.enqueue(bytes(text));
          }} }}, {{ highWaterMark: 0 }}), {{ headers: ndjson }});
        let turns = 0;
        let last = 0;
        let isOver = false;
        const {{ port1, port2 }} = new MessageChannel();
        port1.onmessage = () => {{ turns += 1; if (!isOver) port2.postMessage(0); }};
        port2.postMessage(0);
        for await (const {{ value }} of broker.call("hello")) last = value;
        isOver = true;
        return [made, last, turns > 3];""",
    )

    assert told == [100_000, "done", True]
