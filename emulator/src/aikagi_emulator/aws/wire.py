"""Between ASGI and the services: whole requests in, whole answers out."""

from dataclasses import dataclass
from typing import Final, Protocol, final
from uuid import uuid4

from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from aikagi_emulator.urls.asgi import Receive, Scope, Send

MAX_BODY: Final = 1024 * 1024
"""Bytes. DynamoDB takes sixteen times as much in a batch; nothing here needs to."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Service(Protocol):
    """One AWS service, in its own protocol."""

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        """Answer, or raise ``AwsError`` or ``SignatureRefusedError``."""
        ...

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        """What this service says to a signature that does not hold."""
        ...

    def refusal(self, error: AwsError) -> Answer: ...


async def read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when the client left.

    Raises ``AwsError`` once more than ``MAX_BODY`` bytes have come, whatever
    ``Content-Length`` said.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            text = f"Request must be smaller than {MAX_BODY} bytes"
            raise AwsError("RequestEntityTooLarge", text, status=413)
        if not message.get("more_body", False):
            return bytes(body)


def request_of(scope: Scope, body: bytes) -> Request:
    """The request as it was on the wire: nothing decoded, nothing put in order."""
    return Request(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1").partition("?")[0],
        raw_query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        body=body,
    )


async def drop_connection(scope: Scope, receive: Receive) -> None:
    """End the connection without a word. The server says how: ``state["abort"]``."""
    scope["state"]["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass


async def write(send: Send, answer: Answer) -> None:
    headers = (
        ("content-type", answer.content_type),
        ("content-length", str(len(answer.body))),
        ("x-amzn-requestid", str(uuid4())),
        *answer.headers,
    )
    start = {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": answer.body})
