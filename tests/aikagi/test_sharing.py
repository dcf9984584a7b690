"""Two programs that share one store, as processes share files."""

import time
from collections.abc import Iterator

import pytest

from aikagi import Broker, LoginEndedError
from aikagi.records import TOKENS, grant_entry_name, read_grant, read_tokens
from aikagi.store import MemoryStore
from tests.aikagi.loopback import PASSWORD, Loopback


class Pair:
    """``one`` has logged alice in, ``other`` has read that. ``moved`` moves clocks."""

    def __init__(self, loopback: Loopback) -> None:
        self.moved = 0.0
        self.store = MemoryStore()
        self.one, self.other = (
            Broker(loopback.base, store=self.store, clock=self.clock) for _ in range(2)
        )
        self.one.login("alice", PASSWORD)
        assert self.other.username == "alice"

    def clock(self) -> float:
        return time.time() + self.moved


@pytest.fixture
def pair(loopback: Loopback) -> Iterator[Pair]:
    pair = Pair(loopback)
    with pair.one, pair.other:
        yield pair


def test_the_second_uses_what_the_first_renewed(pair: Pair, loopback: Loopback):
    pair.moved = 900.0

    assert pair.one.me() == pair.other.me()

    assert loopback.count("auth/refresh") == 1


def test_the_second_uses_the_grant_that_the_first_fetched(
    pair: Pair, loopback: Loopback
):
    assert pair.one.grant("hello") == pair.other.grant("hello")

    assert loopback.count("grant") == 1


def test_the_second_ends_with_the_first(pair: Pair, loopback: Loopback):
    pair.one.logout()

    with pytest.raises(LoginEndedError):
        pair.other.me()


def test_nobody_goes_on_as_somebody_else(pair: Pair, loopback: Loopback):
    pair.one.login("bob", PASSWORD)
    pair.moved = 900.0

    with pytest.raises(LoginEndedError, match="Somebody else"):
        pair.other.me()

    assert pair.one.username == "bob"


def test_alice_goes_on_after_alice_has_logged_in_again(pair: Pair, loopback: Loopback):
    pair.one.login("alice", PASSWORD)
    pair.moved = 900.0

    assert pair.other.me().subject == "alice"


def test_a_login_leaves_nothing_of_the_last(pair: Pair):
    pair.one.grant("hello")
    entry = pair.store.entry(grant_entry_name("hello", None))
    assert entry.read()

    pair.one.login("bob", PASSWORD)

    assert entry.read() is None


def test_a_grant_counts_in_its_own_login_alone(pair: Pair):
    pair.one.grant("hello")
    entry = pair.store.entry(grant_entry_name("hello", None))
    tokens = read_tokens(pair.store.entry(TOKENS))
    assert tokens

    assert read_grant(entry, tokens.login_id)
    assert read_grant(entry, "another") is None


def test_the_tokens_are_in_no_repr(pair: Pair):
    tokens = read_tokens(pair.store.entry(TOKENS))

    assert tokens
    assert tokens.access_token not in repr(tokens)
    assert str(tokens.refresh_token) not in repr(tokens)
    assert "alice" in repr(tokens)
