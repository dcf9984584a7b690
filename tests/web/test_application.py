"""What every answer has, whoever gives it and however it went."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from opentelemetry import trace
from typing_extensions import override

from app.broker import Broker
from app.domain import errors
from app.web.application import create_app
from app.web.oauth import OAuthError
from app.web.problems import STATUS
from tests.fakes import KnownUsers, LoginsInMemory, RecordingAudit

DESK = "https://desk.example"
FORM = {"username": "alice", "password": "correct"}


def test_every_failure_has_a_status_and_a_code_of_its_own():
    unavailable = errors.UnavailableError
    known = {*errors.ProblemError.__subclasses__(), *unavailable.__subclasses__()}
    known -= {unavailable}

    assert set(STATUS) == known
    assert len({error.code for error in known}) == len(known)


def failure_type(path: str) -> str:
    """OAuth2's endpoints tell of failures as OAuth2 has it."""
    is_oauth2s = path in {"/auth/login", "/auth/password", "/auth/refresh"}
    return "application/json" if is_oauth2s else "application/problem+json"


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        pytest.param("/", "same-origin", id="the page"),
        pytest.param("/docs", "same-origin", id="the documentation"),
        pytest.param("/static/aikagi.js", None, id="a module"),
        pytest.param("/auth/me", None, id="a problem"),
    ],
)
def test_no_window_that_opens_a_document_keeps_hold_of_it(
    client: TestClient, path: str, policy: str | None
):
    answer = client.get(path)

    assert answer.headers.get("Cross-Origin-Opener-Policy") == policy


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/auth/me", 401),
        ("GET", "/nonesuch", 404),
        ("GET", "/healthz/", 404),
        ("DELETE", "/grant", 405),
        ("POST", "/auth/login", 400),
        ("POST", "/auth/refresh", 400),
        ("POST", "/auth/logout", 401),
    ],
)
def test_every_answer_is_guarded(
    client: TestClient, method: str, path: str, status: int
):
    answer = client.request(method, path, follow_redirects=False)

    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Request-Id"]
    # Also where no origin was sent: what a browser keeps for the page itself, it would
    # serve to another origin's page, without the permission that one needs.
    assert "Origin" in answer.headers["Vary"].split(", ")
    if status >= 400:
        assert answer.headers["Content-Type"] == failure_type(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_health_touches_nothing(client: TestClient):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.fixture
def broken(app: FastAPI, audit: RecordingAudit) -> Iterator[TestClient]:
    @app.get("/broken")
    async def _() -> None:
        raise RuntimeError("a secret in a message")

    with TestClient(app) as client:
        yield client


def test_what_nobody_foresaw_is_a_500_without_a_word(broken: TestClient):
    answer = broken.get("/broken", headers={"Origin": DESK})

    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    assert "secret" not in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == DESK


def test_a_failure_of_the_framework_keeps_its_headers(app: FastAPI):
    @app.get("/tired")
    async def _() -> None:
        raise HTTPException(503, headers={"Retry-After": "3"})

    answer = TestClient(app).get("/tired")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/auth/login", "/auth/refresh"])
def test_what_nobody_foresaw_at_a_token_endpoint_is_a_500_all_the_same(
    client: TestClient, users: KnownUsers, logins: LoginsInMemory, path: str
):
    def fail(*_: object) -> None:
        raise RuntimeError("a secret in a message")

    pair = client.post("/auth/login", data=FORM).json()
    users.authenticate = logins.read = fail  # type: ignore[assignment,method-assign] # a fault of ours
    form = {**FORM, "refresh_token": pair["refresh_token"]}
    form["grant_type"] = "password" if path == "/auth/login" else "refresh_token"

    answer = client.post(path, data=form)

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/auth/me", "/nonesuch"])
def test_a_listed_origin_may_read_answers_and_errors(client: TestClient, path: str):
    answer = client.get(path, headers={"Origin": DESK})

    assert answer.headers["Access-Control-Allow-Origin"] == DESK
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://desk.example.evil.example", "null"]
)
def test_no_other_origin_may(client: TestClient, origin: str):
    answer = client.get("/healthz", headers={"Origin": origin})

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_preflight_is_answered_for_listed_origins_only(
    client: TestClient, method: str
):
    def preflight(origin: str) -> int:
        asking = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        return client.options("/grant", headers=asking).status_code

    assert preflight(DESK) == 200
    assert preflight("https://evil.example") == 400


