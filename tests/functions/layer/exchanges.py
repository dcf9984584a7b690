"""The Lambda Web Adapter's side of a call, without a socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aikagi_function.streamed import Application

Message = MutableMapping[str, Any]


@dataclass
class Exchange:
    """One call. ``on_chunk`` sees each chunk; None as the deadline is none at all."""

    event: dict[str, Any]
    body: bytes = b""
    deadline: float | None = None
    on_chunk: Callable[[bytes], Awaitable[None]] | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    ended: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, application: Application) -> "Exchange":
        await application(self._scope(), self._receive(), self._send)
        return self

    @property
    def answer(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.answer.splitlines()]

    def _scope(self) -> dict[str, Any]:
        context = self.event["requestContext"]
        headers = {
            **self.event["headers"],
            "x-amzn-request-context": json.dumps(context, ensure_ascii=False),
        }
        if self.deadline is not None:
            context_header = json.dumps({"deadline": round(self.deadline * 1000)})
            headers["x-amzn-lambda-context"] = context_header
        query = self.event.get("rawQueryString") or urlencode({})
        return {
            "type": "http",
            "method": context["http"]["method"],
            "raw_path": self.event["rawPath"].encode(),
            "query_string": query.encode(),
            "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
        }

    def _receive(self) -> Callable[[], Awaitable[Message]]:
        half = len(self.body) // 2
        messages: list[Message] = [
            {"type": "http.request", "body": self.body[:half], "more_body": True},
            {"type": "http.request", "body": self.body[half:]},
        ]

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await self.gone.wait()
            return {"type": "http.disconnect"}

        return receive

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not self.status
            self.status = message["status"]
            self.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            return
        assert self.status
        assert not self.ended
        self.ended = not message["more_body"]
        if message["body"]:
            self.chunks.append(message["body"])
            if self.on_chunk:
                await self.on_chunk(message["body"])
