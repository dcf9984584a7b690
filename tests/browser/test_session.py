"""How the page's client stays logged in, and how it hears that it no longer is."""

import pytest
from playwright.sync_api import Page

from tests.browser.bench import MINUTE, tell

LOG_IN = """script.login = newTokens;
await broker.login("alice", "wonderland-1865");
const old = asked.length;
"""


def test_a_person_is_known_to_the_broker(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} const me = await broker.me();
        return [me, bearers("me"), broker.signedIn];""",
    )

    assert result[0]["subject"] == "alice"
    assert result[1:] == [["Bearer access 1"], True]


def test_a_refresh_is_the_form_that_oauth_asks_for(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} clock.local += {15 * MINUTE};
        await broker.me();
        return asked.find(({{ what }}) => what === "refresh");""",
    )

    assert result["method"] == "POST"
    assert result["body"] == "grant_type=refresh_token&refresh_token=refresh+1"
    assert "authorization" not in result["headers"]
    assert [result["cache"], result["credentials"]] == ["no-store", "omit"]


def test_nothing_is_renewed_while_nobody_asks(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} clock.local += {60 * MINUTE};
        await settle();
        return [asked.length - old, broker.signedIn];""",
    )

    assert result == [0, True]


def test_questions_at_once_share_one_renewal(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} clock.local += {20 * MINUTE};
        const names = Array.from({{ length: 30 }}, (_, at) => `f${{at}}`);
        await Promise.all([...names.map((name) => broker.call(name).result()),
          broker.me(), broker.functions().catch(() => {{}})]);
        return [count("refresh"), new Set(bearers("grant")).size, count("grant")];""",
    )

    assert result == [1, 1, 30]


def test_each_renewal_spends_the_token_of_the_last(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN}
        for (let quarter = 0; quarter < 3; quarter += 1) {{
          clock.local += {16 * MINUTE};
          await broker.me();
        }}
        return asked.filter(({{ what }}) => what === "refresh").map(({{ body }}) =>
          new URLSearchParams(body).get("refresh_token"));""",
    )

    assert result == ["refresh 1", "refresh 2", "refresh 3"]


@pytest.mark.parametrize("hours", [1, -1])
def test_the_life_of_a_token_does_not_depend_on_whose_clock_is_right(
    workbench: Page, hours: int
):
    result = tell(
        workbench,
        f"""clock.ahead = {hours} * 3_600_000;
        {LOG_IN} await broker.call("hello").result();
        clock.local += {11 * MINUTE};
        await broker.me();
        const before = count("refresh");
        clock.local += {4 * MINUTE};
        await broker.me();
        return [before, count("refresh"), bearers("me")];""",
    )

    assert result == [0, 1, ["Bearer access 1", "Bearer access 2"]]


def test_a_token_refused_before_its_time_is_renewed_and_the_question_put_again(
    workbench: Page,
):
    result = tell(
        workbench,
        f"""{LOG_IN} script.grant = once(() => problem(401, {{}}), script.grant);
        await broker.call("hello", {{ method: "POST", body: "once" }}).result();
        const bodies = asked.filter(({{ what }}) => what === "grant")
          .map(({{ body }}) => body);
        return [bearers("grant"), bodies, count("refresh"), count("call")];""",
    )

    named = '{"FunctionName":"hello"}'
    assert result == [["Bearer access 1", "Bearer access 2"], [named, named], 1, 1]


def test_questions_refused_at_once_share_one_renewal(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} script.me = ({{ headers }}) =>
          headers.get("authorization") === "Bearer access 1"
            ? problem(401, {{}}) : Response.json(alicesOwn);
        await Promise.all(Array.from({{ length: 10 }}, () => broker.me()));
        return [count("refresh"), count("me")];""",
    )

    assert result == [1, 20]


REJECTED = '() => problem(401, { type: "urn:aikagi:problem:token-rejected" })'
ENDED = """() => problem(400, {
  type: "urn:aikagi:problem:login-ended", request_id: "r-9",
  error: "invalid_grant", error_description: "This login has ended; log in again",
}, { "Content-Type": "application/json" })"""
AS_IT_WAS = (
    '() => problem(401, { type: "urn:aikagi:problem:login-ended", request_id: "r-9" })'
)


