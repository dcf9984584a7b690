"""What honest signers send is accepted; the same with anything changed is not."""

import random
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import (
    FOREVER,
    HOST,
    NOW,
    SESSION,
    Key,
    accepted,
    in_header,
    in_query,
    presigned,
    refused,
    signed,
    with_header,
)

MISMATCH = (
    "The request signature we calculated does not match the signature you provided."
    " Check your AWS Secret Access Key and signing method."
    " Consult the service documentation for details."
)

TARGETS = [
    pytest.param("/", id="root"),
    pytest.param("/a%20b", id="space in the path"),
    pytest.param("/%E6%97%A5%E6%9C%AC", id="Japanese path"),
    pytest.param("/(!'*)", id="sub-delimiters in the path"),
    pytest.param("/a%2Fb/c%2fd", id="encoded slashes"),
    pytest.param("/a//b/./c/../d/", id="dots and doubled slashes"),
    pytest.param("/~x-y_z.w", id="unreserved"),
    pytest.param("/?b=2&a=1", id="query out of order"),
    pytest.param("/?a=2&a=1&a=3", id="repeated name"),
    pytest.param("/?a=&b=", id="empty values"),
    pytest.param("/?=a", id="empty name"),
    pytest.param("/?a", id="no equals sign"),
    pytest.param("/?a=x%20y%2Bz", id="space and plus"),
    pytest.param("/?%E6%97%A5=%E6%9C%AC", id="Japanese query"),
    pytest.param("/?a=%28%21%27%2A%29", id="sub-delimiters in the query"),
    pytest.param("/?a=%2F%3D%26%3F%23%25", id="encoded separators"),
    pytest.param("/p%20q?z=%00&y=%FF", id="bytes that are no text"),
]

METHODS_AND_BODIES = [
    pytest.param("GET", b"", id="GET"),
    pytest.param("POST", b'{"name": "alice"}', id="POST JSON"),
    pytest.param("PUT", bytes(range(256)), id="PUT bytes"),
    pytest.param("POST", b"x" * 1_000_000, id="POST a megabyte"),
    pytest.param("DELETE", b"", id="DELETE"),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("key", [SESSION, FOREVER], ids=["session", "long-term"])
def test_a_signed_request_is_accepted(target: str, key: Key):
    assert accepted(signed("GET", target, key=key)) is key


@pytest.mark.parametrize(
    "target",
    # Botocore signs a presigned query as urllib parses it, which drops bare names and
    # reads bytes as UTF-8; what it then sends is what it signed for the others.
    [case for case in TARGETS if case.id != "bytes that are no text"],
)
@pytest.mark.parametrize("key", [SESSION, FOREVER], ids=["session", "long-term"])
def test_a_presigned_request_is_accepted(target: str, key: Key):
    assert accepted(presigned("GET", target, key=key)) is key


@pytest.mark.parametrize(("method", "body"), METHODS_AND_BODIES)
def test_any_method_and_body_is_accepted(method: str, body: bytes):
    assert accepted(signed(method, "/", body=body)) is SESSION


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("x-a", "1"), ("x-a", "2")], id="repeated"),
        pytest.param([("x-a", "a   b\tc ")], id="spaces"),
        pytest.param([("x-a", "")], id="empty"),
        pytest.param([("x-amz-meta", "1"), ("Content-Type", "text/plain")], id="x-amz"),
        pytest.param([("X-Amz-Target", "DynamoDB_20120810.GetItem")], id="capitals"),
        pytest.param([("Date", "Mon, 23 Nov 2026 12:00:00 GMT")], id="date"),
        pytest.param([("User-Agent", "curl"), ("Expect", "100-continue")], id="loose"),
    ],
)
def test_any_headers_are_accepted(headers: list[tuple[str, str]]):
    assert accepted(signed("POST", "/", headers=headers, body=b"1")) is SESSION


@pytest.mark.parametrize("service", ["sts", "dynamodb", "secretsmanager", "ssm"])
def test_the_other_services_sign_alike(service: str):
    request = signed("POST", "/", body=b"{}", service=service)

    assert accepted(request, service=service) is SESSION


