import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.runtime import FunctionSpec, InitFailedError, Pool, PoolClosedError
from aikagi_emulator.runtime.handler_environment import HandlerEnvironment
from emulator.tests.runtime.running import Clock, Latch, Log, ends, invoke

MakePool = Callable[..., Pool]


def open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names are wanted


def test_closing_leaves_no_process_thread_or_descriptor(make_pool: MakePool):
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    pool = make_pool()
    pids = {invoke(pool)["pid"]}
    assert set(threading.enumerate()) > threads

    pool.close()

    assert all(ends(pid, within=0) for pid in pids)
    assert set(threading.enumerate()) == threads
    assert open_descriptors() == descriptors


def test_closing_fails_the_calls_under_way_and_those_to_come(
    make_pool: MakePool, log: Log, latch: Latch
):
    pool = make_pool()

    async def scenario() -> None:
        busy = asyncio.create_task(
            pool.invoke({"do": "wait", "latch": str(latch.path)})
        )
        await asyncio.to_thread(log.wait_for, "waiting")
        pool.close()
        with pytest.raises(PoolClosedError):
            await busy
        with pytest.raises(PoolClosedError):
            await pool.invoke({})

    asyncio.run(scenario())


def test_closing_while_an_environment_starts_leaves_nothing(make_pool: MakePool):
    descriptors = open_descriptors()
    pool = make_pool()

    async def scenario() -> None:
        starting = asyncio.create_task(pool.invoke({}))
        await asyncio.sleep(0)
        await asyncio.to_thread(pool.close)
        with pytest.raises(PoolClosedError):
            await starting

    asyncio.run(scenario())

    assert open_descriptors() == descriptors


def test_an_environment_stopped_while_it_starts_never_runs(
    folder: Path, clock: Clock, log: Log
):
    spec = FunctionSpec(
        name="hello",
        arn="arn:aws:lambda:ap-northeast-1:123456789012:function:hello",
        folder=folder,
        handler="code.handler",
    )

    async def scenario() -> bool:
        environment = HandlerEnvironment(
            spec, clock=clock, log=lambda line: log("", line)
        )
        starting = asyncio.create_task(environment.start({}))
        await asyncio.sleep(0)
        await environment.stop()
        with pytest.raises(InitFailedError):
            await starting
        started = environment.alive
        await environment.stop()
        return started

    assert asyncio.run(scenario()) is False
