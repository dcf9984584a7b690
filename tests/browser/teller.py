"""A streaming function whose words come when a test says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import Queue
from threading import Event
from typing import Any, Final, final

from playwright.sync_api import Page, Route

from tests.loopback_server import LoopbackServer, RequestHandler

_PATIENCE: Final = 10
"""Seconds until somebody must have called."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One call, as it came, and the stream that answers it."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    hung_up: Event = field(default_factory=Event)
    _said: Queue[bytes | None] = field(default_factory=Queue)

    def say(self, *events: Mapping[str, Any]) -> None:
        lines = [json.dumps(event, ensure_ascii=False) + "\n" for event in events]
        self.send("".join(lines).encode())

    def send(self, piece: bytes) -> None:
        self._said.put(piece)

    def finish(self, value: object = None) -> None:
        """Say the last event, and close as HTTP asks."""
        self.say({"type": "result", "value": value})
        self.send(b"")

    def cut(self) -> None:
        """Break the connection in the middle."""
        self._said.put(None)

    def pieces(self) -> "Queue[bytes | None]":
        return self._said


@final
class Teller(LoopbackServer):
    """Answers in a function's place: ``stand_in_for`` leads its calls here."""

    def __init__(self) -> None:
        self.content_type = "application/x-ndjson; charset=utf-8"
        self._calls: Queue[Telling] = Queue()
        super().__init__(self._handler())
        self.url = f"{self.origin}/"

    def stand_in_for(self, page: Page, function_url: str) -> None:
        def lead_here(route: Route) -> None:
            route.continue_(url=self.url)

        page.route(f"{function_url}**", lead_here)

    def called(self, page: Page) -> Telling:
        """Return the next call, once it has come."""
        for _ in range(_PATIENCE * 100):
            if not self._calls.empty():
                return self._calls.get()
            page.wait_for_timeout(10)  # lets Playwright lead the call here
        raise AssertionError("nobody called")

    def _handler(self) -> type[RequestHandler]:
        calls = self._calls
        teller = self

        class Handler(RequestHandler):
            def handle_any(self) -> None:
                request = self.read_request()
                telling = Telling(
                    method=request.method,
                    headers=dict(request.headers),
                    body=request.body,
                )
                self._begin()
                calls.put(telling)
                try:
                    self._tell(telling)
                except OSError:
                    telling.hung_up.set()
                    self.close_connection = True

            # http.server looks its methods up by these names.
            do_GET = do_POST = handle_any  # noqa: N815 - see above

            def _begin(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", teller.content_type)
                self.send_header("Transfer-Encoding", "chunked")
                self.send_header("x-amzn-RequestId", "teller-1")
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Access-Control-Expose-Headers", "x-amzn-RequestId")
                self.end_headers()

            def _tell(self, telling: Telling) -> None:
                while (piece := telling.pieces().get()) is not None:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    if not piece:
                        return
                self.close_connection = True

        return Handler
