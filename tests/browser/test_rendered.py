"""Answers that people would rather look at: images, Markdown, tables; and as sent."""

import base64
import json
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Seat, Watch
from tests.browser.desk import Desk, Stack, wait_until_started
from tests.browser.teller import Teller

PNG: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGMQi2uGIAY4CwA3agXL"
    "yPyemQAAAABJRU5ErkJggg=="
)
GIF: Final = base64.b64decode("R0lGODdhAQABAIAAAP///////ywAAAAAAQABAAACAkQBADs=")
SVG: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"'
    b' onload="document.title=1"><script>alert(1)</script>'
    b'<image href="https://elsewhere.invalid/x.png"/><rect width="9" height="9"/></svg>'
)
ROWS: Final = [{"name": "é <b>", "n": 12345678901234567890}, {"n": 1.0, "of": None}]


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, on which bob stays signed in from the first call on."""
    yield seat.desk
    seat.tidy()


@pytest.fixture
def signed_out(desk: Desk, seat: Seat) -> Desk:
    """The same page without a run in it."""
    seat.leave()
    return desk


@pytest.fixture
def new_desk(page: Page, stack: Stack) -> Desk:
    """A page of its own, that has loaded nothing yet."""
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    return Desk(page, stack)


@pytest.fixture
def watch(seat: Seat) -> Watch:
    return seat.watch


def answered(desk: Desk, content_type: str, body: bytes) -> None:
    """Let ``hello`` answer so, and call it, as bob."""

    def answer(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": content_type}
        route.fulfill(headers=headers, body=body)

    desk.page.route(f"{desk.url_of('hello')}**", answer)
    if not desk.button("Sign out").is_visible():
        desk.enter("bob")
    desk.choose("hello")
    # The page says of the run before that it is done, until this one begins.
    with desk.page.expect_response(f"{desk.url_of('hello')}**"):
        desk.run(method="GET")
    expect(desk.page.locator("#state[data-kind=done]")).to_be_visible()


def rendered(desk: Desk) -> Locator:
    return desk.page.locator("div[data-rendered]")


def view(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("radio", name=name, exact=True)


def shown_markdown(desk: Desk, text: str) -> str:
    answered(desk, "text/markdown; charset=utf-8", text.encode())
    expect(rendered(desk)).to_be_visible()
    html: str = rendered(desk).locator(".markdown").evaluate("(node) => node.innerHTML")
    return html


def cells(desk: Desk) -> list[list[str]]:
    expect(rendered(desk)).to_be_visible()
    found: list[list[str]] = rendered(desk).evaluate(
        "(node) => [...node.querySelectorAll('tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.textContent))"
    )
    return found


@pytest.mark.parametrize(
    ("content_type", "body", "size"),
    [
        ("image/png", PNG, "3 × 2 pixels"),  # noqa: RUF001 - as the page writes it
        ("image/gif", GIF, "1 × 1 pixels"),  # noqa: RUF001 - as above
        ("image/svg+xml; charset=utf-8", SVG, "40 × 20 pixels"),  # noqa: RUF001 - as above
    ],
)
def test_an_image_is_shown_and_saved_as_it_came(
    desk: Desk, watch: Watch, content_type: str, body: bytes, size: str
):
    desk.page.evaluate(
        """() => { globalThis.revoked = []; const { revokeObjectURL } = URL;
        URL.revokeObjectURL = (url) => { revoked.push(url); revokeObjectURL(url); };
        }"""
    )

    answered(desk, content_type, body)

    image = rendered(desk).get_by_role("img", name="Hello")
    expect(image).to_be_visible()
    assert image.evaluate("(image) => [image.naturalWidth > 0, image.tagName]") == [
        True,
        "IMG",
    ]
    expect(rendered(desk)).to_contain_text(size)
    expect(desk.page.locator("#content-cut")).to_be_hidden()
    address = image.get_attribute("src")
    assert address is not None
    assert address.startswith("blob:")
    assert address in desk.page.evaluate("revoked")
    assert desk.save("#content-part").path().read_bytes() == body
    view(desk, "As sent").check()
    expect(image).to_be_hidden()
    expect(desk.page.locator("#content-cut")).to_contain_text("Download it to see it.")
    assert [url for url in watch.addresses if "elsewhere" in url] == []
    assert watch.faults == watch.violations() == []


def test_an_image_that_is_none_says_so_and_can_be_downloaded(desk: Desk):
    answered(desk, "image/png", b"<b>no picture</b>")

    expect(rendered(desk)).to_have_text(
        "This cannot be shown as an image, though it is called image/png."
        " Download has what came."
    )
    expect(rendered(desk).locator("img, b")).to_have_count(0)
    assert desk.save("#content-part").path().read_bytes() == b"<b>no picture</b>"


@pytest.mark.parametrize("content_type", ["application/pdf", "image/tiff"])
def test_other_bytes_are_offered_and_not_shown(desk: Desk, content_type: str):
    answered(desk, content_type, PNG)

    expect(desk.page.locator("#content-cut")).to_contain_text(f"of {content_type}.")
    expect(rendered(desk)).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param(
            "# A *b*\n\nc\n===\nd",
            '<h4 data-level="1">A <em>b</em></h4><h4 data-level="1">c</h4><p>d</p>',
            id="headings",
        ),
        pytest.param("a\nb  \nc", "<p>a\nb  <br>\nc</p>", id="line ends"),
        pytest.param(
            "**太字**です ***x*** a_b_c 2 * 3 ~~no~~",
            "<p><strong>太字</strong>です <strong><em>x</em></strong> a_b_c 2 * 3"
            " <s>no</s></p>",
            id="emphasis",
        ),
        pytest.param(
            "`` a`b `` \\*c\\* `d",
            '<p><code dir="auto">a`b</code> *c* `d</p>',
            id="code",
        ),
        pytest.param(
            "```py\na < *b*\n\n```\nc",
            '<pre><code dir="auto">a &lt; *b*\n</code></pre><p>c</p>',
            id="fenced code",
        ),
        pytest.param(
            "- a\n  - b\n- c\n\n3. d\n4. e",
            "<ul><li>a\n<ul><li>b\n</li></ul></li><li>c\n</li></ul>"
            '<ol start="3"><li>d\n</li><li>e\n</li></ol>',
            id="lists",
        ),
        pytest.param(
            "> a\n> > b\n\n---\nc",
            "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"
            "<hr><p>c</p>",
            id="quotations and rules",
        ),
        pytest.param(
            "| a | b |\n|---|--:|\n| c \\| d | 1 |",
            '<div class="sheet"><table><thead><tr><th>a</th><th class="numeric">b</th>'
            "</tr></thead><tbody><tr><td>c | d</td>"
            '<td class="numeric">1</td></tr></tbody></table></div>',
            id="tables",
        ),
        pytest.param(
            "<b>a</b> &amp; <img src=x onerror=alert(1)>",
            "<p>&lt;b&gt;a&lt;/b&gt; &amp;amp; &lt;img src=x onerror=alert(1)&gt;</p>",
            id="HTML is text",
        ),
    ],
)
def test_markdown_is_laid_out(desk: Desk, watch: Watch, text: str, html: str):
    assert shown_markdown(desk, text) == html
    assert watch.faults == watch.violations() == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[a *b*](https://x.example/?q=1 'no')", None),
        ("[a *b*](https://x.example/?q=1)", "https://x.example/?q=1"),
        ('[a](http://x.example/(y) "title")', "http://x.example/(y)"),
        ("[a](mailto:a@x.example)", "mailto:a@x.example"),
        ("<https://x.example/>", "https://x.example/"),
        ("![a](https://x.example/a.png)", "https://x.example/a.png"),
        ("[a](javascript:alert)", None),
        ("[a](JaVaScRiPt:alert(1))", None),
        ("[a](data:text/html,x)", None),
        ("[a](blob:https://x.example/)", None),
        ("[a](/auth/me)", None),
        ("<javascript:alert>", None),
    ],
)
def test_a_link_leads_to_web_and_mail_and_nowhere_else(
    desk: Desk, text: str, address: str | None
):
    shown_markdown(desk, text)

    links = rendered(desk).locator("a")
    if address is None:
        expect(links).to_have_count(0)
        expect(rendered(desk)).to_have_text(text.replace("*", ""))
    else:
        expect(links).to_have_count(1)
        assert links.evaluate_all(
            "(all) => all.map((link) => [link.href, link.rel, link.target])"
        ) == [[address, "noopener", "_blank"]]
    expect(rendered(desk).locator("img")).to_have_count(0)


def test_a_long_markdown_says_how_much_is_missing(desk: Desk):
    shown_markdown(desk, f"{'a' * 98}\n\n" * 1_200)

    expect(rendered(desk)).to_contain_text("20,000 more characters are not shown.")
    expect(desk.page.locator("#streamed-cut")).to_be_hidden()


def test_text_that_looks_like_markdown_stays_text(desk: Desk):
    answered(desk, "text/plain", b"# a\n")

    expect(desk.streamed).to_be_visible()
    expect(rendered(desk)).to_have_count(0)


@pytest.mark.parametrize(
    ("content_type", "sent", "shown"),
    [
        pytest.param(
            "text/csv; charset=utf-8",
            b'a,b\r\n"x ""y"", z",1\r\n\r\n"line\nend",\r\n',
            [["a", "b"], ['x "y", z', "1"], ["line\nend", ""]],
            id="CSV",
        ),
        pytest.param(
            "text/csv; header=absent",
            b"1,2\n3",
            [["1", "2"], ["1", "2"], ["3", ""]],
            id="without a heading",
        ),
        pytest.param(
            "text/tab-separated-values",
            b"a\tb,c\n<i>\t2",
            [["a", "b,c"], ["<i>", "2"]],
            id="TSV",
        ),
        pytest.param(
            "application/json",
            json.dumps(ROWS).encode(),
            [
                ["name", "n", "of"],
                ["é <b>", "12345678901234567890", ""],
                ["", "1.0", "null"],
            ],
            id="objects",
        ),
        pytest.param(
            "application/json",
            b'[["a", 1], ["b", 1e2]]',
            [["1", "2"], ["a", "1"], ["b", "1e2"]],
            id="arrays",
        ),
    ],
)
def test_rows_are_a_table(
    desk: Desk, content_type: str, sent: bytes, shown: list[list[str]]
):
    answered(desk, content_type, sent)

    assert cells(desk) == shown
    assert rendered(desk).locator("p").count() == 0
    view(desk, "As sent").check()
    expect(rendered(desk)).to_be_hidden()
    expect(desk.streamed.or_(desk.content)).to_have_count(2)
    expect(desk.page.locator(".paper:visible").first).to_be_visible()


@pytest.mark.parametrize(
    ("content_type", "sent"),
    [
        pytest.param("application/json", b'[{"a": 1}, {"a": [2]}]', id="nested"),
        pytest.param("application/json", b'[{"a": {}}]', id="an object in it"),
        pytest.param("application/json", b"[[[1]]]", id="deep arrays"),
        pytest.param("application/json", b'[{"a": 1}, 2]', id="mixed"),
        pytest.param("application/json", b'[{"a": 1}, ["b"]]', id="of two kinds"),
        pytest.param("application/json", b'[{"a": 1, "a": 2}]', id="a name twice"),
        pytest.param("application/json", b"[{}]", id="without columns"),
        pytest.param("application/json", b"[null]", id="nothing"),
        pytest.param("application/json", b'{"0": {"a": 1}}', id="no array"),
        pytest.param("text/csv", b'a,b\n"c,d', id="a quotation without an end"),
        pytest.param("text/csv", b'a\n"c"d', id="something after a quotation"),
        pytest.param("text/plain", b"a,b\n1,2\n", id="plain text"),
    ],
)
def test_what_is_no_rows_stays_as_it_is(desk: Desk, content_type: str, sent: bytes):
    answered(desk, content_type, sent)

    paper = desk.content if "json" in content_type else desk.streamed
    expect(paper).to_be_visible()
    desk.page.wait_for_load_state("networkidle")
    expect(rendered(desk)).to_have_count(0)
    expect(desk.page.locator("#rendered-note")).to_be_empty()


@pytest.mark.parametrize("rows", [500, 501])
@pytest.mark.parametrize("kind", ["text/csv", "application/json"])
def test_of_many_rows_the_first_five_hundred_are_shown(
    desk: Desk, rows: int, kind: str
):
    csv = "a,b\r\n" + "1,x\r\n" * rows
    sent = csv if kind == "text/csv" else json.dumps([{"a": 1, "b": "x"}] * rows)

    answered(desk, kind, sent.encode())

    assert len(cells(desk)) == 501
    note = rendered(desk).get_by_text("1 more rows are not shown.")
    expect(note).to_have_count(rows - 500)


def test_of_many_columns_the_first_hundred_are_shown(desk: Desk):
    answered(desk, "text/csv", (",".join(["a"] * 120) + "\n").encode())

    assert [len(row) for row in cells(desk)] == [100]
    expect(rendered(desk)).to_contain_text("20 more columns are not shown.")


def test_columns_of_numbers_are_to_the_right(desk: Desk):
    answered(desk, "text/csv", b'a,b,c\n1,"1,000.5",1\n-2.5e3,,x\n')

    headings = rendered(desk).locator("th")
    expect(headings).to_have_count(3)
    numeric = headings.evaluate_all(
        "(all) => all.map((cell) => getComputedStyle(cell).textAlign)"
    )
    assert numeric == ["right", "right", "start"]


def test_a_result_of_a_task_can_be_rows(signed_out: Desk, teller: Teller):
    desk = signed_out
    teller.stand_in_for(desk.page, desk.url_of("summarise"))
    desk.enter("bob")
    desk.choose("summarise")
    desk.run()
    telling = teller.called(desk.page)
    telling.say({"type": "output", "text": "# no heading"})

    telling.finish([{"a": 1}])

    assert cells(desk) == [["a"], ["1"]]
    expect(desk.streamed).to_have_text("# no heading")
    expect(desk.streamed).to_be_visible()
    expect(desk.content).to_be_hidden()


def test_how_an_answer_is_looked_at_is_kept_for_its_run(signed_out: Desk):
    desk = signed_out
    answered(desk, "text/csv", b"a,b\n1,2\n")
    expect(rendered(desk)).to_be_visible()
    desk.run(method="GET")
    expect(desk.runs()).to_have_count(2)
    expect(rendered(desk)).to_be_visible()

    view(desk, "Rendered").focus()
    desk.page.keyboard.press("ArrowLeft")

    expect(view(desk, "As sent")).to_be_checked()
    expect(desk.streamed).to_be_visible()
    expect(desk.streamed).to_have_text("a,b\n1,2\n")
    desk.runs().last.click()
    expect(rendered(desk)).to_be_visible()
    expect(view(desk, "Rendered")).to_be_checked()
    desk.runs().first.click()
    expect(view(desk, "As sent")).to_be_checked()
    expect(rendered(desk)).to_be_hidden()


def test_copy_and_download_have_what_was_sent(desk: Desk):
    sent = "# *é*\r\n".encode("utf-16")
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    answered(desk, "text/markdown; charset=utf-16", sent)

    expect(rendered(desk).locator("em")).to_have_text("é")
    download = desk.save("#streamed-part")
    assert download.path().read_bytes() == sent
    assert download.suggested_filename.endswith(".md")
    desk.page.locator("#streamed-part").get_by_role("button", name="Copy").click()
    expect(desk.page.get_by_role("button", name="Copied").first).to_be_visible()
    assert desk.page.evaluate("navigator.clipboard.readText()") == "# *é*\r\n"


@pytest.mark.parametrize(
    ("part", "content_type", "sent"),
    [
        ("rendered", "text/csv", b"a,b\n"),
        ("table", "text/csv", b"a,b\n"),
        ("markdown", "text/markdown", b"a,b\n"),
        ("image", "image/png", PNG),
    ],
)
def test_where_a_part_does_not_arrive_the_plain_form_is_there_and_it_is_said(
    page: Page, new_desk: Desk, part: str, content_type: str, sent: bytes
):
    page.route(f"**/page/{part}.js", lambda route: route.fulfill(status=503))

    answered(new_desk, content_type, sent)

    note = page.locator("#rendered-note")
    expect(note).to_contain_text("A part of this page has not arrived")
    expect(page.locator(".paper:visible, #content-cut:visible").first).to_be_visible()
    expect(rendered(new_desk)).to_have_count(0)
    place = "#content-part" if content_type == "image/png" else "#streamed-part"
    assert new_desk.save(place).path().read_bytes() == sent
