"""Web processes behind the adapter's contract, their answers passed on as they come."""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.runtime import (
    FunctionCrashedError,
    FunctionFailedError,
    FunctionSpec,
    FunctionTimedOutError,
    InitFailedError,
    InvocationError,
    Pool,
    PoolClosedError,
    Streamed,
    ThrottledError,
)
from aikagi_emulator.runtime.web_environment import WebEnvironment
from emulator.tests.runtime.running import Clock, Latch, Log, ends
from emulator.tests.runtime.web import ADAPTER, VARIABLES, event, write_function

MakePool = Callable[..., Pool]


@pytest.fixture
def web(make_pool: MakePool, tmp_path: Path) -> MakePool:
    """Makes pools of a web process."""
    write_function(tmp_path)

    def make(**changes: object) -> Pool:
        values: dict[str, object] = {
            "folder": tmp_path,
            "handler": "run.sh",
            "layers": (ADAPTER,),
            "variables": VARIABLES,
        }
        return make_pool(**{**values, **changes})

    return make


async def read(streamed: Streamed) -> bytes:
    try:
        return b"".join([piece async for piece in streamed])
    finally:
        streamed.leave()


async def ask(pool: Pool, path: str = "/", query: str = "", **changes: Any) -> Any:
    return json.loads(await read(await pool.stream(event(path, query, **changes))))


async def until(pool: Pool, error: type[InvocationError]) -> Any:
    """Ask until the only environment is free again."""
    while True:
        try:
            return await ask(pool)
        except error:
            continue


def pids_in(log: Log) -> list[int]:
    [line] = [line for _, line in log.lines if line.startswith("pids")]
    return [int(word) for word in line.split()[1:]]


def test_a_web_process_gets_the_request_and_what_aws_knows_of_it(
    web: MakePool, tmp_path: Path
):
    pool = web(timeout_seconds=60)
    asked = event(
        "/a%2Fb",
        "q=%20%2B",
        headers={
            "host": "127.0.0.1:8101",
            "x-amzn-request-context": "mine",
            "x-amzn-lambda-context": "mine",
        },
        cookies=["a=1", "b=2"],
        body=base64.b64encode(b"\xff").decode(),
        isBase64Encoded=True,
    )

    async def scenario() -> tuple[Streamed, Any]:
        streamed = await pool.stream(asked, request_id="a-request")
        return streamed, json.loads(await read(streamed))

    streamed, seen = asyncio.run(scenario())

    assert streamed.status == 201
    assert [v for k, v in streamed.headers if k == "set-cookie"] == ["a=1", "b=2"]
    assert dict(streamed.headers)["x-kind"] == "echo"
    assert seen["cwd"] == str(tmp_path)
    assert [seen[name] for name in ("method", "path", "query", "body")] == [
        *("GET", "/a%2Fb", "q=%20%2B"),
        base64.b64encode(b"\xff").decode(),
    ]
    headers = dict(seen["headers"])
    assert len(headers) == len(seen["headers"])
    assert headers["host"] == "127.0.0.1:8101"
    assert headers["cookie"] == "a=1; b=2"
    assert json.loads(headers["x-amzn-request-context"]) == asked["requestContext"]
    context = json.loads(headers["x-amzn-lambda-context"])
    assert context["request_id"] == "a-request"
    assert context["invoked_function_arn"].endswith(":function:hello")