@pytest.mark.parametrize(
    "ended",
    [pytest.param(ENDED, id="as OAuth2"), pytest.param(AS_IT_WAS, id="as it was")],
)
def test_a_login_that_has_ended_says_so_and_is_forgotten(workbench: Page, ended: str):
    result = tell(
        workbench,
        f"""{LOG_IN} await broker.grant("hello");
        script.refresh = {ended};
        clock.local += {15 * MINUTE};
        const error = await broker.me().catch((error) => error);
        const {{ BrokerError, LoginEndedError }} = await import("./static/aikagi.js");
        const {{ name, status, type, requestId }} = error;
        return [error instanceof BrokerError && error instanceof LoginEndedError,
          name, status, type, requestId,
          broker.signedIn, broker.cachedGrant("hello") ?? null,
          count("refresh"), count("me")];
        """,
    )

    assert result == [
        True,
        "LoginEndedError",
        401,
        "urn:aikagi:problem:login-ended",
        "r-9",
        False,
        None,
        1,
        0,
    ]


def test_a_refusal_in_the_background_ends_the_login_with_its_access_token(
    workbench: Page,
):
    result = tell(
        workbench,
        f"""{LOG_IN} script.refresh = {ENDED};
        clock.local += {13 * MINUTE};
        await broker.me();
        await settle();
        await broker.me();
        const before = [count("refresh"), broker.signedIn, unheard];
        script.me = {REJECTED};
        const {{ name }} = await caught(broker.me());
        return [before, name, broker.signedIn, count("refresh"), count("me")];""",
    )

    assert result == [[1, True, []], "LoginEndedError", False, 1, 3]


def test_a_broker_without_refresh_tokens_ends_the_login_with_the_access_token(
    workbench: Page,
):
    result = tell(
        workbench,
        f"""await broker.me();
        clock.local += {60 * MINUTE};
        await broker.me();
        script.grant = {REJECTED};
        const {{ name }} = await caught(broker.call("hello").result());
        return [name, broker.signedIn, count("refresh"), count("call")];""",
    )

    assert result == ["LoginEndedError", False, 0, 0]


LOST = '() => { throw new TypeError("Failed to fetch"); }'


def test_a_renewal_that_fails_in_the_background_is_not_the_questions_failure(
    workbench: Page,
):
    result = tell(
        workbench,
        f"""{LOG_IN} script.refresh = {LOST};
        clock.local += {13 * MINUTE};
        const {{ subject }} = await broker.me();
        await settle();
        return [subject, bearers("me"), broker.signedIn, unheard];""",
    )

    assert result == ["alice", ["Bearer access 1"], True, []]


def test_a_network_that_fails_does_not_end_a_login(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} const answer = script.refresh;
        script.refresh = {LOST};
        clock.local += {15 * MINUTE};
        const {{ name, what }} = await caught(broker.me());
        const still = broker.signedIn;
        script.refresh = answer;
        await broker.me();
        return [name, what, still, bearers("me")];""",
    )

    assert result == ["UnreachableError", "broker", True, ["Bearer access 2"]]


def test_an_answer_lost_too_long_ago_is_not_asked_for_again(workbench: Page):
    # The broker would take the second question for a thief's.
    result = tell(
        workbench,
        f"""{LOG_IN} const now = Date.now;
        script.refresh = () => {{
          Date.now = () => now() + 9_500;
          throw new TypeError("The machine slept");
        }};
        clock.local += {15 * MINUTE};
        const {{ name }} = await caught(broker.me()).finally(() => (Date.now = now));
        return [name, count("refresh"), broker.signedIn];""",
    )

    assert result == ["UnreachableError", 1, True]


def test_logging_out_tells_the_broker_and_forgets(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} await broker.grant("hello");
        const leaving = broker.logout();
        const at_once = [broker.signedIn, broker.cachedGrant("hello") ?? null];
        await leaving;
        const {{ method, keepalive }} = asked.at(-1);
        return [at_once, bearers("logout"), method, keepalive];""",
    )

    assert result == [[False, None], ["Bearer access 1"], "POST", True]


