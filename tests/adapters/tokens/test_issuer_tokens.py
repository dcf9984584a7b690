"""Forge tokens of other issuers and watch them fail, each beside one that must not."""

import hmac
import itertools
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.bearer_tokens import BearerTokens
from app.adapters.tokens.issuer_tokens import IssuerTokens
from app.adapters.tokens.signature import PublicKey
from app.domain.errors import IssuersUnavailableError, TokenRejectedError
from app.domain.identity import Bearer, FederatedBearer, Identity
from app.domain.issuers import ClaimAttribute, Issuer
from tests.adapters.tokens.test_access import FORGERIES as OWN_FORGERIES
from tests.adapters.tokens.test_access import token as own_token
from tests.fakes import (
    NOON,
    SECRET,
    Clock,
    FixedIssuers,
    KnownIssuerKeys,
    a_bearer,
    access_tokens,
    an_issuer,
)
from tests.issuers.issuing import EcKey, RsaKey, b64, encode

NOW: Final = int(NOON.timestamp())
RSA: Final = RsaKey.generate("k1")
EC: Final = EcKey.generate("e1")
STOLEN: Final = RsaKey.generate("k1")
STOLEN_EC: Final = EcKey.generate("e1")
OF_OTHER: Final = RsaKey.generate("o1")
P384: Final = EcKey.generate("e1", ec.SECP384R1())

CLAIMS: Final[dict[str, Any]] = {
    "iss": "https://corp.example",
    "aud": "aikagi",
    "sub": "auth0|5f7",
    "iat": NOW,
    "exp": NOW + 3600,
    "groups": ["staff", "unmapped"],
}
COGNITO: Final[dict[str, Any]] = {
    "iss": "https://cognito.example",
    "sub": "s-1",
    "client_id": "a-client",
    "token_use": "access",
    "level": 1,
    "iat": NOW,
    "exp": NOW + 3600,
}
ISSUERS: Final = (
    an_issuer("corp"),
    an_issuer("other"),
    replace(
        an_issuer("cognito"),
        algorithms=frozenset({"RS256"}),
        audiences=frozenset({"a-client"}),
        client_id_claim=("client_id",),
        required_claims={"token_use": "access", "level": 1},
        groups_claim=("realm_access", "roles"),
    ),
)
KEYS: Final[dict[str, tuple[RsaKey | EcKey, ...]]] = {
    "corp": (RSA, EC),
    "other": (OF_OTHER,),
    "cognito": (RSA, EC),
}


def known_keys() -> KnownIssuerKeys:
    known = KnownIssuerKeys()
    for alias, keys in KEYS.items():
        for key in keys:
            known.by_name[alias, key.kid] = PublicKey(key.jwk)
    return known


def bearer_tokens(clock: Clock, *issuers: Issuer) -> BearerTokens:
    return BearerTokens(
        access_tokens(clock),
        IssuerTokens(FixedIssuers(*(issuers or ISSUERS)), known_keys(), clock=clock),
    )


@pytest.fixture
def tokens() -> BearerTokens:
    return bearer_tokens(Clock(NOON.replace(microsecond=0)))


def claims(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in {**CLAIMS, **changes}.items() if v is not None}


def of_cognito(**changes: Any) -> str:
    return RSA.token({k: v for k, v in {**COGNITO, **changes}.items() if v is not None})


def raw(**members: str) -> bytes:
    """Claims of which some are written as they are: NaN, twice, …"""
    text = json.dumps(CLAIMS)
    for name, written in members.items():
        value = json.dumps(CLAIMS[name])
        text = text.replace(f'"{name}": {value}', f'"{name}": {written}')
    return text.encode()


def signed_with(
    signature: Callable[[bytes], bytes], header: Mapping[str, Any], payload: Any = None
) -> str:
    signed = f"{encode(header)}.{encode(payload or CLAIMS)}"
    return f"{signed}.{b64(signature(signed.encode()))}"


