import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.runtime import (
    Pool,
    ThrottledError,
)
from emulator.tests.runtime.running import PATIENCE, Latch, Log, invoke

MakePool = Callable[..., Pool]


def test_calls_beyond_the_concurrency_are_throttled(
    make_pool: MakePool, log: Log, latch: Latch
):
    pool = make_pool(concurrency=1)

    async def scenario() -> int:
        busy = asyncio.create_task(
            pool.invoke({"do": "wait", "latch": str(latch.path)})
        )
        await asyncio.to_thread(log.wait_for, "waiting")
        with pytest.raises(ThrottledError):
            await pool.invoke({})
        await asyncio.to_thread(latch.release)
        await busy
        return int(json.loads(await pool.invoke({}))["calls"])

    assert asyncio.run(scenario()) == 2


def test_a_concurrency_of_none_is_the_kill_switch(make_pool: MakePool):
    with pytest.raises(ThrottledError):
        invoke(make_pool(concurrency=0))


def test_calls_at_the_same_time_have_an_environment_each(
    make_pool: MakePool, tmp_path: Path
):
    pool = make_pool(concurrency=2)
    latches = [Latch(tmp_path / "one"), Latch(tmp_path / "two")]

    async def scenario() -> set[int]:
        calls = [
            asyncio.create_task(pool.invoke({"do": "wait", "latch": str(latch.path)}))
            for latch in latches
        ]
        # Both wait at once: each is let go only after the other was seen waiting.
        held = await asyncio.to_thread(latches[0].path.open, "w")
        with held:
            await asyncio.to_thread(latches[1].release)
        return {json.loads(answer)["pid"] for answer in await asyncio.gather(*calls)}

    assert len(asyncio.run(scenario())) == 2


def test_a_call_nobody_waits_for_goes_on_and_its_environment_serves_again(
    make_pool: MakePool, log: Log, latch: Latch
):
    pool = make_pool(concurrency=1)

    async def scenario() -> int:
        call = asyncio.create_task(
            pool.invoke({"do": "wait", "latch": str(latch.path)})
        )
        await asyncio.to_thread(log.wait_for, "waiting")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.to_thread(latch.release)
        while True:  # until the environment, the only one there may be, is idle again
            try:
                return int(json.loads(await pool.invoke({}))["calls"])
            except ThrottledError:
                await asyncio.sleep(0)

    assert asyncio.run(asyncio.wait_for(scenario(), PATIENCE)) == 2
