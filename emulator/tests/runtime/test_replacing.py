import asyncio
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from aikagi_emulator.runtime import (
    Pool,
)
from emulator.tests.runtime.running import Clock, Latch, Log, ends, invoke

MakePool = Callable[..., Pool]


def test_after_recycling_calls_see_new_code_and_a_busy_one_ends_with_the_old(
    make_pool: MakePool, tmp_path: Path, log: Log, latch: Latch
):
    code = tmp_path / "code.py"
    template = (
        "def handler(event, context):\n"
        " print('waiting', flush=True)\n"
        " open(event).read()\n"
        " return {}\n"
    )
    code.write_text(template.format(1))
    pool = make_pool(folder=tmp_path)

    async def scenario() -> tuple[bytes, bytes]:
        busy = asyncio.create_task(pool.invoke(str(latch.path)))  # type: ignore[arg-type]  # any JSON is an event
        await asyncio.to_thread(log.wait_for, "waiting")
        code.write_text(template.format(2))
        pool.recycle()
        await asyncio.to_thread(latch.release)
        return await busy, await pool.invoke("/dev/null")  # type: ignore[arg-type]  # as above

    assert asyncio.run(scenario()) == (b"1", b"2")


def test_recycling_ends_idle_environments_now(make_pool: MakePool):
    pool = make_pool()
    before = invoke(pool)

    pool.recycle()

    assert ends(before["pid"])
    assert invoke(pool)["pid"] != before["pid"]


def test_an_environment_that_died_while_idle_is_replaced_unnoticed(make_pool: MakePool):
    pool = make_pool(concurrency=1)
    before = invoke(pool)

    os.kill(before["pid"], signal.SIGKILL)
    assert ends(before["pid"])

    assert invoke(pool)["pid"] != before["pid"]


def test_an_environment_is_replaced_before_its_credentials_run_out(
    make_pool: MakePool, clock: Clock
):
    pool = make_pool()
    before = invoke(pool)

    clock.offset = timedelta(minutes=59)
    kept = invoke(pool)
    clock.offset = timedelta(minutes=61)
    replaced = invoke(pool)

    assert kept["pid"] == before["pid"]
    assert replaced["pid"] != before["pid"]
