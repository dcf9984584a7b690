"""Logins wait for each other and for nobody else."""

import asyncio
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.broker import Broker
from app.domain.errors import TooBusyError
from app.domain.identity import CheckedPassword, RefusedPassword
from app.web.login_pool import LoginPool, half_of_the_processors
from tests.fakes import KnownUsers, a_bearer

FORM = {"username": "alice", "password": "correct"}


class Held:
    """A login that ends when it is let go, and counts how many are under way."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.most_at_once = 0
        self._at_once = 0
        self._counting = threading.Lock()

    def __call__(self) -> str:
        with self._counting:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self.begun.release()
        assert self.may_end.wait(10)
        with self._counting:
            self._at_once -= 1
        return "done"


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_are_under_way_than_there_are_threads_and_none_is_lost(threads: int):
    held, pool = Held(), LoginPool(threads=threads, patience=10)

    async def all_of_them() -> list[str]:
        running = [asyncio.ensure_future(pool.run(held)) for _ in range(12)]
        for _ in range(threads):
            assert await asyncio.to_thread(held.begun.acquire, timeout=10)
        held.may_end.set()
        return await asyncio.gather(*running)

    assert asyncio.run(all_of_them()) == ["done"] * 12
    assert held.most_at_once == threads


def test_half_of_the_processors_are_left_to_everybody_else():
    assert half_of_the_processors() >= 1


def test_beyond_its_patience_a_login_is_told_to_come_back_and_is_not_begun():
    held, pool = Held(), LoginPool(threads=1, patience=0.01)
    begun: list[str] = []

    async def two() -> str:
        first = asyncio.ensure_future(pool.run(held))
        assert await asyncio.to_thread(held.begun.acquire, timeout=10)
        with pytest.raises(TooBusyError) as caught:
            await pool.run(lambda: begun.append("second"))
        assert caught.value.retry_after_seconds == 1
        held.may_end.set()
        return await first

    assert asyncio.run(two()) == "done"
    assert asyncio.run(pool.run(lambda: begun.append("third"))) is None
    assert begun == ["third"]


def test_a_login_for_which_nobody_waits_any_more_is_not_begun():
    held, pool = Held(), LoginPool(threads=1, patience=10)
    begun: list[str] = []

    async def three() -> str:
        first = asyncio.ensure_future(pool.run(held))
        assert await asyncio.to_thread(held.begun.acquire, timeout=10)
        second, third = (
            asyncio.ensure_future(pool.run(partial(begun.append, name)))
            for name in ("second", "third")
        )
        await asyncio.sleep(0)  # the turn in which both are handed to the threads
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        held.may_end.set()
        await third
        return await first

    assert asyncio.run(three()) == "done"
    assert begun == ["third"]


def test_a_login_that_has_begun_ends_unheard_where_nobody_waits_any_more():
    held, pool = Held(), LoginPool(threads=1, patience=10)
    complaints: list[dict[str, object]] = []
    ended: list[str] = []

    def fail() -> None:
        ended.append(held())
        raise TooBusyError

    async def both() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, about: complaints.append(about))
        first = asyncio.ensure_future(pool.run(fail))
        assert await asyncio.to_thread(held.begun.acquire, timeout=10)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        held.may_end.set()
        await pool.run(lambda: ended.append("the next one"))
        del first
        gc.collect()

    asyncio.run(both())

    assert ended == ["done", "the next one"]
    assert complaints == []


def test_what_a_login_raises_is_raised_to_whoever_waits_for_it():
    def fail() -> None:
        raise TooBusyError("a reason")

    with pytest.raises(TooBusyError, match="a reason"):
        asyncio.run(LoginPool().run(fail))


@pytest.fixture
def held(users: KnownUsers) -> Iterator[Held]:
    """Make every check of a password wait."""
    held, authenticate = Held(), users.authenticate

    def wait(username: str, password: str) -> CheckedPassword | RefusedPassword:
        held()
        return authenticate(username, password)

    users.authenticate = wait  # type: ignore[method-assign] # as argon2 would, for longer
    yield held
    held.may_end.set()


def test_while_more_logins_wait_than_there_are_worker_threads_a_grant_is_made(
    app: FastAPI, client: TestClient, broker: Broker, held: Held
):
    app.state.login_pool = LoginPool(threads=1, patience=60)
    bearer = {"Authorization": f"Bearer {broker.tokens.mint(a_bearer('alice')).text}"}
    more_than_worker_threads = 60

    with ThreadPoolExecutor(more_than_worker_threads) as people:
        logins = [
            people.submit(client.post, "/auth/login", data=FORM)
            for _ in range(more_than_worker_threads)
        ]
        assert held.begun.acquire(timeout=10)

        grant = client.post("/grant", json={"FunctionName": "hello"}, headers=bearer)

        assert grant.status_code == 200
        held.may_end.set()
        assert {login.result().status_code for login in logins} == {200}
    assert held.most_at_once == 1


def test_a_login_that_waits_too_long_is_503_and_says_when_to_come_back(
    app: FastAPI, client: TestClient, held: Held
):
    app.state.login_pool = LoginPool(threads=1, patience=0.01)
    with ThreadPoolExecutor(1) as somebody:
        first = somebody.submit(client.post, "/auth/login", data=FORM)
        assert held.begun.acquire(timeout=10)

        second = client.post("/auth/login", data=FORM)
        held.may_end.set()

        assert second.status_code == 503
        assert second.headers["Retry-After"] == "1"
        assert second.json()["type"] == "urn:aikagi:problem:too-busy"
        assert first.result().status_code == 200
