"""What the page's client finds out about calls that fail, and what it sends for it."""

from typing import Any, Final

import pytest
from playwright.sync_api import Page

from tests.browser.bench import MINUTE, tell

# A function URL as Lambda keeps it: what is not signed is refused.
_LAMBDA: Final = """
const refusal = (type, date = clock.local + clock.ahead) => refused({
  "x-amzn-errortype": type, date: new Date(date).toUTCString() });
const signed = ({ headers }) => headers.has("authorization");
const url = { unsigned: () => refusal("AccessDeniedException"),
  signed: () => Response.json({}), blind: () => new Response(),
  spoilt: () => refusal("InvalidSignatureException") };
const isSpoilt = ({ headers }) => headers.get("authorization").endsWith("0".repeat(64));
const lost = () => { throw new TypeError("Failed to fetch"); };
script.call = (request) => {
  if (signed(request)) return url[isSpoilt(request) ? "spoilt" : "signed"](request);
  return request.mode === "no-cors" ? url.blind(request) : url.unsigned(request);
};
script.me = () => Response.json({ session_name: "local+alice" });
script.functions = () => Response.json({ Functions: [{ Name: "hello" }] });
const sent = () => asked.filter(({ what }) => what === "call").map(
  ({ method, url, body, headers }) =>
    [method, new URL(url).pathname, body, "authorization" in headers]);
"""

UNSIGNED: Final = ["GET", "/", "", False]
SIGNED: Final = ["GET", "/", "", True]
SPOILT: Final = ["POST", "/", "{}", True]


def examine(workbench: Page, body: str) -> Any:
    return tell(workbench, _LAMBDA + body)


def failing(checks: list[dict[str, Any]]) -> list[str]:
    return [check["check"] for check in checks if check["ok"] is False]


def test_a_function_in_order_is_told_from_the_login_to_the_answer(workbench: Page):
    told, sent = examine(workbench, 'return [await broker.diagnose("hello"), sent()];')

    assert {name: told[name] for name in ("cause", "title", "advice")} == {
        "cause": "none",
        "title": "Nothing is wrong",
        "advice": "Call it again.",
    }
    assert [(check["check"], check["detail"]) for check in told["checks"]] == [
        ("broker", "It answers"),
        ("clock", "This computer's clock agrees with the broker's"),
        ("login", "You are local+alice"),
        ("catalogue", "hello is yours"),
        ("grant", "A key until 2023-11-14T22:28:20.000Z"),
        ("url", "https://fn.lambda-url.ap-northeast-1.on.aws answers"),
        ("protection", "Unsigned it is refused, 403"),
        ("aws-clock", "AWS's clock agrees with the broker's"),
        ("cors", "This page is let in"),
        ("call", "A signed GET gets 200"),
    ]
    assert {(check["ok"], check["cause"]) for check in told["checks"]} == {
        (True, "none")
    }
    assert sent == [UNSIGNED, SIGNED, SPOILT]


@pytest.mark.parametrize(
    ("status", "cause"), [(200, "none"), (404, "none"), (500, "function-failed")]
)
def test_a_function_that_has_answered_is_not_asked_again(
    workbench: Page, status: int, cause: str
):
    told, sent = examine(
        workbench,
        f"""url.signed = () => new Response("", {{ status: {status} }});
        await broker.fetch("hello", {{ method: "POST", path: "/work" }});
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [[cause, checks.at(-1).detail], sent().slice(1)];""",
    )

    assert told == [cause, f"The last call got {status}"]
    assert sent == [UNSIGNED]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param('refusal("AccessDeniedException")', id="refused"),
        pytest.param('new Response("", { status: 429 })', id="throttled"),
        pytest.param("lost()", id="lost"),
    ],
)
def test_a_call_that_did_not_reach_the_function_is_looked_into(
    workbench: Page, answer: str
):
    sent = examine(
        workbench,
        f"""await broker.fetch("hello", {{ method: "POST" }});
        const works = url.signed;
        url.signed = () => {answer};
        await caught(broker.fetch("hello", {{ method: "POST" }}));
        url.signed = works;
        const before = count("call");
        await broker.diagnose("hello");
        return sent().slice(before);""",
    )

    assert sent == [UNSIGNED, SIGNED, SPOILT]


