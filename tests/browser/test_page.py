"""The whole product from the page: a person, Chromium and the running stack."""

import json
import re
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Desk, Stack

HOSTILE: Final = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"


def test_alice_calls_her_functions_and_is_known_by_name(
    watch: Watch, desk: Desk, stack: Stack
):
    desk.enter("alice")
    desk.choose("hello")
    desk.run(method="GET")

    expect(desk.answer).to_contain_text("The function says you are alice (local)")
    assert json.loads(desk.content.inner_text())["caller"] == {
        "issuer": "local",
        "subject": "alice",
    }
    expect(desk.page.get_by_role("timer")).to_have_text(
        re.compile("1[2-5]:[0-9]{2} left")
    )

    desk.choose("report")
    desk.write('{"text": "A key fits one lock."}')
    desk.run()

    expect(desk.answer).to_have_accessible_name(re.compile("Output Report"))
    expect(desk.answer).to_contain_text("The function says you are alice (local)")
    desk.open("Request details")
    expect(desk.answer).to_contain_text("200")
    expect(desk.answer).to_contain_text(stack.functions["report"])
    assert watch.violations() == []
    assert watch.faults == []


def test_bob_sees_only_what_he_may_call(desk: Desk):
    desk.enter("bob")

    assert desk.functions() == ["hello", "summarise"]

    desk.run()

    expect(desk.answer).to_contain_text("The function says you are bob (local)")


def test_a_wrong_password_says_so_and_keeps_what_was_typed(desk: Desk, stack: Stack):
    desk.log_in("alice", "not-her-password")

    expect(desk.page.get_by_role("alert").first).to_have_text(
        "User name or password is wrong."
    )
    expect(desk.username).to_have_value("alice")
    expect(desk.password).to_be_focused()

    desk.password.fill(stack.users["alice"])
    desk.button("Sign in").click()

    expect(desk.button("Run")).to_be_visible()


def test_signing_out_leaves_nothing_behind(desk: Desk):
    desk.enter("alice")
    desk.choose("report")
    desk.write('{"text": "hers"}')
    desk.run()
    expect(desk.content).to_be_visible()

    desk.button("Sign out").click()

    expect(desk.username).to_be_focused()
    expect(desk.username).to_have_value("")
    expect(desk.password).to_have_value("")

    desk.enter("alice")

    desk.choose("report")
    expect(desk.json).to_have_value("")
    expect(desk.content).to_be_hidden()
    expect(desk.page.get_by_role("timer")).to_have_text("no key held")


def test_a_page_put_aside_is_signed_out(desk: Desk):
    desk.enter("alice")

    desk.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")

    expect(desk.button("Sign in")).to_be_visible()


def test_no_secret_is_left_where_others_could_read_it(
    watch: Watch, desk: Desk, stack: Stack, context: BrowserContext
):
    secrets = [stack.users["alice"]]
    desk.page.on(
        "response", lambda answer: secrets.extend(secrets_in(answer.url, answer))
    )

    desk.enter("alice")
    with desk.page.expect_response("**/grant"):
        desk.run()
    expect(desk.content).to_be_visible()

    kept = desk.page.evaluate(
        """async () => [JSON.stringify(localStorage), JSON.stringify(sessionStorage),
        document.cookie, location.href, document.documentElement.outerHTML,
        JSON.stringify(history.state), ...(await caches.keys()),
        ...[...document.querySelectorAll("input, textarea")].map(({ value }) => value),
        ...(await indexedDB.databases()).map(({ name }) => name)].join()"""
    )
    seen = "\n".join([kept, *watch.console, *watch.addresses])
    assert len(secrets) == 5  # password, access token and three of the key
    assert [secret for secret in secrets if secret in seen] == []
    assert context.cookies() == []


def secrets_in(url: str, answer: object) -> list[str]:
    """Return what an answer of the broker holds that is nobody else's business."""
    if not url.endswith(("/auth/login", "/grant")):
        return []
    members = answer.json()  # type: ignore[attr-defined] # playwright's Response
    names = ("access_token", "AccessKeyId", "SecretAccessKey", "SessionToken")
    return [members[name] for name in names if name in members]


