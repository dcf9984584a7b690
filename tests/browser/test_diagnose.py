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
  signed: () => Response.json({}), blind: () => new Response() };
const lost = () => { throw new TypeError("Failed to fetch"); };
script.call = (request) => {
  if (signed(request)) return url.signed(request);
  return request.mode === "no-cors" ? url.blind(request) : url.unsigned(request);
};
script.me = () => Response.json({ session_name: "local+alice" });
const sent = () => asked.filter(({ what }) => what === "call").map(
  ({ method, url, body, headers }) =>
    [method, new URL(url).pathname, body, "authorization" in headers]);
"""

UNSIGNED: Final = ["GET", "/", "", False]
SIGNED: Final = ["GET", "/", "", True]


def examine(workbench: Page, body: str) -> Any:
    return tell(workbench, _LAMBDA + body)


def failing(checks: list[dict[str, Any]]) -> list[str]:
    return [check["check"] for check in checks if not check["ok"]]


def test_a_function_in_order_is_told_from_the_login_to_the_answer(workbench: Page):
    told, sent = examine(workbench, 'return [await broker.diagnose("hello"), sent()];')

    assert told == {
        "cause": "none",
        "title": "Nothing is wrong",
        "advice": "Call it again.",
        "checks": [
            {"check": "login", "ok": True, "detail": "You are local+alice"},
            {
                "check": "grant",
                "ok": True,
                "detail": "A key until 2023-11-14T22:28:20.000Z",
            },
            {
                "check": "clock",
                "ok": True,
                "detail": "This computer's clock agrees with the broker's",
            },
            {
                "check": "protection",
                "ok": True,
                "detail": "Unsigned it is refused, 403",
            },
            {"check": "call", "ok": True, "detail": "A signed GET gets 200"},
        ],
    }
    assert sent == [UNSIGNED, SIGNED]


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

    assert sent == [UNSIGNED, SIGNED]


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
        return [cause, checks.filter(({{ ok }}) => !ok),
          broker.cachedGrant("hello") ?? null];""",
    )

    detail = f"A signed GET gets 403 {error_type}"
    assert told == [cause, [{"check": "call", "ok": False, "detail": detail}], None]


@pytest.mark.parametrize(
    ("minutes", "cause"), [(6, "clock"), (-6, "clock"), (4, "signature")]
)
def test_a_refusal_by_a_clock_that_differs_is_the_clocks(
    workbench: Page, minutes: int, cause: str
):
    told = examine(
        workbench,
        f"""const aws = clock.local + {minutes} * {MINUTE};
        url.signed = () => refusal("InvalidSignatureException", aws);
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [cause, checks.filter(({{ check }}) => check === "clock")
          .map(({{ ok, detail }}) => [ok, detail]).at(-1)];""",
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
        return [cause, checks.at(-1).ok, checks[2].detail];""",
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
        pytest.param(["unsigned"], "none", [False, True], id="unsigned"),
        pytest.param(["signed"], "cors", [False, True], id="signed"),
        pytest.param(["unsigned", "signed"], "cors", [False, True, False], id="both"),
        pytest.param(
            ["unsigned", "signed", "blind"],
            "unreachable",
            [False, True, False],
            id="all",
        ),
    ],
)
def test_what_the_browser_does_not_say_is_found_out(
    workbench: Page, lost: list[str], cause: str, sent: list[bool]
):
    told = examine(
        workbench,
        f"""for (const kind of {lost}) url[kind] = lost;
        const {{ cause, checks }} = await broker.diagnose("hello");
        return [cause, checks.at(-1).ok, sent().map(([, , , signed]) => signed)];""",
    )

    assert told == [cause, cause == "none", sent]


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
        f"""url.signed = () => new Response("", {{ status: {status} }});
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
    assert asked == 1


def test_a_function_that_hangs_is_not_waited_for(workbench: Page):
    told = examine(
        workbench,
        """const timeout = AbortSignal.timeout;
        AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 10_000 ? 1 : ms);
        const hang = ({ signal }) => new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)));
        Object.assign(url, { unsigned: hang, signed: hang, blind: hang });
        const { cause } = await broker.diagnose("hello").finally(
          () => (AbortSignal.timeout = timeout));
        return cause;""",
    )

    assert told == "unreachable"


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