def test_a_web_process_gets_its_own_port_and_nothing_of_the_launchers(
    web: MakePool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "of the developer")
    pool = web(variables={**VARIABLES, "GREETING": "hello", "PORT": "8080"})

    seen = asyncio.run(ask(pool))["variables"]

    assert seen["AWS_LWA_PORT"] == seen["PORT"] != "8080"
    assert seen["GREETING"] == "hello"
    assert seen["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "hello"
    assert "AWS_PROFILE" not in seen
    assert "HOME" not in seen


def test_the_first_piece_is_there_before_the_last_is_made(web: MakePool, latch: Latch):
    pool = web()

    async def scenario() -> list[bytes]:
        streamed = await pool.stream(event("/steps", f"latch={latch.path}"))
        pieces = aiter(streamed)
        first = await anext(pieces)
        await asyncio.to_thread(latch.release)
        return [first, *[piece async for piece in pieces]]

    assert asyncio.run(scenario()) == [b"one", b"two"]


def test_a_warm_process_is_used_again_and_throttles_beyond_its_number(
    web: MakePool, latch: Latch, log: Log
):
    pool = web(concurrency=1)

    async def scenario() -> list[Any]:
        before = await ask(pool)
        busy = await pool.stream(event("/steps", f"latch={latch.path}"))
        await asyncio.to_thread(log.wait_for, "waiting")
        with pytest.raises(ThrottledError):
            await pool.stream(event())
        await asyncio.to_thread(latch.release)
        assert await read(busy) == b"onetwo"
        return [before, await until(pool, ThrottledError)]

    before, after = asyncio.run(scenario())

    assert before["pid"] == after["pid"]
    # The first was to see whether it is ready.
    assert (before["answers"], after["answers"]) == (2, 4)


def test_a_reader_that_leaves_ends_nothing(web: MakePool, latch: Latch, log: Log):
    pool = web(concurrency=1)

    async def scenario() -> Any:
        before = await ask(pool)
        streamed = await pool.stream(event("/flow", "megabytes=20"))
        await asyncio.to_thread(log.wait_for, "blocked")
        streamed.leave()
        after = await until(pool, ThrottledError)
        return before["pid"] == after["pid"]

    assert asyncio.run(scenario())


def test_a_reader_that_is_cancelled_before_the_answer_ends_nothing(
    web: MakePool, latch: Latch, log: Log
):
    pool = web(concurrency=1, timeout_seconds=600)

    async def scenario() -> Any:
        before = await ask(pool)
        asking = asyncio.create_task(pool.stream(event("/flow", "megabytes=20")))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        after = await until(pool, ThrottledError)
        return before["pid"] == after["pid"]

    assert asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "begun"),
    [
        pytest.param("/early", None, id="before the answer"),
        pytest.param("/late", b"one", id="during the answer"),
    ],
)
def test_a_process_that_ends_is_a_crash_and_is_replaced(
    web: MakePool, latch: Latch, log: Log, path: str, begun: bytes | None
):
    pool = web(concurrency=1)
    read_before: list[bytes] = []

    async def crash() -> None:
        streamed = await pool.stream(event(path, f"latch={latch.path}"))
        async for piece in streamed:
            read_before.append(piece)  # noqa: PERF401  # it counts that it raises here

    async def scenario() -> Any:
        crashing = asyncio.create_task(crash())
        await asyncio.to_thread(log.wait_for, "waiting")
        await asyncio.to_thread(latch.release)
        with pytest.raises(FunctionCrashedError, match="exit status 3"):
            await crashing
        return await until(pool, ThrottledError)

    assert asyncio.run(scenario())["answers"] == 2
    assert read_before == ([] if begun is None else [begun])


def test_an_answer_that_is_broken_off_keeps_its_environment(web: MakePool):
    pool = web()

    async def scenario() -> list[Any]:
        before = await ask(pool)
        with pytest.raises(FunctionFailedError, match="BrokenOff"):
            await read(await pool.stream(event("/break")))
        return [before["pid"], (await until(pool, ThrottledError))["pid"]]

    before, after = asyncio.run(scenario())

    assert before == after


def test_a_process_beyond_the_timeout_is_killed_with_its_children_read_or_not(
    web: MakePool, log: Log
):
    pool = web(timeout_seconds=1)

    async def scenario() -> None:
        streamed = await pool.stream(event("/hang"))
        await asyncio.to_thread(log.wait_for, "Task timed out after 1.00 seconds")
        with pytest.raises(FunctionTimedOutError):
            await read(streamed)

    asyncio.run(scenario())

    assert all(ends(pid) for pid in pids_in(log))


def test_closing_ends_a_stream_that_nobody_reads(web: MakePool, log: Log):
    pool = web(timeout_seconds=600)

    async def scenario() -> None:
        streamed = await pool.stream(event("/flow", "megabytes=20"))
        await asyncio.to_thread(log.wait_for, "blocked")
        await asyncio.to_thread(pool.close)
        with pytest.raises(PoolClosedError):
            await read(streamed)
        with pytest.raises(PoolClosedError):
            await pool.stream(event())

    asyncio.run(scenario())


