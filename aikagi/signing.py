"""Signatures of requests to function URLs (SigV4), over a URL that reads in one way.

What was typed is not what is sent, and proxies and verifiers read a URL in more ways
than one; ``canonical_target`` writes it as they all agree on: that is signed and sent.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aikagi.errors import AddressError
from aikagi.grant import Grant

_SERVICE: Final = "lambda"

_UNSIGNED: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "expect",
        "range",
        "transfer-encoding",
        "user-agent",
        "x-amz-date",
        "x-amz-security-token",
        "x-amzn-trace-id",
    }
)
"""Headers that are ours, or that a client or a proxy may set or change on the way."""

_BYTES: Final = "latin-1"
"""Escaped bytes stay the bytes they are, whatever text they stand for."""

_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._"
"""RFC 3986, section 3.3: what stands in a path as it is, and escapes."""


def canonical_target(raw_path: str) -> str:
    """Write a request target (RFC 9112, section 3.2.1), path and query, in one way.

    Escapes are in upper case, spaces of a query ``%20``, slashes and dots of a path
    collapsed, parameters without a name (nothing signs them) dropped.
    """
    path, _, query = raw_path.partition("?")
    escaped = quote(_LONE_PERCENT.sub("%25", path), safe=_PATH_SAFE)
    upper = _ESCAPE.sub(lambda escape: escape[0].upper(), escaped)
    # "%2e" is a dot to whoever decodes first.
    dotted = re.sub(r"/{2,}", "/", "/" + upper.replace("%2E", "."))
    written = urljoin("http://any/", dotted).removeprefix("http://any")
    pairs = [
        "=".join(quote(part, safe="", encoding=_BYTES) for part in pair)
        for pair in parse_qsl(query, keep_blank_values=True, encoding=_BYTES)
        if pair[0]
    ]
    return "?".join([written, "&".join(pairs)] if pairs else [written])


def join_url(grant: Grant, path: str) -> str:
    """Join a path to the function's URL. Raises ``AddressError`` of another origin."""
    try:
        url = urljoin(grant.func_url, path)
    except ValueError as error:  # of a path such as //[
        raise AddressError(f"{path} is no path of the function") from error
    require_same_origin(grant, url)
    return url


def require_same_origin(grant: Grant, url: str) -> None:
    """Let credentials go to their function alone: ``//evil.example/`` is a path, too.

    A grant has no URL that could be read on the way. Raises ``AddressError``.
    """
    if origin_of(url) != origin_of(grant.func_url):
        raise AddressError(
            "Credentials are sent to their function's own origin alone: "
            "begin a path with one /"
        )


def origin_of(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or usual


def signature_headers(  # noqa: PLR0913 - what a request is made of
    grant: Grant,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
) -> dict[str, str]:
    """Give the headers that sign a request which is sent exactly as it is given here.

    ``now`` is the broker's clock. The steps of botocore's ``add_auth`` are taken one
    by one: it knows only this machine's clock, and writes the session token to a log.
    """
    credentials = Credentials(grant.access_key_id, grant.secret_access_key)
    auth = SigV4Auth(credentials, _SERVICE, grant.region)
    ours = {
        "X-Amz-Date": now.strftime(SIGV4_TIMESTAMP),
        "X-Amz-Security-Token": grant.session_token,
    }
    signed = {name: headers[name] for name in headers if name.lower() not in _UNSIGNED}
    request = AWSRequest(method=method, url=url, headers={**signed, **ours}, data=body)
    request.context["timestamp"] = ours["X-Amz-Date"]
    text = auth.string_to_sign(request, auth.canonical_request(request))
    names = auth.signed_headers(auth.headers_to_sign(request))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, "
        f"SignedHeaders={names}, Signature={auth.signature(text, request)}"
    )
    return {**ours, "Authorization": authorization}
