"""Every way of changing an accepted request so that it means something else.

None of these is a change that a canonical request forgives: pairs of a query change
places with none, escapes of a query stay as they are, spaces of a header too.
"""

import random
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import (
    FOREVER,
    SESSION,
    presigned,
    signed,
    with_header,
)

Mutation = tuple[str, Request]
"""What was changed, in a word for counting, and what came of it."""

_LATER: Final = "20261123T120001Z"
_CLASSES: Final = (
    ("letter", "[A-Za-z]"),
    ("digit", "[0-9]"),
    ("unreserved mark", "[-._~]"),
    ("sub-delimiter", "[!$&'()*+,;=:@]"),
    ("slash", "(?<=.)/"),
    ("escape", "%[0-9A-Fa-f]{2}"),
)


def mutations(request: Request, source: random.Random) -> Iterator[Mutation]:
    yield from _methods(request)
    yield from _paths(request, source)
    yield from _queries(request)
    yield from _headers(request)
    yield from _bodies(request, source)
    if request.header("authorization"):
        yield from _authorizations(request, source)
    yield from _second_signatures(request)


def _methods(request: Request) -> Iterator[Mutation]:
    yield "method", replace(request, method=request.method.lower())
    yield "method", replace(request, method="PUT" if request.method != "PUT" else "GET")


def _paths(request: Request, source: random.Random) -> Iterator[Mutation]:
    path = request.raw_path
    yield "path, longer", replace(request, raw_path=path + "x")
    yield "path, one segment more", replace(request, raw_path="/x" + path)
    if len(path) > 1:
        yield "path, gone", replace(request, raw_path="/x")
    for name, class_ in _CLASSES:
        places = list(re.finditer(class_, path))
        if places:
            found = source.choice(places)
            other = _another(found[0])
            changed = path[: found.start()] + other + path[found.end() :]
            yield f"path, {name}", replace(request, raw_path=changed)


def _another(text: str) -> str:
    """Something of the same length that is never the same, nor the same decoded."""
    if text.startswith("%"):
        return "%5A" if text.upper() != "%5A" else "%59"
    return "Q" if text != "Q" else "R"


def _queries(request: Request) -> Iterator[Mutation]:
    pieces = request.raw_query.split("&") if request.raw_query else []
    more = f"{request.raw_query}&" if pieces else ""
    yield "query, one more", replace(request, raw_query=f"{more}zz=1")
    for number, piece in enumerate(pieces):
        kind = piece.partition("=")[0] if piece.startswith("X-Amz-") else "pair"
        for what, other in _other_pairs(piece):
            changed = "&".join((*pieces[:number], *other, *pieces[number + 1 :]))
            yield f"query, {kind}, {what}", replace(request, raw_query=changed)


def _other_pairs(piece: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    name, value = map(unquote_to_bytes, piece.partition("=")[::2])
    yield "gone", ()
    yield "twice", (piece, piece)
    yield "key", (_pair(name + b"x", value),)
    yield "value", (_pair(name, value + b"x"),)
    if name.swapcase() != name:
        yield "case of the key", (_pair(name.swapcase(), value),)
    if value:
        yield "value cut", (_pair(name, value[:-1]),)
    if name != value:
        yield "turned", (_pair(value, name),)
    if "%20" in piece:
        yield "plus for a space", (piece.replace("%20", "+"),)


def _pair(name: bytes, value: bytes) -> str:
    return f"{quote(name, safe='~')}={quote(value, safe='~')}"


def _headers(request: Request) -> Iterator[Mutation]:
    yield "header, x-amz-* added", with_header(request, "x-amz-more", "1")
    for name in signed_names(request):
        values = request.header(name)
        kind = name if name in ("host", "x-amz-date") else "header"
        if name.startswith("x-amz-security"):
            kind = "token"
        first, rest = values[0], values[1:]
        yield f"header, {kind}, value", with_header(request, name, first + "x", *rest)
        yield f"header, {kind}, twice", with_header(request, name, first, *values)
        yield f"header, {kind}, gone", with_header(request, name)
        yield f"header, {kind}, another", with_header(request, name, "another")
        if rest and _collapsed(first) != _collapsed(rest[-1]):
            turned = tuple(reversed(values))
            yield f"header, {kind}, turned", with_header(request, name, *turned)
    if request.header("x-amz-date"):
        yield "header, time", with_header(request, "x-amz-date", _LATER)


def signed_names(request: Request) -> list[str]:
    """What the request says that it has signed."""
    said = "".join(request.header("authorization")) or request.raw_query
    found = re.search("SignedHeaders=([^,&]*)", said)
    assert found
    return re.split(";|%3B", found[1])


def _collapsed(value: str) -> str:
    return " ".join(value.split())


def _bodies(request: Request, source: random.Random) -> Iterator[Mutation]:
    body = request.body
    yield "body, longer", replace(request, body=body + b"\0")
    if body:
        place = source.randrange(len(body))
        flipped = bytes((body[place] ^ (1 << source.randrange(8)),))
        changed = body[:place] + flipped + body[place + 1 :]
        yield "body, one bit", replace(request, body=changed)
        yield "body, shorter", replace(request, body=body[:-1])
        yield "body, gone", replace(request, body=b"")


def _authorizations(request: Request, source: random.Random) -> Iterator[Mutation]:
    (value,) = request.header("authorization")
    algorithm, credential, names, signature = re.split(", | ", value)
    key, day, region, service, end = credential.partition("=")[2].split("/")
    other = FOREVER if key == SESSION.access_key_id else SESSION
    parts = {
        "algorithm": [(algorithm, "AWS4-HMAC-SHA512"), (algorithm, algorithm.lower())],
        "key": [(key, other.access_key_id), (key, key[:-1]), (key, key.lower())],
        "day": [(day, "20261122"), (day, "20261124")],
        "region": [(region, "us-east-1"), (region, "")],
        "service": [(service, "s3"), (service, "Lambda")],
        "terminator": [(end, "aws4_requests")],
        "signed headers": [
            *((names, _without(names, name)) for name in signed_names(request)),
            (names, f"{names};zz"),
        ],
        "signature": [
            *((signature, changed) for changed in _signatures(signature, source)),
            (signature, "Signature="),
        ],
        "a part": [(f"{part}, ", "") for part in (credential, names)],
    }
    for what, changes in parts.items():
        for old, new in changes:
            changed = value.replace(old, new, 1)
            yield (
                f"Authorization, {what}",
                with_header(request, "authorization", changed),
            )
    yield "Authorization, gone", with_header(request, "authorization")


def _without(names: str, name: str) -> str:
    field, _, listed = names.partition("=")
    kept = [header for header in listed.split(";") if header != name]
    return f"{field}={';'.join(kept)}"


def _signatures(signature: str, source: random.Random) -> Iterator[str]:
    label, _, digits = signature.partition("=")
    for _ in range(4):
        place = source.randrange(len(digits))
        other = source.choice([d for d in string.hexdigits[:16] if d != digits[place]])
        yield f"{label}={digits[:place]}{other}{digits[place + 1 :]}"
    if digits.upper() != digits:
        yield f"{label}={digits.upper()}"
    yield f"{label}={digits[:-1]}"
    yield f"{label}={digits}0"
    yield f"{label}={'0' * len(digits)}"


def _second_signatures(request: Request) -> Iterator[Mutation]:
    header = signed().header("authorization")
    more = f"{request.raw_query}&" if request.raw_query else ""
    own = request.header("authorization")
    yield "signature beside it", with_header(request, "authorization", *own, *header)
    yield (
        "signature beside it",
        replace(request, raw_query=more + presigned().raw_query),
    )
