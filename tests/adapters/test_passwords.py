from typing import Literal

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from argon2.low_level import hash_secret
from typing_extensions import override

from app.adapters.passwords import OWASP, Passwords, UnusablePasswordError

RIGHT = "wonderland-1865"


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture(scope="module")
def stored(passwords: Passwords) -> str:
    return passwords.hash(RIGHT)


def test_the_right_password_fits_and_the_nearest_do_not(
    passwords: Passwords, stored: str
):
    assert passwords.verify(RIGHT, stored)
    for wrong in (RIGHT + " ", RIGHT.upper(), RIGHT[:-1], RIGHT + "\0", ""):
        assert not passwords.verify(wrong, stored)


def test_hashes_are_argon2id_as_owasp_has_it(stored: str):
    parameters = extract_parameters(stored)

    assert parameters.type is Type.ID
    assert parameters.memory_cost == 19 * 1024
    assert parameters.time_cost == 2
    assert parameters.parallelism == 1


def test_long_passwords_count_to_the_last_byte(passwords: Passwords):
    long = "é" * 512

    stored = passwords.hash(long)

    assert passwords.verify(long, stored)
    assert not passwords.verify(long[:-1] + "e", stored)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("seven77", id="7 bytes"),
        pytest.param("x" * 1025, id="1025 bytes"),
        pytest.param("é" * 513, id="1026 bytes of 513 characters"),
        pytest.param("nul\0nul-nul", id="a NUL"),
        pytest.param("half-\ud800-pair", id="a lone surrogate"),
    ],
)
def test_an_unusable_password_is_refused_and_never_fits(
    passwords: Passwords, stored: str, password: str
):
    with pytest.raises(UnusablePasswordError) as caught:
        passwords.hash(password)

    assert password not in str(caught.value)
    assert not passwords.verify(password, stored)


def test_a_hash_of_what_stands_in_for_an_unusable_password_lets_nobody_in(
    passwords: Passwords,
):
    stored = OWASP.hash(b"-")

    assert not passwords.verify("short", stored)


WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.I)
GREEDY = "$argon2id$v=19$m=4194304,t=2,p=1$" + "c29tZXNhbHQ$" + "A" * 43


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="nobody"),
        pytest.param("", id="an empty hash"),
        pytest.param("plain", id="no hash"),
        pytest.param(WEAK.hash(RIGHT), id="argon2i"),
        pytest.param(GREEDY, id="asking for 4 GiB"),
    ],
)
def test_nobody_gets_in_by_a_missing_or_corrupt_hash(
    passwords: Passwords, stored: str | None
):
    assert not passwords.verify(RIGHT, stored)


class CountingHasher(PasswordHasher):
    """The real one, and a list of the hashes it was asked about."""

    def __init__(self) -> None:
        super().__init__(2, 19 * 1024, 1, 32, 16)
        self.verified: list[str] = []

    @override
    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified.append(str(hash))
        return super().verify(hash, password)


@pytest.mark.parametrize("password", [RIGHT, "wrong-wrong", "short", "nul\0nul-nul"])
@pytest.mark.parametrize("known", [True, False, "junk", GREEDY])
def test_every_answer_costs_exactly_one_verification(
    password: str, known: bool | str, stored: str
):
    hasher = CountingHasher()
    against = known if isinstance(known, str) else stored if known else None

    Passwords(hasher=hasher).verify(password, against)

    [used] = hasher.verified
    assert "m=19456,t=2,p=1" in used


def test_a_stored_hash_of_ours_may_be_cheaper_than_todays(passwords: Passwords):
    older = hash_secret(RIGHT.encode(), b"saltsalt", 1, 1024, 1, 32, Type.ID)

    assert passwords.verify(RIGHT, older.decode())
