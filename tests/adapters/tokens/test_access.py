"""Forge real tokens and watch them fail, each beside one that must not."""

import base64
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.secret_strength import WeakSecretError
from app.adapters.tokens.signature import HmacKey
from app.domain.errors import TokenRejectedError
from app.domain.identity import Bearer, Identity
from tests.fakes import NOON, SECRET, Clock, KeySet, access_tokens

NOW = int(NOON.timestamp())
ALICE = Bearer(
    identity=Identity(issuer="local", subject="alice"),
    login_id="l-1",
    issued_at=datetime.fromtimestamp(NOW, UTC),
    login_ends_at=datetime.fromtimestamp(NOW + 43200, UTC),
)
HEADER = {"alg": "HS256", "kid": "k1", "typ": "at+jwt"}
CLAIMS: dict[str, Any] = {
    "iss": "test",
    "aud": "aikagi",
    "sub": "alice",
    "sid": "l-1",
    "session_expiry": NOW + 43200,
    "iat": NOW,
    "exp": NOW + 900,
    "jti": "j-1",
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(
    header: bytes | dict[str, Any] = HEADER,
    claims: bytes | dict[str, Any] = CLAIMS,
    *,
    secret: bytes = SECRET,
    digest: str = "sha256",
) -> str:
    """Sign anything, with nothing of ours in between."""
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode()
        for part in (header, claims)
    ]
    signed = ".".join(map(b64, parts))
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), digest))}"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON.replace(microsecond=0))


@pytest.fixture
def tokens(clock: Clock) -> AccessTokens:
    return access_tokens(clock)


def test_a_token_of_ours_is_accepted(tokens: AccessTokens):
    minted = tokens.mint(ALICE)

    assert tokens.verify(minted.text) == ALICE
    assert minted.lifetime == timedelta(minutes=15)
    assert minted.text not in repr(minted)


def test_a_token_made_by_hand_as_ours_are_is_accepted(tokens: AccessTokens):
    assert tokens.verify(token()) == ALICE


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def with_(**changes: Any) -> dict[str, Any]:
    return {**CLAIMS, **changes}


def headed(**changes: Any) -> dict[str, Any]:
    return {**HEADER, **changes}


NESTED = b"[" * 1400

FORGERIES = {
    "nothing": "",
    "junk": "junk",
    "two parts": token().rpartition(".")[0],
    "four parts": token() + ".x",
    "no signature": token().rpartition(".")[0] + ".",
    "longer than 8 kB": token(claims=with_(pad="x" * 9000)),
    "a space after": token() + " ",
    "padding": token() + "=",
    "a newline inside the signature": token()[:-3] + "\n" + token()[-3:],
    "plain base64 for base64url": token(claims=with_(x="???>>>")).replace("_", "/"),
    "another spelling of the signature": token()[:-1]
    + {"0": "1", "A": "B", "E": "F", "I": "J", "M": "N", "Q": "R", "U": "V"}.get(
        token()[-1], "_"
    ),
    "signed with another secret": token(secret=SECRET + b"x"),
    "signed with nothing": token(secret=b""),
    "alg none": token(headed(alg="none")).rpartition(".")[0] + ".",
    "alg none, signed": token(headed(alg="none")),
    "alg in small letters": token(headed(alg="hs256")),
    "another HMAC": token(headed(alg="HS512"), digest="sha512"),
    "alg of an asymmetric key": token(headed(alg="RS256")),
    "no alg": token({"kid": "k1", "typ": "at+jwt"}),
    "no kid": token({"alg": "HS256", "typ": "at+jwt"}),
    "an unknown kid": token(headed(kid="k2")),
    "a kid that is a list": token(headed(kid=["k1"])),
    "no typ": token({"alg": "HS256", "kid": "k1"}),
    "typ JWT": token(headed(typ="JWT")),
    "critical extensions": token(headed(crit=["exp"])),
    "a key of its own": token(headed(jwk={"kty": "oct", "k": b64(SECRET)})),
    "a key set of its own": token(headed(jku="https://evil.example/keys")),
    "unencoded payload": token(headed(b64=False)),
    "compressed": token(headed(zip="DEF")),
    "a header with a member twice": token(
        b'{"alg":"none","alg":"HS256","kid":"k1","typ":"at+jwt"}'
    ),
    "a header that is a list": token(b"[]"),
    "a header nested to death": token(NESTED),
    "a header not in UTF-8": token(b'{"alg":"HS256\xff"}'),
    "claims that are a list": token(claims=b"[]"),
    "claims nested to death": token(claims=NESTED),
    "a claim twice": token(
        claims=json.dumps(CLAIMS).replace("{", '{"sub": "bob", ').encode()
    ),
    "no exp": token(claims=without("exp")),
    "no iat": token(claims=without("iat")),
    "no iss": token(claims=without("iss")),
    "no aud": token(claims=without("aud")),
    "no sub": token(claims=without("sub")),
    "no jti": token(claims=without("jti")),
    "no sid": token(claims=without("sid")),
    "an empty sid": token(claims=with_(sid="")),
    "a sid that is a number": token(claims=with_(sid=1)),
    "expired this second": token(claims=with_(iat=NOW - 900, exp=NOW)),
    "exp a string": token(claims=with_(exp=str(NOW + 900))),
    "exp true": token(claims=with_(exp=True)),
    "exp not a number": token(
        claims=json.dumps(CLAIMS).replace(str(NOW + 900), "NaN").encode()
    ),
    "exp without end": token(
        claims=json.dumps(CLAIMS).replace(str(NOW + 900), "1e400").encode()
    ),
    "issued in the future": token(claims=with_(iat=NOW + 60, exp=NOW + 600)),
    "not valid yet": token(claims=with_(nbf=NOW + 60)),
    "nbf a string": token(claims=with_(nbf="0")),
    "nbf true": token(claims=with_(nbf=True)),
    "an empty jti": token(claims=with_(jti="")),
    "living too long": token(claims=with_(exp=NOW + 901)),
    "issued long ago for long": token(claims=with_(iat=NOW - 86400)),
    "from another issuer": token(claims=with_(iss="other")),
    "for another audience": token(claims=with_(aud="other")),
    "for a list of audiences": token(claims=with_(aud=["aikagi"])),
    "an empty subject": token(claims=with_(sub="")),
    "a subject that is a number": token(claims=with_(sub=1)),
    "a subject that is no username": token(claims=with_(sub="auth0|x")),
    "a subject in another form": token(claims=with_(sub="Alice")),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES.keys())
