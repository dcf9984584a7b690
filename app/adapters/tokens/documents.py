"""Fetch small documents from another issuer, whatever it does: slow, huge or hostile.

urllib3 comes with botocore, is maintained with it and checks certificates by the
machine's store. It is used at its lowest level, which follows no redirect, retries
nothing, and decodes nothing.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import Final, TypeVar, final
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection

T = TypeVar("T")

LONGEST: Final = 3.0
"""Seconds for all that one visit fetches, from the first name to the last byte."""

LARGEST: Final = 256 * 1024
"""Bytes of one document."""

THREAD_NAME: Final = "visiting-issuer"

_OK: Final = 200
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class FetchError(Exception):
    """Why there is no document, as a code for the log; never what was answered."""


@final
class Documents:
    """The documents of one issuer, one visit at a time.

    ``trust`` decides about certificates; the machine's store unless it is given.
    """

    def __init__(
        self, *, trust: ssl.SSLContext | None = None, seconds: float = LONGEST
    ) -> None:
        self._trust = trust
        self._seconds = seconds
        self._visitor: threading.Thread | None = None

    def visit(self, fetch: Callable[["Visit"], T]) -> T:
        """Call ``fetch`` in a thread of its own, and wait no longer than allowed.

        Only the clock of the wait is certain: a name that resolves slowly cannot be
        given up. Such a thread is left behind, and no other begins until it has ended.
        Raises what ``fetch`` does, and ``FetchError``.
        """
        if self._visitor is not None and self._visitor.is_alive():
            raise FetchError("the-visit-before-has-not-ended")
        if self._trust is None:
            self._trust = ssl.create_default_context()
        visit = Visit(self._trust, until=time.monotonic() + self._seconds)
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(fetch(visit))
            except BaseException as error:  # noqa: BLE001 - raised to whoever waits
                outcome.set_exception(error)

        self._visitor = threading.Thread(target=run, name=THREAD_NAME, daemon=True)
        self._visitor.start()
        try:
            return outcome.result(self._seconds)
        except TimeoutError as error:
            visit.give_up()
            raise FetchError("too-slow") from error


@final
class Visit:
    def __init__(self, trust: ssl.SSLContext, *, until: float) -> None:
        self._trust = trust
        self._until = until
        self._socket: socket.socket | None = None

    def get(self, url: str) -> bytes:
        """Return the body of an answer 200. Raises ``FetchError`` for any other."""
        parts = urlsplit(url)
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        try:
            with closing(self._connect(url)) as connection:
                self._connected(connection)
                connection.request(
                    "GET",
                    target,
                    headers=_HEADERS,
                    preload_content=False,
                    decode_content=False,
                )
                answer = connection.getresponse()
                with closing(answer):
                    return self._read(answer.status, answer.read)
        except FetchError:
            raise
        except TimeoutError as error:
            raise FetchError("too-slow") from error
        # urllib3, http.client, ssl and socket: no two of them share a base.
        except Exception as error:
            raise FetchError(f"unreachable ({type(error).__name__})") from error

    def give_up(self) -> None:
        """End what is waiting for the other side, in whichever thread it is."""
        if self._socket is not None:
            with suppress(OSError):
                # By the base class: TLS must not end politely with a hostile server.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _connected(self, connection: HTTPConnection) -> None:
        connection.connect()
        self._socket = connection.sock
        if self._socket is not None:
            self._socket.settimeout(self._left())

    def _read(self, status: int, read: Callable[[int], bytes]) -> bytes:
        if status != _OK:
            raise FetchError(f"status-{status}")
        data = read(LARGEST + 1)
        if len(data) > LARGEST:
            raise FetchError("too-large")
        return data

    def _connect(self, url: str) -> HTTPConnection:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return HTTPSConnection(
                host, parts.port, timeout=self._left(), ssl_context=self._trust
            )
        return HTTPConnection(host, parts.port, timeout=self._left())

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise FetchError("too-slow")
        return left
