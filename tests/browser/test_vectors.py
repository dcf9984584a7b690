"""The browser client does what the vectors say, in Chromium."""

import base64
import json
import zlib
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.bench import tell
from tests.vector_files import Vector, expected, joined, reads, ways_to_arrive

# Reads one answer, whose body arrives in pieces, twice: by iteration and by result().
_FOLLOW: Final = """
const { status = 200, headers, deflated, sizes, cut = false } = JSON.parse(`VECTOR`);
const inflate = new DecompressionStream("deflate");
const whole = await new Response(
  new Blob([Uint8Array.fromBase64(deflated)]).stream().pipeThrough(inflate)).bytes();
const pieces = () => {
  let at = 0;
  return sizes.map((size) => whole.slice(at, at += size));
};
const hasBody = ![204, 205, 304].includes(status);
script.call = () => {
  const waiting = pieces();
  const body = new ReadableStream({
    pull(stream) {
      const next = waiting.shift();
      if (next) stream.enqueue(next);
      else if (cut) stream.error(new TypeError("network error"));
      else stream.close();
    },
  }, { highWaterMark: 0 });
  return new Response(hasBody ? body : null, { status, headers });
};
const base64 = async (bytes) =>
  new Uint8Array(await new Blob([bytes]).arrayBuffer()).toBase64();
const written = async ({ bytes, body, ...event }) => {
  if (body) event.body = await base64(body);
  if (!(event.value instanceof Blob)) return event;
  return { type: "result", base64: await base64(event.value) };
};
const failure = (error) => {
  const { name, code, message, events, status, text } = error;
  return { name, code, message, events, status, text, truncated: error.isTruncated,
    request_id: error.requestId, error_type: error.errorType };
};
const request = () => broker.call("hello", { method: "POST" });
const events = [];
let error = null;
try {
  for await (const event of request()) events.push(await written(event));
} catch (thrown) { error = failure(thrown); }
const result = await request().result().then(
  async (value) => ({ value: (await written({ type: "result", value })) }),
  (thrown) => ({ error: failure(thrown) }));
const isOther = events.some(({ type, value, text }) =>
  type === "result" && text !== undefined &&
  JSON.stringify(JSON.parse(text)) !== JSON.stringify(value));
// As text: what Playwright makes of a long number or half a character is not known.
return JSON.stringify({ events, error, result, isOther, unheard });
"""


def follow(workbench: Page, vector: Vector, pieces: list[bytes]) -> Any:
    answer = {
        "status": vector.get("status", 200),
        "headers": vector.get("headers", {"content-type": vector.get("content_type")}),
        # Playwright takes a second for the longest as they are.
        "deflated": base64.b64encode(zlib.compress(b"".join(pieces))).decode(),
        "sizes": [len(piece) for piece in pieces],
        "cut": vector.get("cut", False),
    }
    script = json.dumps(answer).replace("\\", "\\\\").replace("`", "\\`")
    return json.loads(tell(workbench, _FOLLOW.replace("VECTOR", script)))


@reads("events")
def test_a_stream_is_read(workbench: Page, vector: Vector):
    check(workbench, vector)


@reads("answers")
def test_an_answer_is_read(workbench: Page, vector: Vector):
    check(workbench, vector)


def check(workbench: Page, vector: Vector) -> None:
    wanted, error = expected(vector)
    is_text = {"type": "output", "text": "*"} in wanted

    for way, pieces in ways_to_arrive(vector["chunks"]).items():
        told = follow(workbench, vector, pieces)
        body = told["events"][-1].pop("body", None) if told["events"] else None
        assert body is None or base64.b64decode(body) == b"".join(pieces), way
        given = [exact(event) for event in told["events"]]
        assert joined(given, is_text=is_text) == wanted, way
        assert chosen(told["error"], error) == error, way
        assert chosen(told["result"].get("error"), error) == error, way
        assert (told["isOther"], told["unheard"]) == (False, [])


def exact(event: Vector) -> Vector:
    """Read the value of JSON from its text, whose numbers are not rounded."""
    if event["type"] != "result" or "text" not in event:
        return event
    without_text = {name: event[name] for name in event if name != "text"}
    return {**without_text, "value": json.loads(event["text"])}


def chosen(told: Vector | None, error: Vector | None) -> Vector | None:
    if told is None or error is None:
        return told
    return {member: told.get(member) for member in error}
