"""What a function sent is what is shown, copied and saved; what was chosen is sent."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Seat
from tests.browser.desk import Desk
from tests.browser.teller import Teller, Telling

LONG: Final = "12345678901234567890"


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, which each leaves signed out."""
    yield seat.desk
    seat.leave()


def named(function: str, ending: str) -> str:
    """Give the pattern of a download's name: the function, the local time, its kind."""
    return rf"{function}-\d{{4}}-\d\d-\d\d-\d{{6}}\.{ending}"


def answered(desk: Desk, content_type: str, body: bytes, status: int = 200) -> None:
    """Let ``hello`` answer so, and call it."""

    def answer(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": content_type}
        route.fulfill(status=status, headers=headers, body=body)

    desk.page.route(f"{desk.url_of('hello')}**", answer)
    desk.enter("bob")
    desk.run(method="GET")
    state = "failed" if status >= 400 else "done"
    expect(desk.page.locator(f"#state[data-kind={state}]")).to_be_visible()


def begun(desk: Desk, teller: Teller) -> Telling:
    desk.enter("bob")
    desk.choose("summarise")
    desk.run()
    return teller.called(desk.page)


@pytest.mark.parametrize(
    ("content_type", "sent", "shown", "ending"),
    [
        pytest.param(
            "text/plain; charset=Shift_JIS",
            "合鍵を貸します。\r\n".encode("shift_jis"),
            "合鍵を貸します。\r\n",
            "txt",
            id="Shift_JIS",
        ),
        pytest.param(
            "text/csv; charset=utf-8",
            b"\xef\xbb\xbfa,b\r\n1,2\r\n",
            "a,b\r\n1,2\r\n",
            "csv",
            id="a byte order mark",
        ),
        pytest.param(
            "text/plain", b"not \xff UTF-8", "not \ufffd UTF-8", "txt", id="not UTF-8"
        ),
        pytest.param(
            "text/plain",
            b"[1,   2,\n\t3]" * 10_000,
            "[1,   2,\n\t3]" * 10_000,
            "txt",
            id="a long text that begins with a bracket",
        ),
        pytest.param(
            "text/plain",
            b'{"a":  1}',
            '{"a":  1}',
            "txt",
            id="a text that looks like JSON",
        ),
    ],
)
def test_a_text_is_shown_as_it_is_and_saved_as_it_came(
    desk: Desk, content_type: str, sent: bytes, shown: str, ending: str
):
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answered(desk, content_type, sent)

    text = desk.streamed.evaluate("(node) => node.textContent")
    assert shown.endswith(text)
    assert len(text) > min(len(shown), 100_000) - 20_000
    download = desk.save("#streamed-part")
    assert download.path().read_bytes() == sent
    assert re.fullmatch(named("hello", ending), download.suggested_filename)
    desk.page.locator("#streamed-part").get_by_role("button", name="Copy").click()
    expect(desk.page.get_by_role("button", name="Copied").first).to_be_visible()
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied == shown
    expect(desk.page.locator("#content-part")).to_be_hidden()


@pytest.mark.parametrize(
    ("sent", "shown", "ending"),
    [
        pytest.param(
            b"\xef\xbb\xbf" + b'{"n":12345678901234567890}',
            '{\n  "n": 12345678901234567890\n}',
            "json",
            id="a byte order mark and a long number",
        ),
        pytest.param(b"[1.0,1e2]", "[\n  1.0,\n  1e2\n]", "json", id="numbers"),
        pytest.param(b"[1.0, 1e2", "[1.0, 1e2", "txt", id="no JSON"),
        pytest.param(b"null", "null", "json", id="null"),
    ],
)
def test_json_is_saved_as_it_came(desk: Desk, sent: bytes, shown: str, ending: str):
    answered(desk, "application/json", sent)

    assert desk.content.evaluate("(node) => node.textContent") == shown
    download = desk.save("#content-part")
    assert download.path().read_bytes() == sent
    assert re.fullmatch(named("hello", ending), download.suggested_filename)


def test_a_failure_in_another_charset_is_shown_and_saved_as_it_came(desk: Desk):
    sent = "鍵がありません。".encode("shift_jis")

    answered(desk, "text/plain; charset=Shift_JIS", sent, 404)

    expect(desk.content).to_have_text("鍵がありません。")
    assert desk.save("#content-part").path().read_bytes() == sent


def test_a_text_that_is_cut_is_saved_as_far_as_it_came(desk: Desk, teller: Teller):
    teller.content_type = "text/plain; charset=Shift_JIS"
    telling = begun(desk, teller)
    telling.send("合鍵".encode("shift_jis"))
    expect(desk.streamed).to_have_text("合鍵")

    telling.cut()

    expect(desk.problem).to_contain_text("The answer ended early.")
    saved = desk.save("#streamed-part")
    assert saved.path().read_bytes() == "合鍵".encode("shift_jis")


def test_a_streamed_long_number_is_not_rounded(desk: Desk, teller: Teller):
    telling = begun(desk, teller)

    telling.send(f'{{"type":"result","value":{{"n":{LONG},"of":1.0}}}}\n'.encode())
    telling.send(b"")

    expect(desk.content).to_have_text(f'{{\n  "n": {LONG},\n  "of": 1.0\n}}')
    saved = desk.save("#content-part")
    assert saved.path().read_text() == f'{{"n":{LONG},"of":1.0}}'
    assert re.fullmatch(named("summarise", "json"), saved.suggested_filename)


@pytest.mark.parametrize(
    ("value", "is_shown"),
    [("In long.", True), ("In short", False)],
    ids=["as long as the text", "the text itself"],
)
def test_a_result_is_hidden_only_where_it_is_the_text(
    desk: Desk, teller: Teller, value: str, is_shown: bool
):
    telling = begun(desk, teller)

    telling.say({"type": "output", "text": "In short"})
    telling.finish(value)

    expect(desk.page.locator("#state[data-kind=done]")).to_be_visible()
    expect(desk.content).to_be_visible(visible=is_shown)
    if is_shown:
        expect(desk.content).to_have_text(value)


def test_a_streamed_text_like_json_keeps_its_white_space(desk: Desk, teller: Teller):
    telling = begun(desk, teller)
    text = "[1,   2]\n" * 20_000

    telling.finish(text)

    expect(desk.page.locator("#content-cut")).to_contain_text("80,000 more characters")
    shown = desk.content.evaluate("(node) => node.textContent")
    assert shown == text[:100_000]
    saved = desk.save("#content-part")
    assert saved.path().read_text() == text
    assert re.fullmatch(named("summarise", "txt"), saved.suggested_filename)


def test_a_file_that_was_saved_again_is_to_be_chosen_again(
    desk: Desk, teller: Teller, tmp_path: Path
):
    path = tmp_path / "notes.txt"
    path.write_text("as it was")
    desk.enter("bob")
    desk.choose("summarise")
    desk.kind("File")
    desk.file.set_input_files(path)
    path.write_text("as it is now, and longer")

    desk.run()

    error = desk.page.locator("#file-error")
    expect(error).to_contain_text("notes.txt has been changed, moved or deleted")
    expect(error).to_contain_text("Choose it again.")
    expect(desk.file).to_be_focused()
    expect(desk.page.locator("#history")).to_be_hidden()
    desk.file.set_input_files(path)
    expect(error).to_be_empty()
    desk.run()
    telling = teller.called(desk.page)
    assert telling.body == b"as it is now, and longer"
    telling.finish()
    expect(desk.page.locator("#state[data-kind=done]")).to_be_visible()

    # What is run again is what was run.
    path.write_text("and changed once more")
    desk.open("What was sent")
    desk.button("Run again").click()
    again = teller.called(desk.page)
    assert again.body == b"as it is now, and longer"
    assert again.headers["content-type"] == "text/plain"
    again.finish()
    expect(desk.runs()).to_have_count(2)
