"""The page at ``/``, spoken to as a person does: by labels and names."""

import re
from collections.abc import Mapping
from typing import Protocol, final

from playwright.sync_api import Download, Locator, Page, expect

_ANSWER = re.compile("^Output")


class Stack(Protocol):
    """The running product: addresses, and who may log in."""

    @property
    def broker(self) -> str: ...
    @property
    def functions(self) -> Mapping[str, str]: ...
    @property
    def users(self) -> Mapping[str, str]: ...


def wait_until_started(page: Page) -> None:
    """Wait for the page's modules: before, nobody listens to a key."""
    page.locator("html[data-started]").wait_for()


@final
class Desk:
    def __init__(self, page: Page, stack: Stack) -> None:
        self._stack = stack
        self.page = page
        self.username = page.get_by_label("User name")
        self.password = page.get_by_label("Password")
        self.path = page.get_by_label("Path and query")
        self.json = page.get_by_label("JSON body")
        self.text = page.get_by_label("Text body")
        self.file = page.locator("#file")
        self.answer = page.get_by_role("article", name=_ANSWER)
        self.problem = self.answer.get_by_role("alert")
        self.state = page.locator("#state")
        self.streamed = page.locator("#streamed")
        self.content = page.locator("#content")

    def log_in(self, username: str, password: str) -> None:
        self.username.fill(username)
        self.password.fill(password)
        self.button("Sign in").click()

    def enter(self, username: str) -> None:
        self.log_in(username, self._stack.users[username])
        expect(self.button("Sign out")).to_be_visible()

    def write(self, json: str) -> None:
        """Write a body of JSON, whatever kind the form has begun with."""
        self.kind("JSON")
        self.json.fill(json)

    def write_json(self) -> None:
        """Go to the JSON, and wait for what helps to write it."""
        self.json.focus()
        self.await_part("editor.js")

    def await_part(self, name: str) -> None:
        """Wait for a module that the page imports when it is wanted, or import it."""
        self.page.evaluate(
            """(name) => {
              const app = document.querySelector('script[src$="page/app.js"]').src;
              return import(app.replace("app.js", name)).then(() => null);
            }""",
            name,
        )

    def sign_out(self) -> None:
        """Sign out, whatever is lost by it."""
        self.button("Sign out").click()
        question = self.page.get_by_role("dialog")
        expect(question.or_(self.button("Sign in"))).to_be_visible()
        if question.is_visible():
            question.get_by_role("button", name="Sign out").click()

    def choose(self, name: str) -> None:
        self.function(name).check()

    def run(self, *, method: str = "POST") -> None:
        self.page.get_by_role("radio", name=method, exact=True).check()
        self.button("Run").click()

    def kind(self, name: str) -> None:
        """Choose what the body is: JSON, Text or File."""
        self.page.get_by_role("radio", name=name, exact=True).check()

    def url_of(self, name: str) -> str:
        return self._stack.functions[name]

    def open(self, summary: str) -> None:
        """Open what stands under a summary, if it is not open already."""
        details = self.page.locator("details").filter(has_text=summary)
        if details.get_attribute("open") is None:
            details.locator("summary").click()

    def save(self, part: str) -> Download:
        """Download a part of the output, "#streamed-part" or "#content-part"."""
        with self.page.expect_download() as download:
            self.page.locator(part).get_by_role("button", name="Download").click()
        return download.value

    def runs(self) -> Locator:
        return self.page.get_by_role("region", name="Runs in this tab").get_by_role(
            "button"
        )

    def function(self, name: str) -> Locator:
        return self.page.locator(f'input[name="function"][value="{name}"]')

    def functions(self) -> list[str]:
        values = self.page.locator('input[name="function"]').all()
        return [value.get_attribute("value") or "" for value in values]

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)
