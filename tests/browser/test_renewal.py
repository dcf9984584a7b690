"""The browser client renews tokens and grants when the vectors say so, in Chromium."""

import base64
import json
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.bench import tell
from tests.vector_files import Vector, bytes_of, reads

_LIFETIME: Final = """
const { of, lifetime, remaining, clock_offset, refresh_token = true } = VECTOR;
clock.ahead = clock_offset * 1000;
const isGrant = of === "grant";
script.grant = () => Response.json({
  FuncUrl: home, Region: "ap-northeast-1", AccessKeyId: `ASIA${++granted}`,
  SecretAccessKey: "secret", SessionToken: `session ${granted}`,
  Expiration: utc(clock.local + clock.ahead + lifetime * 1000),
  ServerTime: utc(clock.local + clock.ahead),
});
script.login = () => Response.json({
  access_token: `access ${++given}`, expires_in: isGrant ? 1e9 : lifetime,
  ...(refresh_token && { refresh_token: "a refresh token" }),
});
await broker.login("alice", "wonderland-1865");
const ask = () => (isGrant ? broker.fetch("hello") : broker.me());
if (isGrant) await ask();
clock.local += (lifetime - remaining) * 1000;
const error = await caught(ask());
await settle();
const isEnded = error?.name === "LoginEndedError" && count("me") === 0;
if (error) return isEnded ? "ended" : error;
const used = isGrant ? keys().at(-1) : bearers("me").at(-1).replace("Bearer ", "");
const renewed = isGrant ? count("grant") - 1 : count("refresh");
if (renewed === 0) return "none";
return used.endsWith(" 1") ? "advisory" : "mandatory";
"""

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
const fromFunction = [...(vector.function_answers ?? [])];
script.call = () => answer(fromFunction.shift());
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
  ({ name, status, type, title, detail, requestId, retryAfter, what, errorType }) =>
    ({ name, status, type, title, detail, request_id: requestId,
      retry_after: retryAfter, what, error_type: errorType }));
await settle();
return {
  error, unheard, calls: count("call"),
  asked: asked.slice(old).filter(({ what }) => what !== "call")
    .map(({ url }) => new URL(url).pathname.slice(1)),
};
"""


@reads("renewal", lambda vector: vector["kind"] == "lifetime")
def test_what_is_left_of_a_life_says_what_to_do(workbench: Page, vector: Vector):
    assert run(workbench, _LIFETIME, vector) == vector["refresh"]


@reads("renewal", lambda vector: vector["kind"] == "requests")
def test_what_is_sent_and_comes_of_it(workbench: Page, vector: Vector):
    written = {
        **vector,
        "answers": [with_body(answer) for answer in vector["answers"]],
        "function_answers": [
            with_body(it) for it in vector.get("function_answers", ())
        ],
    }

    result = run(workbench, _REQUESTS, written)

    assert (result["asked"], result["calls"]) == (
        vector["asked"],
        vector.get("calls", 0),
    )
    assert result["unheard"] == []
    wanted, given = vector.get("error"), result["error"]
    if wanted and given:
        given = {name: given.get(name) for name in wanted}
    assert given == wanted


def with_body(answer: Vector) -> Vector:
    body = b"".join(map(bytes_of, answer.get("chunks", ())))
    return {**answer, "body": base64.b64encode(body).decode()}


def run(workbench: Page, script: str, vector: Vector) -> Any:
    return tell(workbench, script.replace("VECTOR", json.dumps(vector), 1))