def test_every_forgery_is_rejected_alike(tokens: AccessTokens, forged: str):
    with pytest.raises(TokenRejectedError) as caught:
        tokens.verify(forged)

    assert str(caught.value) == ""
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(with_(nbf=NOW), id="valid from now"),
        pytest.param(with_(iat=NOW + 4, exp=NOW + 600), id="a clock 4 s ahead"),
        pytest.param(with_(iat=NOW - 899, exp=NOW + 1), id="the last second"),
        pytest.param(with_(exp=NOW + 899.5), id="half a second"),
        pytest.param(with_(extra={"a": [1]}), id="a claim we do not know"),
    ],
)
def test_the_nearest_honest_token_is_accepted(
    tokens: AccessTokens, claims: dict[str, Any]
):
    verified = tokens.verify(token(claims=claims))

    assert (verified.identity, verified.login_id) == (ALICE.identity, ALICE.login_id)
    assert verified.issued_at.timestamp() == claims["iat"]


@pytest.mark.parametrize("forged", [token(headed(crit=["exp"])), token(headed(b64=0))])
def test_a_header_that_is_refused_is_refused_however_often_it_comes(
    tokens: AccessTokens, forged: str
):
    """Headers are remembered: those that are read, and no others."""
    for _ in range(3):
        with pytest.raises(TokenRejectedError):
            tokens.verify(forged)

    assert tokens.verify(token()).identity.subject == "alice"


def test_a_token_that_does_not_say_when_its_login_ends_is_of_a_login_that_ends_with_it(
    tokens: AccessTokens,
):
    verified = tokens.verify(token(claims=without("session_expiry")))

    assert verified.login_ends_at.timestamp() == CLAIMS["exp"]


@pytest.mark.parametrize("expiry", ["soon", True, None, [], 10**18])
def test_an_end_of_the_login_that_is_no_moment_is_refused(
    tokens: AccessTokens, expiry: object
):
    with pytest.raises(TokenRejectedError):
        tokens.verify(token(claims=with_(session_expiry=expiry)))


def test_a_token_ends_when_its_time_has_come(tokens: AccessTokens, clock: Clock):
    text = tokens.mint(ALICE).text

    clock.advance(seconds=899)
    assert tokens.verify(text) == ALICE
    clock.advance(seconds=1)
    with pytest.raises(TokenRejectedError):
        tokens.verify(text)


def test_a_token_of_the_key_before_is_accepted_and_of_one_gone_is_not(clock: Clock):
    old = HmacKey(SECRET, kid="old")
    new = HmacKey(hashlib.sha256(SECRET).digest(), kid="new")
    text = access_tokens(clock, keys=KeySet(old)).mint(ALICE).text

    assert access_tokens(clock, keys=KeySet(new, old)).verify(text) == ALICE
    with pytest.raises(TokenRejectedError):
        access_tokens(clock, keys=KeySet(new)).verify(text)


@given(st.text())
def test_no_text_does_anything_but_get_rejected(text: str):
    with pytest.raises(TokenRejectedError):
        access_tokens(Clock()).verify(text)


@given(st.integers(0, len(token()) - 1), st.characters())
def test_no_token_survives_a_change_of_one_character(place: int, character: str):
    honest = token()
    changed = honest[:place] + character + honest[place + 1 :]

    if changed == honest:
        return
    with pytest.raises(TokenRejectedError):
        access_tokens(Clock()).verify(changed)


def test_the_log_says_why_and_never_shows_the_token(
    tokens: AccessTokens, caplog: pytest.LogCaptureFixture
):
    forged = token(claims=with_(aud="other"))

    with caplog.at_level(logging.DEBUG), pytest.raises(TokenRejectedError):
        tokens.verify(forged)

    assert "wrong-audience" in caplog.text
    assert not any(part in caplog.text for part in forged.split("."))


def test_a_weak_secret_makes_no_key():
    HmacKey(SECRET, kid="k")

    with pytest.raises(WeakSecretError):
        HmacKey(b"0123456789" * 4, kid="k")


def test_a_public_key_is_no_secret():
    from cryptography.hazmat.primitives import serialization as s

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = key.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(Exception, match="asymmetric key"):
        HmacKey(pem, kid="k")
