import base64
import json
from typing import Any
from unicodedata import normalize

import pytest

from report import app as report
from tests.functions.conftest import EventMaker

JSON = {"content-type": "application/json"}
PLAIN = {"content-type": "text/plain; charset=utf-8"}


def answer_of(response: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(response["body"]))


def test_a_text_is_counted_for_its_caller(an_event: EventMaker):
    body = json.dumps({"text": "The cat.\nThe other cat, the end."})

    response = report.handler(an_event(headers=JSON, body=body), None)

    assert response["statusCode"] == 200
    assert response["headers"] == {"content-type": "application/json"}
    assert answer_of(response) == {
        "characters": 32,
        "characters_without_spaces": 26,
        "words": 7,
        "different_words": 4,
        "lines": 2,
        "most_frequent": [
            {"word": "the", "times": 3},
            {"word": "cat", "times": 2},
            {"word": "end", "times": 1},
            {"word": "other", "times": 1},
        ],
        "caller": {"issuer": "local", "subject": "alice"},
    }


def test_plain_text_is_counted_as_well(an_event: EventMaker):
    response = report.handler(an_event(headers=PLAIN, body="one two"), None)

    assert answer_of(response)["words"] == 2


def test_a_stranger_gets_a_report_without_a_name(an_event: EventMaker):
    event = an_event(session="somebody", headers=PLAIN, body="one")

    assert answer_of(report.handler(event, None))["caller"] is None


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        pytest.param(
            "合鍵を貸す。", {"characters": 6, "words": 1, "lines": 1}, id="Japanese"
        ),
        pytest.param(
            "か\u3099き", {"characters": 2, "words": 1, "lines": 1}, id="marks apart"
        ),
        pytest.param(
            "it's well-known", {"characters": 15, "words": 2, "lines": 1}, id="joined"
        ),
        pytest.param("", {"characters": 0, "words": 0, "lines": 0}, id="nothing"),
        pytest.param("a\r\nb\n", {"characters": 5, "words": 2, "lines": 2}, id="lines"),
        pytest.param("snake_case", {"words": 2}, id="a low line divides"),
        pytest.param(
            "Straße STRASSE", {"different_words": 1}, id="case does not count"
        ),
    ],
)
def test_characters_words_and_lines_are_counted(text: str, counted: dict[str, int]):
    found = report.count(text)

    assert {name: found[name] for name in counted} == counted


def test_the_ten_most_frequent_words_are_listed():
    found = report.count(" ".join("abcdefghijklm"))

    assert [entry["word"] for entry in found["most_frequent"]] == list("abcdefghij")


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        pytest.param(JSON, "{", "The body is not JSON", id="broken JSON"),
        pytest.param(JSON, "[]", "an object with a text", id="a list"),
        pytest.param(JSON, "{}", "an object with a text", id="no text"),
        pytest.param(JSON, '{"text": 5}', "an object with a text", id="a number"),
        pytest.param({}, "text", "Send text/plain, or", id="no content type"),
        pytest.param(
            {"content-type": "image/png"}, "", "Send text/plain", id="a picture"
        ),
    ],
)
def test_a_bad_request_is_answered_with_what_to_do(
    an_event: EventMaker, headers: dict[str, str], body: str, message: str
):
    response = report.handler(an_event(headers=headers, body=body), None)

    assert response["statusCode"] == 400
    assert message in answer_of(response)["message"]


def test_text_that_is_not_utf_8_is_a_bad_request(an_event: EventMaker):
    body = base64.b64encode(b"\xff").decode()

    response = report.handler(
        an_event(headers=PLAIN, body=body, isBase64Encoded=True), None
    )

    assert response["statusCode"] == 400
    assert "not UTF-8" in answer_of(response)["message"]


def test_another_method_is_answered_with_which_one(an_event: EventMaker):
    response = report.handler(an_event(method="GET"), None)

    assert response["statusCode"] == 405
    assert response["headers"]["allow"] == "POST"


def test_half_a_character_does_not_break_the_answer(an_event: EventMaker):
    body = r'{"text": "a \ud800 b"}'

    response = report.handler(an_event(headers=JSON, body=body), None)

    assert answer_of(response)["words"] == 2
    assert response["body"].encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("e\u0301" * 100, id="letters with an accent"),
        pytest.param("\u304b\u3099\u1112\u1161\u11ab", id="Japanese and Korean"),
        pytest.param("a" + "\u0315\u0300" * 15, id="as many marks as Unicode foresees"),
        pytest.param("-" * 100 + "e\u0301", id="after a line of hyphens"),
    ],
)
def test_characters_are_counted_as_they_are_composed(text: str):
    assert report.count(text)["characters"] == len(normalize("NFC", text))