def test_closing_leaves_no_process_or_descriptor(web: MakePool):
    descriptors = os.listdir("/proc/self/fd")  # noqa: PTH208  # names are wanted
    pool = web()
    pid = asyncio.run(ask(pool))["pid"]

    pool.close()

    assert ends(pid, within=0)
    assert os.listdir("/proc/self/fd") == descriptors  # noqa: PTH208  # as above


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("#!/bin/sh\nexit 4", "exit status 4, while loading", id="exits"),
        pytest.param("#!/no/such/program\n", "while loading", id="no interpreter"),
        pytest.param(None, "chmod", id="not executable"),
    ],
)
def test_a_program_that_does_not_start_is_told_apart_and_can_be_mended(
    web: MakePool, tmp_path: Path, code: str | None, said: str
):
    pool = web(concurrency=1)
    program = tmp_path / "run.sh"
    good = program.read_text()
    if code is None:
        program.chmod(0o644)
    else:
        program.write_text(code)

    with pytest.raises(InitFailedError, match=said):
        asyncio.run(ask(pool))

    program.write_text(good)
    program.chmod(0o755)
    assert asyncio.run(ask(pool))["answers"] == 2


def test_a_plus_in_a_query_fails_as_in_the_adapter_and_its_code_does_not(
    web: MakePool,
):
    pool = web()

    async def scenario() -> Any:
        with pytest.raises(FunctionFailedError, match="send %20"):
            await pool.stream(event("/", "q=a+b"))
        return await ask(pool, "/", "q=a%2Bb")

    assert asyncio.run(scenario())["query"] == "q=a%2Bb"


def test_after_recycling_calls_see_new_code(web: MakePool, tmp_path: Path):
    pool = web()
    code = tmp_path / "code.py"

    async def scenario() -> Any:
        await ask(pool)
        code.write_text(code.read_text().replace('"echo"', '"new"'))
        pool.recycle()
        streamed = await pool.stream(event())
        await read(streamed)
        return dict(streamed.headers)["x-kind"]

    code.write_text(code.read_text().replace('b"echo"', '"echo".encode()'))
    assert asyncio.run(scenario()) == "new"


def test_a_joined_answer_is_a_result_of_an_ordinary_function(web: MakePool):
    pool = web(variables={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"})

    text = json.loads(asyncio.run(pool.invoke(event())))
    binary = json.loads(asyncio.run(pool.invoke(event("/bytes"))))

    assert not pool.streams
    assert (text["statusCode"], text["cookies"]) == (201, ["a=1", "b=2"])
    assert text["headers"]["x-kind"] == "echo"
    assert json.loads(text["body"])["path"] == "/"
    assert (binary["isBase64Encoded"], text["isBase64Encoded"]) == (True, False)
    assert base64.b64decode(binary["body"]) == bytes(range(256))


def test_a_joined_answer_has_six_megabytes_at_most(web: MakePool):
    pool = web(variables={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"})

    fits = json.loads(asyncio.run(pool.invoke(event("/flow", "megabytes=5"))))
    with pytest.raises(FunctionFailedError) as caught:
        asyncio.run(pool.invoke(event("/flow", "megabytes=7")))

    assert len(fits["body"]) == 5 * 1_048_576
    assert caught.value.error_type == "Function.ResponseSizeTooLarge"


def test_a_process_that_is_never_ready_runs_out_of_time(
    tmp_path: Path, clock: Clock, log: Log
):
    spec = FunctionSpec(
        name="hello",
        arn="arn:aws:lambda:ap-northeast-1:123456789012:function:hello",
        folder=write_function(tmp_path),
        handler="run.sh",
        timeout_seconds=1,
        layers=(ADAPTER,),
        variables={**VARIABLES, "AWS_LWA_READINESS_CHECK_PATH": "/unready"},
    )
    web = spec.web
    assert web is not None

    async def scenario() -> None:
        environment = WebEnvironment(
            spec, web, clock=clock, log=lambda line: log("", line)
        )
        try:
            with pytest.raises(FunctionTimedOutError):
                await environment.start({}, at_least=1)
        finally:
            await environment.stop()
        assert not environment.alive

    asyncio.run(scenario())

    log.wait_for("Init Task timed out after 1.00 seconds: GET /unready on port ")
    log.wait_for("; the last time ")
