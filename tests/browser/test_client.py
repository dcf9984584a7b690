"""How the page's client gets grants, renews, retries and gives up."""

import pytest
from playwright.sync_api import Page

from tests.browser.bench import MINUTE, tell


def test_a_login_is_the_form_that_oauth_asks_for(workbench: Page):
    [login] = tell(workbench, "return asked;")

    assert login["method"] == "POST"
    assert login["body"] == (
        "grant_type=password&username=alice&password=wonderland-1865"
    )


def test_calls_at_once_share_one_grant(workbench: Page):
    result = tell(
        workbench,
        """const calls = Array.from({ length: 50 }, () => broker.fetch("hello"));
        await Promise.all(calls);
        return [count("grant"), count("call")];""",
    )

    assert result == [1, 50]


def test_each_function_has_a_grant_of_its_own(workbench: Page):
    result = tell(
        workbench,
        """await Promise.all([broker.fetch("hello"), broker.fetch("report")]);
        await broker.fetch("hello");
        return asked.filter(({ what }) => what === "grant").map(({ body }) => body);""",
    )

    assert result == ['{"FunctionName":"hello"}', '{"FunctionName":"report"}']


def test_a_failed_renewal_in_the_background_is_not_the_calls_failure(workbench: Page):
    result = tell(
        workbench,
        f"""await broker.fetch("hello");
        clock.local += {13 * MINUTE};
        script.grant = () => problem(503, {{ title: "Not now" }});
        const {{ status }} = await broker.fetch("hello");
        await settle();
        return [status, count("grant"), unheard];""",
    )

    assert result == [200, 2, []]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wrong_clock_signs_by_the_brokers_the_first_time(workbench: Page, hours: int):
    result = tell(
        workbench,
        f"""clock.ahead = {hours} * 3_600_000;
        await broker.fetch("hello");
        const signed = asked.at(-1).headers["x-amz-date"];
        const right = utc(clock.local + clock.ahead).replace(/[-:]|\\.[0-9]{{3}}/g, "");
        const left = broker.cachedGrant("hello").expiresAt - broker.now();
        return [signed === right, left, count("call")];""",
    )

    assert result == [True, 15 * MINUTE, 1]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_by_lambda_is_tried_once_more_with_a_new_key(
    workbench: Page, method: str
):
    result = tell(
        workbench,
        f"""script.call = once(() => refused(byLambda), script.call);
        const body = {{ POST: "once" }}["{method}"];
        const init = {{ method: "{method}", body }};
        const {{ status }} = await broker.fetch("hello", init);
        return [status, keys(), asked.at(-1).body];""",
    )

    assert result == [
        200,
        ["session 1", "session 2"],
        "once" if method == "POST" else "",
    ]


def test_a_second_refusal_is_the_answer(workbench: Page):
    result = tell(
        workbench,
        """script.call = () => refused(byLambda);
        const { status } = await broker.fetch("hello", { method: "POST" });
        return [status, count("call")];""",
    )

    assert result == [403, 2]


def test_a_403_of_the_functions_own_never_runs_it_again(workbench: Page):
    result = tell(
        workbench,
        """script.call = once(() => refused(), script.call);
        const first = await broker.fetch("hello", { method: "POST" });
        const before = count("call");
        await broker.fetch("hello", { method: "POST" });
        return [first.status, before, keys()];""",
    )

    assert result == [403, 1, ["session 1", "session 2"]]


def test_a_get_that_found_no_answer_is_tried_once_more(workbench: Page):
    result = tell(
        workbench,
        """script.call = once(() => { throw new TypeError(); }, script.call);
        const { status } = await broker.fetch("hello");
        return [status, keys()];""",
    )

    assert result == [200, ["session 1", "session 2"]]


@pytest.mark.parametrize(("method", "calls"), [("GET", 2), ("POST", 1), ("PUT", 1)])
def test_a_call_without_an_answer_fails_in_words(
    workbench: Page, method: str, calls: int
):
    result = tell(
        workbench,
        f"""script.call = () => {{ throw new TypeError("Failed to fetch"); }};
        const error = await caught(broker.fetch("hello", {{ method: "{method}" }}));
        return [error.name, error.what, count("call")];""",
    )

    assert result == ["UnreachableError", "function", calls]


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
    result = tell(
        workbench,
        f"""const error = await caught(broker.fetch("hello", {{ path: "{path}" }}));
        return [error.name, count("call")];""",
    )

    assert result == ["AddressError", 0]