def test_logging_out_with_an_expired_token_renews_it_first(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} clock.local += {20 * MINUTE};
        await broker.logout();
        return bearers("logout");""",
    )

    assert result == ["Bearer access 2"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(LOST, id="no network"),
        pytest.param("() => problem(404, {})", id="an older broker"),
        pytest.param("() => problem(401, {})", id="refused"),
        pytest.param("() => problem(503, {})", id="unwell"),
    ],
)
def test_logging_out_never_fails(workbench: Page, answer: str):
    result = tell(
        workbench,
        f"""{LOG_IN} script.logout = {answer};
        const said = await broker.logout();
        return [said ?? null, broker.signedIn, unheard];""",
    )

    assert result == [None, False, []]


def test_logging_out_is_nothing_to_whoever_is_not_logged_in(workbench: Page):
    result = tell(
        workbench,
        """broker.signOut();
        await broker.logout();
        return [asked.length, broker.signedIn];""",
    )

    assert result == [1, False]


def test_a_login_that_is_answered_after_signing_out_finds_no_heir(workbench: Page):
    result = tell(
        workbench,
        """broker.signOut();
        const entering = caught(broker.login("alice", "wonderland-1865"));
        broker.signOut();
        const { name } = await entering;
        return [name, broker.signedIn];""",
    )

    assert result == ["AbortError", False]


def test_of_two_logins_the_later_one_counts(workbench: Page):
    result = tell(
        workbench,
        """let answer;
        const first = new Promise((resolve) => { answer = resolve; });
        script.login = once(() => first, newTokens);
        const alice = caught(broker.login("alice", "wonderland-1865"));
        await broker.login("bob", "bricklayer-1999");
        answer(Response.json({ access_token: "late" }));
        const { name } = await alice;
        await broker.me();
        return [name, bearers("me")];""",
    )

    assert result == ["AbortError", ["Bearer access 1"]]


def test_a_renewal_that_comes_after_signing_out_is_nobodys(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} clock.local += {20 * MINUTE};
        const waiting = caught(broker.call("hello").result());
        broker.signOut();
        await broker.login("bob", "bricklayer-1999");
        const {{ name }} = await waiting;
        await broker.me();
        return [name, count("call"), bearers("me")];""",
    )

    [name, calls, [bearer]] = result
    assert [name, calls] == ["AbortError", 0]
    assert bearer in {"Bearer access 2", "Bearer access 3"}


@pytest.mark.parametrize(
    ("slow", "asked"),
    [
        pytest.param("grant", 0, id="while a key is lent"),
        pytest.param("refresh", 0, id="while the login is renewed"),
    ],
)
def test_whoever_stops_waiting_is_let_go_and_others_wait_on(
    workbench: Page, slow: str, asked: int
):
    result = tell(
        workbench,
        f"""{LOG_IN} clock.local += {20 * MINUTE};
        const answer = script.{slow};
        let go;
        const held = new Promise((resolve) => {{ go = resolve; }});
        script.{slow} = async (request) => {{ await held; return answer(request); }};
        const controller = new AbortController();
        const {{ signal }} = controller;
        const impatient = caught(broker.fetch("hello", {{ signal }}));
        const patient = broker.fetch("hello");
        await settle();
        controller.abort(new Error("no longer"));
        const {{ message }} = await impatient;
        const before = count("call");
        go();
        const {{ status }} = await patient;
        return [message, before, status, count("{slow}"), count("call"), unheard];""",
    )

    assert result == ["no longer", asked, 200, 1, 1, []]


def test_a_call_given_up_beforehand_asks_nobody(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} const signal = AbortSignal.abort(new Error("never"));
        const {{ message }} = await caught(broker.fetch("hello", {{ signal }}));
        return [message, asked.length - old];""",
    )

    assert result == ["never", 0]


def test_a_clock_set_back_does_not_lengthen_a_life(workbench: Page):
    result = tell(
        workbench,
        """const { machineTime } = await import("./static/digest/client/session.js");
        const now = Date.now;
        const before = machineTime();
        Date.now = () => now() - 3_600_000;
        const back = machineTime();
        Date.now = () => now() + 3_600_000;
        const slept = machineTime();
        Date.now = now;
        return [back - before, slept - before];""",
    )

    [back, slept] = result
    assert -1_000 < back < 1_000  # not an hour; the two clocks differ by less than one
    assert 3_599_000 < slept < 3_601_000


def test_no_token_can_be_read_off_the_objects_that_hold_it(workbench: Page):
    result = tell(
        workbench,
        f"""{LOG_IN} const grant = await broker.grant("hello");
        const call = broker.call("hello");
        await call.result();
        const seen = new Set();
        const look = (value) => {{
          if (Object(value) !== value || seen.has(value)) return [String(value)];
          seen.add(value);
          return Reflect.ownKeys(value).flatMap((key) => [String(key),
            ...look(Reflect.getOwnPropertyDescriptor(value, key).value)]);
        }};
        return [broker, grant, call].flatMap(look).join();""",
    )

    assert "lambda-url" in result
    for secret in ("access 1", "refresh 1", "session 1", "secret", "ASIA"):
        assert secret not in result
