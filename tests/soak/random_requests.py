"""Random requests as an honest signer of a function URL would make them."""

import hashlib
import random
import re
from typing import Final
from urllib.parse import quote

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import FOREVER, SESSION, presigned, signed

_PLAIN: Final = "abcxyzABCXYZ0189"
_MARKS: Final = " /+&=?%~!'()*,;:@$#[]\"<>^`{|}\\-._"
# With a space of more than one byte, and an accent that is a character of its own.
_UNICODE: Final = "éßñ\N{NO-BREAK SPACE}\N{COMBINING ACUTE ACCENT}日本合鍵\N{KEY}"
_ALPHABETS: Final = (_PLAIN, _PLAIN + _MARKS + _UNICODE, _MARKS, _UNICODE)
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# RFC 3986, 3.3: what a path may hold bare. Some clients escape it, some do not.
_SUB_DELIMITERS: Final = "!$&'()*+,;=:@"
_LONGEST_BODY: Final = 96


def a_request(source: random.Random) -> Request:
    """Signed by botocore for Lambda; one in four in its query."""
    method, key = source.choice(_METHODS), source.choice((SESSION, FOREVER))
    path, headers = _path(source), _headers(source)
    if source.random() < 1 / 4:
        # botocore reads a query that it presigns as text, and drops empty values.
        return presigned(
            method,
            path + _query(source, shortest=1, as_text=True),
            headers=headers,
            key=key,
            expires=source.randint(1, 604_800),
        )
    target = path + _query(source, shortest=0, as_text=False)
    body = source.randbytes(source.choice((0, 1, 16, _LONGEST_BODY)))
    if source.random() < 1 / 3:
        # As S3's signers and requests-aws4auth send it for every service.
        digest = hashlib.sha256(body).hexdigest()
        headers.append(("x-amz-content-sha256", digest))
    return signed(method, target, headers=headers, body=body, key=key)


def _path(source: random.Random) -> str:
    segments = [_segment(source) for _ in range(source.randint(0, 4))]
    return "/" + "/".join(segments)


def _segment(source: random.Random) -> str:
    """Nothing, bytes that are no text, or text; never "." or ".."."""
    kind = source.random()
    if kind < 1 / 10:
        return ""
    if kind < 1 / 5:
        return _in_small_letters(quote(source.randbytes(3), safe=""))
    return "s" + quote(_text(source, 0), safe=source.choice(("", _SUB_DELIMITERS)))


def _in_small_letters(escaped: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), escaped)


def _query(source: random.Random, *, shortest: int, as_text: bool) -> str:
    """Up to five pairs of few names, so that names are repeated; or none."""
    names = [_text(source, 1) for _ in range(3)]
    pieces = []
    for _ in range(source.choice((0, 0, 1, 2, 3, 5))):
        value = _text(source, shortest)
        raw = value.encode()
        if not as_text and source.random() < 1 / 10:
            raw = source.randbytes(2)
        equals = "=" if value or as_text or source.random() < 1 / 2 else ""
        # Everything escaped: botocore signs a query as it stands, AWS escapes it first.
        written = quote(raw, safe="~") if equals else ""
        pieces.append(quote(source.choice(names), safe="~") + equals + written)
    return "?" + "&".join(pieces) if pieces else ""


def _headers(source: random.Random) -> list[tuple[str, str]]:
    names = ("x-a", "x-b", "x-amz-meta", "content-type", "accept")
    return [
        (source.choice(names), _header_value(source))
        for _ in range(source.randint(0, 4))
    ]


def _header_value(source: random.Random) -> str:
    words = source.choices(
        ("a", "b;c=d", '"q  r"', "", "application/json", "*/*", "1,2"),
        k=source.randint(0, 3),
    )
    return source.choice((" ", "   ", " \t ")).join(words)


def _text(source: random.Random, shortest: int) -> str:
    alphabet = source.choice(_ALPHABETS)
    return "".join(source.choices(alphabet, k=source.randint(shortest, 6)))