def test_docs_can_be_switched_off(client: TestClient, broker: Broker):
    without = TestClient(create_app(broker, docs=False))

    assert client.get("/docs").status_code == 200
    assert without.get("/docs").status_code == 404
    assert without.get("/openapi.json").status_code == 404
    assert without.get("/healthz").status_code == 200


def test_the_description_documents_every_failure_as_a_problem(app: FastAPI):
    described = app.openapi()

    documented = {
        (path, method): set(operation["responses"])
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert documented == {
        ("/auth/login", "post"): {"200", "400", "408", "413", "429", "503"},
        ("/auth/password", "post"): {"204", "400", "408", "413", "429", "503"},
        ("/auth/refresh", "post"): {"200", "400", "408", "413", "503"},
        ("/auth/logout", "post"): {"204", "400", "401", "503"},
        ("/auth/issuers", "get"): {"200", "503"},
        ("/auth/me", "get"): {"200", "401", "503"},
        ("/functions", "get"): {"200", "401", "503"},
        ("/grant", "post"): {
            *("200", "400", "401", "403", "408", "413", "415", "422", "429", "503"),
        },
        ("/credentials/{function_name}", "get"): {
            *("200", "400", "401", "403", "422", "429", "503"),
        },
        ("/healthz", "get"): {"200"},
    }
    for path, methods in described["paths"].items():
        if path.startswith("/credentials/"):
            continue  # whose failures are told as SDKs read them
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status not in {"200", "204"}:
                    [media_type] = response["content"]
                    no_route_is_asked = status in {"408", "413"}
                    expected = failure_type("" if no_route_is_asked else path)
                    assert media_type == expected
                    assert response["content"][media_type]["examples"]
    # FastAPI's own shape of a 422 is no answer of ours.
    assert "ValidationError" not in str(described)


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        (
            "/auth/login",
            {
                "login-refused": "invalid_grant",
                "password-change-required": "invalid_grant",
                "invalid-request": "invalid_request",
                "unsupported-grant-type": "unsupported_grant_type",
            },
        ),
        (
            "/auth/password",
            {
                "login-refused": "invalid_grant",
                "new-password-refused": "invalid_request",
                "invalid-request": "invalid_request",
            },
        ),
        (
            "/auth/refresh",
            {
                "login-ended": "invalid_grant",
                "invalid-request": "invalid_request",
                "unsupported-grant-type": "unsupported_grant_type",
            },
        ),
    ],
)
def test_the_description_documents_refusals_of_the_token_endpoints_as_oauth2s(
    app: FastAPI, path: str, codes: dict[str, str]
):
    described = app.openapi()

    responses = described["paths"][path]["post"]["responses"]
    content_by_status = {
        status: responses[status]["content"] for status in ("400", "503")
    }
    for status, content in content_by_status.items():
        assert content["application/json"]["schema"] == {
            "$ref": "#/components/schemas/OAuthError"
        }
        for example in content["application/json"]["examples"].values():
            validated = OAuthError.model_validate(example["value"])
            assert validated.status == int(status)
    examples = content_by_status["400"]["application/json"]["examples"]
    assert {
        name: example["value"]["error"] for name, example in examples.items()
    } == codes
    assert {
        example["value"]["error"]
        for example in content_by_status["503"]["application/json"]["examples"].values()
    } == {"temporarily_unavailable"}


def test_the_description_works_behind_any_path(app: FastAPI):
    described = app.openapi()

    assert described["servers"] == [{"url": "."}]
    login = described["components"]["securitySchemes"]["login"]
    assert login["flows"]["password"]["tokenUrl"] == "auth/login"
    assert login["flows"]["password"]["refreshUrl"] == "auth/refresh"


class NotedSpans(trace.TracerProvider):
    """A provider of OpenTelemetry that a process may have, which notes who asks it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @override
    def get_tracer(self, *arguments: Any, **named: Any) -> trace.Tracer:
        self.asked.append(str(arguments))
        return trace.NoOpTracer()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> NotedSpans:
    noted = NotedSpans()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", noted)
    return noted


def test_no_request_is_told_to_a_telemetry_that_the_process_has(
    broker: Broker, spans: NotedSpans
):
    """It would get bodies, and so passwords."""
    with TestClient(create_app(broker)) as client:
        assert client.post("/auth/login", data=FORM).status_code == 200

    assert spans.asked == []


def test_an_application_of_fastapi_tells_it_by_default(spans: NotedSpans):
    with TestClient(FastAPI()) as client:
        client.get("/")

    assert spans.asked