def hmac_of(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.digest(secret, signed, "sha256")


PUBLIC: Final = RSA.private.public_key()
PEM: Final = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DER: Final = PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
RS: Final = {"alg": "RS256", "kid": "k1", "typ": "JWT"}
ES: Final = {"alg": "ES256", "kid": "e1", "typ": "JWT"}
HONEST: Final = RSA.token(CLAIMS)
HONEST_EC: Final = EC.token(CLAIMS)
NESTED: Final = b"[" * 1400

SHAPES: Final[dict[str, Callable[[str], str]]] = {
    "two parts": lambda token: token.rpartition(".")[0],
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "four parts": lambda token: token + ".x",
    "a space before": lambda token: " " + token,
    "a newline after": lambda token: token + "\n",
    "padding": lambda token: token + "=",
    "a newline inside": lambda token: token[:-9] + "\n" + token[-9:],
    "half a signature": lambda token: token[: token.rindex(".") + 44],
    "a signature and more": lambda token: token + "AAAA",
    "a signature of naughts": lambda token: (
        token[: token.rindex(".") + 1] + "A" * (len(token) - token.rindex(".") - 1)
    ),
    "a signature of other claims": lambda token: ".".join(
        [token.split(".")[0], encode(claims(sub="root")), token.split(".")[2]]
    ),
}

Pair = tuple[str, str]
"""A forgery, and the nearest token that is accepted."""


def by_header(**changes: Any) -> Pair:
    return RSA.token(CLAIMS, **changes), HONEST


_IN_TURN: Final[Iterator[RsaKey | EcKey]] = itertools.cycle((RSA, EC))


def by_claims(forged: Any, honest: Any = CLAIMS) -> Pair:
    """Sign both by the same key, of either algorithm in turn."""
    key = next(_IN_TURN)
    return key.token(forged), key.token(honest)


FORGERIES: Final[dict[str, Pair]] = {
    **{f"RS256, {name}": (spoil(HONEST), HONEST) for name, spoil in SHAPES.items()},
    **{
        f"ES256, {name}": (spoil(HONEST_EC), HONEST_EC)
        for name, spoil in SHAPES.items()
    },
    # Signatures
    "RS256 by another key of that name": (STOLEN.token(CLAIMS), HONEST),
    "ES256 by another key of that name": (STOLEN_EC.token(CLAIMS), HONEST_EC),
    "RS256 by another issuer's key": (
        OF_OTHER.token(CLAIMS),
        OF_OTHER.token(claims(iss="https://other.example")),
    ),
    "another issuer's token by this one's key": (
        RSA.token(claims(iss="https://other.example")),
        HONEST,
    ),
    "RS256 over SHA-512": (
        signed_with(lambda text: RSA.signature(text, hashes.SHA512()), RS),
        signed_with(RSA.signature, RS),
    ),
    "ES256 in DER": (signed_with(EC.der, ES), signed_with(EC.signature, ES)),
    "ES256 on another curve": (signed_with(P384.signature, ES), HONEST_EC),
    "ES256 of one and one": (
        signed_with(lambda _: (b"\0" * 31 + b"\1") * 2, ES),
        HONEST_EC,
    ),
    # Algorithms
    "RS512": (
        signed_with(
            lambda text: RSA.signature(text, hashes.SHA512()), {**RS, "alg": "RS512"}
        ),
        HONEST,
    ),
    "PS256": by_header(alg="PS256"),
    "ES384": (signed_with(P384.signature, {**ES, "alg": "ES384"}), HONEST_EC),
    "EdDSA": by_header(alg="EdDSA"),
    "none": (signed_with(lambda _: b"x", {**RS, "alg": "none"}), HONEST),
    "none without signature": (
        f"{encode({**RS, 'alg': 'none'})}.{encode(CLAIMS)}.",
        HONEST,
    ),
    "HS256 with the public key in PEM": (
        signed_with(hmac_of(PEM), {**RS, "alg": "HS256"}),
        HONEST,
    ),
    "HS256 with the public key in DER": (
        signed_with(hmac_of(DER), {**RS, "alg": "HS256"}),
        HONEST,
    ),
    "HS256 with the modulus": (
        signed_with(hmac_of(RSA.jwk["n"].encode()), {**RS, "alg": "HS256"}),
        HONEST,
    ),
    "HS256 with our own secret": (
        signed_with(hmac_of(SECRET), {**RS, "alg": "HS256", "kid": "k1"}),
        own_token(),
    ),
    "HS256 with our own secret, as an access token of another issuer": (
        own_token(claims={**CLAIMS, "sid": "l-1", "jti": "j-1"}),
        own_token(),
    ),
    "RS256 by the name of an EC key": by_header(kid="e1"),
    "ES256 by the name of an RSA key": (EC.token(CLAIMS, kid="k1"), HONEST_EC),
    "ES256 of an issuer of RS256 alone": (EC.token(COGNITO), of_cognito()),
    "small letters": by_header(alg="rs256"),
    "an algorithm and a space": by_header(alg="RS256 "),
    "a list of algorithms": by_header(alg=["RS256"]),
    "no algorithm": (RSA.token(CLAIMS, {"kid": "k1"}), HONEST),
    # Headers
    **{
        f"header {name}": by_header(**{name: value})
        for name, value in {
            "crit": ["exp"],
            "b64": False,
            "jwk": STOLEN.jwk,
            "jku": "https://evil.example/keys",
            "x5u": "https://evil.example/chain",
            "x5c": ["AAAA"],
            "zip": "DEF",
            "enc": "A128GCM",
        }.items()
    },
    "no kid": (RSA.token(CLAIMS, {"alg": "RS256"}), RSA.token(CLAIMS, RS)),
    "an unknown kid": by_header(kid="k2"),
    "an empty kid": by_header(kid=""),
    "a kid in a list": by_header(kid=["k1"]),
    "a kid in capitals": by_header(kid="K1"),
    "a kid that is a path": by_header(kid="../../k1"),
    "typ of a logout token": by_header(typ="logout+jwt"),
    "typ of a security event": by_header(typ="secevent+jwt"),
    "typ of a proof": by_header(typ="dpop+jwt"),
    "typ of nothing known": by_header(typ=""),
    "typ in a list": by_header(typ=["JWT"]),
    "typ false": by_header(typ=False),
    "a header member twice": (
        RSA.token(CLAIMS, b'{"alg":"none","alg":"RS256","kid":"k1"}'),
        RSA.token(CLAIMS, b'{"alg":"RS256","kid":"k1"}'),
    ),
    "a header nested to death": (RSA.token(CLAIMS, NESTED), HONEST),
    "a header that is a list": (RSA.token(CLAIMS, b"[]"), HONEST),
    "a header not in UTF-8": (RSA.token(CLAIMS, b'{"alg":"RS256\xff"}'), HONEST),
    # Claims that are none
    "claims in a list": by_claims(b"[]"),
    "claims nested to death": by_claims(NESTED),
    "claims and a comma": by_claims(json.dumps(CLAIMS).encode()[:-1] + b",}"),
    "a claim twice": by_claims(raw(sub='"root", "sub": "auth0|5f7"')),
    "8 kB of claims": by_claims(claims(pad="x" * 6000), claims(pad="x" * 5300)),
    # Times
    "no exp": by_claims(claims(exp=None)),
    "no iat": by_claims(claims(iat=None)),
    "expired this second": by_claims(
        claims(iat=NOW - 60, exp=NOW), claims(iat=NOW - 60, exp=NOW + 1)
    ),
    "exp a string": by_claims(claims(exp=str(NOW + 60)), claims(exp=NOW + 60)),
    "exp true": by_claims(claims(exp=True)),
    "exp in a list": by_claims(claims(exp=[NOW + 60])),
    "exp not a number": by_claims(raw(exp="NaN")),
    "exp without end": by_claims(raw(exp="1e400"), raw(exp=f"{NOW + 60}.5")),
    "exp of 30 digits": by_claims(raw(exp="9" * 30)),
    "iat a string": by_claims(claims(iat=str(NOW))),
    "issued in two minutes": by_claims(
        claims(iat=NOW + 120, exp=NOW + 300), claims(iat=NOW + 59, exp=NOW + 300)
    ),
    "valid in two minutes": by_claims(claims(nbf=NOW + 120), claims(nbf=NOW + 59)),
    "nbf a string": by_claims(claims(nbf="0"), claims(nbf=0)),
    "living for more than an hour": by_claims(
        claims(iat=NOW - 1), claims(iat=NOW - 1, exp=NOW + 3599)
    ),
    "expired before it was issued": by_claims(
        claims(iat=NOW + 30, exp=NOW + 20), claims(iat=NOW + 10, exp=NOW + 20)
    ),
    # Issuers
    "no iss": by_claims(claims(iss=None)),
    "an unknown iss": by_claims(claims(iss="https://evil.example")),
    "iss and a slash": by_claims(claims(iss="https://corp.example/")),
    "iss in capitals": by_claims(claims(iss="https://CORP.example")),
    "iss by http": by_claims(claims(iss="http://corp.example")),
    "iss and a newline": by_claims(claims(iss="https://corp.example\n")),
    "iss is the alias": by_claims(claims(iss="corp")),
    "iss is our own": by_claims(claims(iss="test")),
    "iss in a list": by_claims(claims(iss=["https://corp.example"])),
    "iss an object": by_claims(claims(iss={"https://corp.example": 1})),
    "an empty iss": by_claims(claims(iss="")),
    # Audiences
    "no aud": by_claims(claims(aud=None)),
    "aud of somebody else": by_claims(claims(aud="other")),
    "aud that begins alike": by_claims(claims(aud="aikagi2")),
    "aud in capitals": by_claims(claims(aud="Aikagi")),
    "aud an empty list": by_claims(claims(aud=[]), claims(aud=["aikagi"])),
    "auds of others": by_claims(claims(aud=["a", "b"]), claims(aud=["a", "aikagi"])),
    "an aud and a number": by_claims(claims(aud=["aikagi", 1])),
    "aud an object": by_claims(claims(aud={"aikagi": 1})),
    "aud true": by_claims(claims(aud=True)),
    "a client in the place of aud": by_claims(claims(aud=None, client_id="aikagi")),
    # Subjects
    "no sub": by_claims(claims(sub=None)),
    "an empty sub": by_claims(claims(sub=""), claims(sub=" ")),
    "sub a number": by_claims(claims(sub=1), claims(sub="1")),
    "sub in a list": by_claims(claims(sub=["auth0|5f7"])),
    "a sub of 256 characters": by_claims(
        claims(sub="合" * 256), claims(sub="合" * 255)
    ),
    "a sub and a NUL": by_claims(claims(sub="a\0"), claims(sub="a0")),
    "a sub and a newline": by_claims(claims(sub="a\nb"), claims(sub="a b")),
    "a sub and a delete": by_claims(claims(sub="a\x7f"), claims(sub="a~")),
    "a sub and a control of Latin-1": by_claims(
        claims(sub="a\x9b"), claims(sub="a\xa0")
    ),
    "a sub of half a surrogate pair": by_claims(
        raw(sub=r'"\ud83d"'), raw(sub=r'"\ud83d\ude00"')
    ),
    # Other kinds of token
    "bound to a key": by_claims(claims(cnf={"jkt": "x"})),
    "bound to nothing": by_claims(claims(cnf={})),
    "a logout token": by_claims(
        claims(events={"http://schemas.openid.net/event/backchannel-logout": {}})
    ),
    # Groups
    "groups elsewhere": by_claims(
        claims(groups=None, _claim_names={"groups": "src1"}, _claim_sources={}),
        claims(groups=None, _claim_names={"roles": "src1"}, _claim_sources={}),
    ),
    "groups elsewhere and some here": by_claims(
        claims(_claim_names={"groups": "src1"})
    ),
    "an overage of an odd form": by_claims(claims(_claim_names=["groups"])),
    "too many groups to say": by_claims(
        claims(groups=None, hasgroups=True), claims(groups=None, hasgroups=False)
    ),
    "too many groups to say, as text": by_claims(
        claims(groups=None, hasgroups="true"), claims(groups=None)
    ),
    "groups an object": by_claims(claims(groups={"staff": True})),
    "groups a number": by_claims(claims(groups=1), claims(groups="staff")),
    "a group that is a number": by_claims(claims(groups=["staff", 1])),
    "a group in a list of lists": by_claims(claims(groups=[["staff"]])),
    # An issuer whose tokens name a client
    "no client": (of_cognito(client_id=None), of_cognito()),
    "another client": (of_cognito(client_id="b-client"), of_cognito()),
    "clients in a list": (of_cognito(client_id=["a-client"]), of_cognito()),
    "a client, and the aud of somebody else": (
        of_cognito(aud="https://other.example"),
        of_cognito(aud="a-client"),
    ),
    "an aud in the place of the client": (
        of_cognito(client_id=None, aud="a-client"),
        of_cognito(aud="a-client"),
    ),
    "another use": (of_cognito(token_use="id"), of_cognito()),
    "no use": (of_cognito(token_use=None), of_cognito()),
    "a required number as text": (of_cognito(level="1"), of_cognito(level=1)),
    "a required number as true": (of_cognito(level=True), of_cognito()),
    "a required number as a fraction": (of_cognito(level=1.0), of_cognito()),
    "nested groups elsewhere": (
        of_cognito(_claim_names={"realm_access": "src1"}),
        of_cognito(_claim_names={"roles": "src1"}, hasgroups=True),
    ),
}


@pytest.mark.parametrize("pair", FORGERIES.values(), ids=FORGERIES.keys())
def test_every_forgery_is_rejected_alike_and_its_twin_is_not(
    tokens: BearerTokens, pair: Pair
):
    forged, honest = pair

    assert isinstance(tokens.verify(honest), Bearer | FederatedBearer)
    with pytest.raises(TokenRejectedError) as caught:
        tokens.verify(forged)

    assert str(caught.value) == ""
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("forged", OWN_FORGERIES.values(), ids=OWN_FORGERIES.keys())
def test_every_forgery_of_an_own_token_is_rejected_beside_issuers_as_well(
    tokens: BearerTokens, forged: str
):
    assert isinstance(tokens.verify(own_token()), Bearer)
    with pytest.raises(TokenRejectedError):
        tokens.verify(forged)


def test_there_are_enough_forgeries():
    forged = [*OWN_FORGERIES.values(), *(forged for forged, _ in FORGERIES.values())]

    assert len(set(forged)) == len(forged) >= 150


# What a token means


def verified(tokens: BearerTokens, text: str) -> FederatedBearer:
    bearer = tokens.verify(text)
    assert isinstance(bearer, FederatedBearer)
    return bearer


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
def test_a_token_speaks_for_a_subject_of_its_issuer_in_mapped_groups(
    tokens: BearerTokens, key: RsaKey | EcKey
):
    assert verified(tokens, key.token(CLAIMS)) == FederatedBearer(
        identity=Identity(issuer="corp", subject="auth0|5f7"),
        groups=frozenset({"everyone"}),
        issued_at=datetime.fromtimestamp(NOW, UTC),
        login_ends_at=datetime.fromtimestamp(CLAIMS["exp"], UTC),
    )


@pytest.mark.parametrize(
    "typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", "AT+JWT", None]
)
def test_an_id_token_and_an_access_token_are_taken(
    tokens: BearerTokens, typ: str | None
):
    header = {"alg": "RS256", "kid": "k1", **({"typ": typ} if typ else {})}

    assert verified(tokens, RSA.token(CLAIMS, header)).identity.issuer == "corp"


