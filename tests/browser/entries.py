"""Entries of catalogues that nobody has deployed."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.desk import Stack

LONG_NAME: Final = "reconcile" * 7
"""Of 63 letters, which are allowed."""

ARABIC: Final = "تقرير شهري"


def an_entry(
    stack: Stack, name: str, title: str, description: str = "Does something."
) -> dict[str, Any]:
    return {
        "Name": name,
        "Title": title,
        "Description": description,
        "FuncUrl": stack.functions["hello"],
        "Region": "ap-northeast-1",
        "InvokeMode": "BUFFERED",
        "MaxDurationSeconds": 3600,
        "Example": None,
        "BodyType": None,
    }


def offer(page: Page, entries: list[dict[str, Any]]) -> None:
    """Let the broker list these."""
    page.route("**/functions", lambda route: route.fulfill(json={"Functions": entries}))


def two_hundred(stack: Stack) -> list[dict[str, Any]]:
    return [
        an_entry(stack, f"f{at}", f"Ledger {at}", "Compares two ledgers line by line.")
        for at in range(200)
    ]


def unwieldy(stack: Stack) -> list[dict[str, Any]]:
    """Return the longest that a name, a title and a word may be, and another script."""
    return [
        an_entry(stack, LONG_NAME, LONG_NAME.title(), "d" * 300),
        an_entry(stack, "report", "Long title " * 18, "An everyday description."),
        an_entry(stack, "arabic", ARABIC, f"{ARABIC} (2026) - {ARABIC}"),
        an_entry(stack, "w" * 63, "W" * 200),
    ]
