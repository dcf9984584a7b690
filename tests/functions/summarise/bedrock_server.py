"""Bedrock on loopback: its streaming Converse API in the binary frames of AWS.

https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html has their layout.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final
from zlib import crc32

from tests.loopback_server import LoopbackServer, RequestHandler

_STRING: Final = 7


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """What is answered. ``cut`` is how many bytes of the end never arrive."""

    frames: Sequence[bytes] = ()
    status: int = 200
    error: str = ""
    cut: int = 0


def event(kind: str, value: object) -> bytes:
    return _frame({":message-type": "event", ":event-type": kind}, value)


def exception(kind: str) -> bytes:
    error = {"message": "arn:aws:bedrock:us-east-1:123456789012:secret words"}
    return _frame({":message-type": "exception", ":exception-type": kind}, error)


def delta(text: str) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})


def said(*pieces: str, stop: str = "end_turn") -> Scripted:
    start = event("messageStart", {"role": "assistant"})
    end = event("messageStop", {"stopReason": stop})
    return Scripted(frames=[start, *map(delta, pieces), end])


def _frame(headers: dict[str, str], value: object) -> bytes:
    payload = json.dumps(value).encode()
    written = b"".join(
        struct.pack(">B", len(name))
        + name.encode()
        + struct.pack(">BH", _STRING, len(text))
        + text.encode()
        for name, text in {**headers, ":content-type": "application/json"}.items()
    )
    total = 4 + 4 + 4 + len(written) + len(payload) + 4
    prelude = struct.pack(">II", total, len(written))
    prelude += struct.pack(">I", crc32(prelude))
    message = prelude + written + payload
    return message + struct.pack(">I", crc32(message))


@final
class Bedrock(LoopbackServer):
    """Answers what it is scripted to, one after the other, the last for ever."""

    def __init__(self) -> None:
        self.answers: list[Scripted] = []
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        super().__init__(type("Handler", (_Handler,), {"bedrock": self}))
        self.url = self.origin


class _Handler(RequestHandler):
    bedrock: Bedrock

    def converse(self) -> None:
        bedrock = self.bedrock
        bedrock.paths.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bedrock.asked.append(json.loads(body))
        first, *more = bedrock.answers
        bedrock.answers = more or [first]
        self._answer(first)

    # http.server looks its methods up by these names.
    do_POST = converse  # noqa: N815 - see above

    def _answer(self, scripted: Scripted) -> None:
        content = b"".join(scripted.frames)
        if scripted.error:
            content = json.dumps({"message": "account 123456789012"}).encode()
        self.send_response(scripted.status)
        if scripted.error:
            self.send_header("x-amzn-ErrorType", scripted.error)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) - scripted.cut])
        self.close_connection = scripted.cut > 0