@pytest.mark.parametrize(
    "subject",
    [
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "x" * 200,
        "合鍵を貸す人",
        "system:serviceaccount:prod:reports",
        "Alice",
        " alice ",
        "repo:octo-org/octo-repo:ref:refs/heads/main",
        "👩‍🔬",
    ],
)
def test_a_subject_is_taken_exactly_as_it_is(tokens: BearerTokens, subject: str):
    bearer = verified(tokens, RSA.token(claims(sub=subject)))

    assert bearer.identity.subject == subject


@pytest.mark.parametrize(
    ("groups", "mapped"),
    [
        pytest.param(["staff"], {"everyone"}, id="mapped"),
        pytest.param("staff", {"everyone"}, id="one as text"),
        pytest.param(["everyone"], set(), id="a group of ours that nobody maps"),
        pytest.param(["Staff", "staff "], set(), id="another spelling"),
        pytest.param([], set(), id="none"),
        pytest.param(None, set(), id="no claim"),
    ],
)
def test_a_group_counts_by_the_map_of_its_issuer_alone(
    tokens: BearerTokens, groups: Any, mapped: set[str]
):
    assert verified(tokens, RSA.token(claims(groups=groups))).groups == mapped


def test_groups_and_subject_may_stand_within_other_claims():
    issuer = replace(
        an_issuer("corp"),
        subject_claim=("https://corp.example/claims", "id"),
        groups_claim=("https://corp.example/claims", "role.names"),
    )
    nested = {"https://corp.example/claims": {"id": "7", "role.names": ["staff"]}}
    tokens = bearer_tokens(Clock(), issuer)

    bearer = verified(tokens, RSA.token(claims(**nested)))

    assert bearer.identity == Identity(issuer="corp", subject="7")
    assert bearer.groups == {"everyone"}
    flat = {"https://corp.example/claims.id": "7"}
    with pytest.raises(TokenRejectedError):
        tokens.verify(RSA.token(claims(**flat)))


