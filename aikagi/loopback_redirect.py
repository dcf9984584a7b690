"""Where a browser comes back to after a sign-in: this machine (RFC 8252, 7.3)."""

# typing has its decorator from Python 3.12 on.
# mypy: disable-error-code="explicit-override"

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import Final, final
from urllib.parse import parse_qsl, urlsplit

from aikagi.errors import IssuerError, StateError

_TICK: Final = 0.5
"""Seconds between two checks whether the wait is over; Ctrl-C ends it at once."""

_SILENCE: Final = 10.0
"""Seconds that a connection may say nothing: browsers open some that never do."""

_PAGE: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Aikagi</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;
max-width:28rem;margin:4rem auto;padding:0 1rem}</style>
<h1>Back to the terminal</h1>
<p>It says whether you are signed in. You may close this page.</p>
<p lang="ja">\xe7\xb5\x90\xe6\x9e\x9c\xe3\x81\xaf\xe3\x82\xbf\xe3\x83\xbc\xe3\x83\x9f\
\xe3\x83\x8a\xe3\x83\xab\xe3\x81\xab\xe8\xa1\xa8\xe7\xa4\xba\xe3\x81\x95\xe3\x82\x8c\
\xe3\x81\xbe\xe3\x81\x99\xe3\x80\x82\xe3\x81\x93\xe3\x81\xae\xe3\x83\x9a\xe3\x83\xbc\
\xe3\x82\xb8\xe3\x81\xaf\xe9\x96\x89\xe3\x81\x98\xe3\x81\xa6\xe3\x81\x8b\xe3\x81\xbe\
\xe3\x81\x84\xe3\x81\xbe\xe3\x81\x9b\xe3\x82\x93\xe3\x80\x82</p></html>
"""

_HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": str(len(_PAGE)),
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


@final
class LoopbackRedirect:
    """Takes one response, the first that comes to ``uri``."""

    def __init__(self, server: ThreadingHTTPServer, found: "Queue[str]") -> None:
        self.uri = f"http://127.0.0.1:{server.server_port}/"
        self._found = found

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Give the parameters of the response. Raises ``IssuerError``."""
        ends = monotonic() + seconds
        while monotonic() < ends:
            try:
                query = self._found.get(timeout=_TICK)
            except Empty:
                continue
            return _parameters(query)
        raise IssuerError("Nobody has signed in in time: begin again")


def _parameters(query: str) -> Mapping[str, str]:
    # RFC 6749, section 3.1: none may be there twice.
    pairs = parse_qsl(query, keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise IssuerError("What came back has a parameter twice")
    return parameters


@contextmanager
def loopback_redirect(port: int = 0) -> Iterator[LoopbackRedirect]:
    """Listen on 127.0.0.1, at any free port unless one is given.

    Raises ``StateError`` where that one is taken.
    """
    found: Queue[str] = Queue()
    handler = type("Handler", (_Handler,), {"found": found})
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise StateError(
            f"Nothing can listen on port {port} of this machine: {error.strerror}"
        ) from error
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield LoopbackRedirect(server, found)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    found: "Queue[str]"
    timeout = _SILENCE
    is_over = False

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        if target.path != "/" or not target.query or type(self).is_over:
            # As for the icon of the page.
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        type(self).is_over = True
        self.send_response(HTTPStatus.OK)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(_PAGE)
        self.found.put(target.query)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Keep quiet: the code stands in the address."""

    def version_string(self) -> str:
        return "aikagi"
