"""Key sets as issuers publish them, and as nobody should."""

import json
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.tokens import key_set
from app.adapters.tokens.key_set import GarbageError
from app.adapters.tokens.signature import PublicKey, UnusableKeyError
from tests.issuers.issuing import EcKey, RsaKey, b64, number

BOTH: Final = frozenset({"RS256", "ES256"})
RSA: Final = RsaKey.generate("r")
OTHER: Final = RsaKey.generate("r")
EC: Final = EcKey.generate("e")
MESSAGE: Final = b"a message"


def named(*keys: Any, algorithms: frozenset[str] = BOTH) -> set[tuple[str, str]]:
    return set(key_set.read(json.dumps({"keys": keys}).encode(), algorithms))


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        pytest.param(RSA.jwk, "RS256", id="RSA"),
        pytest.param(EC.jwk, "ES256", id="EC"),
        pytest.param(without(RSA.jwk, "alg"), "RS256", id="RSA without alg"),
        pytest.param(without(EC.jwk, "alg", "use"), "ES256", id="EC without use"),
        pytest.param({**RSA.jwk, "key_ops": ["verify"]}, "RS256", id="to verify"),
        pytest.param(
            {**RSA.jwk, "x5c": ["AAAA"], "x5t": "A", "issuer": "x"}, "RS256", id="chain"
        ),
    ],
)
def test_a_public_key_for_signatures_is_used(key: dict[str, Any], algorithm: str):
    assert named(key) == {(algorithm, key["kid"])}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(without(RSA.jwk, "kid"), id="no kid"),
        pytest.param({**RSA.jwk, "kid": ""}, id="an empty kid"),
        pytest.param({**RSA.jwk, "kid": 1}, id="a kid that is a number"),
        pytest.param({**RSA.jwk, "kid": "k" * 257}, id="a long kid"),
        pytest.param({**RSA.jwk, "use": "enc"}, id="to encrypt"),
        pytest.param({**RSA.jwk, "use": None}, id="of no use"),
        pytest.param({**RSA.jwk, "key_ops": ["encrypt"]}, id="another operation"),
        pytest.param({**RSA.jwk, "key_ops": "verify"}, id="operations no list"),
        pytest.param({**RSA.jwk, "alg": "RS512"}, id="another algorithm"),
        pytest.param({**RSA.jwk, "alg": "ES256"}, id="EC's algorithm"),
        pytest.param({**RSA.jwk, "alg": "RSA-OAEP"}, id="an algorithm to encrypt"),
        pytest.param({**EC.jwk, "alg": "RS256"}, id="RSA's algorithm"),
        pytest.param({**RSA.jwk, "d": "AQAB"}, id="a private key"),
        pytest.param({"kty": "oct", "kid": "o", "k": b64(b"x" * 32)}, id="a secret"),
        pytest.param({"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": "AA"}, id="OKP"),
        pytest.param({**RSA.jwk, "kty": "rsa"}, id="type in small letters"),
        pytest.param("a key", id="text"),
        pytest.param(None, id="null"),
    ],
)
def test_any_other_key_is_skipped(key: Any):
    assert named(EC.jwk, key) == {("ES256", "e")}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"n": number(2**2046 + 1)}, id="2047 bits"),
        pytest.param({"n": number(2**8192 + 1)}, id="8193 bits"),
        pytest.param({"e": number(3)}, id="the exponent 3"),
        pytest.param({"e": number(1)}, id="the exponent 1"),
        pytest.param({"e": number(65538)}, id="an even exponent"),
        pytest.param({"e": number(2**33 + 1)}, id="a huge exponent"),
        pytest.param({"e": None}, id="no exponent"),
        pytest.param({"n": 65537}, id="a modulus that is a number"),
        pytest.param({"n": RSA.jwk["n"] + "="}, id="padding"),
        pytest.param({"n": RSA.jwk["n"] + "\n"}, id="a newline"),
        pytest.param({"n": RSA.jwk["n"][:40] + "*" + RSA.jwk["n"][40:]}, id="junk"),
        pytest.param({"n": "合鍵"}, id="no base64"),
        pytest.param({"n": ""}, id="an empty modulus"),
    ],
)
def test_a_weak_or_malformed_rsa_key_is_no_key(changes: dict[str, Any]):
    PublicKey(RSA.jwk)

    with pytest.raises(UnusableKeyError):
        PublicKey({**RSA.jwk, **changes})


