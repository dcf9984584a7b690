import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.tokens.refresh import RefreshTokens
from app.adapters.tokens.rejection import Rejected
from app.adapters.tokens.signature import HmacKey
from tests.fakes import SECRET, KeyRing

OLD = HmacKey(SECRET, kid="old")
NEW = HmacKey(hashlib.sha256(SECRET).digest(), kid="new")


def counting(size: int) -> bytes:
    return bytes(range(size))


TOKENS = RefreshTokens(KeyRing(OLD), entropy=counting)
TOKEN = TOKENS.seal(TOKENS.new())


def test_a_token_of_ours_opens_to_what_was_sealed():
    secret = TOKENS.new()

    shown = TOKENS.open(TOKENS.seal(secret))

    assert shown.secret == secret
    assert shown.successor.login_id == secret.login_id
    assert shown.successor.text != secret.text


def test_an_id_has_128_bits_and_a_secret_256():
    asked: list[int] = []

    def listening(size: int) -> bytes:
        asked.append(size)
        return bytes(range(size))

    secret = RefreshTokens(KeyRing(), entropy=listening).new()

    assert sorted(asked) == [16, 32]
    assert secret.login_id == bytes(range(16)).hex()


def test_two_logins_share_nothing():
    tokens = RefreshTokens(KeyRing())
    one, other = tokens.new(), tokens.new()

    assert one.login_id != other.login_id
    assert one.text != other.text


def test_a_successor_is_the_same_every_time_and_goes_on():
    first = TOKENS.open(TOKEN)
    again = TOKENS.open(TOKEN)
    second = TOKENS.open(TOKENS.seal(first.successor))

    assert again == first
    assert second.secret == first.successor
    assert len({first.secret.text, first.successor.text, second.successor.text}) == 3


def test_after_a_rotation_of_the_key_a_token_has_the_same_successor():
    before = RefreshTokens(KeyRing(OLD)).open(TOKEN)
    after = RefreshTokens(KeyRing(NEW, OLD))

    assert after.open(TOKEN) == before
    renewed = after.seal(before.successor)
    assert RefreshTokens(KeyRing(NEW)).open(renewed).secret == before.successor


def test_a_token_of_a_key_that_is_gone_is_none():
    with pytest.raises(Rejected, match="unknown-key"):
        RefreshTokens(KeyRing(NEW)).open(TOKEN)


def test_the_successor_cannot_be_told_without_the_key():
    other = RefreshTokens(KeyRing(HmacKey(SECRET[::-1], kid="old")), entropy=counting)
    same_secret = other.seal(other.new())

    assert other.open(same_secret).secret == TOKENS.open(TOKEN).secret
    assert other.open(same_secret).successor != TOKENS.open(TOKEN).successor


def test_a_seal_and_a_successor_have_keys_of_their_own():
    body = TOKEN.rpartition(".")[0]

    seal = OLD.mac("aikagi refresh token seal", body)

    assert f"{body}.{seal}" == TOKEN
    following = OLD.mac("aikagi refresh token successor", f"{LOGIN}.{TEXT}")
    assert TOKENS.open(TOKEN).successor.text == following
    assert OLD.mac("aikagi refresh token successor", body) != seal


LOGIN, KID, TEXT, SEAL = TOKEN.split(".")


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        pytest.param("", "not-a-refresh-token", id="nothing"),
        pytest.param("junk", "not-a-refresh-token", id="junk"),
        pytest.param(TOKEN + "\n", "not-a-refresh-token", id="a newline after"),
        pytest.param(TOKEN + "=", "not-a-refresh-token", id="padding"),
        pytest.param(f"{LOGIN}.{KID}.{TEXT}", "not-a-refresh-token", id="no seal"),
        pytest.param(
            f"{LOGIN.upper()}.{KID}.{TEXT}.{SEAL}", "not-a-refresh-token", id="capitals"
        ),
        pytest.param(f"{LOGIN}.new.{TEXT}.{SEAL}", "unknown-key", id="another key"),
        pytest.param(f"{'0' * 32}.{KID}.{TEXT}.{SEAL}", "bad-seal", id="another login"),
        pytest.param(f"{LOGIN}.{KID}.{'A' * 43}.{SEAL}", "bad-seal", id="a guess"),
        pytest.param(f"{LOGIN}.{KID}.{TEXT}.{'A' * 43}", "bad-seal", id="a seal"),
        pytest.param(f"{LOGIN}.{KID}.{TEXT}.{TEXT}", "bad-seal", id="its own secret"),
    ],
)
def test_what_we_never_gave_is_told_apart_from_what_is_spent(forged: str, why: str):
    with pytest.raises(Rejected) as caught:
        TOKENS.open(forged)

    assert caught.value.reason == why


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_no_token_survives_a_change_of_one_character(place: int, character: str):
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]

    if changed == TOKEN:
        return
    with pytest.raises(Rejected):
        TOKENS.open(changed)


def test_a_secret_is_in_no_repr():
    shown = TOKENS.open(TOKEN)

    assert TEXT not in repr(shown)
    assert shown.successor.text not in repr(shown)
