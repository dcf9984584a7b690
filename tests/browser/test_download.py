"""What a download is called."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.desk import Desk, Stack

_NAME = """async ([contentType, disposition, type]) => {
  const { fileName } = await import("./static/digest/page/download.js");
  const headers = new Headers({ "Content-Type": contentType });
  if (disposition) headers.set("Content-Disposition", disposition);
  const began = new Date(2026, 10, 9, 9, 2, 28).getTime();
  return fileName({ entry: { Name: "hello" }, began, head: { headers } },
    type ?? undefined);
}"""


def named(
    workbench: Page, content_type: str, disposition: str = "", kind: str | None = None
) -> str:
    name: str = workbench.evaluate(_NAME, [content_type, disposition, kind])
    return name


@pytest.mark.parametrize(
    ("content_type", "kind", "ending"),
    [
        ("text/plain", None, ".txt"),
        ("text/csv; charset=utf-8", None, ".csv"),
        ("Text/Markdown", None, ".md"),
        ("text/x-unheard-of", None, ".txt"),
        ("image/png", "image/png", ".png"),
        ("image/svg+xml", "image/svg+xml", ".svg"),
        ("application/json", "application/json", ".json"),
        ("application/json", "text/plain;charset=utf-8", ".txt"),
        ("application/geo+json", "application/geo+json", ".json"),
        ("application/x-unheard-of", "application/x-unheard-of", ""),
        ("application/x-ndjson", None, ".txt"),
        ("text/event-stream", "application/json", ".json"),
    ],
)
def test_without_a_name_it_is_the_function_the_local_time_and_its_kind(
    workbench: Page, content_type: str, kind: str | None, ending: str
):
    name = named(workbench, content_type, kind=kind)

    assert name == f"hello-2026-11-09-090228{ending}"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=plans.pdf", "plans.pdf"),
        ('attachment; filename="my \\"plans\\".pdf"', "my _plans_.pdf"),
        ("inline; FILENAME*=UTF-8''%e5%90%88%e9%8d%b5.csv; filename=x", "合鍵.csv"),
        ("attachment; filename=x.csv; filename*=UTF-8''%ff", "x.csv"),
        ("attachment; filename*=iso-8859-1'en'%a3.csv", "£.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\\\\\Windows\\\\\\\\a.txt"', "a.txt"),
        ('attachment; filename="...bashrc"', "bashrc"),
        ("attachment; filename*=UTF-8''a%0d%0a%00%7fb.txt", "ab.txt"),
        ("attachment; filename*=UTF-8''gpj%E2%80%AEexe.txt", "gpjexe.txt"),
        ("attachment; filename*=UTF-8''a%2F..%2Fb.txt", "b.txt"),
        ('attachment; filename="a.txt. "', "a.txt"),
        (f'attachment; filename="{"a" * 400}.csv"', f"{'a' * 150}.csv"),
    ],
)
def test_the_name_that_the_function_gives_is_taken_and_made_harmless(
    workbench: Page, disposition: str, name: str
):
    assert named(workbench, "text/plain", disposition) == name


@pytest.mark.parametrize(
    "disposition", ["attachment", 'attachment; filename=""', "a; filename=../", "x=y"]
)
def test_a_name_of_nothing_is_none(workbench: Page, disposition: str):
    name = named(workbench, "text/plain", disposition)

    assert name == "hello-2026-11-09-090228.txt"


def test_a_part_of_a_task_is_not_called_what_the_whole_is(workbench: Page):
    given = "attachment; filename=all.ndjson"

    name = named(workbench, "application/x-ndjson", given, "application/json")

    assert name == "hello-2026-11-09-090228.json"


@pytest.mark.parametrize("arrives", [True, False])
def test_bytes_are_saved_under_their_name(desk: Desk, page: Page, arrives: bool):
    def answer(route: Route) -> None:
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Content-Disposition",
            "Content-Type": "text/csv",
            "Content-Disposition": 'attachment; filename="a b.csv"',
        }
        route.fulfill(headers=headers, body=b"\xff,1\r\n")

    page.route(f"{desk.url_of('hello')}**", answer)
    if not arrives:
        page.route("**/page/download.js", lambda route: route.fulfill(status=503))
    desk.enter("bob")
    desk.run(method="GET")
    expect(page.locator("#state[data-kind=done]")).to_be_visible()

    saved = desk.save("#streamed-part")

    assert saved.path().read_bytes() == b"\xff,1\r\n"
    expected = re.escape("a b.csv") if arrives else r"hello(\.\w+)?"
    assert re.fullmatch(expected, saved.suggested_filename)


def test_functions_of_the_template_let_the_page_read_the_name(
    desk: Desk, page: Page, stack: Stack
):
    desk.enter("bob")

    with page.expect_response(
        lambda answer: (
            answer.url.startswith(stack.functions["hello"])
            and answer.request.method == "POST"
        )
    ) as answered:
        desk.run()

    exposed = answered.value.header_value("access-control-expose-headers") or ""
    assert "content-disposition" in exposed.lower()
