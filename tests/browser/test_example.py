"""The example of a body: what the form of its function begins with, and no draft."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Seat
from tests.browser.desk import Desk
from tests.browser.teller import Teller

_KINDS: Final = ("JSON", "Text", "File")


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    yield seat.desk
    seat.leave()


def example_of(desk: Desk, name: str, **changes: object) -> str:
    """Let bob in, with ``changes`` to the entry ``name``, and return its example."""
    found: list[dict[str, Any]] = []

    def change(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        [entry] = [entry for entry in body["Functions"] if entry["Name"] == name]
        entry.update(changes)
        found.append(entry)
        route.fulfill(response=answer, json=body)

    desk.page.route("**/functions", change)
    desk.enter("bob")
    return str(found[0]["Example"] or "")


def chosen_kind(desk: Desk) -> str:
    [kind] = [
        kind
        for kind in _KINDS
        if desk.page.get_by_role("radio", name=kind, exact=True).is_checked()
    ]
    return kind


def test_a_form_begins_with_the_example_and_sends_it(desk: Desk, teller: Teller):
    example = example_of(desk, "summarise", Example="One key.\n合鍵 opens one door.")

    desk.choose("summarise")
    expect(desk.text).to_have_value(example)
    expect(desk.text).to_be_visible()
    expect(desk.button("Use the example")).to_be_hidden()
    desk.run()

    telling = teller.called(desk.page)
    assert telling.headers["content-type"] == "text/plain; charset=utf-8"
    assert telling.body == example.encode()
    telling.finish()
    expect(desk.state).to_contain_text("Finished in")


@pytest.mark.parametrize(
    ("example", "body_type", "kind"),
    [
        pytest.param('{"a": 1}', "json", "JSON", id="json"),
        pytest.param('{"a": 1}', "text", "Text", id="json as text"),
        pytest.param('{"a": 1}', None, "JSON", id="json of no kind"),
        pytest.param("one\r\ntwo", None, "Text", id="text of no kind"),
        pytest.param(None, "file", "File", id="a file"),
        pytest.param(None, "text", "Text", id="text without example"),
        pytest.param(None, None, "JSON", id="nothing"),
    ],
)
def test_a_form_begins_as_its_entry_says(
    desk: Desk, example: str | None, body_type: str | None, kind: str
):
    example_of(desk, "hello", Example=example, BodyType=body_type)

    assert chosen_kind(desk) == kind
    body = (example or "").replace("\r\n", "\n")
    expect(desk.json).to_have_value(body if kind == "JSON" else "")
    expect(desk.text).to_have_value(body if kind == "Text" else "")
    expect(desk.button("Use the example")).to_be_hidden()


def test_an_example_that_was_not_edited_is_no_draft(desk: Desk):
    example = example_of(desk, "hello", Example="[1]", BodyType="json")
    desk.choose("summarise")
    desk.choose("hello")
    desk.kind("Text")
    desk.kind("JSON")
    desk.json.fill("[12]")
    desk.json.fill("[2]")
    desk.run()
    expect(desk.state).to_contain_text("Finished in")
    desk.json.fill(example)

    desk.button("Sign out").click()

    expect(desk.username).to_be_focused()


def test_an_example_that_was_edited_is_kept_and_asked_about(desk: Desk):
    example_of(desk, "hello", Example="[1]", BodyType="json")
    desk.json.fill("[12]")
    desk.choose("summarise")
    desk.choose("hello")
    expect(desk.json).to_have_value("[12]")

    desk.button("Sign out").click()

    expect(desk.page.get_by_role("dialog")).to_contain_text("not sent: Hello.")
    desk.page.keyboard.press("Escape")


def test_the_example_comes_back_when_asked_and_what_was_typed_by_undoing(desk: Desk):
    example = example_of(desk, "hello", Example=json.dumps(["<b>"]), BodyType="json")
    use = desk.button("Use the example")
    desk.json.fill("[12]")
    expect(use).to_be_visible()
    desk.kind("File")

    use.focus()
    use.press("Enter")

    expect(desk.json).to_have_value(example)
    expect(desk.json).to_be_focused()
    expect(use).to_be_hidden()
    desk.json.press("ControlOrMeta+z")
    expect(desk.json).to_have_value("[12]")
    expect(use).to_be_visible()