MUTATIONS = [
    pytest.param(lambda r: replace(r, method="PUT"), id="method"),
    pytest.param(lambda r: replace(r, method="post"), id="case of the method"),
    pytest.param(lambda r: replace(r, raw_path="/jobs/2"), id="path"),
    pytest.param(lambda r: replace(r, raw_path="/jobs/1/"), id="closing slash"),
    pytest.param(lambda r: replace(r, raw_path="/jobs%2F1"), id="encoding of the path"),
    pytest.param(lambda r: in_query(r, "a=1", "a=2"), id="query value"),
    pytest.param(lambda r: in_query(r, "a=1", "A=1"), id="query name"),
    pytest.param(lambda r: in_query(r, "a=1", "a=1&c=3"), id="query, one more"),
    pytest.param(lambda r: in_query(r, "a=1&", ""), id="query, one less"),
    pytest.param(lambda r: in_query(r, "%20", "+"), id="query, plus for a space"),
    pytest.param(lambda r: in_query(r, "a=1", "a=1&a=1"), id="query, one twice"),
    pytest.param(lambda r: with_header(r, "host", "other.example"), id="host"),
    pytest.param(lambda r: with_header(r, "host", HOST, HOST), id="host twice"),
    pytest.param(lambda r: with_header(r, "host"), id="no host"),
    pytest.param(lambda r: with_header(r, "x-job", "6"), id="signed header"),
    pytest.param(lambda r: with_header(r, "x-job", "5", "5"), id="signed header twice"),
    pytest.param(lambda r: with_header(r, "x-job"), id="signed header dropped"),
    pytest.param(lambda r: with_header(r, "x-amz-more", "1"), id="loose x-amz header"),
]

HEADER_MUTATIONS = [
    pytest.param(lambda r: replace(r, body=b""), id="body dropped"),
    pytest.param(lambda r: replace(r, body=b"job 2"), id="body"),
    pytest.param(lambda r: replace(r, body=b"job 1\n"), id="body, one byte more"),
    pytest.param(lambda r: with_header(r, "x-amz-date", "20261123T120001Z"), id="time"),
    pytest.param(lambda r: with_header(r, "x-amz-date"), id="no time"),
    pytest.param(lambda r: with_header(r, "x-amz-security-token", "x"), id="token"),
    pytest.param(lambda r: with_header(r, "x-amz-security-token"), id="no token"),
    pytest.param(lambda r: with_header(r, "authorization"), id="unsigned"),
    *[
        pytest.param(
            lambda r, old=old, new=new: in_header(r, "authorization", old, new),
            id=f"{old or 'algorithm'} to {new}",
        )
        for old, new in (
            ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
            (SESSION.access_key_id, FOREVER.access_key_id),
            (SESSION.access_key_id, "ASIANOBODY"),
            ("/20261123/", "/20261122/"),
            ("/ap-northeast-1/", "/us-east-1/"),
            ("/lambda/", "/s3/"),
            ("aws4_request", "aws4_requests"),
            ("host;", ""),
            (";x-job", ""),
            (";x-job", ";x-job;x-job"),
            ("host;", "Host;"),
            ("host;x-amz-date", "x-amz-date;host"),
            ("Signature=", "Signature=0"),
        )
    ],
]

QUERY_MUTATIONS = [
    pytest.param(lambda r: replace(r, body=b"1"), id="a body"),
    *[
        pytest.param(
            lambda r, old=old, new=new: in_query(r, old, new), id=f"{old} to {new}"
        )
        for old, new in (
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""),
            ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            (SESSION.access_key_id, FOREVER.access_key_id),
            ("%2F20261123%2F", "%2F20261122%2F"),
            ("ap-northeast-1", "us-east-1"),
            ("%2Flambda%2F", "%2Fs3%2F"),
            ("aws4_request", "aws5_request"),
            ("20261123T120000Z", "20261123T120001Z"),
            ("X-Amz-Expires=60", "X-Amz-Expires=61"),
            ("X-Amz-Expires=60&", ""),
            ("X-Amz-SignedHeaders=host%3B", "X-Amz-SignedHeaders="),
            ("X-Amz-Security-Token=Fwo", "X-Amz-Security-Token=fwo"),
            ("X-Amz-Signature=", "X-Amz-Signature=0"),
            ("X-Amz-Signature=", "X-Amz-signature="),
            ("X-Amz-Date", "x-amz-date"),
        )
    ],
]


