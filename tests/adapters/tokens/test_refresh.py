import hashlib
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.tokens.refresh import RefreshTokens
from app.adapters.tokens.signature import HmacKey
from app.domain.errors import LoginEndedError
from tests.fakes import SECRET, KeySet

OLD = HmacKey(SECRET, kid="old")
NEW = HmacKey(hashlib.sha256(SECRET).digest(), kid="new")


def counting(size: int) -> bytes:
    return bytes(range(size))


TOKENS = RefreshTokens(KeySet(OLD), entropy=counting)
TOKEN = TOKENS.sign(TOKENS.new())


def test_a_token_of_ours_is_verified_to_what_was_signed():
    secret = TOKENS.new()

    presented = TOKENS.verify(TOKENS.sign(secret))

    assert presented.secret == secret
    assert presented.successor.login_id == secret.login_id
    assert presented.successor.text != secret.text


def test_an_id_has_128_bits_and_a_secret_256():
    asked: list[int] = []

    def listening(size: int) -> bytes:
        asked.append(size)
        return bytes(range(size))

    secret = RefreshTokens(KeySet(), entropy=listening).new()

    assert sorted(asked) == [16, 32]
    assert secret.login_id == bytes(range(16)).hex()


def test_two_logins_share_nothing():
    tokens = RefreshTokens(KeySet())
    one, other = tokens.new(), tokens.new()

    assert one.login_id != other.login_id
    assert one.text != other.text


def test_a_successor_is_the_same_every_time_and_goes_on():
    first = TOKENS.verify(TOKEN)
    again = TOKENS.verify(TOKEN)
    second = TOKENS.verify(TOKENS.sign(first.successor))

    assert again == first
    assert second.secret == first.successor
    assert len({first.secret.text, first.successor.text, second.successor.text}) == 3


def test_after_a_rotation_of_the_key_a_token_has_the_same_successor():
    before = RefreshTokens(KeySet(OLD)).verify(TOKEN)
    after = RefreshTokens(KeySet(NEW, OLD))

    assert after.verify(TOKEN) == before
    renewed = after.sign(before.successor)
    assert RefreshTokens(KeySet(NEW)).verify(renewed).secret == before.successor


def test_a_token_of_a_key_that_is_gone_is_none(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)

    with pytest.raises(LoginEndedError):
        RefreshTokens(KeySet(NEW)).verify(TOKEN)

    assert "unknown-key" in caplog.text


def test_the_successor_cannot_be_told_without_the_key():
    other = RefreshTokens(KeySet(HmacKey(SECRET[::-1], kid="old")), entropy=counting)
    same_secret = other.sign(other.new())

    assert other.verify(same_secret).secret == TOKENS.verify(TOKEN).secret
    assert other.verify(same_secret).successor != TOKENS.verify(TOKEN).successor


def test_a_signature_and_a_successor_have_keys_of_their_own():
    body = TOKEN.rpartition(".")[0]

    signature = OLD.mac("aikagi refresh token signature", body)

    assert f"{body}.{signature}" == TOKEN
    following = OLD.mac("aikagi refresh token successor", f"{LOGIN}.{TEXT}")
    assert TOKENS.verify(TOKEN).successor.text == following
    assert OLD.mac("aikagi refresh token successor", body) != signature


LOGIN, KID, TEXT, SIGNATURE = TOKEN.split(".")


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        pytest.param("", "not-a-refresh-token", id="nothing"),
        pytest.param("junk", "not-a-refresh-token", id="junk"),
        pytest.param(TOKEN + "\n", "not-a-refresh-token", id="a newline after"),
        pytest.param(TOKEN + "=", "not-a-refresh-token", id="padding"),
        pytest.param(f"{LOGIN}.{KID}.{TEXT}", "not-a-refresh-token", id="no signature"),
        pytest.param(
            f"{LOGIN.upper()}.{KID}.{TEXT}.{SIGNATURE}",
            "not-a-refresh-token",
            id="capitals",
        ),
        pytest.param(
            f"{LOGIN}.new.{TEXT}.{SIGNATURE}", "unknown-key", id="another key"
        ),
        pytest.param(
            f"{'0' * 32}.{KID}.{TEXT}.{SIGNATURE}", "bad-signature", id="another login"
        ),
        pytest.param(
            f"{LOGIN}.{KID}.{'A' * 43}.{SIGNATURE}", "bad-signature", id="a guess"
        ),
        pytest.param(
            f"{LOGIN}.{KID}.{TEXT}.{'A' * 43}", "bad-signature", id="a signature"
        ),
        pytest.param(
            f"{LOGIN}.{KID}.{TEXT}.{TEXT}", "bad-signature", id="its own secret"
        ),
    ],
)
def test_a_token_never_given_is_distinguished_from_one_that_was_used(
    forged: str, why: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)

    with pytest.raises(LoginEndedError) as caught:
        TOKENS.verify(forged)

    assert caplog.messages == [f"A refresh token was refused: {why}"]
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_no_token_survives_a_change_of_one_character(place: int, character: str):
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]

    if changed == TOKEN:
        return
    with pytest.raises(LoginEndedError):
        TOKENS.verify(changed)


def test_a_secret_is_in_no_repr():
    presented = TOKENS.verify(TOKEN)

    assert TEXT not in repr(presented)
    assert presented.successor.text not in repr(presented)