@pytest.mark.parametrize(
    ("error_type", "cause"),
    [
        ("AccessDeniedException", "permission"),
        ("InvalidSignatureException", "signature"),
        ("IncompleteSignatureException", "signature"),
        ("ExpiredTokenException", "expired"),
        ("UnrecognizedClientException", "refused"),
        ("AccessDeniedException:http://internal.amazon.com/", "permission"),
    ],
)
def test_a_refusal_has_a_cause(workbench: Page, error_type: str, cause: str):
    told = examine(
        workbench,
        f"""url.signed = () => refusal("{error_type}");
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [cause, checks.filter(({{ ok }}) => !ok)
            .map(({{ facts, ...rest }}) => rest),
          broker.cachedGrant("hello") ?? null];""",
    )

    detail = f"A signed GET gets 403 {error_type}"
    fault = {"check": "call", "ok": False, "cause": cause, "detail": detail}
    assert told == [cause, [fault], None]


@pytest.mark.parametrize(
    ("minutes", "cause"), [(6, "clock"), (-6, "clock"), (4, "signature")]
)
def test_a_refusal_by_a_clock_that_differs_is_the_clocks(
    workbench: Page, minutes: int, cause: str
):
    told = examine(
        workbench,
        f"""const aws = clock.local + {minutes} * {MINUTE};
        for (const kind of ["unsigned", "signed", "spoilt"]) {{
          url[kind] = () => refusal("InvalidSignatureException", aws);
        }}
        const {{ cause, checks }} = await broker.diagnose("hello");
        const {{ ok, detail }} = checks.find(({{ check }}) => check === "aws-clock");
        return [cause, [ok, detail]];""",
    )

    side = "ahead of" if minutes > 0 else "behind"
    detail = f"AWS's clock is {abs(minutes)} min {side} the broker's"
    assert told == [cause, [cause != "clock", detail]]


@pytest.mark.parametrize(
    ("minutes", "cause"), [(60, "clock"), (-60, "clock"), (4, "none")]
)
def test_a_computer_whose_clock_is_wrong_is_told_so(
    workbench: Page, minutes: int, cause: str
):
    told = examine(
        workbench,
        f"""clock.ahead = {minutes} * {MINUTE};
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [cause, checks.at(-1).ok, checks[1].detail];""",
    )

    side = "behind" if minutes > 0 else "ahead of"
    detail = f"This computer's clock is {abs(minutes)} min {side} the broker's"
    assert told == [cause, True, detail]


def test_a_clock_that_is_wrong_does_not_hide_what_stops_the_call(workbench: Page):
    cause = examine(
        workbench,
        f"""clock.ahead = {60 * MINUTE};
        url.signed = () => refusal("AccessDeniedException");
        return (await broker.diagnose("hello")).cause;""",
    )

    assert cause == "permission"


@pytest.mark.parametrize(
    ("lost", "cause", "sent"),
    [
        pytest.param(["unsigned"], "none", "unsigned blind signed", id="unsigned"),
        pytest.param(
            ["signed", "spoilt"], "cors", "unsigned signed spoilt", id="signed"
        ),
        pytest.param(["spoilt"], "cors", "unsigned signed spoilt", id="POST"),
        pytest.param(
            ["signed"], "cors-doubled", "unsigned signed spoilt", id="the answer alone"
        ),
        pytest.param(
            ["unsigned", "signed", "spoilt"],
            "cors",
            "unsigned blind signed",
            id="all with CORS",
        ),
        pytest.param(
            ["unsigned", "signed", "spoilt", "blind"],
            "unreachable",
            "unsigned blind",
            id="all",
        ),
    ],
)
def test_what_the_browser_does_not_say_is_found_out(
    workbench: Page, lost: list[str], cause: str, sent: str
):
    told = examine(
        workbench,
        f"""const kinds = [];
        for (const kind of Object.keys(url)) {{
          const right = {lost}.includes(kind) ? lost : url[kind];
          url[kind] = () => (kinds.push(kind), right());
        }}
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [cause, checks, kinds.join(" ")];""",
    )

    [found, checks, kinds] = told
    assert (found, kinds) == (cause, sent)
    assert failing(checks) == {"none": [], "unreachable": ["url"]}.get(cause, ["cors"])


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_function_that_answers_anybody_is_told_of(workbench: Page, status: int):
    told = examine(
        workbench,
        f"""url.unsigned = () => new Response("", {{ status: {status} }});
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [cause, checks.at(-1).detail, sent()];""",
    )

    assert told == ["auth-type", f"Unsigned it answers {status}", [UNSIGNED]]


