"""The page at ``/``, spoken to as a person does: by labels and names."""

from collections.abc import Mapping
from typing import Protocol, final

from playwright.sync_api import Locator, Page, expect


class Stack(Protocol):
    """The running product: addresses, and who may log in."""

    broker: str
    functions: Mapping[str, str]
    users: Mapping[str, str]


@final
class Desk:
    def __init__(self, page: Page, stack: Stack) -> None:
        self._stack = stack
        self.page = page
        self.username = page.get_by_label("User name")
        self.password = page.get_by_label("Password")
        self.path = page.get_by_label("Path and query")
        self.body = page.get_by_label("Body")
        self.answer = page.get_by_role("article", name="Answer")
        self.content = page.locator("#content")

    def log_in(self, username: str, password: str) -> None:
        self.username.fill(username)
        self.password.fill(password)
        self.button("Sign in").click()

    def enter(self, username: str) -> None:
        self.log_in(username, self._stack.users[username])
        expect(self.button("Sign out")).to_be_visible()

    def choose(self, name: str) -> None:
        self.function(name).check()

    def run(self, *, method: str = "POST") -> None:
        self.page.get_by_role("radio", name=method, exact=True).check()
        self.button("Run").click()

    def function(self, name: str) -> Locator:
        return self.page.locator(f'input[name="function"][value="{name}"]')

    def functions(self) -> list[str]:
        values = self.page.locator('input[name="function"]').all()
        return [value.get_attribute("value") or "" for value in values]

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)
