"""Templates in the shapes that people publish: each answers, or is refused by name.

``templates/<name>/`` holds a ``template.yaml`` with its code, and in ``expected.toml``
what is expected of it: ``runs``, each with parameters, calls and words of the log, and
``refusals``, each with the words that the refusal contains. A run or a refusal may
``replace`` some text of the template first. A folder more is a test more.
"""

import asyncio
import json
import logging
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aikagi_emulator.launcher.announce import announcement
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.launcher.project import Project
from aikagi_emulator.launcher.running import Running
from aikagi_emulator.launcher.stack import EmulatedStack, Options
from aikagi_emulator.template import TemplateError
from aikagi_emulator.template.document import read

FOLDER: Final = Path(__file__).with_name("templates")
NAMES: Final = sorted(path.name for path in FOLDER.iterdir())
MADE_BY_SAM: Final = ("ServerlessHttpApi", "ServerlessRestApi", "ServerlessDeployment")
_REGION: Final = "ap-northeast-1"


def expected(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name / "expected.toml").read_text())


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in NAMES
        for number, case in enumerate(expected(name).get(kind, []))
    ]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the Python of all functions is, made once."""
    return tmp_path_factory.mktemp("packages")


@pytest.fixture
def options(free_first_port: int, tmp_path: Path, packages: Path) -> Options:
    project = Project(
        folder=tmp_path,
        packages=packages,
        state=tmp_path / "state",
        template=tmp_path / "template.yaml",
    )
    return Options(project=project, ports=Ports(first=free_first_port), shell={})


def prepared(options: Options, name: str, case: Mapping[str, Any]) -> Options:
    """Copy the template, edit it, and give it its parameters."""
    folder = options.project.folder
    shutil.copytree(FOLDER / name, folder, dirs_exist_ok=True)
    template = folder / "template.yaml"
    text = template.read_text()
    for old, new in case.get("replace", []):
        assert old in text
        text = text.replace(old, new)
    template.write_text(text)
    parameters = case.get("parameters", {})
    return replace(options, project=replace(options.project, parameters=parameters))


async def started(options: Options, case: Mapping[str, Any]) -> str:
    """Start, make all calls, and return what the start announces."""
    stack = EmulatedStack(options, clock=lambda: datetime.now(UTC))
    try:
        running = await stack.start()
        async with httpx2.AsyncClient(trust_env=False) as client:
            for call in case.get("calls", []):
                await check(client, running, call)
        return announcement(running, operator_env=Path("operator.env"))
    finally:
        await stack.close()


async def check(
    client: httpx2.AsyncClient, running: Running, call: Mapping[str, Any]
) -> None:
    method, _, path = call["request"].partition(" ")
    address = {**running.functions, **running.http_apis}[call["to"]]
    url = f"{address.removesuffix('/')}{path}"
    headers, body = dict(call.get("headers", {})), call.get("body", "").encode()
    if call.get("signed"):
        headers = signed(method, url, headers, body, running.operator_env)

    answer = await client.request(method, url, headers=headers, content=body)

    assert answer.status_code == call.get("status", 200), (call["request"], answer.text)
    for name, value in call.get("answer_headers", {}).items():
        assert answer.headers.get(name) == value
    if "text" in call:
        assert answer.text == call["text"]
    if "json" in call:
        assert part_of(call["json"], answer.json()) == call["json"]


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    operator: Mapping[str, str],
) -> dict[str, str]:
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    credentials = Credentials(
        operator["AWS_ACCESS_KEY_ID"],
        operator["AWS_SECRET_ACCESS_KEY"],
        operator["AWS_SESSION_TOKEN"],
    )
    SigV4Auth(credentials, "lambda", _REGION).add_auth(request)
    return dict(request.headers.items())


def part_of(wanted: Any, found: Any) -> Any:
    """Of objects, the members that are wanted; of anything else, all of it."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {
            name: part_of(value, found[name])
            for name, value in wanted.items()
            if name in found
        }
    return found


@pytest.mark.parametrize(("name", "run"), cases("runs"))
def test_it_starts_and_answers(
    options: Options,
    caplog: pytest.LogCaptureFixture,
    name: str,
    run: dict[str, Any],
):
    caplog.set_level(logging.INFO, "aikagi_emulator")
    options = prepared(options, name, run)

    text = asyncio.run(started(options, run))

    assert [record for record in caplog.records if record.name == "asyncio"] == []
    log = "\n".join(record.getMessage() for record in caplog.records)
    assert [word for word in run.get("log", []) if word not in log] == []
    assert [word for word in run.get("announced", []) if word not in text] == []
    assert bool(run.get("calls")) or "Nothing of this template can be called" in text
    assert_in_the_author_s_words(f"{log}\n{text}", options)


@pytest.mark.parametrize(("name", "refusal"), cases("refusals"))
def test_it_is_refused_in_its_author_s_words(
    options: Options, name: str, refusal: dict[str, Any]
):
    options = prepared(options, name, refusal)

    with pytest.raises((LaunchError, TemplateError)) as caught:
        asyncio.run(started(options, refusal))

    text = str(caught.value)
    assert [word for word in refusal["words"] if word not in text] == [], text
    assert_in_the_author_s_words(text, options)


def assert_in_the_author_s_words(text: str, options: Options) -> None:
    """Neither an id that SAM made nor a word of Python's is in a text for the author.

    SAM's ids begin with the author's, or with its own names of APIs and go on with a
    capital letter.
    """
    template = options.project.template.read_text()
    written = (*read(options.project.template)["Resources"], *MADE_BY_SAM)
    made = re.compile(f"({'|'.join(written)})[A-Z][A-Za-z0-9]*")
    # What a resource is called on AWS is one word, with the stack's name before it.
    words = set(re.findall("[A-Za-z0-9-]+", text))
    found = [word for word in words if made.fullmatch(word) and word not in template]
    assert ("None" not in words, found) == (True, [])


@pytest.mark.parametrize("name", NAMES)
def test_something_is_expected_of_each_and_nothing_unknown(name: str):
    found = expected(name)

    assert found.keys() <= {"runs", "refusals"}
    assert any(found.values())
    for case in (*found.get("runs", []), *found.get("refusals", [])):
        assert case.keys() <= {
            *("announced", "calls", "log", "parameters", "replace", "words")
        }
        json.dumps(case)


def test_there_are_many():
    assert len(NAMES) >= 10
