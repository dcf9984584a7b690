"""JSON as the page reads it: where it is wrong, and how it looks best."""

from typing import Any

import pytest
from playwright.sync_api import Page

_IMPORT = """
const { indented, isValid } = await import("./static/digest/page/content.js");
const { faultOf } = await import("./static/digest/page/json.js");
const faultIn = (json) => (isValid(json) ? null : faultOf(json));"""


def tell(workbench: Page, body: str, argument: object = None) -> Any:
    return workbench.evaluate(f"async (given) => {{ {_IMPORT} {body} }}", argument)


@pytest.mark.parametrize(
    "json",
    [
        pytest.param("0", id="number"),
        pytest.param('{"a": [1.5e-3, true, null, {}], "b": "\\u5408"}', id="nested"),
        pytest.param(" [ ] ", id="empty"),
        pytest.param('"\u2028"', id="a line separator"),
    ],
)
def test_nothing_is_wrong_with_json(workbench: Page, json: str):
    assert tell(workbench, "return faultIn(given)", json) is None


@pytest.mark.parametrize(
    ("json", "missing", "line", "column"),
    [
        pytest.param("", "value", 1, 1, id="nothing"),
        pytest.param('{"a": }', "value", 1, 7, id="no value"),
        pytest.param("[1,]", "value", 1, 4, id="a comma too many"),
        pytest.param('{"a": 1,}', "name", 1, 9, id="and in an object"),
        pytest.param("{a: 1}", "name", 1, 2, id="a bare name"),
        pytest.param("{1: 1}", "name", 1, 2, id="a number for a name"),
        pytest.param("{,}", "name", 1, 2, id="only a comma"),
        pytest.param('{"a" 1}', "colon", 1, 6, id="no colon"),
        pytest.param('{"a": 1\n "b": 2}', "object", 2, 2, id="no comma"),
        pytest.param('{\n "a": [1, 2\n}', "array", 3, 1, id="a bracket open"),
        pytest.param('{"a": {"b": 1}', "object", 1, 15, id="cut short"),
        pytest.param("[1 2]", "array", 1, 4, id="no comma in a list"),
        pytest.param("[1}", "array", 1, 3, id="the wrong bracket"),
        pytest.param("{} {}", "end", 1, 4, id="more after the end"),
        pytest.param('{"a": "b\n"}', "string", 1, 7, id="a line break"),
        pytest.param('["a', "string", 1, 2, id="no end of a text"),
        pytest.param('["\\x"]', "string", 1, 2, id="an unknown escape"),
        pytest.param("[01]", "value", 1, 2, id="a leading zero"),
        pytest.param("[1.]", "value", 1, 2, id="half a number"),
        pytest.param("[nul]", "value", 1, 2, id="half a word"),
        pytest.param("['a']", "value", 1, 2, id="single quotes"),
    ],
)
def test_a_fault_is_found_where_it_is(
    workbench: Page, json: str, missing: str, line: int, column: int
):
    found = tell(workbench, "return faultIn(given)", json)

    assert [found["missing"], found["line"], found["column"]] == [missing, line, column]


def test_a_fault_in_much_json_is_found(workbench: Page):
    found = tell(
        workbench,
        """const text = JSON.stringify({ text: "a\\\\n".repeat(1_000_000) });
        const { offset, missing } = faultIn(text + "]");
        return [offset - text.length, missing];""",
    )

    assert found == [0, "end"]


@pytest.mark.parametrize(
    ("json", "laid_out"),
    [
        pytest.param("12345678901234567890", "12345678901234567890", id="number"),
        pytest.param('"a"', '"a"', id="string"),
        pytest.param("{}", "{}", id="empty object"),
        pytest.param(" [ ] ", "[]", id="empty array"),
        pytest.param(
            '{"a":1.50,"a":[true,null]}',
            '{\n  "a": 1.50,\n  "a": [\n    true,\n    null\n  ]\n}',
            id="nested",
        ),
        pytest.param(
            '{"a":{"b":{}},"c":[[]]}',
            '{\n  "a": {\n    "b": {}\n  },\n  "c": [\n    []\n  ]\n}',
            id="empty inside",
        ),
        pytest.param(
            r'["{\"x\": [1, 2]}", "\\", "\u5408"]',
            '[\n  "{\\"x\\": [1, 2]}",\n  "\\\\",\n  "\\u5408"\n]',
            id="strings with marks",
        ),
        pytest.param('{"a": "cut', '{\n  "a": "cut', id="only its beginning"),
    ],
)
def test_json_is_laid_out_and_no_value_touched(
    workbench: Page, json: str, laid_out: str
):
    assert tell(workbench, "return indented(given)", json) == laid_out


def test_brackets_in_brackets_are_laid_out_to_a_depth(workbench: Page):
    deep = "[" * 40_000 + "]" * 40_000

    laid_out: str = tell(workbench, "return indented(given)", deep)

    assert "".join(laid_out.split()) == deep
    assert laid_out.startswith("[\n  [\n    [\n")
    assert max(map(len, laid_out.split("\n"))) == 42


def test_a_large_answer_is_laid_out(workbench: Page):
    length = tell(
        workbench,
        """const text = JSON.stringify({ text: "a\\\\n".repeat(3_000_000) });
        return [text.length, indented(text).length];""",
    )

    assert length[1] == length[0] + len("\n  " + " " + "\n")
