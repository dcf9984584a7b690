"""What the page shows of what came of a call."""

from typing import Any

import pytest
from playwright.sync_api import Page

_IMPORT = """
const { callerIn, contentOf } = await import("./static/digest/page/content.js");"""
_CONTENT = """
const { FunctionError } = await import("./static/aikagi.js");
const contentFor = async ({ result = null, streamed = 0, error = null }) => {
  const found = contentOf({ result, error, text: { length: streamed } });
  if (!found) return null;
  const { title, shown, note, copied, saved } = found;
  const told = { title, shown, note, type: saved.type, copied: await copied.text(),
    saved: await saved.text() };
  return JSON.parse(JSON.stringify(told)); // without what is not there
};
"""
JSON = "application/json"
TEXT = "text/plain;charset=utf-8"


def tell(workbench: Page, body: str, argument: object = None) -> Any:
    return workbench.evaluate(
        f"async (given) => {{ {_IMPORT} {_CONTENT} {body} }}", argument
    )


@pytest.mark.parametrize(
    ("result", "shown", "saved", "kind"),
    [
        pytest.param(
            '{ value: [1], text: "[1.0]" }', "[\n  1.0\n]", "[1.0]", JSON, id="json"
        ),
        pytest.param(
            "{ value: { a: 1 } }", '{\n  "a": 1\n}', '{"a":1}', JSON, id="of a task"
        ),
        pytest.param('{ value: "合鍵" }', "合鍵", "合鍵", TEXT, id="text"),
        pytest.param(
            """{ value: "合鍵", text: '"合\\u9375"' }""",
            "合鍵",
            "合鍵",
            TEXT,
            id="a string of json",
        ),
        pytest.param(
            '{ value: "[1,  2]\\n" }',
            "[1,  2]\n",
            "[1,  2]\n",
            TEXT,
            id="text like json",
        ),
        pytest.param(
            """{ value: "\\ud800", text: '"\\\\ud800"' }""",
            '"\\ud800"',
            '"\\ud800"',
            JSON,
            id="half of a pair",
        ),
        pytest.param("{ value: 0 }", "0", "0", JSON, id="zero"),
        pytest.param("{ value: false }", "false", "false", JSON, id="no"),
        pytest.param(
            '{ value: null, text: "null", body: new Blob(["null"]) }',
            "null",
            "null",
            JSON,
            id="null",
        ),
    ],
)
def test_a_result_of_any_kind_is_shown(
    workbench: Page, result: str, shown: str, saved: str, kind: str
):
    assert tell(workbench, f"return contentFor({{ result: {result} }})") == {
        "title": "result",
        "shown": shown,
        "type": kind,
        "copied": shown,
        "saved": saved,
    }


@pytest.mark.parametrize("result", ["{ value: null }", '{ value: "" }', "{}"])
def test_no_result_is_said_to_be_none(workbench: Page, result: str):
    found = tell(workbench, f"return contentFor({{ result: {result} }})")

    assert found["note"] == "empty"
    assert found["saved"] == ""


def test_bytes_are_there_to_be_saved(workbench: Page):
    found = tell(
        workbench,
        """const value = new Blob(["\\x89PNG"], { type: "image/png" });
        return contentFor({ result: { value } });""",
    )

    assert found == {
        "title": "result",
        "note": "bytes",
        "type": "image/png",
        "copied": "",
        "saved": "\x89PNG",
    }


@pytest.mark.parametrize(
    "result",
    [
        pytest.param("value: null", id="only streamed text"),
        pytest.param(
            'value: "abc", isStreamed: true', id="the streamed text once more"
        ),
    ],
)
def test_what_has_been_shown_is_not_shown_again(workbench: Page, result: str):
    assert (
        tell(workbench, f"return contentFor({{ result: {{ {result} }}, streamed: 3 }})")
        is None
    )


def test_a_result_as_long_as_the_streamed_text_is_shown(workbench: Page):
    found = tell(
        workbench,
        """const { Transcript } = await import("./static/digest/page/runs.js");
        const transcript = new Transcript();
        transcript.append("ab");
        transcript.append("c");
        return [await transcript.equals("abc"), await transcript.equals("xyz"),
          (await contentFor({ result: { value: "xyz" }, streamed: 3 })).shown];""",
    )

    assert found == [True, False, "xyz"]


@pytest.mark.parametrize(
    ("value", "start", "size"),
    [
        pytest.param("Array(100_000).fill(1234)", "[\n  1234,\n", 500_001, id="json"),
        pytest.param("'[1,  2, '.repeat(50_000)", "[1,  2, [1,", 400_000, id="text"),
    ],
)
def test_of_a_long_result_the_beginning_is_shown_and_all_of_it_kept(
    workbench: Page, value: str, start: str, size: int
):
    found = tell(
        workbench,
        f"""const value = {value};
        const {{ shown, note, copied, saved, type }} =
          await contentFor({{ result: {{ value }} }});
        return [shown.startsWith(given), shown.length < 200_000, note,
          copied.length, saved === copied, type];""",
        start,
    )

    kind = TEXT if start.startswith("[1") else JSON
    assert found == [True, True, "cut-end", size, True, kind]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("application/json", '{\n  "message": "so it says"\n}'),
        ("text/plain", '{"message":"so it says"}'),
    ],
)
def test_what_a_function_says_of_its_failure_is_shown(
    workbench: Page, kind: str, shown: str
):
    found = tell(
        workbench,
        """const answer = new Response("", { status: 422 });
        const text = '{"message":"so it says"}';
        const body = new Blob(["\\ufeff", text], { type: given });
        return contentFor({ error: new FunctionError(answer, text, body) });""",
        kind,
    )

    assert found["title"] == "said"
    assert found["shown"] == shown
    assert found["saved"].endswith('{"message":"so it says"}')
    assert found["type"].startswith(kind)


@pytest.mark.parametrize("is_truncated", [True, False])
def test_the_beginning_of_a_failed_answer_is_not_taken_for_the_whole(
    workbench: Page, is_truncated: bool
):
    found = tell(
        workbench,
        """const answer = new Response("", { status: 500 });
        return contentFor({ error: new FunctionError(answer, "so far", null, given) });
        """,
        is_truncated,
    )

    assert found.get("note") == ("truncated" if is_truncated else None)


@pytest.mark.parametrize(
    ("value", "caller"),
    [
        pytest.param(
            {"caller": {"issuer": "local", "subject": "alice"}},
            {"issuer": "local", "subject": "alice"},
            id="named",
        ),
        pytest.param({"caller": "alice"}, None, id="a string"),
        pytest.param({"caller": {"issuer": "local"}}, None, id="half"),
        pytest.param({"caller": {"issuer": 1, "subject": "a"}}, None, id="a number"),
        pytest.param({"caller": {"issuer": "a", "subject": {}}}, None, id="an object"),
        pytest.param({"caller": None}, None, id="null"),
        pytest.param(["caller"], None, id="a list"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_caller_is_shown_where_one_is_named(
    workbench: Page, value: object, caller: dict[str, str] | None
):
    assert tell(workbench, "return callerIn(given)", value) == caller