@pytest.mark.parametrize("bits", [2048, 3072])
def test_an_rsa_key_of_usual_size_verifies(bits: int):
    key = RsaKey.generate("r", bits=bits)

    assert PublicKey(key.jwk).verify(MESSAGE, key.signature(MESSAGE))
    assert not PublicKey(key.jwk).verify(MESSAGE + b"x", key.signature(MESSAGE))


def test_an_rsa_key_of_1024_bits_is_no_key():
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - so that it is refused

    with pytest.raises(UnusableKeyError):
        PublicKey(RsaKey("r", weak).jwk)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"crv": "P-384"}, id="another curve's name"),
        pytest.param({"crv": "secp256k1"}, id="Bitcoin's"),
        pytest.param({"crv": None}, id="no curve"),
        pytest.param({"x": number(1, 32)}, id="no point of the curve"),
        pytest.param({"x": number(1, 31)}, id="31 bytes"),
        pytest.param({"x": b64(b"\0") + EC.jwk["x"]}, id="more than 32 bytes"),
        pytest.param({"y": None}, id="half a point"),
        pytest.param({"x": b64(b"\0" * 32), "y": b64(b"\0" * 32)}, id="infinity"),
    ],
)
def test_an_ec_key_that_is_no_point_of_its_curve_is_no_key(changes: dict[str, Any]):
    PublicKey(EC.jwk)

    with pytest.raises(UnusableKeyError):
        PublicKey({**EC.jwk, **changes})


def test_a_key_of_p384_is_no_key_even_under_the_name_of_p256():
    key = EcKey.generate("e", ec.SECP384R1())

    for changes in ({}, {"crv": "P-256"}):
        with pytest.raises(UnusableKeyError):
            PublicKey({**key.jwk, **changes})


def test_one_algorithm_of_an_issuer_is_one_and_the_other_is_skipped():
    assert named(RSA.jwk, EC.jwk, algorithms=frozenset({"ES256"})) == {("ES256", "e")}


def test_the_same_key_twice_is_one_and_two_keys_of_one_name_are_none():
    assert named(RSA.jwk, EC.jwk, RSA.jwk) == {("RS256", "r"), ("ES256", "e")}
    assert named(RSA.jwk, EC.jwk, OTHER.jwk) == {("ES256", "e")}
    with pytest.raises(GarbageError):
        named(RSA.jwk, OTHER.jwk, RSA.jwk)


def test_keys_of_one_name_for_two_algorithms_are_two():
    assert named({**RSA.jwk, "kid": "k"}, {**EC.jwk, "kid": "k"}) == {
        ("RS256", "k"),
        ("ES256", "k"),
    }


def test_a_set_has_at_most_32_keys():
    many = [{**EC.jwk, "kid": f"e{number}"} for number in range(33)]

    assert len(named(*many[:32])) == 32
    with pytest.raises(GarbageError, match="more than 32"):
        named(*many)


GARBAGE: Final = {
    "nothing": b"",
    "HTML": b"<!doctype html><title>Sign in</title>",
    "a list": b"[]",
    "no keys": b"{}",
    "keys that are no list": b'{"keys": {}}',
    "an empty list": b'{"keys": []}',
    "keys twice": b'{"keys": [], "keys": []}',
    "not UTF-8": b'{"keys": ["\xff"]}',
    "a secret with passwords": b'{"username": "a", "password": "b"}',
    "nested to death": b'{"keys": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_no_key_set(data: bytes):
    with pytest.raises(GarbageError):
        key_set.read(data, BOTH)


@given(
    st.dictionaries(
        st.sampled_from([*RSA.jwk, "d", "key_ops", "crv", "x", "y"]),
        st.none() | st.integers(-9, 9) | st.text() | st.lists(st.text(), max_size=2),
    )
)
@settings(max_examples=50)
def test_no_key_does_anything_but_get_used_or_skipped(changes: dict[str, Any]):
    assert named(EC.jwk, {**RSA.jwk, **changes}) >= {("ES256", "e")} or (
        # Another key of the same name and algorithm.
        changes.get("kid") == "e"
    )