def test_a_catalogue_is_shown_as_text(desk: Desk, stack: Stack, watch: Watch):
    entry = {
        "Name": HOSTILE,
        "Title": HOSTILE,
        "Description": HOSTILE,
        "FuncUrl": stack.functions["hello"],
        "Region": "ap-northeast-1",
        "InvokeMode": "BUFFERED",
        "MaxDurationSeconds": 3600,
    }
    desk.page.route("**/functions", answering({"Functions": [entry]}))

    desk.enter("alice")

    expect(desk.page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(desk.page.locator("main img, main b:text('bold')")).to_have_count(0)
    expect(desk.page).to_have_title("Aikagi")
    assert watch.violations() == []


def test_an_answer_is_shown_as_text(desk: Desk, stack: Stack, watch: Watch):
    caller = {"issuer": HOSTILE, "subject": HOSTILE}
    desk.page.route(f"{stack.functions['hello']}**", answering({"caller": caller}))
    desk.enter("bob")

    desk.run()

    expect(desk.answer).to_contain_text(f"you are {HOSTILE} ({HOSTILE})")
    expect(desk.answer.locator("b, img")).to_have_count(0)
    expect(desk.page).to_have_title("Finished: Hello · Aikagi")
    assert watch.violations() == []


def test_a_login_that_ended_leads_to_the_form_and_keeps_what_was_typed(
    desk: Desk, watch: Watch
):
    desk.enter("alice")
    desk.choose("report")
    desk.path.fill("/?draft=1")
    desk.write('{"text": "long thought"}')
    desk.page.route("**/grant", refusing(401, "The access token was not accepted"))

    desk.run()

    expect(desk.page.get_by_text("Your login has ended.")).to_be_visible()
    expect(desk.username).to_have_value("alice")
    expect(desk.password).to_be_focused()

    desk.page.evaluate("document.getElementById('request-form').requestSubmit()")
    desk.page.unroute("**/grant")
    desk.enter("alice")

    # Once, and once more with a renewed token; the page without a session asks nothing.
    assert len([url for url in watch.addresses if url.endswith("/grant")]) == 2

    expect(desk.function("report")).to_be_checked()
    expect(desk.path).to_have_value("/?draft=1")
    expect(desk.json).to_have_value('{"text": "long thought"}')
    desk.run()
    expect(desk.answer).to_contain_text("The function says you are alice (local)")


def test_whose_access_was_ended_reads_that_and_not_that_a_call_failed(
    desk: Desk, stack: Stack
):
    desk.enter("alice")
    desk.run()
    expect(desk.answer).to_contain_text("alice")
    desk.page.route(f"{stack.functions['hello']}**", refused_by_lambda)
    desk.page.route("**/grant", refusing(401, "The access token was not accepted"))
    desk.page.route("**/auth/refresh", login_ended)

    desk.run()

    notice = desk.page.locator("#session-notice")
    expect(notice).to_contain_text("Your access was ended. Sign in again")
    expect(desk.password).to_be_focused()
    desk.page.get_by_label("Language").select_option("ja")
    expect(notice).to_contain_text("アクセスが取り消されました。")


def refused_by_lambda(route: Route) -> None:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "x-amzn-errortype",
        "x-amzn-errortype": "AccessDeniedException",
    }
    route.fulfill(status=403, json={"Message": "Forbidden"}, headers=headers)


def login_ended(route: Route) -> None:
    body = {"type": "urn:aikagi:problem:login-ended", "error": "invalid_grant"}
    route.fulfill(status=400, json=body)


def test_what_one_person_typed_is_not_shown_to_the_next(desk: Desk):
    desk.enter("alice")
    desk.choose("report")
    expect(desk.page).to_have_url(re.compile("#report$"))
    desk.write('{"text": "hers"}')
    desk.page.route("**/grant", refusing(401, "The access token was not accepted"))
    desk.run()
    expect(desk.button("Sign in")).to_be_visible()

    desk.enter("bob")

    expect(desk.json).to_have_value("")
    expect(desk.page).not_to_have_url(re.compile("report"))


@pytest.mark.parametrize(
    ("label", "typed", "complaint"),
    [
        pytest.param("JSON body", '{"text": "one', "Line 1, column 10:", id="body"),
        pytest.param(
            "Path and query",
            "//evil.example/x",
            "own address: begin it with one /.",
            id="path",
        ),
    ],
)
def test_a_request_is_checked_before_it_is_sent(
    desk: Desk, watch: Watch, label: str, typed: str, complaint: str
):
    desk.enter("alice")
    field = desk.page.get_by_label(label)
    field.fill(typed)

    desk.run()

    expect(desk.page.get_by_role("alert").filter(has_text=complaint)).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert [url for url in watch.addresses if url.endswith("/grant")] == []
    assert watch.violations() == []


def test_a_long_number_is_neither_sent_nor_shown_rounded(desk: Desk, stack: Stack):
    sent: list[str | None] = []

    def echo(route: Route) -> None:
        sent.append(route.request.post_data)
        route.fulfill(
            body='{"n": 12345678901234567890, "n": [], "o": {}, "s": "a\\"b: {"}',
            content_type="application/json",
            headers={"Access-Control-Allow-Origin": "*"},
        )

    desk.page.route(f"{stack.functions['hello']}**", echo)
    desk.enter("bob")
    desk.json.fill('{"n": 12345678901234567890}')

    desk.run()

    expect(desk.content).to_have_text(
        '{\n  "n": 12345678901234567890,\n  "n": [],\n  "o": {},\n  "s": "a\\"b: {"\n}'
    )
    assert sent == ['{"n": 12345678901234567890}']


