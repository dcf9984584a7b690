"""Tasks behind the URLs of a whole stack, written as docs/functions.md says."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from new_function import block
from tests.aws_caller import Person, Signed, sign
from tests.stack import ROOT, Stack, running_stack

DOCS = (ROOT / "docs" / "functions.md").read_text()
TEMPLATE = (ROOT / "template.yaml").read_text()

STUCK = """
import pathlib
import threading

from aikagi_function import Progress, Result, Start, streamed


def task(request):
    yield Start()
    what, _, path = request.text().partition(" ")
    if what == "wait":
        while not request.cancelled:
            threading.Event().wait(0.01)
        yield Progress(1)
    # Whoever follows makes the first file, and finds the second.
    while not pathlib.Path(path).exists():
        yield Progress(1)
    pathlib.Path(path + ".done").touch()
    yield Result()


handler = streamed(task)
"""


def documented(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    [block] = [block for block in blocks if containing in block]
    return str(block)


def package(functions: Path, name: str, code: str) -> None:
    folder = functions / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "app.py").write_text(code)


@pytest.fixture(scope="module")
def tasks_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "app").symlink_to(ROOT / "app")
    shutil.copytree(ROOT / "functions", folder / "functions")
    shout = documented("python", "shouting")
    package(folder / "functions", "shout", shout)
    package(
        folder / "functions",
        "at_once",
        shout.replace("import Event", "import buffered, Event").replace(
            "handler = streamed(task)", "handler = buffered(task)"
        ),
    )
    package(folder / "functions", "stuck", STUCK)
    blocks = (
        block("shout", stream=True),
        block("at-once", stream=False),
        block("stuck", stream=True).replace("Timeout: 900", "Timeout: 3"),
    )
    text = TEMPLATE.replace("\nOutputs:\n", "".join((*blocks, "\nOutputs:\n")))
    template = folder / "template.yaml"
    template.write_text(text)
    with running_stack(folder / "state", template=template) as stack:
        yield stack


@pytest.fixture(scope="module")
def bob(tasks_stack: Stack) -> Person:
    return Person.log_in(tasks_stack.broker, "bob", tasks_stack.users["bob"])


def opened(request: Signed) -> Any:
    return httpx2.stream(
        request.method,
        request.url,
        headers=request.headers,
        content=request.body,
        timeout=30,
    )


def test_the_documented_blocks_are_those_that_are_written():
    assert documented("yaml", "GreetEntry") in block("greet", stream=False)
    streams = block("shout", stream=True)
    for line in documented("yaml", "AWS_LWA_INVOKE_MODE").splitlines():
        assert f"\n{line}\n" in streams


def test_the_documented_task_answers_alike_as_a_stream_and_at_once(bob: Person):
    text = "one\nzwei\n三\n".encode()

    streamed = sign(bob.grant("shout"), body=text).send()
    buffered = sign(bob.grant("at-once"), body=text).send()

    assert streamed.status_code == buffered.status_code == 200
    assert streamed.headers["content-type"] == buffered.headers["content-type"]
    assert streamed.content == buffered.content
    events = [json.loads(line) for line in streamed.content.splitlines()]
    assert [event["type"] for event in events] == [
        "start",
        *("output", "progress") * 3,
        "result",
    ]
    assert events[0]["total"] == 3
    assert events[3]["text"] == "ZWEI\n"
    assert events[-1]["value"] == {"lines": 3}


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_documented_task_refuses_alike_as_a_stream_and_at_once(
    bob: Person, method: str
):
    answers = [
        sign(bob.grant(name), method=method, body=b"\xff").send()
        for name in ("shout", "at-once")
    ]

    assert {answer.status_code for answer in answers} == {
        400 if method == "POST" else 405
    }
    assert answers[0].json() == answers[1].json()


def test_the_first_event_of_a_task_comes_before_its_last(bob: Person, tmp_path: Path):
    read = tmp_path / "read"

    with opened(sign(bob.grant("stuck"), body=f"follow {read}".encode())) as answer:
        lines = answer.iter_lines()
        first = json.loads(next(lines))
        read.touch()
        *_, last = (json.loads(line) for line in lines)

    assert first == {"type": "start"}
    assert last == {"type": "result", "value": None}


def test_a_task_that_takes_too_long_ends_with_an_error_and_not_with_a_502(bob: Person):
    answer = sign(bob.grant("stuck"), body=b"wait").send()

    events = [json.loads(line) for line in answer.content.splitlines()]
    assert answer.status_code == 200
    assert events[0] == {"type": "start"}
    assert events[-1]["code"] == "deadline"


def test_a_task_whose_client_has_gone_works_to_its_end_as_on_lambda(
    bob: Person, tmp_path: Path
):
    grant, read = bob.grant("stuck"), tmp_path / "read"

    with opened(sign(grant, body=f"follow {read}".encode())) as answer:
        next(answer.iter_lines())
    read.touch()

    # The next call follows until the first has ended.
    last = sign(grant, body=f"follow {read}.done".encode()).send().content.splitlines()
    assert json.loads(last[-1]) == {"type": "result", "value": None}
