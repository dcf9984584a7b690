"""Issuers for tests: keys that sign what they are told, and a server of key sets."""

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from typing_extensions import override

DISCOVERY: Final = "/.well-known/openid-configuration"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(part: bytes | Mapping[str, Any]) -> str:
    return b64(part if isinstance(part, bytes) else json.dumps(part).encode())


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


@dataclass(frozen=True, slots=True)
class RsaKey:
    kid: str
    private: rsa.RSAPrivateKey

    @classmethod
    def generate(cls, kid: str, *, bits: int = 2048) -> "RsaKey":
        private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        return cls(kid, private)

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "kid": self.kid,
            "use": "sig",
            "alg": "RS256",
            "n": number(public.n),
            "e": number(public.e),
        }

    def signature(
        self, signed: bytes, algorithm: hashes.HashAlgorithm | None = None
    ) -> bytes:
        return self.private.sign(
            signed, padding.PKCS1v15(), algorithm or hashes.SHA256()
        )

    def token(
        self, claims: bytes | Mapping[str, Any], header: Any = None, **changes: Any
    ) -> str:
        usual = {"alg": "RS256", "kid": self.kid, "typ": "JWT"}
        signed = f"{encode(header or {**usual, **changes})}.{encode(claims)}"
        return f"{signed}.{b64(self.signature(signed.encode()))}"


@dataclass(frozen=True, slots=True)
class EcKey:
    kid: str
    private: ec.EllipticCurvePrivateKey

    @classmethod
    def generate(cls, kid: str, curve: ec.EllipticCurve | None = None) -> "EcKey":
        return cls(kid, ec.generate_private_key(curve or ec.SECP256R1()))

    @property
    def size(self) -> int:
        return (self.private.curve.key_size + 7) // 8

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key().public_numbers()
        return {
            "kty": "EC",
            "kid": self.kid,
            "use": "sig",
            "alg": "ES256",
            "crv": f"P-{self.private.curve.key_size}",
            "x": number(public.x, self.size),
            "y": number(public.y, self.size),
        }

    def der(self, signed: bytes) -> bytes:
        return self.private.sign(signed, ec.ECDSA(hashes.SHA256()))

    def signature(self, signed: bytes) -> bytes:
        r, s = decode_dss_signature(self.der(signed))
        return r.to_bytes(self.size) + s.to_bytes(self.size)

    def token(
        self, claims: bytes | Mapping[str, Any], header: Any = None, **changes: Any
    ) -> str:
        usual = {"alg": "ES256", "kid": self.kid, "typ": "JWT"}
        signed = f"{encode(header or {**usual, **changes})}.{encode(claims)}"
        return f"{signed}.{b64(self.signature(signed.encode()))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``pause`` seconds lie between any two bytes of the part named by ``slow``."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] | None = None
    slow: str = ""
    pause: float = 0.05


class IssuerServer:
    """Answers paths with what a test puts there, and counts who asks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: dict[str, Reply] = {}
        self.before: Callable[[str], object] = lambda _: None
        self.asked: Counter[str] = Counter()
        self.ending = threading.Event()
        self._counting = threading.Lock()

    def publish(self, *keys: Mapping[str, Any], path: str = "/keys") -> None:
        body = json.dumps({"keys": keys}).encode()
        self.replies[path] = Reply(body=body)

    def discoverable(self, below: str = "", **changes: Any) -> None:
        """Have metadata of the issuer ``url`` and ``below``."""
        known = {"issuer": self.url + below, "jwks_uri": f"{self.url}/keys", **changes}
        path = below.removesuffix("/") + DISCOVERY
        self.replies[path] = Reply(body=json.dumps(known).encode())

    def reply_to(self, path: str) -> Reply:
        with self._counting:
            self.asked[path] += 1
        self.before(path)
        return self.replies.get(path, Reply(status=404))


@contextmanager
def issuer_server() -> Iterator[IssuerServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = issuer.reply_to(self.path.partition("?")[0])
            head = [
                f"HTTP/1.1 {reply.status} X",
                f"Content-Length: {len(reply.body)}",
                *(f"{name}: {text}" for name, text in (reply.headers or {}).items()),
                "Connection: close",
            ]
            self.close_connection = True
            self._write("\r\n".join([*head, "", ""]).encode(), "head", reply)
            self._write(reply.body, "body", reply)

        def _write(self, data: bytes, part: str, reply: Reply) -> None:
            step = 1 if reply.slow == part else max(len(data), 1)
            for start in range(0, len(data), step):
                try:
                    self.wfile.write(data[start : start + step])
                except OSError:  # whoever asked has gone
                    return
                if step == 1 and issuer.ending.wait(reply.pause):
                    return

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = IssuerServer(f"http://127.0.0.1:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield issuer
        finally:
            issuer.ending.set()
            server.shutdown()
            serving.join()


def seconds_of(do: Callable[[], object]) -> float:
    begun = time.monotonic()
    do()
    return time.monotonic() - begun
