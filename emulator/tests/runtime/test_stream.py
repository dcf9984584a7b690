import asyncio

import pytest

from aikagi_emulator.runtime import FunctionCrashedError, FunctionFailedError
from aikagi_emulator.runtime.stream import Head, Stream

HEAD = Head(status=200, headers=())


def test_who_writes_waits_until_what_was_written_before_has_been_read():
    async def scenario() -> list[bool | bytes | None]:
        stream = Stream()
        await stream.put(b"one")
        second = asyncio.create_task(stream.put(b"two"))
        await asyncio.sleep(0)
        waits = not second.done()
        first = await stream.get()
        await second
        return [waits, first, await stream.get()]

    assert asyncio.run(scenario()) == [True, b"one", b"two"]


def test_when_the_reader_has_left_nothing_waits_or_stays():
    async def scenario() -> bytes | None:
        stream = Stream()
        await stream.put(b"one")
        second = asyncio.create_task(stream.put(b"two"))
        await stream.leave()
        await second
        await stream.put(b"three")
        await stream.end()
        return await stream.get()

    assert asyncio.run(scenario()) is None


def test_an_end_with_an_error_comes_after_what_was_written_before():
    async def scenario() -> list[object]:
        stream = Stream()
        await stream.begin(HEAD)
        await stream.put(b"one")
        await stream.end(FunctionCrashedError("x"))
        seen: list[object] = [await stream.head(), await stream.get()]
        with pytest.raises(FunctionCrashedError):
            await stream.get()
        return seen

    assert asyncio.run(scenario()) == [HEAD, b"one"]


def test_an_error_before_the_head_is_what_waiting_for_it_raises():
    async def scenario() -> None:
        stream = Stream()
        waiting = asyncio.create_task(stream.head())
        await stream.end(FunctionCrashedError("x"))
        await waiting

    with pytest.raises(FunctionCrashedError):
        asyncio.run(scenario())


def test_a_stream_has_a_greatest_length():
    async def scenario() -> None:
        stream = Stream(limit=6)
        await stream.leave()
        await stream.put(b"123")
        await stream.put(b"456")
        with pytest.raises(FunctionFailedError) as caught:
            await stream.put(b"7")
        assert caught.value.error_type == "Function.ResponseSizeTooLarge"

    asyncio.run(scenario())
