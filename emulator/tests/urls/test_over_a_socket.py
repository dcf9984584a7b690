"""A real server, a real socket, a real process behind it."""

import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aikagi_emulator.runtime import FunctionSpec
from emulator.tests.runtime.running import PATIENCE, Log
from emulator.tests.urls.fakes import ALICE, ARN
from emulator.tests.urls.serving import serving

CODE = """
calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event["rawPath"] == "/wait":
        print("waiting", flush=True)
        open(event["queryStringParameters"]["latch"]).read()
    return {
        "statusCode": 200,
        "headers": {"X-Who": event["requestContext"]["authorizer"]["iam"]["userArn"]},
        "cookies": ["a=1", "b=2"],
        "body": f"{event['rawPath']} {event['rawQueryString']} {calls}",
    }
"""


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def port(tmp_path: Path, log: Log) -> Iterator[int]:
    """Where a function URL listens whose function has one environment."""
    (tmp_path / "code.py").write_text(CODE)
    spec = FunctionSpec(
        name="hello",
        arn=ARN,
        folder=tmp_path,
        handler="code.handler",
        timeout_seconds=30,
        concurrency=1,
    )
    with serving(spec, log) as number:
        yield number


def ask(
    port: int, method: str, target: str, body: bytes = b"", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, target, body, {"authorization": "alice", **headers})
    response = connection.getresponse()
    received = response.read()
    connection.close()
    return response, received


def test_bytes_arrive_as_they_were_sent(port: int):
    response, body = ask(port, "POST", "/a%2Fb//c?q=%E3%81%82&q=+", b"x")

    assert (response.status, body) == (200, b"/a%2Fb//c q=%E3%81%82&q=+ 1")
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert response.headers["x-who"] == ALICE.user_arn


def test_refusals_head_and_large_bodies_over_the_wire(port: int):
    refused, why = ask(port, "GET", "/", authorization="mallory")
    head, nothing = ask(port, "HEAD", "/")
    large, too_large = ask(port, "POST", "/", b"x" * 7_000_000)

    assert (refused.status, json.loads(why)) == (403, {"Message": "Forbidden."})
    assert (head.status, head.headers["content-length"], nothing) == (200, "4", b"")
    assert large.status == 413
    assert b"6291456" in too_large


def test_a_client_that_leaves_does_not_end_the_call(
    port: int, log: Log, tmp_path: Path
):
    latch = tmp_path / "latch"
    os.mkfifo(latch)
    leaving = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    leaving.request("GET", f"/wait?latch={latch}", headers={"authorization": "alice"})
    log.wait_for("waiting")

    leaving.close()

    busy, _ = ask(port, "GET", "/")
    assert busy.status == 429
    latch.write_text("go")
    answered, body = ask(port, "GET", "/")
    while answered.status == 429:  # until the only environment is idle again
        answered, body = ask(port, "GET", "/")
    assert (answered.status, body) == (200, b"/  2")
