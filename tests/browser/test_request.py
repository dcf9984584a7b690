"""Writing a request: JSON, text or a file, and what is sent of it."""

import json
import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Seat
from tests.browser.desk import Desk, Stack
from tests.browser.teller import Teller

_DROP: Final = """([name, type, size]) => {
  const given = new DataTransfer();
  given.items.add(new File(["x".repeat(size)], name, { type }));
  const about = { bubbles: true, cancelable: true, dataTransfer: given };
  const card = document.getElementById("path");
  const over = new DragEvent("dragover", about);
  card.dispatchEvent(over);
  const lit = document.getElementById("request").hasAttribute("data-over");
  card.dispatchEvent(new DragEvent("drop", about));
  return [over.defaultPrevented, lit];
}"""


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, which each leaves signed out."""
    yield seat.desk
    seat.leave()


@pytest.fixture
def writing(desk: Desk) -> Desk:
    desk.enter("bob")
    desk.choose("summarise")
    desk.kind("JSON")
    return desk


def test_json_is_judged_while_it_is_written(writing: Desk):
    state = writing.page.locator("#json-state")

    writing.json.fill('{"a": 1')
    expect(state).to_have_text("Line 1, column 8: a comma or } is missing.")
    expect(writing.json).not_to_have_attribute("aria-invalid", "true")
    writing.json.fill('{"a": 1}')
    expect(state).to_have_text("Valid JSON, 8 characters")
    writing.json.fill("")
    expect(state).to_have_text("")


def test_a_fault_is_shown_where_it_is_when_run(writing: Desk):
    writing.json.fill('{"a": 1\n "b": 2}')

    writing.run()

    expect(writing.page.locator("#json-error")).to_have_text(
        "Line 2, column 2: a comma or } is missing."
    )
    selected = writing.json.evaluate(
        "(node) => node.value.slice(node.selectionStart, node.selectionEnd)"
    )
    assert selected == '"'
    writing.json.press("End")
    writing.json.type(" ")
    expect(writing.page.locator("#json-error")).to_have_text("")


def test_json_is_judged_without_the_editor_that_has_not_arrived(
    page: Page, stack: Stack
):
    page.route("**/editor.js", lambda route: route.fulfill(status=503))
    page.goto(f"{stack.broker}/")
    writing = Desk(page, stack)
    writing.enter("bob")
    writing.json.fill("{")

    writing.run()

    expect(page.locator("#json-error")).to_have_text("This is not JSON.")
    expect(writing.json).to_be_focused()
    writing.json.fill("{}")
    writing.run()
    expect(writing.state).to_have_text(re.compile("^Finished"))


def test_json_is_formatted_and_that_can_be_undone(writing: Desk):
    writing.json.fill('{"n":12345678901234567890,"n":[1.0]}')

    writing.button("Format").click()

    laid_out = '{\n  "n": 12345678901234567890,\n  "n": [\n    1.0\n  ]\n}'
    expect(writing.json).to_have_value(laid_out)
    writing.json.press("ControlOrMeta+z")
    expect(writing.json).to_have_value('{"n":12345678901234567890,"n":[1.0]}')


def test_tab_indents_what_is_being_typed_and_catches_nobody(writing: Desk):
    keyboard = writing.page.keyboard
    writing.write_json()

    keyboard.press("Tab")
    expect(writing.json).not_to_be_focused()
    keyboard.press("Shift+Tab")
    expect(writing.json).to_be_focused()
    keyboard.type("{")
    keyboard.press("Enter")
    keyboard.type('"a": [')
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.type("1]}")
    expect(writing.json).to_have_value('{\n  "a": [\n      1]}')
    keyboard.press("Escape")
    keyboard.press("Tab")
    expect(writing.json).not_to_be_focused()


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        pytest.param("JSON", "application/json", id="json"),
        pytest.param("Text", "text/plain; charset=utf-8", id="text"),
    ],
)
def test_what_is_typed_is_sent_under_its_type(
    writing: Desk, teller: Teller, kind: str, content_type: str
):
    writing.kind(kind)
    (writing.json if kind == "JSON" else writing.text).fill('{"合": "鍵"}')

    writing.run()

    telling = teller.called(writing.page)
    assert telling.headers["content-type"] == content_type
    assert telling.body == '{"合": "鍵"}'.encode()
    telling.finish()


@pytest.mark.parametrize("kind", ["JSON", "Text"])
def test_nothing_typed_is_no_body(writing: Desk, teller: Teller, kind: str):
    writing.kind(kind)
    (writing.json if kind == "JSON" else writing.text).fill("")

    writing.run()

    telling = teller.called(writing.page)
    assert telling.body == b""
    assert "content-type" not in telling.headers
    telling.finish()


def test_a_chosen_file_is_sent_as_it_is(writing: Desk, teller: Teller):
    content = bytes(range(256)) * 200
    writing.kind("File")
    writing.file.set_input_files(
        {"name": "notes.bin", "mimeType": "application/x-notes", "buffer": content}
    )

    expect(writing.page.locator("#file-chosen")).to_contain_text("notes.bin")
    expect(writing.page.locator("#file-chosen")).to_contain_text("51.2 kB")
    writing.run()

    telling = teller.called(writing.page)
    assert telling.headers["content-type"] == "application/x-notes"
    assert telling.body == content
    telling.finish()
    expect(writing.page.locator("#asked")).to_contain_text("notes.bin")


def test_a_file_dropped_on_the_card_is_taken(writing: Desk, teller: Teller):
    taken = writing.page.evaluate(_DROP, ["minutes.txt", "", 3_000])

    assert taken == [True, True]
    expect(writing.page.get_by_role("radio", name="File")).to_be_checked()
    expect(writing.page.locator("#file-chosen")).to_contain_text("minutes.txt")
    expect(writing.page.locator("#request")).not_to_have_attribute("data-over", "")
    writing.run()

    telling = teller.called(writing.page)
    assert telling.headers["content-type"] == "text/plain"
    assert telling.body == b"x" * 3_000
    telling.finish()


def test_a_file_too_large_is_refused_before_it_is_sent(writing: Desk):
    writing.page.evaluate(_DROP, ["large.txt", "text/plain", 5_000_001])

    expect(writing.page.locator("#file-error")).to_have_text(
        "This file has 5.0 MB. Up to 5 MB can be sent."
    )
    expect(writing.page.locator("#file-chosen")).to_be_hidden()
    writing.run()
    expect(writing.page.locator("#file-error")).to_have_text("Choose a file")


def test_a_file_can_be_taken_back(writing: Desk):
    writing.page.evaluate(_DROP, ["minutes.txt", "text/plain", 10])

    writing.button("Remove").click()

    expect(writing.page.locator("#file-chosen")).to_be_hidden()
    expect(writing.file).to_be_focused()


def test_what_was_typed_for_each_function_and_kind_is_kept(writing: Desk):
    writing.json.fill("[1]")
    writing.kind("Text")
    writing.text.fill("of summarise")
    writing.choose("hello")
    expect(writing.json).to_have_value("")
    writing.json.fill("[2]")

    writing.choose("summarise")

    expect(writing.text).to_have_value("of summarise")
    writing.kind("JSON")
    expect(writing.json).to_have_value("[1]")


def test_a_real_summary_is_followed_from_a_file(writing: Desk):
    sentences = [f"The lock number {at} needs a key of its own." for at in range(60)]
    writing.kind("File")
    writing.file.set_input_files(
        {
            "name": "locks.txt",
            "mimeType": "text/plain",
            "buffer": " ".join(sentences).encode(),
        }
    )

    writing.run()

    expect(writing.state).to_have_text(re.compile("^Finished in"))
    expect(writing.streamed).to_contain_text("needs a key of its own.")
    content = json.loads(writing.content.inner_text())
    assert content["of"] == 60
    assert content["caller"] == {"issuer": "local", "subject": "bob"}
    steps = writing.answer.get_by_role("listitem")
    expect(steps.first).to_have_text("Reading")
    expect(steps.last).to_have_text("Writing")
