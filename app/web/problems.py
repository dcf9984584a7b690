"""Every failure leaves the broker here, as RFC 9457 problem details."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain import errors

STATUS: Final[Mapping[type[errors.BrokerError], HTTPStatus]] = {
    errors.LoginRefusedError: HTTPStatus.UNAUTHORIZED,
    errors.LoginEndedError: HTTPStatus.UNAUTHORIZED,
    errors.TokenRejectedError: HTTPStatus.UNAUTHORIZED,
    errors.FunctionNotAvailableError: HTTPStatus.FORBIDDEN,
    errors.FunctionNotNamedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DurationOutOfRangeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SessionsUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UsersUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.CatalogueUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SigningKeyUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.AuditUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The one place where the broker's failures meet HTTP."""

MEDIA_TYPE: Final = "application/problem+json"

_PHRASES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""RFC 9110's names; Python 3.13 renamed its own to them, earlier ones did not."""

_UNKNOWN_FIELD: Final = "extra_forbidden"

_log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """One thing wrong with the input: where, as a JSON pointer, and what."""

    pointer: Annotated[str, Field(examples=["#/DurationSeconds"])]
    detail: Annotated[str, Field(examples=["Input should be a valid integer"])]


class Problem(BaseModel):
    """RFC 9457. ``type`` is a promise; ``title`` and ``detail`` are for people."""

    type: Annotated[str, Field(examples=["urn:aikagi:problem:token-rejected"])]
    title: str
    status: int
    detail: str | None = None
    errors: Sequence[FieldProblem] | None = None
    request_id: Annotated[str, Field(description="Under which the log knows it")]


def install(app: FastAPI) -> None:
    """Make ``app`` answer in problem details, whatever goes wrong."""

    @app.exception_handler(errors.BrokerError)
    async def _(request: Request, error: errors.BrokerError) -> Response:
        problem = Problem(
            type=type_of(type(error)),
            title=error.title,
            status=STATUS[type(error)],
            detail=str(error) or None,
            request_id=request.state.request_id,
        )
        return _respond(problem, headers_of(error))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        return answer_plain(
            request.scope,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            errors=[_field_problem(each) for each in error.errors()],
        )

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        detail = None if error.detail == status.phrase else error.detail
        return answer_plain(request.scope, status, error.headers, detail=detail)


class NeverRaise:
    """Answer for whatever nobody foresaw.

    Starlette's own last handler stands outside all other middleware, so its answers
    have no CORS headers, and a browser would tell its page nothing at all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_and_see(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except Exception:
            if started or scope["type"] != "http":
                raise
            _log.exception("Request %s failed", scope["state"]["request_id"])
            answer = answer_plain(scope, HTTPStatus.INTERNAL_SERVER_ERROR)
            await answer(scope, receive, send)


def answer_plain(
    scope: Scope,
    status: HTTPStatus,
    headers: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401 - the other fields of Problem
) -> Response:
    """Answer with a problem that its status says all about."""
    problem = Problem(
        type="about:blank",
        title=title_of(status),
        status=status,
        request_id=scope["state"]["request_id"],
        **more,
    )
    return _respond(problem, headers)


def headers_of(error: errors.BrokerError) -> dict[str, str]:
    """Give the headers that a failure travels with, whatever its body looks like."""
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if STATUS[type(error)] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _respond(problem: Problem, headers: Mapping[str, str] | None) -> Response:
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def title_of(status: HTTPStatus) -> str:
    return _PHRASES.get(status, status.phrase)


def type_of(error: type[errors.BrokerError]) -> str:
    return f"urn:aikagi:problem:{error.code}"


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    """Say where and why, and echo nothing: it may hold a password.

    The name of an unknown field is input too, so it is not in the pointer.
    """
    where = [str(step) for step in error["loc"][1:]]
    if error["type"] == _UNKNOWN_FIELD:
        return FieldProblem(
            pointer=_pointer(where[:-1]), detail="There is a field that is not known"
        )
    return FieldProblem(pointer=_pointer(where), detail=error["msg"])


def _pointer(steps: Sequence[str]) -> str:
    return "/".join(["#", *steps])