@pytest.mark.parametrize("mutate", [*MUTATIONS, *HEADER_MUTATIONS])
def test_a_signed_request_is_refused_once_anything_changes(
    mutate: Callable[[Request], Request],
):
    request = signed(
        "POST", "/jobs/1?b=x%20y&a=1&b=3", headers=[("x-job", "5")], body=b"job 1"
    )

    assert accepted(request) is SESSION
    refused(mutate(request))


@pytest.mark.parametrize("mutate", [*MUTATIONS, *QUERY_MUTATIONS])
def test_a_presigned_request_is_refused_once_anything_changes(
    mutate: Callable[[Request], Request],
):
    request = presigned("POST", "/jobs/1?b=x%20y&a=1&b=3", headers=[("x-job", "5")])

    assert accepted(request) is SESSION
    refused(mutate(request))


@pytest.mark.parametrize("position", range(0, 64, 9))
def test_every_digit_of_a_signature_counts(position: int):
    request = signed()
    (value,) = request.header("authorization")
    cut = len(value) - 64 + position
    other = "1" if value[cut] == "0" else "0"

    refusal = refused(
        with_header(request, "authorization", value[:cut] + other + value[cut + 1 :])
    )

    assert (refusal.code, refusal.message) == ("InvalidSignatureException", MISMATCH)


def test_a_query_may_arrive_in_another_order():
    request = signed("GET", "/?a=1&b=2")

    assert accepted(replace(request, raw_query="b=2&a=1")) is SESSION


def test_an_unsigned_request_says_that_it_is_one():
    bare = Request(
        method="GET", raw_path="/", raw_query="", headers=(("host", HOST),), body=b""
    )

    refusal = refused(bare)

    assert refusal.code == "MissingAuthenticationTokenException"
    assert refusal.message == "Missing Authentication Token"


def test_another_secret_is_refused_and_the_log_shows_what_was_compared():
    forged = replace(SESSION, secret_access_key="guessed")

    refusal = refused(signed("POST", "/a?b=c", body=b"1", key=forged))

    assert (refusal.code, refusal.message) == ("InvalidSignatureException", MISMATCH)
    assert "POST\n/a\nb=c\nhost:" in refusal.why
    assert "AWS4-HMAC-SHA256\n20261123T120000Z\n20261123/" in refusal.why


def test_a_refusal_holds_no_secret():
    request = in_header(signed(), "authorization", "Signature=", "Signature=0")
    in_url = in_query(presigned(), "X-Amz-Signature=", "X-Amz-Signature=0")
    expected = signed().header("authorization")[0][-64:]

    said = "".join(
        str(vars(refused(request_))) + str(refused(request_))
        for request_ in (request, in_url)
    )

    assert SESSION.session_token is not None
    for secret in (
        SESSION.session_token,
        quote(SESSION.session_token, safe=""),
        expected,
    ):
        assert secret not in said
    assert SESSION.secret_access_key not in said


def test_a_request_does_not_show_its_headers_or_body():
    shown = repr(signed("POST", "/", body=b"private"))

    assert "private" not in shown
    assert str(SESSION.session_token) not in shown


@pytest.mark.parametrize("make", [signed, presigned])
def test_an_unknown_key_is_refused(make: Callable[..., Request]):
    refusal = refused(make(), keys=[FOREVER])

    assert refusal.code == "UnrecognizedClientException"
    assert refusal.message == "The security token included in the request is invalid."


