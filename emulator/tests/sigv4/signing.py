"""Requests signed by botocore, at a time of the test's own, and their verification."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast, final
from urllib.parse import urlsplit

import botocore.credentials
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from aikagi_emulator.sigv4 import Request, SignatureRefusedError, verify

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOST = "hello.lambda-url.ap-northeast-1.on.aws"
REGION = "ap-northeast-1"
FIVE_MINUTES = timedelta(minutes=5)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


SESSION = Key(
    access_key_id="ASIAIOSFODNN7EXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    session_token="FwoGZXIvYXdzEBc+/aDHp0a2Vu==",
    expires_at=NOW + timedelta(minutes=15),
)
FOREVER = Key(
    access_key_id="AKIAI44QH8DHBEXAMPLE",
    secret_access_key="je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
)


def signed(
    method: str = "GET",
    target: str = "/",
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    key: Key = SESSION,
    service: str = "lambda",
    region: str = REGION,
    at: datetime = NOW,
) -> Request:
    """A request with an Authorization header."""
    signer = SigV4Auth(_botocore(key), service, region)
    return _sent(cast("_Signer", signer), _unsigned(method, target, headers, body), at)


def presigned(
    method: str = "GET",
    target: str = "/",
    *,
    headers: Iterable[tuple[str, str]] = (),
    key: Key = SESSION,
    service: str = "lambda",
    region: str = REGION,
    at: datetime = NOW,
    expires: int = 60,
) -> Request:
    """A request with its signature in the query, good for ``expires`` seconds."""
    signer = SigV4QueryAuth(_botocore(key), service, region, expires=expires)
    return _sent(cast("_Signer", signer), _unsigned(method, target, headers, b""), at)


def accepted(
    request: Request,
    *,
    service: str = "lambda",
    region: str = REGION,
    now: datetime = NOW,
    keys: Iterable[Key] = (SESSION, FOREVER),
) -> Key:
    by_id = {key.access_key_id: key for key in keys}
    return verify(
        request,
        find=by_id.get,
        service=service,
        region=region,
        now=now,
        tolerance=FIVE_MINUTES,
    )


def refused(
    request: Request,
    *,
    service: str = "lambda",
    region: str = REGION,
    now: datetime = NOW,
    keys: Iterable[Key] = (SESSION, FOREVER),
) -> SignatureRefusedError:
    with pytest.raises(SignatureRefusedError) as refusal:
        accepted(request, service=service, region=region, now=now, keys=keys)
    return refusal.value


def with_header(request: Request, name: str, *values: str) -> Request:
    """The same request with ``values`` as its only headers of that name."""
    kept = tuple(pair for pair in request.headers if pair[0] != name)
    return replace(request, headers=(*kept, *((name, value) for value in values)))


def in_header(request: Request, name: str, old: str, new: str) -> Request:
    """The same request with ``old``, which must be there, replaced in a header."""
    (value,) = request.header(name)
    assert old in value
    return with_header(request, name, value.replace(old, new))


def in_query(request: Request, old: str, new: str) -> Request:
    assert old in request.raw_query
    return replace(request, raw_query=request.raw_query.replace(old, new))


def _botocore(key: Key) -> botocore.credentials.Credentials:
    return botocore.credentials.Credentials(
        key.access_key_id, key.secret_access_key, key.session_token
    )


def _unsigned(
    method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
) -> AWSRequest:
    request = AWSRequest(method=method, url=f"https://{HOST}{target}", data=body)
    for name, value in (("Host", HOST), *headers):
        request.headers[name] = value  # adds: botocore's headers are a mail message's
    return request


class _Signer(Protocol):
    """What ``add_auth`` is made of, which the type stubs leave out."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None: ...
    def canonical_request(self, request: AWSRequest) -> str: ...
    def string_to_sign(self, request: AWSRequest, canonical_request: str) -> str: ...
    def signature(self, string_to_sign: str, request: AWSRequest) -> str: ...
    def _inject_signature_to_request(
        self, request: AWSRequest, signature: str
    ) -> None: ...


def _sent(signer: _Signer, request: AWSRequest, at: datetime) -> Request:
    """What ``signer.add_auth`` does, at another time than now."""
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    split = urlsplit(str(request.url))
    return Request(
        method=str(request.method),
        raw_path=split.path,
        raw_query=split.query,
        headers=tuple((name.lower(), value) for name, value in request.headers.items()),
        body=request.data or b"",
    )