def test_a_failure_says_what_to_do(desk: Desk, stack: Stack):
    problem = desk.problem
    desk.enter("bob")
    desk.page.route("**/grant", refusing(503, "Sessions cannot be had"))

    desk.run()

    expect(problem).to_contain_text("The broker cannot do this right now.")
    expect(problem).to_contain_text("Try again in 7 seconds.")
    expect(problem).to_contain_text("Request r-1")

    desk.page.unroute("**/grant")
    said = answering({"message": "so it says"}, 422)
    desk.page.route(f"{stack.functions['hello']}**", said)
    desk.run()

    expect(problem).to_contain_text("The function answered 422.")
    expect(desk.content).to_contain_text("so it says")


@pytest.mark.parametrize("part", ["streams.js", "vendor/*"])
def test_what_could_not_be_read_or_signed_is_not_sent(desk: Desk, part: str):
    sent: list[str] = []
    url = desk.url_of("hello")
    desk.page.on("request", lambda request: sent.append(request.url))
    desk.page.route(f"**/client/{part}", lambda route: route.abort())
    desk.enter("bob")

    desk.run(method="GET")

    expect(desk.answer).to_contain_text("The broker cannot be reached")
    assert not [other for other in sent if other.startswith(url)]
    desk.page.unroute_all()
    desk.run(method="GET")
    expect(desk.answer).to_contain_text("The function says you are bob")


def test_one_may_cancel(desk: Desk, stack: Stack):
    desk.page.route(f"{stack.functions['hello']}**", lambda _: None)
    desk.enter("bob")
    with desk.page.expect_request(f"{stack.functions['hello']}**"):
        desk.run()

    desk.button("Cancel").click()

    expect(desk.answer).to_contain_text("Cancelled after")
    expect(desk.answer).to_contain_text("It goes on to its end, and is billed for it.")
    expect(desk.button("Cancel")).to_be_hidden()

    desk.page.unroute_all()
    desk.run()

    expect(desk.answer).to_contain_text("The function says you are bob (local)")


def test_everything_can_be_done_from_the_keyboard(desk: Desk, stack: Stack):
    keyboard = desk.page.keyboard
    expect(desk.username).to_be_focused()
    keyboard.type("alice")
    keyboard.press("Tab")
    keyboard.type(stack.users["alice"])
    keyboard.press("Enter")
    expect(desk.page.get_by_role("main")).to_be_focused()

    keyboard.press("Tab")
    expect(desk.function(desk.functions()[0])).to_be_focused()
    keyboard.press("ArrowDown")
    expect(desk.function(desk.functions()[1])).to_be_checked()
    desk.choose("report")
    for _ in range(4):  # method, path, kind, body
        keyboard.press("Tab")
    expect(desk.text).to_be_focused()
    keyboard.press("ControlOrMeta+a")
    keyboard.type("typed")
    keyboard.press("Control+Enter")

    expect(desk.answer).to_contain_text("The function says you are alice (local)")


def test_the_page_works_behind_a_stage_path(page: Page, stack: Stack, watch: Watch):
    stage = f"{stack.broker}/Prod"

    def strip(route: Route) -> None:
        here = stack.broker + route.request.url.removeprefix(stage)
        route.fulfill(response=route.fetch(url=here))

    page.route(f"{stage}/**", strip)
    # A page that Playwright answers has no address, so it may not call loopback.
    page.route(
        f"{stack.functions['hello']}**",
        lambda route: route.fulfill(response=route.fetch()),
    )
    page.goto(f"{stage}/")
    desk = Desk(page, stack)

    desk.enter("bob")
    desk.run()

    expect(desk.answer).to_contain_text("The function says you are bob (local)")
    own = [address for address in watch.addresses if address.startswith(stack.broker)]
    assert [address for address in own if not address.startswith(stage)] == []
    assert watch.faults == watch.violations() == []


def test_the_policy_stops_what_the_page_never_does(desk: Desk, watch: Watch):
    stopped = desk.page.evaluate(
        """async () => {
          const written = () => { document.body.innerHTML = "<b>x</b>"; };
          const told = () => fetch("https://evil.example/").then(() => "sent");
          try { written(); return "written"; } catch (error) { /* as it should be */ }
          return told().catch((error) => error.name);
        }"""
    )

    assert stopped == "TypeError"
    assert [violation.split(" ")[0] for violation in watch.violations()] == [
        "require-trusted-types-for",
        "connect-src",
    ]


def answering(value: object, status: int = 200):
    def answer(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=status, json=value, headers=headers)

    return answer


def refusing(status: int, title: str):
    problem = {"title": title, "status": status, "request_id": "r-1"}

    def answer(route: Route) -> None:
        route.fulfill(
            status=status,
            body=json.dumps(problem),
            headers={"Retry-After": "7", "Content-Type": "application/problem+json"},
        )

    return answer