DEPARTMENT: Final = ClaimAttribute(
    name="department", claim=("app", "department"), allowed_values=None
)
TEAM: Final = ClaimAttribute(
    name="team", claim=("team",), allowed_values=frozenset({"blue", "red"})
)


def attributes_of(*attributes: ClaimAttribute, **more: Any) -> Mapping[str, str]:
    issuer = replace(an_issuer("corp"), attributes=attributes)
    tokens = bearer_tokens(Clock(), issuer)
    return verified(tokens, RSA.token(claims(**more))).attributes


def test_attributes_are_claims_of_the_issuers_entry_in_its_order():
    of_token = {"app": {"department": "R+D 3"}, "team": "blue", "else": "where"}

    assert attributes_of(**of_token) == {}
    for attributes in ((TEAM, DEPARTMENT), (DEPARTMENT, TEAM)):
        found = attributes_of(*attributes, **of_token)
        assert list(found) == [attribute.name for attribute in attributes]
        assert found == {"department": "R+D 3", "team": "blue"}


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param("green", id="not allowed"),
        pytest.param("Blue", id="in another case"),
        pytest.param(["blue"], id="a list"),
        pytest.param(1, id="a number"),
        pytest.param(True, id="true"),
        pytest.param(None, id="null"),
    ],
)
def test_a_claim_that_may_not_be_one_makes_no_attribute_and_keeps_nobody_out(
    claim: object,
):
    assert attributes_of(TEAM, team="red") == {"team": "red"}
    assert attributes_of(TEAM, team=claim) == {}


