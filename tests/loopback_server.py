"""HTTP servers of the tests: on loopback, in a thread of their own, and quiet."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

from typing_extensions import override

from aikagi_emulator.sigv4 import Request


class RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in pieces takes 40 ms

    def read_request(self) -> Request:
        """Read the request as it came over the wire."""
        # Not `self.path`: http.server collapses slashes in it.
        target = self.requestline.split(" ")[1]
        path, _, query = target.partition("?")
        length = int(self.headers["Content-Length"] or 0)
        return Request(
            method=self.command,
            raw_path=path,
            raw_query=query,
            headers=tuple((k.lower(), v) for k, v in self.headers.items()),
            body=self.rfile.read(length),
        )

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


class LoopbackServer:
    """Start it as a context: it answers until that ends."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Write nothing of those who leave early."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
