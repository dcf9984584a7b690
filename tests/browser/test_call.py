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
  const waiting = chunks.map((each) => typeof each === "string" ? bytes(each) : each);
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

START: Final = {"type": "start", "total": 2}
PROGRESS: Final = {
    "type": "progress",
    "done": 1,
    "code": "reading",
    "message": "合鍵 é",
}
OUTPUT: Final = {"type": "output", "text": "ключ 🗝"}
RESULT: Final = {"type": "result", "value": {"of": 2}}
EVENTS: Final = [START, PROGRESS, OUTPUT, {"type": "ping"}, RESULT]
NDJSON: Final = """{"type":"start","total":2}
{"type":"progress","done":1,"code":"reading","message":"合鍵 é"}
{"type":"output","text":"ключ 🗝"}
{"type":"ping"}
{"type":"result","value":{"of":2}}
"""
JSON: Final = '{ "Content-Type": "application/json" }'


def follow(workbench: Page, body: str) -> Any:
    return tell(workbench, _TOOLS + body)


def literal(text: str) -> str:
    """Write ``text`` as a template of JavaScript, with its escapes left to it."""
    return f"`{text}`"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(NDJSON, id="as it is"),
        pytest.param(NDJSON.replace("\n", "\\r\\n"), id="CRLF"),
        pytest.param(NDJSON.replace("\n", "\n\n \n"), id="blank lines"),
        pytest.param(NDJSON.rstrip("\n"), id="no last line end"),
        pytest.param("\\ufeff" + NDJSON, id="byte order mark"),
    ],
)
def test_events_are_the_same_wherever_the_bytes_are_split(workbench: Page, text: str):
    told = follow(
        workbench,
        f"""const whole = bytes({literal(text)});
        const seen = new Set();
        for (let at = 0; at <= whole.length; at += 1) {{
          answering([whole.subarray(0, at), whole.subarray(at)]);
          seen.add(JSON.stringify(await gathered()));
        }}
        answering([...whole].map((byte) => Uint8Array.of(byte)));
        seen.add(JSON.stringify(await gathered()));
        script.call = () => new Response(whole, {{ headers: ndjson }});
        seen.add(JSON.stringify(await gathered()));
        return [...seen].map((each) => JSON.parse(each));""",
    )

    assert told == [EVENTS]


@pytest.mark.parametrize(
    "media_type",
    ["application/x-ndjson", "application/ndjson", "Application/JSONL;charset=utf-8"],
)
def test_lines_of_json_have_more_than_one_name(workbench: Page, media_type: str):
    told = follow(
        workbench,
        f"""answering([{literal(NDJSON)}], {{ "Content-Type": "{media_type}" }});
        return gathered();""",
    )

    assert told == EVENTS


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


def test_what_is_not_known_is_skipped_or_left_in_peace(workbench: Page):
    told = follow(
        workbench,
        """answering(['{"type":"weather","sky":"blue"}\\n{"type":"constructor"}\\n',
          '{"type":"ping","at":7}\\n{"type":"result","value":null}\\n']);
        return gathered();""",
    )

    assert told == [{"type": "ping", "at": 7}, {"type": "result", "value": None}]


def test_server_sent_events_are_the_same_events(workbench: Page):
    told = follow(
        workbench,
        r"""const text = [": hello", "", 'data: {"type":"start","total":2}', "",
          "event: progress", "id: 7", "retry: 10",
          'data: {"done":1,"code":"reading",', 'data:"message":"合鍵 é"}', "",
          "event: other", 'data: {"type":"output","text":"ключ 🗝"}', "",
          "event: nothing", "", "data", "", 'data:{"type":"ping"}', "",
          'data: {"type":"result","value":{"of":2}}', "", ""];
        const seen = new Set();
        for (const end of ["\n", "\r\n", "\r"]) {
          const whole = bytes(text.join(end));
          for (let at = 0; at <= whole.length; at += 7) {
            answering([whole.subarray(0, at), whole.subarray(at)],
              { "Content-Type": "text/event-stream" });
            seen.add(JSON.stringify(await gathered()));
          }
        }
        return [...seen].map((each) => JSON.parse(each));""",
    )

    assert told == [EVENTS]


def test_a_server_sent_event_that_never_ends_is_none(workbench: Page):
    told = follow(
        workbench,
        """answering(['data: {"type":"ping"}\\n\\ndata: {"type":"result"}\\n'],
          { "Content-Type": "text/event-stream" });
        return gathered();""",
    )

    assert [event.get("type", event.get("name")) for event in told] == [
        "ping",
        "EndedEarlyError",
    ]


