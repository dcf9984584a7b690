"""A broker and a function's URL, small and real: they follow the wire on loopback.

The URL checks each signature as AWS does. Both keep what they were asked.
"""

import base64
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Event, Lock
from typing import Any, Final, final
from urllib.parse import parse_qs

from aikagi_emulator.sigv4 import Request, SignatureRefusedError, verify
from tests.loopback_server import LoopbackServer, RequestHandler

REGION: Final = "ap-northeast-1"
PASSWORD: Final = "wonderland-1865"
CORS_HEADERS: Final = "authorization,content-type,x-amz-date,x-amz-security-token"
EXPOSED_HEADERS: Final = "date,x-amzn-requestid,x-amzn-errortype"
NDJSON: Final = "application/x-ndjson; charset=utf-8"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back. ``cut`` breaks the connection after the pieces, and
    ``silent`` before there is any answer.
    """

    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] = (b"{}",)
    cut: bool = False
    silent: bool = False

    @property
    def has_body(self) -> bool:
        return self.status not in {204, 304}


def answer_of(vector: Mapping[str, Any], pieces: Iterable[bytes]) -> Answer:
    """Give the answer that a vector describes, its body in these pieces."""
    headers = dict(vector.get("headers", {"content-type": vector.get("content_type")}))
    return Answer(
        status=vector.get("status", 200),
        media_type=headers.pop("content-type", ""),
        headers=headers,
        pieces=pieces,
        cut=vector.get("cut", False),
    )


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    kind = "application/json" if status < 400 else "application/problem+json"
    return Answer(
        status=status,
        media_type=kind,
        headers=headers,
        pieces=(json.dumps(value).encode(),),
    )


def problem(status: int, code: str, title: str, **headers: str) -> Answer:
    told = {"type": f"urn:aikagi:problem:{code}", "title": title, "request_id": "r-1"}
    return json_answer(told, status, **headers)


def refusal(code: str, title: str) -> Answer:
    """Refuse as a token endpoint does: as OAuth2 has it, and as a problem."""
    answer = problem(400, code, title)
    [problem_] = answer.pieces
    told = {"error": "invalid_grant", "error_description": title}
    body = json.dumps({**json.loads(problem_), **told}).encode()
    return replace(answer, media_type="application/json", pieces=(body,))


def events(*told: Mapping[str, Any]) -> Answer:
    lines = tuple(f"{json.dumps(event)}\n".encode() for event in told)
    return Answer(media_type=NDJSON, pieces=lines)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCredentials:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    expires_at: datetime | None


@final
class Loopback(LoopbackServer):
    """Start it as a context. What tests may set stands at the top.

    ``answer`` is the function. Of routes in ``lost`` the next answer breaks off when
    all is done. ``broker_answers`` are the broker's next; None is the right one.
    ``broker_routes`` are what it answers whenever it is asked, by route; ``scripted``
    make each answer anew, and ``files`` are what browsers get, by path. No grant is
    answered while ``may_grant`` is not set.
    ``life`` and ``grant_life`` are seconds; ``clock_offset`` is by how many the clocks
    of broker and Lambda are before this machine's; Lambda tells the time of
    ``aws_clock_offset`` more. ``is_open`` is a URL that lets anybody in. ``issuers``
    are those that people sign in through, by their names the members of the list; None
    is a broker that is older than they are. Nobody checks the signatures of their
    tokens here: the broker itself does, in the journeys.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Request], Answer] = lambda _: json_answer({"ok": True})
        self.life = 900.0
        self.grant_life = 3600.0
        self.longest = 3600
        self.login_left = 3600
        self.clock_offset = 0.0
        self.refreshes = True
        self.password = PASSWORD
        self.is_one_time = False
        self.may_grant = Event()
        self.may_grant.set()
        self.title = "Hello"
        self.is_open = False
        self.issuers: dict[str, dict[str, Any]] | None = None
        self.aws_clock_offset = 0.0
        self.cors: dict[str, str] = {}
        self.preflight: dict[str, str] = {}
        self.broker_answers: list[Answer | None] = []
        self.broker_routes: dict[str, Answer] = {}
        self.scripted: dict[str, Callable[[], Answer]] = {}
        self.files: dict[str, Answer] = {}
        self.lost: list[str] = []
        self.runs = 0
        self.calls: list[Request] = []
        self.vouched: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self._access: set[str] = set()
        self._successors: dict[str, dict[str, Any]] = {}
        self._refresh: str | None = None
        self._issued: dict[str, IssuedCredentials] = {}
        self._ids = count(1)
        self._lock = Lock()
        handler = type("Handler", (_Handler,), {"loopback": self})
        super().__init__(handler)
        self.base = f"{self.origin}/"
        self.function = f"http://localhost:{self.port}/"
        self.allow(self.origin)

    def count(self, route: str) -> int:
        return self.asked.count(route)

    def allow(
        self,
        origin: str,
        headers: str = CORS_HEADERS,
        methods: str = "GET,POST",
        expose: str = EXPOSED_HEADERS,
    ) -> None:
        """Let a page of ``origin`` call the function."""
        self.cors = {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": expose,
        }
        self.preflight = {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": headers,
            "Access-Control-Max-Age": "0",
        }

    def end_login(self) -> None:
        """Do what an operator who ends it, or a stolen refresh token, does."""
        self._refresh = None
        self._successors.clear()
        self._access.clear()

    def forget_access(self) -> None:
        """Refuse the access tokens there are; the login goes on."""
        self._access.clear()

    def forget_grants(self) -> None:
        """Refuse the credentials there are, as after a change of the role."""
        self._issued.clear()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock_offset)

    def respond(self, request: Request) -> Answer:
        host = request.header("host")[0]
        if file := self.files.get(request.raw_path):
            return file
        if self.base.startswith(f"http://{host}/"):
            with self._lock:
                return self._on_its_way(request, self._as_broker(request))
        return self._as_lambda(request)

    def _on_its_way(self, request: Request, answer: Answer) -> Answer:
        route = request.raw_path.strip("/")
        if route not in self.lost:
            return answer
        self.lost.remove(route)
        return replace(answer, pieces=(b"{",), cut=True)

    def _as_broker(self, request: Request) -> Answer:
        route = request.raw_path.strip("/")
        self.asked.append(route)
        if answer := self._instead(route):
            return answer
        if open_to_all := self._as_broker_of_nobody(route):
            return open_to_all
        form = {
            name: values[0] for name, values in parse_qs(request.body.decode()).items()
        }
        if route in {"auth/login", "auth/password"}:
            change = "new_password" in form
            return self._change_password(form) if change else self._log_in(form)
        if route == "auth/refresh":
            return self._renew(form.get("refresh_token", ""))
        [bearer] = request.header("authorization") or ("",)
        token = bearer.removeprefix("Bearer ")
        person = ("local", "alice") if token in self._access else self._vouched(token)
        if person is None:
            return problem(401, "token-rejected", "The access token was not accepted")
        return self._as_broker_of(*person, route, request)

    def _as_broker_of_nobody(self, route: str) -> Answer | None:
        if route == "healthz":
            return json_answer({"status": "ok"})
        if route != "auth/issuers":
            return None
        if self.issuers is None:
            return problem(404, "none", "Not Found")
        return json_answer({"issuers": list(self.issuers.values())})

    def _vouched(self, token: str) -> tuple[str, str] | None:
        """Give the issuer's name and the subject of a token of one of the issuers."""
        try:
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        except (IndexError, ValueError):
            return None
        if claims["exp"] <= time.time():
            return None
        self.vouched.append(claims)
        for name, issuer in (self.issuers or {}).items():
            if issuer["issuer"] == claims["iss"]:
                return name, claims["sub"]
        return None

    def _instead(self, route: str) -> Answer | None:
        if route in self.scripted:
            return self.scripted[route]()
        if route in self.broker_routes:
            return self.broker_routes[route]
        return self.broker_answers.pop(0) if self.broker_answers else None

    def _as_broker_of(
        self, issuer: str, subject: str, route: str, request: Request
    ) -> Answer:
        match route:
            case "auth/logout":
                self.end_login()
                return Answer(status=204, pieces=())
            case "auth/me":
                return json_answer(
                    {
                        "issuer": issuer,
                        "subject": subject,
                        "groups": ["everyone"],
                        "session_name": f"{issuer}+{subject}",
                    }
                )
            case "functions":
                return json_answer({"Functions": [self._entry()]})
            case "grant":
                return self._grant(json.loads(request.body))
            case _:
                return problem(404, "none", "Not Found")

    def _log_in(self, form: Mapping[str, str]) -> Answer:
        if form.get("password") != self.password:
            return refusal("login-refused", "Wrong username or password")
        if self.is_one_time:
            return refusal("password-change-required", "This password was for once")
        return json_answer(self._pair())

    def _change_password(self, form: Mapping[str, str]) -> Answer:
        if len(form["new_password"]) < 8:
            return refusal("new-password-refused", "The new password cannot be taken")
        if form["password"] != self.password:
            return refusal("login-refused", "Wrong username or password")
        self.password, self.is_one_time = form["new_password"], False
        self._refresh = None
        return Answer(status=204, pieces=())

    def _renew(self, refresh: str) -> Answer:
        if refresh in self._successors:
            return json_answer(self._successors[refresh])
        if self._refresh is None or refresh != self._refresh:
            return refusal("login-ended", "The login has ended")
        self._successors[refresh] = self._pair()
        return json_answer(self._successors[refresh])

    def _pair(self) -> dict[str, Any]:
        number = next(self._ids)
        self._access.add(f"access-{number}")
        told = {
            "access_token": f"access-{number}",
            "token_type": "bearer",
            "expires_in": self.life,
        }
        if self.refreshes:
            self._refresh = f"refresh-{number}"
            told |= {
                "refresh_token": self._refresh,
                "refresh_token_expires_in": 2_592_000,
            }
        return told

    def _entry(self) -> dict[str, Any]:
        return {
            "Name": "hello",
            "Title": self.title,
            "Description": "Greets",
            "FuncUrl": self.function,
            "Region": REGION,
            "InvokeMode": "BUFFERED",
            "MaxDurationSeconds": self.longest,
        }

    def _grant(self, wanted: Mapping[str, Any]) -> Answer:
        self.may_grant.wait(30)
        if wanted["FunctionName"] != "hello":
            return problem(403, "function-not-available", "There is no such function")
        longest = min(self.longest, self.login_left)
        seconds = wanted.get("DurationSeconds", min(900, longest))
        if seconds > longest:
            return problem(422, "duration-out-of-range", "Too long")
        number = next(self._ids)
        life = min(self.grant_life, seconds)
        ends = (self.now + timedelta(seconds=life)).replace(microsecond=0)
        issued = IssuedCredentials(
            access_key_id=f"ASIAEXAMPLE{number}",
            secret_access_key=f"loopback-secret-{number}",
            session_token=f"loopback/session+token={number}",
            expires_at=ends,
        )
        self._issued[issued.access_key_id] = issued
        return json_answer(
            {
                "Version": 1,
                "FunctionName": "hello",
                "FuncUrl": self.function,
                "Region": REGION,
                "InvokeMode": "BUFFERED",
                "AccessKeyId": issued.access_key_id,
                "SecretAccessKey": issued.secret_access_key,
                "SessionToken": issued.session_token,
                "Token": issued.session_token,
                "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
                "ServerTime": f"{self.now:%Y-%m-%dT%H:%M:%S.%f}Z",
            }
        )

    def _as_lambda(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Answer(status=204, pieces=(), headers=self.preflight)
        self.calls.append(request)
        if self.is_open:
            return self.answer(request)
        try:
            self.verified(request)
        except SignatureRefusedError as error:
            refused = json_answer({"Message": error.message}, 403)
            return replace(refused, headers={"x-amzn-errortype": error.code})
        self.runs += 1
        return self.answer(request)

    def verified(self, request: Request) -> IssuedCredentials:
        """Check a signature as AWS does."""
        return verify(
            request,
            find=self._issued.get,
            service="lambda",
            region=REGION,
            now=self.now,
            tolerance=timedelta(minutes=5),
        )


class _Handler(RequestHandler):
    loopback: Loopback

    def handle_any(self) -> None:
        request = self.read_request()
        answer = self.loopback.respond(request)
        if answer.silent:
            self.close_connection = True
            return
        head = [("Date", self.date_time_string(self._now()))]
        if request.header("origin") and not self._is_broker:
            # As Lambda does: to each answer, whatever the function has said itself.
            head += self.loopback.cors.items()
        if answer.media_type:
            head.append(("Content-Type", answer.media_type))
        if answer.has_body:
            head.append(("Transfer-Encoding", "chunked"))
        if "x-amzn-requestid" not in answer.headers:
            head.append(("x-amzn-requestid", "lambda-r-1"))
        self.send_response_only(answer.status)
        for name, value in [*head, *answer.headers.items()]:
            self.send_header(name, value)
        self.end_headers()
        if answer.has_body:
            self._send(answer)

    # http.server looks its methods up by these names.
    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - see above
    do_PUT = do_PATCH = do_OPTIONS = handle_any  # noqa: N815 - see above

    def _send(self, answer: Answer) -> None:
        for piece in answer.pieces:
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if answer.cut:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    @property
    def _is_broker(self) -> bool:
        return self.loopback.base.endswith(f"//{self.headers['Host']}/")

    def _now(self) -> float:
        more = 0.0 if self._is_broker else self.loopback.aws_clock_offset
        return time.time() + self.loopback.clock_offset + more


def running() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback
