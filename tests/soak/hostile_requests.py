"""What a hostile stranger sends to the broker: each is the bytes of one connection."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

BODY: Final = 64 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """``sent`` is all that is sent; ``breaks_off`` closes before an answer."""

    kind: str
    sent: bytes = field(repr=False)
    breaks_off: bool = False


def request(
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    length: int | None = None,
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or length is not None:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def post(target: str, media_type: str, body: bytes, *more: tuple[str, str]) -> bytes:
    return request("POST", target, [("Content-Type", media_type), *more], body)


def _size(source: random.Random) -> int:
    return source.choice([0, 1, 100, 8_000, BODY - 1, BODY])


def _json(source: random.Random) -> bytes:
    unit = source.choice([b'\\"', b'"', b"[", b"[]", b'{"a":', b"1", b"\xff", b"\\u00"])
    return (unit * BODY)[: _size(source)]


def _jws(source: random.Random, header: bytes) -> str:
    def encode(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    return ".".join(map(encode, (header, b"{}", source.randbytes(32))))


def json_of_a_stranger(source: random.Random, _: str) -> bytes:
    return post("/grant", "application/json", _json(source))


def json_of_somebody(source: random.Random, bearer: str) -> bytes:
    return post("/grant", "application/json", _json(source), ("Authorization", bearer))


def unknown_fields(source: random.Random, bearer: str) -> bytes:
    members = {f"m{number}": 0 for number in range(source.randrange(6000))}
    body = json.dumps(members).encode()
    return post("/grant", "application/json", body, ("Authorization", bearer))


def cookies(source: random.Random, _: str) -> bytes:
    cookie = 'a="' + "\\" * min(60_000, _size(source)) + '"'
    return request("GET", "/healthz", [("Cookie", cookie)])


def wrong_passwords(source: random.Random, _: str) -> bytes:
    name = source.choice(["alice", "bob", "nobody", "x" * 300, "\N{GRINNING FACE}"])
    form = {"username": name, "password": source.randbytes(8).hex()}
    return post("/auth/login", _FORM, urlencode(form).encode())


def malformed_forms(source: random.Random, _: str) -> bytes:
    unit = source.choice([b"&", b"=", b"%", b"%41", b"a=b&", b"\xff", b"+"])
    path = source.choice(["/auth/login", "/auth/password", "/auth/refresh"])
    return post(path, _FORM, (unit * BODY)[: _size(source)])


def made_up_refresh_tokens(source: random.Random, _: str) -> bytes:
    part = base64.urlsafe_b64encode(source.randbytes(32)).rstrip(b"=").decode()
    token = f"{source.randbytes(16).hex()}.{'0' * 16}.{part}.{part}"
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return post("/auth/refresh", _FORM, urlencode(form).encode())


def unknown_keys(source: random.Random, _: str) -> bytes:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": source.randbytes(8).hex()}
    token = _jws(source, json.dumps(header).encode())
    return request("GET", "/auth/me", [("Authorization", f"Bearer {token}")])


def forged_tokens(source: random.Random, bearer: str) -> bytes:
    forged = source.choice(
        [
            bearer[:-2] + "AA",
            "Bearer " + _jws(source, b"[" * 4000),
            "Bearer " + _jws(source, b'\\"' * 2000),
            "Bearer " + "." * source.randrange(9000),
            "Bearer " + "a" * 60_000,
            f"{bearer}, {bearer}",
            "Basic Og==",
        ]
    )
    path = source.choice(["/auth/me", "/functions", "/credentials/hello"])
    return request("GET", path, [("Authorization", forged)])


def odd_targets(source: random.Random, bearer: str) -> bytes:
    path = source.choice(["/", "/static/", "/docs/assets/", "/credentials/", "/x"])
    tail = source.choice(["../" * 2000, quote("\x00\n"), "%", "a" * 30_000, "?" * 900])
    method = source.choice(["GET", "HEAD", "OPTIONS", "DELETE", "PROPFIND", "get"])
    return request(method, path + tail, [("Authorization", bearer)])


def large_queries(source: random.Random, bearer: str) -> bytes:
    query = source.choice(
        ["a=1&" * 10_000, "DurationSeconds=" + "9" * 30_000, "%39" * 9]
    )
    return request("GET", f"/credentials/hello?{query}", [("Authorization", bearer)])


def preflights(source: random.Random, _: str) -> bytes:
    headers = [
        ("Origin", "https://" + "a." * source.randrange(9000)),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "a," * source.randrange(9000)),
    ]
    return request("OPTIONS", "/grant", headers)


def bodies_too_large(source: random.Random, _: str) -> bytes:
    path = source.choice(["/grant", "/auth/login", "/healthz"])
    return post(path, _FORM, b"a" * (BODY + source.randrange(1, BODY)))


def chunks_of_a_byte(source: random.Random, _: str) -> bytes:
    head = (
        "POST /auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: {_FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunks = b"1\r\na\r\n" * source.randrange(3000)
    return head.encode() + chunks + b"0\r\n\r\n"


def no_http(source: random.Random, _: str) -> bytes:
    return source.choice(
        [
            source.randbytes(200) + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 100_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            + b"A: b\r\n" * 5000
            + b"\r\n",
        ]
    )


def broken_forms(_: random.Random, __: str) -> bytes:
    form = urlencode({"username": "alice", "password": "not the password"}).encode()
    headers = [("Content-Type", _FORM)]
    return request("POST", "/auth/login", headers, form, length=len(form) + 9)


def broken_headers(source: random.Random, _: str) -> bytes:
    whole = request("GET", "/auth/me", [("Authorization", "Bearer " + "a" * 500)])
    return whole[: source.randrange(1, len(whole) - 4)]


KINDS: Final[Sequence[Callable[[random.Random, str], bytes]]] = (
    json_of_a_stranger,
    json_of_somebody,
    unknown_fields,
    cookies,
    wrong_passwords,
    malformed_forms,
    made_up_refresh_tokens,
    unknown_keys,
    forged_tokens,
    odd_targets,
    large_queries,
    preflights,
    bodies_too_large,
    chunks_of_a_byte,
    no_http,
    broken_forms,
    broken_headers,
)
_BREAK_OFF: Final = frozenset({"broken_forms", "broken_headers"})


def hostile_request(source: random.Random, bearer: str) -> Hostile:
    """Make one, of any kind; ``bearer`` is the header of somebody who is let in."""
    make = source.choice(KINDS)
    name = make.__name__
    return Hostile(
        kind=name.replace("_", " "),
        sent=make(source, bearer),
        breaks_off=name in _BREAK_OFF,
    )