@pytest.mark.parametrize(
    ("answer", "events"),
    [
        pytest.param(
            f"""'{{"n": 12345678901234567890}}', {{ headers: {JSON} }}""",
            [
                {
                    "type": "result",
                    "value": {"n": 12345678901234567000},
                    "text": '{"n": 12345678901234567890}',
                }
            ],
            id="json",
        ),
        pytest.param(
            """'[1]', { headers: { "Content-Type": "Application/Geo+JSON; q=1" } }""",
            [{"type": "result", "value": [1], "text": "[1]"}],
            id="a kind of json",
        ),
        pytest.param(
            f"'hello', {{ headers: {JSON} }}",
            [{"type": "result", "value": "hello"}],
            id="what Lambda calls json",
        ),
        pytest.param(
            f"'', {{ headers: {JSON} }}",
            [{"type": "result", "value": None}],
            id="no json",
        ),
        pytest.param(
            "'合鍵'",
            [{"type": "output", "text": "合鍵"}, {"type": "result", "value": "合鍵"}],
            id="text",
        ),
        pytest.param(
            "null, { status: 204 }",
            [{"type": "result", "value": None}],
            id="nothing",
        ),
        pytest.param(
            "new Uint8Array()",
            [{"type": "result", "value": None}],
            id="an empty body of no type",
        ),
    ],
)
def test_an_answer_that_is_no_stream_is_one_result(
    workbench: Page, answer: str, events: list[object]
):
    told = follow(
        workbench,
        f"""script.call = () => new Response({answer});
        const value = await broker.call("hello").result();
        const events = await gathered();
        return [events, JSON.stringify(events.at(-1).value) === JSON.stringify(value)];
        """,
    )

    assert told == [events, True]


def test_text_is_told_by_the_piece_and_whole(workbench: Page):
    told = follow(
        workbench,
        """const whole = bytes("合鍵 key");
        answering([whole.subarray(0, 4), whole.subarray(4), Uint8Array.of(0xe5)],
          { "Content-Type": "text/plain" });
        return gathered();""",
    )

    assert [event.get("text") for event in told[:-1]] == ["合", "鍵 key", "", "\ufffd"]
    assert told[-1] == {"type": "result", "value": "合鍵 key\ufffd"}


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
        pytest.param("{", id="cut"),
        pytest.param("hello", id="a word"),
        pytest.param("42", id="a number"),
        pytest.param("null", id="null"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="no type"),
        pytest.param('{"type":7}', id="a number for a type"),
        pytest.param('{"type":"output"}', id="output of nothing"),
        pytest.param('{"type":"output","text":7}', id="output of a number"),
        pytest.param('{"type":"progress","done":"1"}', id="progress of a word"),
        pytest.param('{"type":"error","code":"x"}', id="an error without a message"),
        pytest.param('{"type":"error","message":"x"}', id="an error without a code"),
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


@pytest.mark.parametrize("data", ["{", "word", "7", "null", "[]", '"a word"'])
def test_the_name_of_an_event_does_not_make_it_one(workbench: Page, data: str):
    told = follow(
        workbench,
        f"""answering(['event: result\\ndata: {data}\\n\\n'],
          {{ "Content-Type": "text/event-stream" }});
        return gathered();""",
    )

    assert [event.get("name") for event in told] == ["MalformedError"]


def test_of_a_malformed_line_only_the_beginning_is_shown(workbench: Page):
    [error] = follow(
        workbench, 'answering(["x".repeat(10_000) + "\\n"]); return gathered();'
    )

    assert error["message"].endswith(": " + "x" * 80)


def test_bytes_that_are_no_text_are_no_events(workbench: Page):
    told = follow(
        workbench,
        """answering([Uint8Array.of(0x22, 0xff, 0x22, 0x0a)]);
        const inside = await gathered();
        answering(['{"type":"ping"}\\n', Uint8Array.of(0xe5)]);
        const atTheEnd = await gathered();
        return [inside, atTheEnd].map((events) => events.at(-1).message);""",
    )

    assert told == ["The function sent what is not UTF-8"] * 2


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


def test_a_body_that_breaks_ended_early_whatever_its_type(workbench: Page):
    told = follow(
        workbench,
        """const names = [];
        for (const type of ["application/json", "text/plain", "image/png"]) {
          answering(["{", new TypeError("cut")], { "Content-Type": type });
          names.push((await caught(broker.call("hello").result())).name);
        }
        return names;""",
    )

    assert told == ["EndedEarlyError"] * 3


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

    assert told == [[{"type": "result", "value": 7}], 7, left, []]


def test_a_result_is_known_before_the_stream_ends(workbench: Page):
    told = follow(
        workbench,
        """answering(['{"type":"ping"}\\n{"type":"result","value":7}\\n', null]);
        return broker.call("hello").result();""",
    )

    assert told == 7


def test_a_task_that_says_it_failed_is_an_event_and_no_result(workbench: Page):
    told = follow(
        workbench,
        """const text = '{"type":"error","code":"deadline","message":"Too long"}\\n';
        answering([text]);
        const events = await gathered();
        answering([text]);
        const { name, code, message } = await caught(broker.call("hello").result());
        return [events, name, code, message];""",
    )

    error = {"type": "error", "code": "deadline", "message": "Too long"}
    assert told == [[error], "TaskError", "deadline", "Too long"]


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
        return [status, await caught(call.result())];""",
    )

    assert told == [
        418,
        {
            "name": "FunctionError",
            "message": message,
            "status": 418,
            "text": body,
            "requestId": "r-7",
            "errorType": "TeapotException",
        },
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
        return Promise.all(failures.map(async (each) => (await caught(each)).name));""",
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