@pytest.mark.parametrize("make", [signed, presigned])
@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("FwoGZXIvYXdzEBc+/aDHp0a2Vu=", id="cut short"),
    ],
)
def test_a_wrong_token_is_refused_even_when_signed(
    make: Callable[..., Request], token: str | None
):
    """With the right secret, so that only the token can be the reason."""
    stolen = replace(SESSION, session_token=token)

    refusal = refused(make(key=stolen))

    assert refusal.code == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("key", "token", "why"),
    [
        pytest.param(FOREVER, "", "have no session token, but one", id="one too many"),
        pytest.param(SESSION, None, "need their session token", id="none"),
        pytest.param(SESSION, "", "is not the one of these", id="another"),
    ],
)
def test_the_log_says_what_is_wrong_with_a_token(key: Key, token: str | None, why: str):
    headers = [] if token is None else [("x-amz-security-token", token)]

    refusal = refused(signed(headers=headers, key=replace(key, session_token=None)))

    assert refusal.code == "UnrecognizedClientException"
    assert why in refusal.why


@pytest.mark.parametrize("make", [signed, presigned])
def test_a_token_is_refused_where_the_key_has_none(make: Callable[..., Request]):
    decorated = replace(FOREVER, session_token="made up")

    assert accepted(make(key=FOREVER)) is FOREVER
    assert refused(make(key=decorated)).code == "UnrecognizedClientException"


def test_a_token_in_the_query_of_a_request_signed_by_header_does_not_count():
    bare = replace(SESSION, session_token=None)
    token = quote(str(SESSION.session_token), safe="")

    refusal = refused(signed("GET", f"/?X-Amz-Security-Token={token}", key=bare))

    assert refusal.code == "UnrecognizedClientException"


@pytest.mark.parametrize("make", [signed, presigned])
def test_credentials_end_at_their_expiry_not_after_it(make: Callable[..., Request]):
    end = NOW + timedelta(minutes=15)
    last = end - timedelta(seconds=1)

    assert accepted(make(at=last), now=last) is SESSION
    refusal = refused(make(at=last), now=end)
    assert refusal.code == "ExpiredTokenException"
    assert refusal.message == "The security token included in the request is expired"


def test_signing_twice_is_refused():
    both = presigned("GET", "/?a=1")
    header = signed("GET", "/?a=1").header("authorization")[0]
    query = replace(signed(), raw_query="X-Amz-Signature=" + "0" * 64)

    for request in (with_header(both, "authorization", header), query):
        refusal = refused(request)
        assert refusal.code == "IncompleteSignatureException"
        assert "signed once" in refusal.why


def test_two_authorization_headers_are_refused():
    request = signed()
    (value,) = request.header("authorization")

    for values in ((value, value), (value, "Bearer x")):
        refusal = refused(with_header(request, "authorization", *values))
        assert refusal.code == "IncompleteSignatureException"


def _random_text(source: random.Random, alphabet: str) -> str:
    return "".join(source.choices(alphabet, k=source.randint(0, 6)))


def test_botocore_and_this_verifier_agree_on_random_requests():
    source = random.Random(20261123)  # noqa: S311 - reproducible, not secret
    letters = string.ascii_letters + string.digits + " /+&=?%~!'()*,;:@é日\x00"
    for _ in range(400):
        path = "".join(
            "/"
            + quote(_random_text(source, letters), safe=source.choice(["", "(!'*)"]))
            for _ in range(source.randint(1, 4))
        )
        query = "&".join(
            f"{quote(_random_text(source, letters) or 'n', safe='~')}"
            f"={quote(_random_text(source, letters), safe='~')}"
            for _ in range(source.randint(0, 4))
        )
        headers = [
            (f"x-{source.choice(['a', 'amz-b', 'c'])}", _random_text(source, "ab \t,="))
            for _ in range(source.randint(0, 4))
        ]
        request = signed(
            source.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
            f"{path}?{query}" if query else path,
            headers=headers,
            body=source.randbytes(source.randint(0, 64)),
            key=source.choice([SESSION, FOREVER]),
        )

        accepted(request)
        refused(replace(request, body=request.body + b"\x00"))
