"""What stands around a function URL, working in this process."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aikagi_emulator.runtime import InvocationError, Streamed
from aikagi_emulator.runtime.stream import Head
from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls import (
    Caller,
    Cors,
    Function,
    FunctionUrl,
    RefusedError,
    UrlSettings,
)
from aikagi_emulator.urls.asgi import Message, Receive, Scope, Send

ARN = "arn:aws:lambda:ap-northeast-1:123456789012:function:hello"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ORIGIN = "http://127.0.0.1:8000"
CORS = Cors(
    allow_origins=(ORIGIN,),
    allow_methods=("GET", "POST"),
    allow_headers=("authorization", "content-type"),
    expose_headers=("date", "x-amzn-requestid"),
    max_age=300,
)
ALICE = Caller(
    access_key_id="ASIAALICE",
    account_id="123456789012",
    user_arn="arn:aws:sts::123456789012:assumed-role/invoke/local+alice",
    user_id="AROAEXAMPLE:local+alice",
)


class ByName:
    """A gate that believes an ``authorization`` header, and nothing without one."""

    def __init__(self, *callers: Caller) -> None:
        self._known = {caller.user_id.rpartition("+")[2]: caller for caller in callers}

    def admit(
        self, request: Request, *, function_arn: str, auth_type: str, source_ip: str
    ) -> Caller | None:
        if auth_type == "NONE":
            return None
        assert function_arn == ARN
        for name in request.header("authorization"):
            if caller := self._known.get(name):
                return caller
        raise RefusedError(
            403, "AccessDeniedException", "Forbidden.", why=f"unknown at {source_ip}"
        )


class InProcess:
    """A function: ``handler`` gets the event, and what it returns is the result."""

    streams = False

    def __init__(self, handler: Callable[[Mapping[str, Any]], object]) -> None:
        self._handler = handler
        self.request_ids: list[str | None] = []

    async def invoke(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> bytes:
        self.request_ids.append(request_id)
        result = self._handler(json.loads(json.dumps(event)))
        return result if isinstance(result, bytes) else json.dumps(result).encode()

    async def stream(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> Streamed:
        raise NotImplementedError


class InPieces:
    """A function that streams ``pieces``; an error among them, or alone, is raised."""

    streams = True

    def __init__(
        self, head: Head | InvocationError, *pieces: bytes | InvocationError
    ) -> None:
        self._head = head
        self._pieces = pieces
        self.calls: list[tuple[str | None, str]] = []
        self.left = False

    async def invoke(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> bytes:
        raise NotImplementedError

    async def stream(
        self, event: Mapping[str, Any], *, request_id: str | None = None
    ) -> Streamed:
        self.calls.append((request_id, event["rawPath"]))
        if isinstance(self._head, InvocationError):
            raise self._head
        left = iter(self._pieces)

        async def get() -> bytes | None:
            piece = next(left, None)
            if isinstance(piece, InvocationError):
                raise piece
            return piece

        return Streamed(self._head, get=get, leave=self._leave)

    def _leave(self) -> None:
        self.left = True


def echo(event: Mapping[str, Any]) -> object:
    return {"statusCode": 200, "body": json.dumps(event)}


def a_url(
    handler: Callable[[Mapping[str, Any]], object] = echo,
    *,
    auth_type: str = "AWS_IAM",
    cors: Cors | None = None,
    log: Callable[[str, str], None] = print,
) -> FunctionUrl:
    return url_of(InProcess(handler), auth_type=auth_type, cors=cors, log=log)


def url_of(
    pool: Function,
    *,
    auth_type: str = "AWS_IAM",
    invoke_mode: str = "BUFFERED",
    cors: Cors | None = None,
    log: Callable[[str, str], None] = print,
) -> FunctionUrl:
    settings = UrlSettings(
        function_arn=ARN,
        url="http://127.0.0.1:8101/",
        auth_type=auth_type,
        invoke_mode=invoke_mode,
        cors=cors,
    )
    return FunctionUrl(
        settings, gate=ByName(ALICE), pool=pool, clock=lambda: NOON, log=log
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    complete: bool = True

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]],
    method: str = "GET",
    target: str = "/",
    *,
    headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    body: bytes | list[bytes] = b"",
) -> Answer:
    """Send a request as a server would hand it over, bytes as they are."""
    path, _, query = target.partition("?")
    pairs = headers.items() if isinstance(headers, Mapping) else headers or []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in pairs],
        "client": ("127.0.0.1", 50_000),
    }
    pieces = [body] if isinstance(body, bytes) else body
    arriving = [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces)}
        for index, piece in enumerate(pieces, start=1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    return Answer(
        status=start["status"],
        headers=[
            (k.decode("latin-1"), v.decode("latin-1")) for k, v in start["headers"]
        ],
        body=b"".join(message["body"] for message in rest),
        complete=bool(rest) and not rest[-1].get("more_body", False),
    )