@pytest.mark.parametrize(
    ("status", "cause"), [(429, "throttled"), (502, "function-failed"), (404, "none")]
)
def test_a_status_has_a_cause(workbench: Page, status: int, cause: str):
    told = examine(
        workbench,
        f"""const headers = {{ "x-amzn-errortype": "TooManyRequestsException" }};
        url.signed = () => new Response("", {{ status: {status}, headers }});
        return (await broker.diagnose("hello")).cause;""",
    )

    assert told == cause


@pytest.mark.parametrize(
    ("route", "answer", "cause", "check"),
    [
        pytest.param(
            "me",
            '(() => { throw new TypeError("offline"); })()',
            "broker-unreachable",
            "login",
            id="no broker",
        ),
        pytest.param("me", "problem(401, {})", "login-ended", "login", id="ended"),
        pytest.param("me", "problem(503, {})", "broker-failed", "login", id="unwell"),
        pytest.param("grant", "problem(403, {})", "not-yours", "grant", id="not yours"),
        pytest.param("grant", "problem(404, {})", "not-yours", "grant", id="nowhere"),
        pytest.param(
            "grant", "problem(503, {})", "broker-failed", "grant", id="no key"
        ),
        pytest.param(
            "grant", "problem(429, {})", "broker-failed", "grant", id="too often"
        ),
    ],
)
def test_what_the_broker_does_not_give_is_told_of(
    workbench: Page, route: str, answer: str, cause: str, check: str
):
    told = examine(
        workbench,
        f"""script.{route} = () => {answer};
        const found = await broker.diagnose("hello");
        return [found.cause, found.checks, broker.signedIn, count("call")];""",
    )

    [found, checks, signed_in, calls] = told
    assert (found, failing(checks)) == (cause, [check])
    assert checks[-1]["check"] == check
    assert (signed_in, calls) == (cause != "login-ended", 0)


def test_whoever_is_not_logged_in_is_told_so(workbench: Page):
    told = examine(
        workbench,
        """broker.signOut();
        return [await broker.diagnose("hello"), asked.length];""",
    )

    [found, asked] = told
    assert (found["cause"], found["title"]) == ("login-ended", "The login has ended")
    assert asked == 2  # the login before, and whether the broker is there


def test_a_function_that_hangs_is_not_waited_for(workbench: Page):
    told = examine(
        workbench,
        """const timeout = AbortSignal.timeout;
        AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 10_000 ? 1 : ms);
        const hang = ({ signal }) => new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)));
        Object.assign(url, { unsigned: hang, signed: hang, blind: hang, spoilt: hang });
        const { cause } = await broker.diagnose("hello").finally(
          () => (AbortSignal.timeout = timeout));
        return cause;""",
    )

    assert told == "unreachable"


def test_an_answer_that_is_late_is_not_taken_for_one_that_is_blocked(workbench: Page):
    told = examine(
        workbench,
        """const timeout = AbortSignal.timeout;
        AbortSignal.timeout = (ms) =>
          timeout.call(AbortSignal, ms === 10_000 ? 50 : ms);
        url.signed = ({ signal }) => new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)));
        const { cause, checks } = await broker.diagnose("hello").finally(
          () => (AbortSignal.timeout = timeout));
        return [cause, checks];""",
    )

    [cause, checks] = told
    assert (cause, failing(checks)) == ("unreachable", ["call"])


def test_a_diagnosis_holds_no_secret(workbench: Page):
    told = examine(
        workbench,
        """script.login = newTokens;
        await broker.login("alice", "wonderland-1865");
        url.signed = () => refusal("AccessDeniedException");
        return JSON.stringify(await broker.diagnose("hello"));""",
    )

    for secret in (
        "access 1",
        "refresh 1",
        "session 1",
        "secret",
        "ASIA",
        "Signature=",
    ):
        assert secret not in told
