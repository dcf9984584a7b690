"""How the page reads and lays out what a function answered."""

from typing import Any

import pytest
from playwright.sync_api import Page

_IMPORT = 'const { callerIn, indented, read } = await import("./static/answer.js");'


def tell(workbench: Page, body: str, argument: object = None) -> Any:
    return workbench.evaluate(f"async (given) => {{ {_IMPORT} {body} }}", argument)


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
    ],
)
def test_json_is_laid_out_and_no_value_touched(
    workbench: Page, json: str, laid_out: str
):
    assert tell(workbench, "return indented(given)", json) == laid_out


def test_a_large_answer_is_laid_out(workbench: Page):
    length = tell(
        workbench,
        """const text = JSON.stringify({ text: "a\\\\n".repeat(3_000_000) });
        return [text.length, indented(text).length];""",
    )

    assert length[1] == length[0] + len("\n  " + " " + "\n")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        pytest.param(
            '"[1]"', {"text": "[\n  1\n]", "value": [1], "size": 3}, id="json"
        ),
        pytest.param('"合鍵"', {"text": "合鍵", "size": 6}, id="text"),
        pytest.param('""', {"text": "", "size": 0}, id="nothing"),
        pytest.param('"{\\"a\\":"', {"text": '{"a":', "size": 5}, id="cut short"),
        pytest.param(
            'new Blob([new Uint8Array([255, 254])], { type: "image/png" })',
            {"text": "2 bytes that are not text (image/png)", "size": 2},
            id="bytes",
        ),
    ],
)
def test_an_answer_of_any_kind_can_be_shown(
    workbench: Page, answer: str, read: dict[str, object]
):
    assert tell(workbench, f"return read(new Response({answer}))") == read


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
