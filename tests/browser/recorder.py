"""A server that keeps every request as it came over the wire."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, final

from aikagi_emulator.sigv4 import Request
from app.web.assets import STATIC
from tests.loopback_server import LoopbackServer, RequestHandler

_BLANK: Final = b"<!doctype html><title>workbench</title>"

ACCESS_KEY_ID: Final = "ASIAEXAMPLE"
SECRET_ACCESS_KEY: Final = "recorder-secret-access-key"
SESSION_TOKEN: Final = "recorder/session+token=="
REGION: Final = "ap-northeast-1"


def _module(name: str) -> bytes:
    if name == "aikagi.js":
        return b'export * from "./digest/client/aikagi.js";'
    return (STATIC / name.removeprefix("digest/")).read_bytes()


@final
class Recorder(LoopbackServer):
    """The broker and one function at one address; the function answers 200.

    ``url`` is where the modules of the page (in ``static/digest/``) and the broker's
    routes are, ``function`` the same server under another name, so that a call crosses
    origins. The broker at ``/moved/`` and the function at ``/elsewhere`` redirect to
    the other's name.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        super().__init__(self._handler())
        self.url = f"{self.origin}/"
        self.function = f"http://localhost:{self.port}/"

    def grant(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "FuncUrl": self.function,
            "Region": REGION,
            "AccessKeyId": ACCESS_KEY_ID,
            "SecretAccessKey": SECRET_ACCESS_KEY,
            "SessionToken": SESSION_TOKEN,
            "Expiration": f"{now + timedelta(minutes=15):%Y-%m-%dT%H:%M:%SZ}",
            "ServerTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }

    def answer(self, request: Request) -> tuple[int, str, bytes]:
        """Status, content type (or where to, of a redirect) and body."""
        if request.method == "OPTIONS":
            return 204, "text/plain", b""
        if self.url.startswith(f"http://{request.header('host')[0]}/"):
            return self._answer_as_broker(request)
        self.requests.append(request)
        if request.raw_path == "/elsewhere":
            return 302, f"{self.url}caught", b""
        return 200, "application/json", b"{}"

    def _answer_as_broker(self, request: Request) -> tuple[int, str, bytes]:
        match request.raw_path.split("/", 2)[1:]:
            case ["static", name]:
                return 200, "text/javascript", _module(name)
            case ["auth", "login"]:
                tokens = b'{"access_token": "a token", "expires_in": 900}'
                return 200, "application/json", tokens
            case ["grant"]:
                return 200, "application/json", json.dumps(self.grant()).encode()
            case ["moved", _]:
                return 307, f"{self.function}caught", b""
            case ["caught"]:
                self.requests.append(request)
                return 200, "text/html", _BLANK
            case _:
                return 200, "text/html", _BLANK

    def _handler(self) -> type[RequestHandler]:
        recorder = self

        class Handler(RequestHandler):
            wbufsize = -1  # head and body in one piece, or each answer takes 40 ms

            def handle_any(self) -> None:
                status, kind, content = recorder.answer(self.read_request())
                self.send_response(status)
                self.send_header(
                    "Location" if 300 <= status < 400 else "Content-Type", kind
                )
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                if origin := self.headers["Origin"]:
                    self._allow(origin)
                self.end_headers()
                self.wfile.write(content)

            # http.server looks its methods up by these names.
            do_GET = do_POST = handle_any  # noqa: N815 - see above
            do_PUT = do_PATCH = do_OPTIONS = handle_any  # noqa: N815 - see above

            def _allow(self, origin: str) -> None:
                self.send_header("Access-Control-Allow-Origin", origin)
                self.send_header("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH")
                wanted = self.headers["Access-Control-Request-Headers"]
                self.send_header("Access-Control-Allow-Headers", wanted or "*")

        return Handler
