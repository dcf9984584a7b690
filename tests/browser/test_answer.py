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
  const { title, shown, note, whole } = found;
  const told = { title, shown, note, type: whole.type, whole: await whole.text() };
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
    ("result", "shown", "kind"),
    [
        pytest.param('{ value: [1], text: "[1.0]" }', "[\n  1.0\n]", JSON, id="json"),
        pytest.param("{ value: { a: 1 } }", '{\n  "a": 1\n}', JSON, id="of a task"),
        pytest.param('{ value: "合鍵" }', "合鍵", TEXT, id="text"),
        pytest.param('{ value: "[1, 2" }', "[1, 2", TEXT, id="text like json"),
        pytest.param("{ value: 0 }", "0", TEXT, id="zero"),
        pytest.param("{ value: false }", "false", TEXT, id="no"),
    ],
)
def test_a_result_of_any_kind_is_shown(
    workbench: Page, result: str, shown: str, kind: str
):
    assert tell(workbench, f"return contentFor({{ result: {result} }})") == {
        "title": "result",
        "shown": shown,
        "type": kind,
        "whole": shown,
    }


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
        "whole": "\x89PNG",
    }


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("null", id="only streamed text"),
        pytest.param('"abc"', id="the streamed text once more"),
    ],
)
def test_what_has_been_shown_is_not_shown_again(workbench: Page, value: str):
    result = f"{{ value: {value} }}"

    streamed = tell(
        workbench, f"return contentFor({{ result: {result}, streamed: 3 }})"
    )
    at_once = tell(workbench, f"return contentFor({{ result: {result} }})")

    assert streamed is None
    assert at_once.get("note", at_once.get("shown")) in {"empty", "abc"}


def test_of_a_long_result_the_beginning_is_shown_and_all_of_it_kept(workbench: Page):
    found = tell(
        workbench,
        """const value = Array(100_000).fill(1234);
        const { shown, note, whole } = await contentFor({ result: { value } });
        return [shown.startsWith("[\\n  1234,\\n"), shown.length < 200_000, note,
          whole.length];""",
    )

    assert found == [True, True, "cut-end", len("[]") + 5 * 100_000 - 1]


def test_what_a_function_says_of_its_failure_is_shown(workbench: Page):
    found = tell(
        workbench,
        """const answer = new Response("", { status: 422 });
        const error = new FunctionError(answer, '{"message":"so it says"}');
        return contentFor({ error });""",
    )

    assert found["title"] == "said"
    assert found["shown"] == '{\n  "message": "so it says"\n}'


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
