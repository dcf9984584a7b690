"""AWS as a script: an HTTP server that answers what a test tells it to.

The real botocore talks to it over a real socket, so that what it does with faults
(retries, parsing, timeouts) is its own.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qsl

import boto3

from app.adapters import aws
from tests.loopback_server import LoopbackServer, RequestHandler


class Gate:
    """Holds an answer back until a test opens it."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def pass_through(self) -> None:
        self._reached.set()
        assert self._open.wait(10)

    def wait_until_reached(self) -> None:
        assert self._reached.wait(10)

    def open(self) -> None:
        self._open.set()


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    """Called before it is sent, in the thread of the server."""

    @classmethod
    def json(cls, value: object, status: int = 200) -> "Answer":
        return cls(
            status=status,
            body=json.dumps(value).encode(),
            headers={"Content-Type": "application/x-amz-json-1.1"},
        )

    @classmethod
    def error(cls, code: str, status: int = 400, message: str = "no") -> "Answer":
        return cls.json({"__type": code, "message": message}, status)

    @classmethod
    def hang_up(cls) -> "Answer":
        return cls(status=0)


@dataclass(frozen=True)
class Request:
    target: str
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class ScriptedAws:
    """Answers in the order given; the last answer is repeated."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.answers: deque[Answer] = deque()
        self._ask: Callable[[Request], Answer] | None = None

    def will(self, *answers: Answer) -> None:
        self.answers = deque(answers)

    def will_ask(self, ask: Callable[[Request], Answer]) -> None:
        """Answer what ``ask`` answers, from now on."""
        self._ask = ask

    def next_answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if self._ask is not None:
            return self._ask(request)
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]

    def session(self) -> boto3.session.Session:
        return _shared_session()


@cache
def _shared_session() -> boto3.session.Session:
    """One for all: it reads botocore's models, which takes longer than any test."""
    return aws.new_session()


@contextmanager
def scripted_aws() -> Iterator[ScriptedAws]:
    class Handler(RequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            answer = script.next_answer(Request(target, body))
            answer.before()
            if not answer.status:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        # http.server looks its methods up by these names.
        do_POST = handle_any  # noqa: N815 - see above

    with LoopbackServer(Handler) as server:
        script = ScriptedAws(server.origin)
        yield script
