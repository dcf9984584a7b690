"""Signing in through an issuer on the page: a real provider, a real broker."""

import base64
import json
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.desk import Desk, wait_until_started
from tests.browser.test_appearance import faults, overflow
from tests.provider.server import Provider
from tests.stack import Stack

BUTTON: Final = "Sign in with the provider of this laptop"


@pytest.fixture
def issuer_desk(page: Page, watch: Watch, signing_stack: Stack) -> Desk:
    """Open the page of a broker that has an issuer, at a function's address."""
    page.goto(f"{signing_stack.broker}/#report")
    wait_until_started(page)
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
    return Desk(page, signing_stack)


def go_and_choose(page: Page, person: str = "Alice") -> None:
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("button", name=person).click()


def sign_in(issuer_desk: Desk, person: str = "Alice") -> None:
    go_and_choose(issuer_desk.page, person)
    expect(issuer_desk.button("Sign out")).to_be_visible()


def stored(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("({...sessionStorage, ...localStorage})")
    return found


def test_a_person_signs_in_calls_and_signs_out(
    issuer_desk: Desk, watch: Watch, provider: Provider, signing_stack: Stack
):
    page = issuer_desk.page

    sign_in(issuer_desk)

    expect(page.locator("#username-shown")).to_have_text("alice")
    assert page.url == f"{signing_stack.broker}/#report"
    assert issuer_desk.functions() == ["hello", "report", "summarise"]
    assert stored(page) == {"aikagi-issuer": "laptop"}
    issuer_desk.choose("hello")
    issuer_desk.run(method="GET")
    expect(issuer_desk.state).to_have_attribute("data-kind", "done")
    expect(page.locator("#caller-text")).to_contain_text("alice (laptop)")
    assert watch.faults == watch.violations() == []

    issuer_desk.sign_out()

    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    there = page.get_by_role(
        "link", name="Sign out of the provider of this laptop, too"
    )
    expect(there).to_have_attribute(
        "href", f"{provider.issuer}/session/end?client_id=aikagi"
    )
    assert stored(page) == {}


def test_a_reload_comes_back_by_itself_until_somebody_signs_out_there(
    issuer_desk: Desk, watch: Watch
):
    page = issuer_desk.page
    sign_in(issuer_desk)

    page.reload()

    expect(issuer_desk.button("Sign out")).to_be_visible()
    address = page.url
    assert address.endswith("/#report")
    issuer_desk.sign_out()
    page.get_by_role("link", name="Sign out of the provider").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(address)
    expect(page.get_by_role("button", name="Sign in with")).to_be_visible()
    page.evaluate("sessionStorage.setItem('aikagi-issuer', 'laptop')")
    page.reload()

    said = "You are not signed in with the provider of this laptop any more."
    expect(page.locator("#session-notice")).to_contain_text(said)
    assert stored(page) == {}


def test_who_says_no_is_told_so_in_both_languages(issuer_desk: Desk):
    page = issuer_desk.page

    go_and_choose(page, "Cancel")

    notice = page.locator("#session-notice")
    expect(notice).to_contain_text("You cancelled, or the provider of this laptop")
    page.locator("#language").select_option("ja")
    expect(notice).to_contain_text("キャンセルされたか")
    assert page.url.endswith("/#report")


# What leads back is a redirect, which nobody can stop on its way: it is changed before
# a module has read it.
_SPOILT: Final = """(() => {
  const query = new URLSearchParams(location.search);
  if (!query.has("state")) return;
  const [name, value] = %s;
  if (value === null) query.delete(name);
  else query.set(name, value);
  history.replaceState(null, "", `${location.pathname}?${query}`);
})()"""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("state", "another", "This sign-in is over"),
        ("code", "another", "This sign-in is over"),
        ("iss", "https://another.example", "failed (iss)"),
        ("iss", None, "failed (iss)"),
        ("error", "server_error", "Nobody can sign in"),
        ("error", "invalid_scope", "failed (invalid_scope)"),
    ],
)
def test_what_comes_back_is_of_this_sign_in_or_nobody_is_signed_in(
    issuer_desk: Desk, signing_stack: Stack, name: str, value: str | None, said: str
):
    page = issuer_desk.page
    page.add_init_script(_SPOILT % json.dumps([name, value]))

    go_and_choose(page)

    expect(page.locator("#session-notice")).to_contain_text(said)
    expect(issuer_desk.button("Sign out")).to_be_hidden()
    assert stored(page) == {}
    assert page.url == f"{signing_stack.broker}/#report"


