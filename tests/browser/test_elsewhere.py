"""The client in pages of other origins, as ``docs/clients.md`` shows it."""

import json
import re
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Watch
from tests.browser.faulty_stack import Elsewhere
from tests.stack import ROOT, Stack

_IMPORTED: Final = """async ([address, password]) => {
  const { Broker } = await import(`${address}/static/aikagi.js`);
  const broker = new Broker();
  await broker.login("bob", password);
  return broker.call("hello").result();
}"""


def documented() -> str:
    text = (ROOT / "docs/clients.md").read_text()
    pages: list[str] = re.findall(r"(?s)```html\n(.*?)```", text)
    [page] = pages
    return page


def test_the_page_of_the_documentation_works_at_another_origin(
    page: Page, watch: Watch, faulty: Stack, elsewhere: Elsewhere
):
    elsewhere.page = documented().replace("https://broker.example", faulty.broker)
    page.goto(elsewhere.named)

    page.locator("[name=username]").fill("bob")
    page.locator("[name=password]").fill(faulty.users["bob"])
    page.get_by_role("button", name="Call").click()

    expect(page.locator("pre")).to_contain_text('"type":"result"')
    [line] = page.locator("pre").inner_text().strip().splitlines()
    assert json.loads(line)["value"]["caller"] == {"issuer": "local", "subject": "bob"}
    assert page.url == f"{elsewhere.named}/"
    assert watch.faults == []


def test_the_page_of_the_documentation_has_ten_lines():
    assert len(documented().splitlines()) == 10


def test_what_the_broker_s_own_page_keeps_does_not_stop_a_neighbour_s(
    context: BrowserContext, faulty: Stack, elsewhere: Elsewhere
):
    # Two ports of one host share what is kept, and only one needs leave to read it.
    page = context.new_page()
    page.goto(f"{faulty.broker}/")
    assert page.evaluate(_IMPORTED, [faulty.broker, faulty.users["bob"]])

    page.goto(elsewhere.numbered)

    assert page.evaluate(_IMPORTED, [faulty.broker, faulty.users["bob"]])


def test_a_page_of_an_origin_not_named_gets_nothing(
    page: Page, stack: Stack, elsewhere: Elsewhere
):
    page.goto(elsewhere.named)

    with pytest.raises(Exception, match="Failed to fetch dynamically imported"):
        page.evaluate(_IMPORTED, [stack.broker, stack.users["bob"]])


_CREDENTIALS: Final = """async ([broker, username, password]) => {
  const body = new URLSearchParams({ username, password });
  const login = await fetch(`${broker}/auth/login`, { method: "POST", body });
  const { access_token: token } = await login.json();
  const answers = [];
  for (const Authorization of [`Bearer ${token}`, token, "Bearer another"]) {
    const answer = await fetch(`${broker}/credentials/hello`, {
      headers: { Authorization } });
    answers.push([answer.status, await answer.json()]);
  }
  return answers;
}"""


def test_an_sdk_in_a_page_elsewhere_gets_credentials(
    page: Page, faulty: Stack, elsewhere: Elsewhere
):
    page.goto(elsewhere.named)

    answers: list[tuple[int, dict[str, Any]]] = page.evaluate(
        _CREDENTIALS, [faulty.broker, "bob", faulty.users["bob"]]
    )

    wanted = {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert [status for status, _ in answers] == [200, 200, 401]
    assert all(wanted <= credentials.keys() for _, credentials in answers[:2])
    assert answers[2][1].keys() == {"Code", "Message"}


def test_what_is_wrong_is_found_from_elsewhere_too(
    page: Page, faulty: Stack, elsewhere: Elsewhere
):
    page.goto(elsewhere.named)

    causes = page.evaluate(
        """async ([address, password]) => {
          const { Broker } = await import(`${address}/static/aikagi.js`);
          const broker = new Broker();
          await broker.login("bob", password);
          const names = ["hello", "shut", "denied"];
          const found = await Promise.all(names.map((name) => broker.diagnose(name)));
          return found.map(({ cause }) => cause);
        }""",
        [faulty.broker, faulty.users["bob"]],
    )

    assert causes == ["none", "cors", "permission"]
