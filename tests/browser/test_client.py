"""How the page's client lends, renews, retries and gives up: its own module in
Chromium, with a broker and a function that answer from a script.
"""

from typing import Any, Final

import pytest
from playwright.sync_api import Page

_BENCH: Final = """async () => {
  const { Broker, BrokerError, UnreachableError, AddressError } =
    await import("./static/aikagi.js");
  const home = "https://fn.lambda-url.ap-northeast-1.on.aws/";
  const clock = { local: 1_700_000_000_000, ahead: 0 };
  const asked = [];
  let lent = 0;
  const utc = (ms) => new Date(ms).toISOString();
  const script = {
    login: () => Response.json({ access_token: `token ${asked.length}` }),
    grant: () => Response.json({
      FuncUrl: home, Region: "ap-northeast-1", AccessKeyId: `ASIA${++lent}`,
      SecretAccessKey: "secret", SessionToken: `session ${lent}`,
      Expiration: utc(clock.local + clock.ahead + 900_000),
      ServerTime: utc(clock.local + clock.ahead),
    }),
    call: () => Response.json({ message: "Hello" }),
  };
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, origin } = new URL(request.url);
    const what = origin === new URL(home).origin
      ? "call" : { "/auth/login": "login", "/grant": "grant" }[pathname];
    const kept = { what, method: request.method, url: request.url,
      cache: request.cache, credentials: request.credentials,
      headers: Object.fromEntries(request.headers) };
    asked.push(kept);
    kept.body = await request.clone().text();
    return script[what](request);
  };
  const broker = new Broker({ fetch, clock: () => clock.local });
  const refused = (headers = {}) => new Response("{}", { status: 403, headers });
  const byLambda = { "x-amzn-errortype": "AccessDeniedException" };
  const count = (what) => asked.filter((each) => each.what === what).length;
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
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise((done) => setTimeout(done));
    }
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


def test_a_login_is_the_form_that_oauth_asks_for(workbench: Page):
    [login] = tell(workbench, "return asked;")

    assert login["method"] == "POST"
    assert login["body"] == (
        "grant_type=password&username=alice&password=wonderland-1865"
    )


def test_calls_at_once_share_one_grant(workbench: Page):
    told = tell(
        workbench,
        """const calls = Array.from({ length: 50 }, () => broker.call("hello"));
        await Promise.all(calls);
        return [count("grant"), count("call")];""",
    )

    assert told == [1, 50]


def test_each_function_has_a_grant_of_its_own(workbench: Page):
    told = tell(
        workbench,
        """await Promise.all([broker.call("hello"), broker.call("report")]);
        await broker.call("hello");
        return asked.filter(({ what }) => what === "grant").map(({ body }) => body);""",
    )

    assert told == ['{"FunctionName":"hello"}', '{"FunctionName":"report"}']


@pytest.mark.parametrize(
    ("passed_ms", "grants", "key"),
    [
        pytest.param(11 * MINUTE, 1, "session 1", id="fresh"),
        pytest.param(12 * MINUTE, 1, "session 1", id="a fifth left"),
        pytest.param(12 * MINUTE + 1, 2, "session 1", id="waning"),
        pytest.param(14 * MINUTE + 30_000, 2, "session 1", id="half a minute left"),
        pytest.param(14 * MINUTE + 30_001, 2, "session 2", id="spent"),
        pytest.param(60 * MINUTE, 2, "session 2", id="over"),
    ],
)
def test_a_grant_is_renewed_when_a_call_finds_it_old(
    workbench: Page, passed_ms: int, grants: int, key: str
):
    told = tell(
        workbench,
        f"""await broker.call("hello");
        clock.local += {passed_ms};
        await broker.call("hello");
        return [count("grant"), keys()[1]];""",
    )

    assert told == [grants, key]


def test_a_failed_renewal_in_the_background_is_not_the_calls_failure(workbench: Page):
    told = tell(
        workbench,
        f"""await broker.call("hello");
        clock.local += {13 * MINUTE};
        script.grant = () => problem(503, {{ title: "Not now" }});
        const {{ status }} = await broker.call("hello");
        await settle();
        return [status, count("grant"), unheard];""",
    )

    assert told == [200, 2, []]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wrong_clock_signs_by_the_brokers_the_first_time(workbench: Page, hours: int):
    told = tell(
        workbench,
        f"""clock.ahead = {hours} * 3_600_000;
        await broker.call("hello");
        const signed = asked.at(-1).headers["x-amz-date"];
        const right = utc(clock.local + clock.ahead).replace(/[-:]|\\.[0-9]{{3}}/g, "");
        const left = broker.held("hello").expiresAt - broker.now();
        return [signed === right, left, count("call")];""",
    )

    assert told == [True, 15 * MINUTE, 1]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_by_lambda_is_tried_once_more_with_a_new_key(
    workbench: Page, method: str
):
    told = tell(
        workbench,
        f"""script.call = once(() => refused(byLambda), script.call);
        const body = {{ POST: "once" }}["{method}"];
        const {{ status }} = await broker.call("hello", {{ method: "{method}", body }});
        return [status, keys(), asked.at(-1).body];""",
    )

    assert told == [200, ["session 1", "session 2"], "once" if method == "POST" else ""]


def test_a_second_refusal_is_the_answer(workbench: Page):
    told = tell(
        workbench,
        """script.call = () => refused(byLambda);
        const { status } = await broker.call("hello", { method: "POST" });
        return [status, count("call")];""",
    )

    assert told == [403, 2]


def test_a_403_of_the_functions_own_never_runs_it_again(workbench: Page):
    told = tell(
        workbench,
        """script.call = once(() => refused(), script.call);
        const first = await broker.call("hello", { method: "POST" });
        const before = count("call");
        await broker.call("hello", { method: "POST" });
        return [first.status, before, keys()];""",
    )

    assert told == [403, 1, ["session 1", "session 2"]]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_other_status_is_tried_again(workbench: Page, method: str, status: int):
    told = tell(
        workbench,
        f"""script.call = () => new Response("{{}}", {{ status: {status} }});
        const answer = await broker.call("hello", {{ method: "{method}" }});
        return [answer.status, count("call")];""",
    )

    assert told == [status, 1]


def test_a_get_that_found_no_answer_is_tried_once_more(workbench: Page):
    told = tell(
        workbench,
        """script.call = once(() => { throw new TypeError(); }, script.call);
        const { status } = await broker.call("hello");
        return [status, keys()];""",
    )

    assert told == [200, ["session 1", "session 2"]]


@pytest.mark.parametrize(("method", "calls"), [("GET", 2), ("POST", 1), ("PUT", 1)])
def test_a_call_without_an_answer_fails_in_words(
    workbench: Page, method: str, calls: int
):
    told = tell(
        workbench,
        f"""script.call = () => {{ throw new TypeError("Failed to fetch"); }};
        const error = await caught(broker.call("hello", {{ method: "{method}" }}));
        return [error.name, error.what, count("call")];""",
    )

    assert told == ["UnreachableError", "function", calls]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("//evil.example/x", id="another host"),
        pytest.param("\\\\\\\\evil.example/x", id="backslashes"),
        pytest.param("/\\t/evil.example/x", id="a tab between"),
        pytest.param("https://evil.example/", id="a whole address"),
        pytest.param("http://fn.lambda-url.ap-northeast-1.on.aws/", id="without TLS"),
        pytest.param(
            "https://fn.lambda-url.ap-northeast-1.on.aws.evil.example/",
            id="a longer host",
        ),
        pytest.param("//a@fn.lambda-url.ap-northeast-1.on.aws/", id="a user name"),
        pytest.param("//fn.lambda-url.ap-northeast-1.on.aws:444/", id="another port"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("//", id="nothing at all"),
    ],
)
def test_a_path_that_leaves_the_function_is_refused(workbench: Page, path: str):
    told = tell(
        workbench,
        f"""const error = await caught(broker.call("hello", {{ path: "{path}" }}));
        return [error.name, count("call")];""",
    )

    assert told == ["AddressError", 0]


@pytest.mark.parametrize("path", ["/.//evil.example/x", "/x/..//evil.example/x"])
def test_a_path_that_only_looks_like_a_host_stays_a_path(workbench: Page, path: str):
    url = tell(
        workbench,
        f"""await broker.call("hello", {{ path: "{path}" }});
        return asked.at(-1).url;""",
    )

    assert url == "https://fn.lambda-url.ap-northeast-1.on.aws/evil.example/x"


def test_a_problem_of_the_broker_is_told_whole(workbench: Page):
    told = tell(
        workbench,
        """script.grant = () => problem(503, {
          type: "urn:aikagi:problem:sessions-unavailable", title: "Not now",
          detail: "Wait a little", request_id: "r-1",
          errors: [{ pointer: "#/FunctionName", detail: "no such" }],
        }, { "Retry-After": "7" });
        return caught(broker.call("hello"));""",
    )

    assert told == {
        "name": "BrokerError",
        "message": "Wait a little",
        "status": 503,
        "type": "urn:aikagi:problem:sessions-unavailable",
        "title": "Not now",
        "detail": "Wait a little",
        "requestId": "r-1",
        "errors": [{"pointer": "#/FunctionName", "detail": "no such"}],
        "retryAfter": 7,
    }


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param('new Response("<h1>Bad", { status: 502 })', id="html"),
        pytest.param("problem(502, {}, {})", id="empty"),
        pytest.param(
            'new Response("null", { status: 502,'
            ' headers: { "Content-Type": "application/problem+json" } })',
            id="null",
        ),
        pytest.param(
            'new Response("{", { status: 502,'
            ' headers: { "Content-Type": "application/problem+json" } })',
            id="cut short",
        ),
    ],
)
def test_a_failure_without_problem_details_is_told_by_its_status(
    workbench: Page, answer: str
):
    told = tell(
        workbench,
        f"""script.grant = () => {answer};
        const {{ name, status, message }} = await caught(broker.call("hello"));
        return [name, status, message];""",
    )

    assert told == ["BrokerError", 502, "The broker answered 502"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param('(() => { throw new TypeError("offline"); })()', id="offline"),
        pytest.param('new Response("<h1>Log in to the hotel")', id="not the broker"),
    ],
)
def test_a_broker_that_does_not_answer_is_unreachable(workbench: Page, answer: str):
    told = tell(
        workbench,
        f"""script.grant = () => {answer};
        const {{ name, what }} = await caught(broker.call("hello"));
        return [name, what];""",
    )

    assert told == ["UnreachableError", "broker"]


def test_a_key_that_comes_after_signing_out_is_not_used(workbench: Page):
    told = tell(
        workbench,
        """const waiting = caught(broker.call("hello"));
        broker.signOut();
        const { name } = await waiting;
        return [name, count("grant"), count("call")];""",
    )

    assert told == ["AbortError", 1, 0]


def test_a_key_is_never_inherited_by_the_next_person(workbench: Page):
    told = tell(
        workbench,
        """const waiting = caught(broker.call("hello"));
        await broker.login("bob", "bricklayer-1999");
        await waiting;
        const held = broker.held("hello");
        await broker.call("hello");
        const tokens = asked.filter(({ what }) => what === "grant")
          .map(({ headers }) => headers.authorization);
        return [held ?? null, keys(), new Set(tokens).size];""",
    )

    assert told == [None, ["session 2"], 2]


@pytest.mark.parametrize("ask", ['call("hello")', 'grant("hello")', "functions()"])
def test_nobody_gets_anything_without_logging_in(workbench: Page, ask: str):
    told = tell(
        workbench,
        f"""broker.signOut();
        const {{ name, status }} = await caught(broker.{ask});
        return [name, status, asked.length];""",
    )

    assert told == ["BrokerError", 401, 1]


def test_a_call_can_be_given_up(workbench: Page):
    told = tell(
        workbench,
        """const controller = new AbortController();
        script.call = (request) => new Promise((_, reject) => {
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
          controller.abort();
        });
        const { signal } = controller;
        const { name } = await caught(broker.call("hello", { signal }));
        return [name, count("call")];""",
    )

    assert told == ["AbortError", 1]


def test_a_broker_that_hangs_is_unreachable_in_the_end(workbench: Page):
    told = tell(
        workbench,
        """const hanging = ({}, { signal }) => new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason)));
        const impatient = new Broker({ fetch: hanging, patienceMs: 1 });
        const { name, what } = await caught(impatient.login("alice", "x"));
        return [name, what];""",
    )

    assert told == ["UnreachableError", "broker"]


def test_nothing_is_cached_and_no_cookie_travels_along(workbench: Page):
    told = tell(
        workbench,
        """await broker.call("hello");
        return asked.map(({ what, cache, credentials }) => [what, cache, credentials]);
        """,
    )

    assert told == [
        ["login", "no-store", "omit"],
        ["grant", "no-store", "omit"],
        ["call", "no-store", "omit"],
    ]