@pytest.mark.parametrize("value", ["a\nb", "a;b", "x" * 257, "a\u200db"])
def test_a_claim_that_could_be_no_tag_makes_no_attribute(value: str):
    fitting = "x" * 256
    assert attributes_of(DEPARTMENT, app={"department": fitting}) == {
        "department": fitting
    }
    assert attributes_of(DEPARTMENT, app={"department": value}) == {}


def test_a_login_ends_when_the_issuer_says_or_else_with_the_token(tokens: BearerTokens):
    ends = NOW + 40_000

    named = verified(tokens, RSA.token(claims(session_expiry=ends)))
    unnamed = verified(tokens, RSA.token(CLAIMS))

    assert named.login_ends_at.timestamp() == ends
    assert unnamed.login_ends_at.timestamp() == CLAIMS["exp"]
    with pytest.raises(TokenRejectedError):
        tokens.verify(RSA.token(claims(session_expiry="soon")))


def test_the_same_subject_of_two_issuers_is_two_people(tokens: BearerTokens):
    here = verified(tokens, RSA.token(CLAIMS))
    there = verified(tokens, OF_OTHER.token(claims(iss="https://other.example")))

    assert here.identity.subject == there.identity.subject
    assert here.identity != there.identity
    assert here.identity.session_name != there.identity.session_name


