"""Requests of the browser client that a script answers, as vectors have it."""

import base64
import json
from typing import Final

from playwright.sync_api import Page

from tests.browser.bench import tell
from tests.vector_files import Vector, bytes_of, for_client

_REQUESTS: Final = """
const vector = VECTOR;
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const answer = ({ lost, status, headers, body }) => {
  if (lost) throw new TypeError("Failed to fetch");
  return new Response(bytes(body), { status, headers });
};
const hasRefreshToken = vector.refresh_token ?? true;
script.login = () => hasRefreshToken ? newTokens()
  : Response.json({ access_token: "access", expires_in: 900 });
if (vector.do !== "login") await broker.login("alice", "wonderland-1865");
if (!(vector.logged_in ?? true)) broker.signOut();
clock.local += (vector.after ?? 0) * 1000;
const old = asked.length;
const answers = [...vector.answers];
for (const name of ["login", "refresh", "me", "functions", "grant"]) {
  const right = script[name];
  script[name] = () => {
    const next = answers.shift() ?? { good: true };
    return next.good ? right() : answer(next);
  };
}
const told = [...(vector.function_answers ?? [])];
script.call = () => answer(told.shift());
const method = vector.method ?? "GET";
const body = method === "POST" ? "x" : undefined;
const doing = {
  login: () => broker.login("alice", "wonderland-1865"),
  me: () => broker.me(),
  functions: () => broker.functions(),
  grant: () => broker.grant("hello"),
  call: () => broker.call("hello", { method, body }).result(),
};
const error = await doing[vector.do]().then(() => null,
  ({ name, status, type, title, detail, message, text, requestId, retryAfter, what,
    errorType, accessEnded }) => ({ name, status, type, title, detail, message, text,
      request_id: requestId, retry_after: retryAfter, what, error_type: errorType,
      access_ended: accessEnded }));
await settle();
return {
  error, unheard, calls: count("call"),
  asked: asked.slice(old).filter(({ what }) => what !== "call")
    .map(({ url }) => new URL(url).pathname.slice(1)),
};
"""


def check(workbench: Page, vector: Vector) -> None:
    """Do what a vector does, and see that what comes of it is as it says."""
    written = {
        **vector,
        "answers": [with_body(answer) for answer in vector["answers"]],
        "function_answers": [
            with_body(it) for it in vector.get("function_answers", ())
        ],
    }

    given = tell(workbench, _REQUESTS.replace("VECTOR", json.dumps(written), 1))

    told = for_client(vector, "browser")
    assert (given["asked"], given["calls"]) == (told["asked"], told.get("calls", 0))
    assert given["unheard"] == []
    error, wanted = given["error"], told.get("error")
    if wanted and error:
        error = {name: error.get(name) for name in wanted}
    assert error == wanted


def with_body(answer: Vector) -> Vector:
    body = b"".join(map(bytes_of, answer.get("chunks", ())))
    return {**answer, "body": base64.b64encode(body).decode()}
