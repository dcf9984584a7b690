"""The web process as it is started, on a real socket."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.functions.conftest import EventMaker
from tests.stack import ROOT, clean_environment

STREAM = ROOT / "functions" / "layer" / "stream"

TASK = """
import pathlib
import threading
from aikagi_function import Progress, Result, Start, streamed


def task(request):
    yield Start()
    if request.text() == "stuck":
        threading.Event().wait()
    try:
        while request.text() != "short":
            yield Progress(1)
    finally:
        pathlib.Path("closed").touch()
    yield Result()


handler = streamed(task)
"""


@pytest.fixture
def process(
    tmp_path: Path, free_port: Callable[[], int]
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "app.py").write_text(TASK)
    port = free_port()
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = clean_environment(
        PATH=path,
        _HANDLER="mine.app.handler",
        LAMBDA_TASK_ROOT=str(tmp_path),
        AWS_LWA_PORT=str(port),
    )
    with subprocess.Popen([STREAM], cwd=tmp_path.parent, env=environment) as started:
        try:
            yield f"http://127.0.0.1:{port}", started
        finally:
            started.kill()


def until_ready(url: str, process: subprocess.Popen[bytes]) -> httpx2.Response:
    while True:
        assert process.poll() is None
        try:
            return httpx2.get(url)
        except httpx2.ConnectError:
            continue


def test_a_process_is_ready_streams_closes_what_nobody_reads_and_ends(
    process: tuple[str, subprocess.Popen[bytes]], tmp_path: Path, an_event: EventMaker
):
    url, running = process
    context = json.dumps(an_event()["requestContext"])
    headers = {"x-amzn-request-context": context}

    ready = until_ready(url, running)
    short = httpx2.post(url, content=b"short", headers=headers)
    (tmp_path / "closed").unlink()
    with httpx2.stream("POST", url, content=b"long", headers=headers) as answer:
        first = next(answer.iter_lines())
    while not (tmp_path / "closed").exists():
        assert running.poll() is None
    with httpx2.stream("POST", url, content=b"stuck", headers=headers) as answer:
        next(answer.iter_lines())
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url.replace("127.0.0.1", "127.0.0.2"))
    running.terminate()
    running.wait(30)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)

    assert ready.status_code == 200
    assert short.text == '{"type":"start"}\n{"type":"result","value":null}\n'
    assert short.headers["transfer-encoding"] == "chunked"
    assert "server" not in short.headers
    assert json.loads(first) == {"type": "start"}
