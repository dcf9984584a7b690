"""The client's own module in Chromium, with a broker and a function that answer from a
script.
"""

from typing import Any, Final

from playwright.sync_api import Page

_BENCH: Final = """async () => {
  const { Broker } = await import("./static/aikagi.js");
  const home = "https://fn.lambda-url.ap-northeast-1.on.aws/";
  const clock = { local: 1_700_000_000_000, ahead: 0 };
  const asked = [];
  let granted = 0;
  let given = 0;
  const utc = (ms) => new Date(ms).toISOString();
  const newTokens = () => Response.json({
    access_token: `access ${++given}`, token_type: "bearer", expires_in: 900,
    refresh_token: `refresh ${given}`, refresh_token_expires_in: 43_200,
  });
  const alicesOwn = { issuer: "local", subject: "alice", groups: ["everyone"],
    session_name: "local+alice" };
  const script = {
    healthz: () => Response.json({ status: "ok" },
      { headers: { date: new Date(clock.local + clock.ahead).toUTCString() } }),
    login: () => Response.json({
      access_token: `token ${asked.length}`, expires_in: 86_400 }),
    refresh: () => newTokens(),
    logout: () => new Response(null, { status: 204 }),
    me: () => Response.json(alicesOwn),
    functions: () => Response.json({ Functions: [] }),
    grant: () => Response.json({
      FuncUrl: home, Region: "ap-northeast-1", AccessKeyId: `ASIA${++granted}`,
      SecretAccessKey: "secret", SessionToken: `session ${granted}`,
      Expiration: utc(clock.local + clock.ahead + 900_000),
      ServerTime: utc(clock.local + clock.ahead),
    }),
    call: () => Response.json({ message: "Hello" }),
  };
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, origin } = new URL(request.url);
    const what = origin === new URL(home).origin ? "call" : pathname.split("/").at(-1);
    const kept = { what, method: request.method, url: request.url,
      cache: request.cache, credentials: request.credentials,
      keepalive: request.keepalive,
      headers: Object.fromEntries(request.headers) };
    asked.push(kept);
    kept.body = await request.clone().text();
    return script[what](request);
  };
  const broker = new Broker({ fetch, clock: () => clock.local });
  const refused = (headers = {}) => new Response("{}", { status: 403, headers });
  const byLambda = { "x-amzn-errortype": "AccessDeniedException" };
  const bearers = (what) => asked.filter((request) => request.what === what)
    .map(({ headers }) => headers.authorization);
  const count = (what) => asked.filter((request) => request.what === what).length;
  const keys = () => asked.filter(({ what }) => what === "call")
    .map(({ headers }) => headers["x-amz-security-token"]);
  const caught = (promise) => promise.then(() => null,
    ({ name, message, ...rest }) => ({ name, message, ...rest }));
  const problem = (status, members, headers = {}) => new Response(
    JSON.stringify({ status, ...members }),
    { status, headers: { "Content-Type": "application/problem+json", ...headers } });
  const once = (first, then) => {
    let used = false;
    return (request) => (used ? then : ((used = true), first))(request);
  };
  const unheard = [];
  addEventListener("unhandledrejection", (event) => unheard.push(String(event.reason)));
  // By way of a message: a timer that a timer has begun waits for 4 ms.
  const turnOfTheLoop = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); setTimeout(done, 1); };
    port2.postMessage(null);
  });
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await turnOfTheLoop();
  };
  await broker.login("alice", "wonderland-1865");
  BODY
}"""

MINUTE: Final = 60_000


# Playwright waits for a script for ever.
_IN_TIME: Final = """Promise.race([
  (SCRIPT)(),
  new Promise((_, give) => setTimeout(() => give(new Error("It hangs")), 10_000)),
])"""


def tell(workbench: Page, body: str) -> Any:
    script = _BENCH.replace("BODY", body)
    return workbench.evaluate(_IN_TIME.replace("SCRIPT", script))
