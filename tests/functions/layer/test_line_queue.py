import asyncio
import threading

from aikagi_function.line_queue import LineQueue

PATIENCE = 30


def test_a_queue_is_closed_once():
    async def run() -> tuple[bool, bool, bool, list[bytes]]:
        lines = LineQueue()
        outcomes = lines.close(b"a\n"), lines.close(b"b\n"), lines.put(b"c\n")
        return (*outcomes, [await lines.get(), await lines.get()])

    assert asyncio.run(run()) == (True, False, False, [b"a\n", b""])


def test_a_put_that_waits_for_room_ends_when_the_queue_is_closed():
    put: list[bool] = []

    async def run() -> None:
        lines = LineQueue(capacity=1)
        lines.put(b"a\n")
        waiting = threading.Thread(target=lambda: put.append(lines.put(b"b\n")))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
        lines.close()
        waiting.join(PATIENCE)

    asyncio.run(run())

    assert put == [False]


def test_a_put_after_the_end_of_its_event_loop_raises_nothing():
    async def make() -> LineQueue:
        return LineQueue()

    lines = asyncio.run(make())

    assert lines.put(b"a\n")
    assert lines.close()