def test_an_id_token_of_another_sign_in_is_refused(issuer_desk: Desk):
    page = issuer_desk.page

    page.add_init_script(
        """{
          const kept = sessionStorage.getItem("aikagi-sign-in");
          if (kept) {
            const other = { ...JSON.parse(kept), nonce: "another" };
            sessionStorage.setItem("aikagi-sign-in", JSON.stringify(other));
          }
        }"""
    )

    go_and_choose(page)

    expect(page.locator("#session-notice")).to_contain_text("failed (nonce)")
    expect(issuer_desk.button("Sign out")).to_be_hidden()


def test_an_answer_is_good_once(issuer_desk: Desk, signing_stack: Stack):
    page = issuer_desk.page
    answers: list[str] = []
    page.on(
        "request",
        lambda request: (
            answers.append(request.url)
            if "code=" in request.url and request.is_navigation_request()
            else None
        ),
    )
    sign_in(issuer_desk)
    page.evaluate("sessionStorage.clear()")

    page.goto("about:blank")
    page.goto(answers[0])

    expect(page.locator("#session-notice")).to_contain_text("This sign-in is over")
    expect(issuer_desk.button("Sign out")).to_be_hidden()


def test_two_tabs_sign_in_beside_each_other(
    context: BrowserContext, issuer_desk: Desk, signing_stack: Stack
):
    other = Desk(context.new_page(), signing_stack)
    other.page.goto(f"{signing_stack.broker}/#hello")
    expect(other.page.get_by_role("button", name=BUTTON)).to_be_visible()
    for page in (issuer_desk.page, other.page):
        page.get_by_role("button", name=BUTTON).click()
        expect(page.get_by_role("button", name="Alice")).to_be_visible()

    for desk in (other, issuer_desk):
        desk.page.get_by_role("button", name="Alice").click()
        expect(desk.button("Sign out")).to_be_visible()

    assert issuer_desk.page.url.endswith("/#report")
    assert other.page.url.endswith("/#hello")


def test_the_keyboard_is_enough(issuer_desk: Desk):
    page = issuer_desk.page
    issuer_desk.username.focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=BUTTON)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Alice")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(issuer_desk.button("Sign out")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()


@pytest.fixture
def late(page: Page, watch: Watch, signing_stack: Stack) -> Desk:
    """Sign alice in, and let her token come to its end."""
    page.clock.install()
    page.goto(f"{signing_stack.broker}/#hello")
    desk = Desk(page, signing_stack)
    sign_in(desk)
    page.clock.fast_forward(595_000)
    return desk


