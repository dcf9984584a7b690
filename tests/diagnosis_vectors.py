"""The vectors of diagnoses, made to happen at a broker and a URL on loopback."""

from typing import Any, Final

from tests.aikagi.loopback import Answer, Loopback, answer_of, json_answer
from tests.vector_files import Vector, bytes_of

NOWHERE: Final = "http://localhost:1/"
STATES: Final = {True: "ok", False: "fault", None: "unknown"}


def make_happen(loopback: Loopback, found: Vector) -> None:
    """Bring about what a vector says is found, and nothing of another."""
    origin = loopback.base.rstrip("/")
    answer = answer_to(found["function"], origin) if "function" in found else None
    loopback.answer = lambda _: answer or json_answer({"ok": True})
    loopback.broker_routes = {
        route: answer_to(told, origin)
        for route, told in found.get("broker", {}).items()
    }
    port = loopback.base.rsplit(":", 1)[1]
    loopback.function = NOWHERE if "url" in found else f"http://localhost:{port}"
    loopback.is_open = found.get("auth_type") == "NONE"
    loopback.aws_clock_offset = found.get("aws_clock", 0.0)
    loopback.allow(**{"origin": origin, **found.get("cors", {})})


def answer_to(told: Vector, origin: str) -> Answer:
    if told.get("lost"):
        return Answer(silent=True)
    answer = answer_of(told, [bytes_of(chunk) for chunk in told["chunks"]])
    headers = {
        name: origin if value == "ORIGIN" else value
        for name, value in answer.headers.items()
    }
    return Answer(
        status=answer.status,
        media_type=answer.media_type,
        headers=headers,
        pieces=answer.pieces,
    )


def expected(vector: Vector, client: str) -> tuple[dict[str, str], str]:
    """Give the states of the checks, by name and in order, and the cause."""
    told = vector.get("differs", {}).get(client, vector)
    return told["checks"], told["cause"]


def states(checks: list[dict[str, Any]]) -> dict[str, str]:
    return {check["check"]: STATES[check["ok"]] for check in checks}