def test_the_log_says_why_and_of_which_issuer_and_never_shows_the_token(
    tokens: BearerTokens, caplog: pytest.LogCaptureFixture
):
    forged = RSA.token(claims(_claim_names={"groups": "src1"}))

    with caplog.at_level(logging.DEBUG), pytest.raises(TokenRejectedError):
        tokens.verify(forged)

    assert caplog.messages == [
        "A bearer's token was rejected: groups-overage, of the issuer corp"
    ]
    assert not any(part in caplog.text for part in forged.split("."))


def test_without_the_list_of_issuers_our_own_tokens_are_good():
    clock = Clock()
    issuers = FixedIssuers()
    issuers.broken = IssuersUnavailableError()
    tokens = BearerTokens(
        access_tokens(clock), IssuerTokens(issuers, known_keys(), clock=clock)
    )

    assert isinstance(tokens.verify(own_token()), Bearer)
    with pytest.raises(IssuersUnavailableError):
        tokens.verify(HONEST)


# One exception leaves, whatever comes


@given(st.text())
def test_no_text_does_anything_but_get_rejected(text: str):
    with pytest.raises(TokenRejectedError):
        bearer_tokens(Clock()).verify(text)


@given(st.sampled_from([HONEST, HONEST_EC]), st.data())
def test_no_token_survives_a_change_of_one_character(honest: str, data: st.DataObject):
    place = data.draw(st.integers(0, len(honest) - 1))
    character = data.draw(st.characters())
    changed = honest[:place] + character + honest[place + 1 :]

    if changed == honest:
        return
    with pytest.raises(TokenRejectedError):
        bearer_tokens(Clock()).verify(changed)


JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text()
    | st.sampled_from(["aikagi", "https://corp.example", "k1", "RS256", NOW, NOW + 60]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=8,
)
CHANGES: Final = st.dictionaries(
    st.sampled_from([*CLAIMS, "nbf", "cnf", "_claim_names", "hasgroups", "x"]), JSON
)
HEADERS: Final = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "x"]), JSON)


@settings(max_examples=60)
@given(CHANGES, HEADERS)
def test_whatever_an_issuer_signs_is_accepted_or_rejected_and_nothing_else(
    changes: dict[str, Any], header: dict[str, Any]
):
    tokens = bearer_tokens(Clock())
    for key, usual in ((RSA, RS), (EC, ES)):
        text = key.token({**CLAIMS, **changes}, {**usual, **header})
        try:
            bearer = tokens.verify(text)
        except TokenRejectedError:
            continue
        assert isinstance(bearer, FederatedBearer)
        assert bearer.groups <= {"everyone"}
        assert bearer.identity.issuer == "corp"


@given(st.binary(), st.binary(), st.binary())
def test_no_three_parts_do_anything_but_get_rejected(
    header: bytes, payload: bytes, signature: bytes
):
    with pytest.raises(TokenRejectedError):
        bearer_tokens(Clock()).verify(".".join(map(b64, (header, payload, signature))))


@given(st.binary(), st.sampled_from([RS, ES]))
def test_no_signature_but_the_keys_own_is_taken(
    signature: bytes, header: dict[str, str]
):
    forged = signed_with(lambda _: signature or b"x", header)

    with pytest.raises(TokenRejectedError):
        bearer_tokens(Clock()).verify(forged)


def test_own_tokens_are_made_as_they_were(tokens: BearerTokens):
    bearer = a_bearer("alice", issued_at=NOON.replace(microsecond=0))
    minted = tokens.mint(bearer)

    assert tokens.verify(minted.text) == bearer
    assert isinstance(access_tokens(Clock()), AccessTokens)
