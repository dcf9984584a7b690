"""The summary of a text, asked for as a person would and read as it comes."""

import json
from typing import Any

import httpx2
import pytest

from summarise.app import MAX_CHARACTERS
from tests.aws_caller import Person, sign
from tests.stack import Stack

ENGLISH = "The sun rose. Birds sang all morning. Then it rained. Everybody went home."
JAPANESE = "朝が来た。鳥が歌った。それから雨が降った。みんな家に帰った。"


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Person:
    return Person.log_in(stack.broker, "bob", stack.users["bob"])


@pytest.fixture(scope="module")
def grant(bob: Person) -> dict[str, str]:
    return bob.grant("summarise")


def summarise(
    grant: dict[str, str],
    body: bytes,
    *,
    content_type: str = "text/plain; charset=utf-8",
    method: str = "POST",
) -> httpx2.Response:
    return sign(grant, body=body, content_type=content_type, method=method).send()


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.split("\n") if line]


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE], ids=["English", "Japanese"])
def test_a_text_is_summarised_step_by_step_for_its_caller(
    grant: dict[str, str], text: str
):
    answer = summarise(grant, text.encode())

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    [first, *_, last] = events = events_of(answer)
    said = "".join(event["text"] for event in events if event["type"] == "output")
    steps = {event["code"] for event in events if event["type"] == "progress"}
    assert first["type"] == "start"
    assert {"reading", "writing"} <= steps
    assert last["type"] == "result"
    assert last["value"]["caller"] == {"issuer": "local", "subject": "bob"}
    assert last["value"]["of"] == 4
    assert 1 <= last["value"]["sentences"] < 4
    assert said
    assert said.split()[0] in text


def test_the_caller_may_say_how_many_sentences(grant: dict[str, str]):
    body = json.dumps({"text": ENGLISH, "sentences": 1}).encode()

    last = events_of(summarise(grant, body, content_type="application/json"))[-1]

    assert (last["value"]["sentences"], last["value"]["of"]) == (1, 4)


@pytest.mark.parametrize("extra", [0, 1], ids=["the longest", "a character more"])
def test_a_text_may_have_six_hundred_thousand_characters(
    grant: dict[str, str], extra: int
):
    line = "鍵を貸す。\n"
    text = line * (MAX_CHARACTERS // len(line)) + "." * extra

    [first, *_, last] = events_of(summarise(grant, text.encode()))

    assert first["type"] == "start"
    if extra:
        assert (last["type"], last["code"]) == ("error", "too-long")
        assert "600,000" in last["message"]
    else:
        assert last["type"] == "result"


def test_a_text_is_posted(grant: dict[str, str]):
    answer = summarise(grant, b"", method="GET")

    assert answer.status_code == 405
    assert answer.json() == {"message": "Call this function with POST."}
