"""The HTTP client: over TLS or on loopback, to loopback directly, within a deadline.

httpx2's own transport asks a proxy for loopback too, and bounds each read of a
socket, but not a request: a byte now and then keeps it waiting for ever.
"""

# typing has its decorator from Python 3.12 on.
# mypy: disable-error-code="explicit-override"

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any, Final, cast, final
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from aikagi.address import is_loopback, require_private

TIMEOUT: Final = httpx2.Timeout(30, connect=10, read=910)
"""Seconds. A function may be silent for as long as it may run: fifteen minutes."""

LONGEST: Final = 960.0
"""Seconds for a request and its answer: what Lambda gives a function, and a minute."""

_LIMITS: Final[Mapping[str, Any]] = {
    "max_connections": 100,
    "max_keepalive_connections": 20,
    "keepalive_expiry": 5.0,
}
"""As httpx2 has them; the last is in seconds."""

_PIECE: Final = 65_536
"""Bytes that are written before the deadline is checked again."""

_DEADLINE: ContextVar[float | None] = ContextVar("aikagi_deadline", default=None)
"""Of the request that is being sent or read, by the clock of ``monotonic``."""


def build_client() -> httpx2.Client:
    """Build a client that obeys ``within``."""
    return httpx2.Client(transport=_Transport(), timeout=TIMEOUT, trust_env=False)


def within(seconds: float) -> dict[str, Any]:
    """Give the extensions of a request that has to be over, answer and all, by then."""
    return {"deadline": monotonic() + seconds}


@contextmanager
def _until(deadline: float) -> Iterator[None]:
    token = _DEADLINE.set(deadline)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


@contextmanager
def _as_httpx2() -> Iterator[None]:
    """Raise errors of httpcore2 as those of httpx2, which have the same names."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx2, type(error).__name__)(str(error)) from error


def _bounded(timeout: float | None, late: type[Exception]) -> float | None:
    """Shorten a timeout to what the deadline leaves. Raises ``late`` past it."""
    deadline = _DEADLINE.get()
    if deadline is None:
        return timeout
    remaining = deadline - monotonic()
    if remaining <= 0:
        raise late
    return remaining if timeout is None else min(timeout, remaining)


@final
class _Stream(httpcore2.NetworkStream):
    """A connection on which no wait goes beyond the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _bounded(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(
                buffer[start : start + _PIECE],
                _bounded(timeout, httpcore2.WriteTimeout),
            )

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        bounded = _bounded(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, bounded))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


@final
class _Network(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        bounded = _bounded(timeout, httpcore2.ConnectTimeout)
        try:
            stream = self._backend.connect_tcp(
                host, port, bounded, local_address, socket_options
            )
        except UnicodeError as error:  # of a label with more than 63 characters
            raise httpcore2.ConnectError("there is no host of such a name") from error
        return _Stream(stream)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


@final
class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Iterable[bytes], deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)
        while True:
            with _until(self._deadline), _as_httpx2():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


@final
class _Transport(httpx2.BaseTransport):
    """Connects by a proxy of the environment where it says so, but never to loopback.

    Raises ``AddressError`` where a request could be read on its way.
    """

    def __init__(self) -> None:
        self._pools: dict[tuple[str, str | None], httpcore2.ConnectionPool] = {}
        self._lock = Lock()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = request.extensions.get("deadline", monotonic() + LONGEST)
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme,
                host=url.raw_host,
                port=url.port,
                target=url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _until(deadline), _as_httpx2():
            answer = self._pool(url).handle_request(sent)
        # An async pool's would be an AsyncIterable; this pool is none.
        stream = cast("Iterable[bytes]", answer.stream)
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(stream, deadline),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.close()

    def _pool(self, url: httpx2.URL) -> httpcore2.ConnectionPool:
        require_private(str(url))
        key = url.scheme, _proxy_for(url)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = _pool(*key)
            return self._pools[key]


def _proxy_for(url: httpx2.URL) -> str | None:
    """Choose as Python's urllib does: HTTPS_PROXY, ALL_PROXY, but not for NO_PROXY."""
    # Without TLS there is loopback alone.
    if url.scheme == "http" or is_loopback(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    return None if not proxy or proxy_bypass(url.host) else proxy


def _pool(scheme: str, proxy: str | None) -> httpcore2.ConnectionPool:
    context = _ssl_context() if scheme == "https" else None
    if proxy is None:
        return httpcore2.ConnectionPool(
            ssl_context=context, network_backend=_Network(), **_LIMITS
        )
    try:
        named = httpx2.Proxy(proxy if "://" in proxy else f"http://{proxy}")
    except (ValueError, httpx2.InvalidURL):
        named = None
    if named is None or not named.url.host or not named.url.scheme.startswith("http"):
        # Its URL may have a password.
        raise httpx2.ProxyError(
            "HTTPS_PROXY or ALL_PROXY names no proxy of HTTP (http://host:port)"
        )
    return httpcore2.HTTPProxy(
        proxy_url=httpcore2.URL(
            scheme=named.url.raw_scheme,
            host=named.url.raw_host,
            port=named.url.port,
            target=named.url.raw_path,
        ),
        proxy_auth=named.raw_auth,
        ssl_context=context,
        network_backend=_Network(),
        **_LIMITS,
    )


@cache
def _ssl_context() -> ssl.SSLContext:
    """Read the certificate authorities once: that takes longer than a call."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        raise httpx2.ConnectError(
            f"the certificate authorities cannot be read ({error.strerror or error}): "
            "look at SSL_CERT_FILE"
        ) from error
