"""The broker, listened to: all goes on to the real one, and is written down."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.loopback_server import LoopbackServer, RequestHandler


@dataclass(frozen=True, kw_only=True)
class Heard:
    method: str
    target: str
    authorization: str | None = field(repr=False)
    status: int


class Relay:
    """``url`` is the broker's address for whoever is to be listened to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: list[Heard] = []

    def asked(self, path: str) -> list[Heard]:
        """Give what was asked of one path, in order."""
        return [
            request for request in self.heard if urlsplit(request.target).path == path
        ]


@contextmanager
def relay_to(broker: str) -> Iterator[Relay]:
    behind = urlsplit(broker).netloc

    class Handler(RequestHandler):
        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in {"host", "connection"}
            }
            connection = http.client.HTTPConnection(behind, timeout=30)
            try:
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            relay.heard.append(
                Heard(
                    method=self.command,
                    target=self.path,
                    authorization=self.headers.get("Authorization"),
                    status=answer.status,
                )
            )
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"content-length", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = _relay  # noqa: N815 - as the standard library calls them
        do_POST = _relay  # noqa: N815 - as above

    with LoopbackServer(Handler) as server:
        relay = Relay(server.origin)
        yield relay
