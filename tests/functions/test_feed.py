import asyncio
import threading

from tasks.feed import Feed

PATIENCE = 30


def test_a_feed_ends_once():
    async def run() -> tuple[bool, bool, bool, list[bytes]]:
        feed = Feed()
        outcomes = feed.end(b"a\n"), feed.end(b"b\n"), feed.put(b"c\n")
        return (*outcomes, [await feed.get(), await feed.get()])

    assert asyncio.run(run()) == (True, False, False, [b"a\n", b""])


def test_the_end_lets_go_whoever_waits_for_room():
    put: list[bool] = []

    async def run() -> None:
        feed = Feed(room=1)
        feed.put(b"a\n")
        waiting = threading.Thread(target=lambda: put.append(feed.put(b"b\n")))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
        feed.end()
        waiting.join(PATIENCE)

    asyncio.run(run())

    assert put == [False]


def test_a_loop_that_has_gone_is_no_fault_of_the_thread():
    async def make() -> Feed:
        return Feed()

    feed = asyncio.run(make())

    assert feed.put(b"a\n")
    assert feed.end()
