import json
from typing import Any

import pytest

from aikagi_function import buffered
from summarise.app import MAX_CHARACTERS, task
from tests.functions.conftest import EventMaker

JSON = {"content-type": "application/json"}
PLAIN = {"content-type": "text/plain; charset=utf-8"}
TEXT = "One is here. Two is there. Three is nowhere. Four is lost. Five is found."


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


handler = buffered(task)


def result_of(event: dict[str, Any]) -> dict[str, Any]:
    answer = handler(event, Context())
    assert answer["statusCode"] == 200, answer
    last: dict[str, Any] = json.loads(answer["body"].splitlines()[-1])
    assert last["type"] == "result", last
    value: dict[str, Any] = last["value"]
    return value


def refusal_of(event: dict[str, Any]) -> str:
    answer = handler(event, Context())
    assert answer["statusCode"] == 400
    return str(json.loads(answer["body"])["message"])


def test_a_result_says_what_was_done_and_for_whom(an_event: EventMaker):
    value = result_of(an_event(headers=PLAIN, body=TEXT))

    assert sorted(value) == [
        "caller",
        "characters",
        "engine",
        "language",
        "of",
        "sentences",
    ]
    assert value["of"] == 5
    assert value["caller"] == {"issuer": "local", "subject": "alice"}


def test_nobody_is_summarised_for_where_nobody_is_proved(an_event: EventMaker):
    assert result_of(an_event(session="x", headers=PLAIN, body=TEXT))["caller"] is None


@pytest.mark.parametrize(("sentences", "got"), [(1, 1), (2, 2), (100, 5)])
def test_as_many_sentences_as_wanted(an_event: EventMaker, sentences: int, got: int):
    body = json.dumps({"text": TEXT, "sentences": sentences})

    assert result_of(an_event(headers=JSON, body=body))["sentences"] == got


@pytest.mark.parametrize("value", [0, -1, 101, 1.5, "3", True, None, [1]])
def test_a_number_of_sentences_that_is_none_is_refused(
    an_event: EventMaker, value: object
):
    body = json.dumps({"text": TEXT, "sentences": value})

    message = refusal_of(an_event(headers=JSON, body=body))

    assert message == "sentences is a whole number from 1 to 100."


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        pytest.param(PLAIN, "", "The text is empty.", id="nothing"),
        pytest.param(PLAIN, " \n\u3000", "The text is empty.", id="only space"),
        pytest.param(JSON, '{"text": ""}', "The text is empty.", id="empty in JSON"),
        pytest.param(PLAIN, "%PDF\x00", "This is no text", id="a zero byte"),
        pytest.param(JSON, "{", "The body is not JSON", id="no JSON"),
        pytest.param(JSON, "[]", "must be an object with a text", id="a list"),
        pytest.param(JSON, '{"text": 1}', "must be an object with a text", id="number"),
        pytest.param(
            {"content-type": "application/pdf"}, "x", "Send text/plain", id="a PDF"
        ),
        pytest.param({}, "x", "Send text/plain", id="no type"),
    ],
)
def test_what_cannot_be_summarised_is_refused_in_words(
    an_event: EventMaker, headers: dict[str, str], body: str, message: str
):
    assert message in refusal_of(an_event(headers=headers, body=body))


@pytest.mark.parametrize("extra", [0, 1], ids=["the longest", "one too many"])
def test_a_text_of_more_characters_than_the_limit_ends_with_an_error_event(
    an_event: EventMaker, extra: int
):
    body = "あ。" * (MAX_CHARACTERS // 2) + "." * extra

    answer = handler(an_event(headers=PLAIN, body=body), Context())

    first, *_, last = map(json.loads, answer["body"].splitlines())
    assert answer["statusCode"] == 200
    assert first == {"type": "start"}
    if extra:
        assert (last["type"], last["code"]) == ("error", "too-long")
        assert "600,001 characters, and 600,000 are the most" in last["message"]
    else:
        assert last["type"] == "result"


def test_bytes_that_are_no_text_are_refused(an_event: EventMaker):
    event = an_event(headers=PLAIN, body="/w==", isBase64Encoded=True)

    assert "is not UTF-8" in refusal_of(event)
