"""A program that stays logged in and calls functions, against a broker on loopback."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx2
import pytest

import aikagi
from aikagi import (
    AddressError,
    Broker,
    BrokerError,
    EndedEarlyError,
    FunctionError,
    LoginEndedError,
    MalformedError,
    Output,
    Ping,
    Progress,
    Result,
    Start,
    TaskError,
    UnreachableError,
)
from tests.aikagi.loopback import (
    NDJSON,
    PASSWORD,
    Answer,
    Loopback,
    events,
    json_answer,
    problem,
)


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        import time

        self.moved = 0.0
        self._time = time.time

    def __call__(self) -> float:
        return self._time() + self.moved


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def moving(loopback: Loopback, watch: Watch) -> Any:
    with Broker(loopback.base, clock=watch) as broker:
        broker.login("alice", PASSWORD)
        yield broker


def test_alice_is_known_and_sees_what_she_may_call(alice: Broker):
    assert alice.me() == aikagi.Me(
        issuer="local",
        subject="alice",
        groups=("everyone",),
        session_name="local+alice",
    )
    assert [function.name for function in alice.functions()] == ["hello"]
    assert alice.username == "alice"


def test_a_wrong_password_is_the_brokers_own_words(loopback: Loopback):
    with Broker(loopback.base) as broker, pytest.raises(BrokerError) as refused:
        broker.login("alice", "wonderland-1866")

    error = refused.value
    assert (error.status, error.type) == (400, "urn:aikagi:problem:login-refused")
    assert (error.title, error.request_id) == ("Wrong username or password", "r-1")
    assert "1866" not in str(error)
    assert not isinstance(error, LoginEndedError)


def test_without_a_login_nothing_is_asked(loopback: Loopback):
    with Broker(loopback.base) as broker, pytest.raises(LoginEndedError):
        broker.grant("hello")

    assert loopback.asked == []


def test_secrets_are_in_no_repr(alice: Broker):
    grant = alice.grant("hello")

    assert grant.secret_access_key not in repr(grant)
    assert grant.session_token not in repr(grant)
    assert grant.access_key_id in repr(grant)


def test_a_grant_is_fetched_once_and_used_again(alice: Broker, loopback: Loopback):
    for _ in range(3):
        alice.call("hello").result()

    assert loopback.count("grant") == 1
    assert len(loopback.calls) == 3


def test_fifty_threads_fetch_one_grant(alice: Broker, loopback: Loopback):
    together = Barrier(50)

    def fetch(_: int) -> str:
        together.wait()
        return alice.grant("hello").access_key_id

    with ThreadPoolExecutor(50) as pool:
        keys = set(pool.map(fetch, range(50)))

    assert len(keys) == 1
    assert loopback.count("grant") == 1


def test_a_failure_reaches_all_who_waited_for_it(alice: Broker, loopback: Loopback):
    refused = problem(503, "sessions-unavailable", "Not now", **{"Retry-After": "5"})
    loopback.broker_answers = [refused]

    with pytest.raises(BrokerError) as raised:
        alice.grant("hello")

    assert (raised.value.status, raised.value.retry_after) == (503, 5)
    assert alice.grant("hello").function_name == "hello"


@pytest.mark.parametrize(
    ("left", "asked"),
    [
        pytest.param(200, 1, id="fresh"),
        pytest.param(20, 2, id="mandatory refresh"),
        pytest.param(-5, 2, id="ended"),
    ],
)
def test_a_grant_is_renewed_before_a_call_that_needs_it(
    moving: Broker, loopback: Loopback, watch: Watch, left: float, asked: int
):
    loopback.life = 100_000.0
    moving.login("alice", PASSWORD)
    moving.call("hello").result()
    watch.moved = loopback.clock_offset = 900.0 - left

    moving.call("hello").result()

    assert loopback.count("grant") == asked
    assert len(access_keys(loopback)) == asked


def test_a_call_does_not_wait_for_an_advisory_refresh(
    moving: Broker, loopback: Loopback, watch: Watch
):
    loopback.life = 100_000.0
    moving.login("alice", PASSWORD)
    moving.call("hello").result()
    watch.moved = loopback.clock_offset = 900.0 - 170

    loopback.may_grant.clear()
    moving.call("hello").result()
    loopback.may_grant.set()
    moving.close()  # what is renewed meanwhile is waited for

    assert loopback.count("grant") == 2
    assert len(access_keys(loopback)) == 1


def access_keys(loopback: Loopback) -> set[str]:
    return {call.header("authorization")[0].split("/")[0] for call in loopback.calls}


@pytest.mark.parametrize("clock_offset", [3600.0, -3600.0, 86_400.0 * 400])
def test_a_wrong_clock_works_the_first_time(
    alice: Broker, loopback: Loopback, clock_offset: float
):
    loopback.clock_offset = clock_offset

    assert alice.call("hello").result() == {"ok": True}

    assert len(loopback.calls) == 1


def test_a_clock_that_was_moved_costs_one_more_grant(
    moving: Broker, loopback: Loopback, watch: Watch
):
    moving.call("hello").result()
    watch.moved = -7200.0  # what is held seems to have more time left than ever

    assert moving.call("hello").result() == {"ok": True}

    assert (loopback.count("grant"), len(loopback.calls)) == (2, 2)


def test_a_call_that_lambda_refuses_is_sent_once_more_with_another_key(
    alice: Broker, loopback: Loopback
):
    alice.call("hello").result()
    loopback.forget_grants()

    assert alice.call("hello", data="once").result() == {"ok": True}

    assert [call.body for call in loopback.calls] == [b"", b"once", b"once"]
    assert loopback.count("grant") == 2


def test_a_call_that_is_refused_twice_is_refused(alice: Broker, loopback: Loopback):
    refused = json_answer({"Message": "Forbidden"}, 403)
    headers = {"x-amzn-errortype": "AccessDeniedException"}
    loopback.answer = lambda _: Answer(
        status=403, headers=headers, pieces=refused.pieces
    )

    with pytest.raises(FunctionError) as raised:
        alice.call("hello", data="once").result()

    assert raised.value.error_type == "AccessDeniedException"
    assert raised.value.request_id == "lambda-r-1"
    assert len(loopback.calls) == 2


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502])
def test_no_post_is_sent_twice_that_may_have_run(
    alice: Broker, loopback: Loopback, status: int
):
    loopback.answer = lambda _: json_answer({"error": "its own"}, status)

    with pytest.raises(FunctionError) as raised:
        alice.call("hello", data="once").result()

    assert (raised.value.status, raised.value.error_type) == (status, None)
    assert "its own" in raised.value.text
    assert len(loopback.calls) == 1


def test_no_call_is_sent_twice_where_the_answer_is_lost(
    alice: Broker, loopback: Loopback
):
    loopback.answer = lambda _: Answer(pieces=(b"{",), cut=True)

    with pytest.raises(EndedEarlyError):
        alice.call("hello", data="once").result()

    assert len(loopback.calls) == 1


def test_a_redirect_is_not_followed_by_a_key(alice: Broker, loopback: Loopback):
    there = {"Location": f"{loopback.base}caught"}
    loopback.answer = lambda _: Answer(status=307, headers=there)

    with pytest.raises(AddressError):
        alice.call("hello", data="x").result()

    assert loopback.count("caught") == 0


def test_a_redirect_of_the_broker_gets_no_password(loopback: Loopback):
    there = {"Location": f"{loopback.base}caught"}
    loopback.broker_answers = [Answer(status=307, headers=there)]

    with Broker(loopback.base) as broker, pytest.raises(UnreachableError):
        broker.login("alice", PASSWORD)

    assert loopback.asked == ["auth/login"]


@pytest.mark.parametrize(
    "base",
    [
        "http://broker.example/",
        "ftp://127.0.0.1/",
        "broker.example",
        "https://",
        "https://alice:secret@broker.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:port/",
        "http://[::1/",
    ],
)
def test_no_password_goes_where_it_could_be_read(base: str):
    with pytest.raises(AddressError):
        Broker(base)

    assert Broker("https://broker.example/stage").base == (
        "https://broker.example/stage/"
    )


def test_nobody_listening_is_out_of_reach(free_port: Callable[[], int]):
    broker = Broker(f"http://127.0.0.1:{free_port()}/")

    with broker, pytest.raises(UnreachableError, match="refused") as raised:
        broker.login("alice", PASSWORD)

    assert raised.value.what == "broker"


def test_the_access_token_is_renewed_without_being_noticed(
    moving: Broker, loopback: Loopback, watch: Watch
):
    for hour in range(1, 9):
        watch.moved = loopback.clock_offset = hour * 3600.0
        assert moving.call("hello").result() == {"ok": True}

    assert loopback.count("auth/login") == 1
    assert loopback.count("auth/refresh") == 8


def test_a_token_that_wanes_is_renewed_meanwhile(
    moving: Broker, loopback: Loopback, watch: Watch
):
    watch.moved = 750.0

    moving.me()
    moving.close()

    assert loopback.asked[:2] == ["auth/login", *(set(loopback.asked[1:2]))]
    assert loopback.count("auth/refresh") == 1


def test_an_answer_lost_on_its_way_costs_no_login(alice: Broker, loopback: Loopback):
    loopback.forget_access()
    loopback.lost = ["auth/refresh"]

    assert alice.me().subject == "alice"

    assert loopback.asked[-3:] == ["auth/refresh", "auth/refresh", "auth/me"]


def test_a_refusal_of_a_renewal_is_the_last_word(alice: Broker, loopback: Loopback):
    loopback.end_login()

    with pytest.raises(LoginEndedError):
        alice.me()

    assert loopback.count("auth/refresh") == 1


def test_a_login_that_ended_says_so(alice: Broker, loopback: Loopback):
    loopback.end_login()

    with pytest.raises(LoginEndedError) as raised:
        alice.me()

    assert raised.value.type == "urn:aikagi:problem:login-ended"


@pytest.mark.parametrize("keep", [True, False])
def test_without_a_refresh_token_a_login_ends_with_its_access_token(
    loopback: Loopback, watch: Watch, keep: bool
):
    loopback.refreshes = keep is False  # an older broker gives none
    with Broker(loopback.base, clock=watch) as broker:
        broker.login("alice", PASSWORD, keep_refresh_token=keep)
        assert broker.me().subject == "alice"
        watch.moved = 900.0

        with pytest.raises(LoginEndedError):
            broker.me()

    assert loopback.count("auth/refresh") == 0


def test_a_logout_tells_the_broker_and_forgets(alice: Broker, loopback: Loopback):
    alice.logout()

    assert loopback.asked[-1] == "auth/logout"
    with pytest.raises(LoginEndedError):
        alice.me()


def test_a_logout_forgets_where_no_broker_can_be_told(
    alice: Broker, loopback: Loopback
):
    loopback.broker_answers = [problem(503, "too-busy", "Not now")]

    alice.logout()

    assert alice.username is None


def test_a_call_tells_its_events(alice: Broker, loopback: Loopback):
    loopback.answer = lambda _: events(
        {"type": "start", "total": 2},
        {"type": "ping"},
        {"type": "progress", "done": 1, "total": 2, "code": "reading"},
        {"type": "of a later version"},
        {"type": "output", "text": "合鍵", "more": 1},
        {"type": "result", "value": {"n": 1}},
    )

    call = alice.call("hello", data="x")

    assert list(call) == [
        Start(total=2),
        Ping(),
        Progress(done=1, total=2, code="reading"),
        Output(text="合鍵"),
        Result(value={"n": 1}),
    ]
    assert call.head
    assert (call.head.status, call.head.request_id) == (200, "lambda-r-1")


def test_the_first_event_is_told_before_the_last_is_made(
    alice: Broker, loopback: Loopback
):
    together = Barrier(2, timeout=20)

    def pieces() -> Any:
        yield b'{"type": "start"}\n{"type": "pro'
        together.wait()
        yield b'gress", "done": 1}\n{"type": "result", "value": 1}\n'

    loopback.answer = lambda _: Answer(media_type=NDJSON, pieces=pieces())
    events = iter(alice.call("hello"))

    assert next(events) == Start()
    together.wait()
    assert list(events) == [Progress(done=1), Result(value=1)]


def test_a_task_that_fails_raises_what_it_said(alice: Broker, loopback: Loopback):
    error = {"type": "error", "code": "deadline", "message": "It took too long"}
    loopback.answer = lambda _: events({"type": "start"}, error)

    with pytest.raises(TaskError, match="It took too long") as raised:
        alice.call("hello").result()

    assert raised.value.code == "deadline"
    assert list(alice.call("hello").raw_events())[-1] == error


def test_a_line_without_end_is_not_kept_for_ever(alice: Broker, loopback: Loopback):
    piece = b"x" * (1 << 20)
    loopback.answer = lambda _: Answer(media_type=NDJSON, pieces=(piece,) * 9, cut=True)

    with pytest.raises(MalformedError, match="bytes"):
        alice.call("hello").result()


def test_an_auth_repeats_a_refused_post_once(alice: Broker, loopback: Loopback):
    with httpx2.Client(auth=alice.auth("hello")) as client:
        client.get(loopback.function)
        loopback.forget_grants()
        answer = client.post(loopback.function, json={"once": True})

    assert answer.status_code == 200
    assert [json.loads(c.body) for c in loopback.calls[1:]] == [{"once": True}] * 2


def test_a_client_that_was_brought_is_left_open(loopback: Loopback):
    with httpx2.Client() as client:
        with Broker(loopback.base, client=client) as broker:
            broker.login("alice", PASSWORD)

        assert client.get(f"{loopback.base}healthz").status_code == 200


def test_every_name_that_is_promised_is_there():
    assert [name for name in aikagi.__all__ if not hasattr(aikagi, name)] == []
    assert set(aikagi.__all__) <= set(dir(aikagi))
    with pytest.raises(AttributeError):
        _ = aikagi.nothing