@pytest.mark.parametrize("lost", [0, 1])
def test_a_token_at_its_end_is_renewed_at_the_issuer(
    late: Desk, provider: Provider, lost: int
):
    asked: list[str] = []

    def lose(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > lost:
            route.continue_()
        else:
            route.abort()

    late.page.route(f"{provider.issuer}/token", lose)

    late.run(method="GET")

    expect(late.state).to_have_attribute("data-kind", "done")
    assert len(asked) == lost + 1


def test_an_issuer_out_of_reach_is_told_of_and_the_login_goes_on(
    late: Desk, provider: Provider
):
    late.page.route(f"{provider.issuer}/token", lambda route: route.abort())

    late.run(method="GET")

    expect(late.problem).to_contain_text("no answer came from its issuer")
    late.page.unroute(f"{provider.issuer}/token")
    late.run(method="GET")
    expect(late.state).to_have_attribute("data-kind", "done")


def test_nobody_is_renewed_into_somebody_else(late: Desk, provider: Provider):
    def of_another(route: Route) -> None:
        answer = route.fetch()
        tokens = answer.json()
        header, payload, signature = tokens["id_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        encoded = json.dumps({**claims, "sub": "mallory"}).encode()
        payload = base64.urlsafe_b64encode(encoded).rstrip(b"=").decode()
        changed = {**tokens, "id_token": f"{header}.{payload}.{signature}"}
        route.fulfill(response=answer, json=changed)

    late.page.route(f"{provider.issuer}/token", of_another)

    late.run(method="GET")

    expect(late.problem).to_contain_text("Your sign-in cannot be renewed.")


def test_a_login_that_the_issuer_has_ended_asks_for_another(
    late: Desk, provider: Provider
):
    refused = {"error": "invalid_grant"}
    late.page.route(
        f"{provider.issuer}/token",
        lambda route: route.fulfill(status=400, json=refused),
    )

    late.run(method="GET")

    notice = late.page.locator("#session-notice")
    expect(notice).to_contain_text("Your login has ended.")
    expect(late.page.get_by_role("button", name=BUTTON)).to_be_visible()


def sign_in_again(issuer_desk: Desk) -> None:
    """Sign in where the issuer knows the browser, and asks nobody."""
    issuer_desk.page.get_by_role("button", name=BUTTON).click()
    expect(issuer_desk.button("Sign out")).to_be_visible()


def test_a_sign_out_revokes_and_a_reload_does_not(
    issuer_desk: Desk, provider: Provider
):
    page = issuer_desk.page
    revoked: list[str] = []
    page.on("request", lambda request: revoked.append(request.url))
    endpoint = f"{provider.issuer}/token/revocation"
    sign_in(issuer_desk)

    page.reload()
    expect(issuer_desk.button("Sign out")).to_be_visible()
    # Unlike a page that is gone, this one could still do it.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    expect(issuer_desk.button("Sign in")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert endpoint not in revoked

    sign_in_again(issuer_desk)
    with page.expect_request(endpoint):
        issuer_desk.sign_out()


def test_a_broker_without_issuers_has_no_button(desk: Desk):
    desk.enter("alice")

    assert desk.page.locator("button.issuer").count() == 0


def test_without_issuers_no_part_of_it_is_fetched(desk: Desk, watch: Watch):
    desk.page.wait_for_load_state("networkidle")

    assert any("auth/issuers" in address for address in watch.addresses)
    assert not any("sign_in" in address for address in watch.addresses)


def test_a_part_that_does_not_arrive_is_told_of(page: Page, signing_stack: Stack):
    page.route("**/page/sign_in.js", lambda route: route.abort())
    page.goto(f"{signing_stack.broker}/")

    expect(page.locator("#missing-part")).to_be_visible()
    expect(page.get_by_label("User name")).to_be_visible()


def test_issuers_that_cannot_be_listed_are_told_of(page: Page, signing_stack: Stack):
    page.route("**/auth/issuers", lambda route: route.fulfill(status=503))
    page.goto(f"{signing_stack.broker}/")

    expect(page.locator("#session-notice")).to_contain_text("cannot be listed")
    expect(page.get_by_label("User name")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_anybody_from_signing_in_or_out(
    browser: Browser, signing_stack: Stack, theme: Literal["light", "dark"]
):
    context = browser.new_context(
        color_scheme=theme, locale="ja", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(f"{signing_stack.broker}/")
    issuer = page.locator("button.issuer")
    expect(issuer).to_be_visible()
    assert (faults(page), overflow(page)) == ([], 0)

    issuer.click()
    page.get_by_role("button", name="山田 花子").click()
    page.locator("#sign-out").click()

    expect(page.locator("#elsewhere a")).to_be_visible()
    assert (faults(page), overflow(page)) == ([], 0)
    context.close()