@pytest.mark.parametrize("path", ["/.//evil.example/x", "/x/..//evil.example/x"])
def test_a_path_that_only_looks_like_a_host_stays_a_path(workbench: Page, path: str):
    url = tell(
        workbench,
        f"""await broker.fetch("hello", {{ path: "{path}" }});
        return asked.at(-1).url;""",
    )

    assert url == "https://fn.lambda-url.ap-northeast-1.on.aws/evil.example/x"


def test_a_problem_of_the_broker_is_told_whole(workbench: Page):
    result = tell(
        workbench,
        """script.grant = () => problem(503, {
          type: "urn:aikagi:problem:sessions-unavailable", title: "Not now",
          detail: "Wait a little", request_id: "r-1",
          errors: [{ pointer: "#/FunctionName", detail: "no such" }],
        }, { "Retry-After": "7" });
        return caught(broker.fetch("hello"));""",
    )

    assert result == {
        "name": "BrokerError",
        "message": "Not now: Wait a little: FunctionName: no such",
        "status": 503,
        "type": "urn:aikagi:problem:sessions-unavailable",
        "title": "Not now",
        "detail": "Wait a little",
        "requestId": "r-1",
        "errors": [{"pointer": "#/FunctionName", "detail": "no such"}],
        "retryAfter": 7,
    }


def test_a_refused_login_is_told_whole(workbench: Page):
    result = tell(
        workbench,
        """script.login = () => Response.json({
          type: "urn:aikagi:problem:login-refused", title: "Wrong username or password",
          status: 400, request_id: "r-1", error: "invalid_grant",
          error_description: "Wrong username or password",
        }, { status: 400 });
        return caught(broker.login("alice", "wonderland-1866"));""",
    )

    assert result == {
        "name": "BrokerError",
        "message": "Wrong username or password",
        "status": 400,
        "type": "urn:aikagi:problem:login-refused",
        "title": "Wrong username or password",
        "detail": None,
        "requestId": "r-1",
        "errors": [],
        "retryAfter": None,
    }


def test_a_key_that_comes_after_signing_out_is_not_used(workbench: Page):
    result = tell(
        workbench,
        """const waiting = caught(broker.fetch("hello"));
        broker.signOut();
        const { name } = await waiting;
        return [name, count("grant"), count("call")];""",
    )

    assert result == ["AbortError", 1, 0]


def test_a_key_is_never_inherited_by_the_next_person(workbench: Page):
    result = tell(
        workbench,
        """const waiting = caught(broker.fetch("hello"));
        await broker.login("bob", "bricklayer-1999");
        await waiting;
        const held = broker.cachedGrant("hello");
        await broker.fetch("hello");
        const tokens = asked.filter(({ what }) => what === "grant")
          .map(({ headers }) => headers.authorization);
        return [held ?? null, keys(), new Set(tokens).size];""",
    )

    assert result == [None, ["session 2"], 2]


@pytest.mark.parametrize("ask", ['fetch("hello")', 'grant("hello")', "functions()"])
def test_nobody_gets_anything_without_logging_in(workbench: Page, ask: str):
    result = tell(
        workbench,
        f"""broker.signOut();
        const {{ name, status, title }} = await caught(broker.{ask});
        return [name, status, title, asked.length];""",
    )

    assert result == ["LoginEndedError", 401, "Nobody is logged in", 1]


def test_a_call_can_be_given_up(workbench: Page):
    result = tell(
        workbench,
        """const controller = new AbortController();
        script.call = (request) => new Promise((_, reject) => {
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
          controller.abort();
        });
        const { signal } = controller;
        const { name } = await caught(broker.fetch("hello", { signal }));
        return [name, count("call")];""",
    )

    assert result == ["AbortError", 1]


def test_a_broker_that_hangs_is_unreachable_in_the_end(workbench: Page):
    result = tell(
        workbench,
        """const hanging = ({}, { signal }) => new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason)));
        const impatient = new Broker({ fetch: hanging, timeoutMs: 1 });
        const { name, what } = await caught(impatient.login("alice", "x"));
        return [name, what];""",
    )

    assert result == ["UnreachableError", "broker"]


def test_nothing_is_cached_and_no_cookie_travels_along(workbench: Page):
    result = tell(
        workbench,
        """await broker.fetch("hello");
        return asked.map(({ what, cache, credentials }) => [what, cache, credentials]);
        """,
    )

    assert result == [
        ["login", "no-store", "omit"],
        ["grant", "no-store", "omit"],
        ["call", "no-store", "omit"],
    ]
