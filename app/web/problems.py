"""Every failure leaves the broker here, as RFC 9457 problem details."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain import errors

STATUS: Final[Mapping[type[errors.ProblemError], HTTPStatus]] = {
    errors.LoginRefusedError: HTTPStatus.BAD_REQUEST,
    errors.LoginLimitedError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.PasswordChangeRequiredError: HTTPStatus.BAD_REQUEST,
    errors.NewPasswordRefusedError: HTTPStatus.BAD_REQUEST,
    errors.LoginEndedError: HTTPStatus.BAD_REQUEST,
    errors.TokenRejectedError: HTTPStatus.UNAUTHORIZED,
    errors.LoginNotOursError: HTTPStatus.BAD_REQUEST,
    errors.FunctionNotAvailableError: HTTPStatus.FORBIDDEN,
    errors.FunctionNotNamedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DurationOutOfRangeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.GrantLimitedError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SessionsUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UsersUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.CatalogueUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SigningKeyUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.IssuersUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.IssuerKeysUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.AuditUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The one place where the broker's failures meet HTTP."""

MEDIA_TYPE: Final = "application/problem+json"

_PHRASES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""RFC 9110's names; Python 3.13 renamed its own to them, earlier ones did not."""

_UNKNOWN_FIELD: Final = "extra_forbidden"

_MOST_FIELD_PROBLEMS: Final = 20
"""A body of 64 kB may hold ten thousand unknown fields."""

Failure: TypeAlias = errors.ProblemError | RequestValidationError | HTTPException
"""What somebody foresaw. Anything else is for ``NeverRaise``."""

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

    @app.exception_handler(errors.ProblemError)
    @app.exception_handler(RequestValidationError)
    @app.exception_handler(HTTPException)
    async def _(request: Request, failure: Failure) -> Response:
        return respond(problem_of(request.scope, failure), headers_of(failure))


def problem_of(scope: Scope, failure: Failure) -> Problem:
    """Describe a failure that somebody foresaw."""
    match failure:
        case errors.ProblemError():
            return Problem(
                type=type_of(type(failure)),
                title=failure.title,
                status=STATUS[type(failure)],
                detail=str(failure) or None,
                request_id=scope["state"]["request_id"],
            )
        case RequestValidationError():
            return _invalid(scope, failure.errors())
        case HTTPException():
            status = HTTPStatus(failure.status_code)
            detail = None if failure.detail == status.phrase else failure.detail
            return _plain(scope, status, detail=detail)


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
    return respond(_plain(scope, status, **more), headers or {})


def headers_of(failure: Failure) -> dict[str, str]:
    """Give the headers of the answer to a failure, in whatever format its body is."""
    if isinstance(failure, HTTPException):
        return dict(failure.headers or {})
    if isinstance(failure, RequestValidationError):
        return {}
    headers = {}
    if failure.retry_after_seconds is not None:
        headers["Retry-After"] = str(failure.retry_after_seconds)
    if isinstance(failure, errors.TokenRejectedError):
        # RFC 6750, section 3.1: no error code for whoever presented no token.
        rejected = ' error="invalid_token"' if failure.presented else ""
        headers["WWW-Authenticate"] = f"Bearer{rejected}"
    return headers


def respond(
    problem: Problem, headers: Mapping[str, str], media_type: str = MEDIA_TYPE
) -> Response:
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        headers=dict(headers),
        media_type=media_type,
    )


def title_of(status: HTTPStatus) -> str:
    return _PHRASES.get(status, status.phrase)


def type_of(error: type[errors.ProblemError]) -> str:
    return f"urn:aikagi:problem:{error.code}"


def _plain(
    scope: Scope,
    status: HTTPStatus,
    **more: Any,  # noqa: ANN401 - the other fields of Problem
) -> Problem:
    return Problem(
        type="about:blank",
        title=title_of(status),
        status=status,
        request_id=scope["state"]["request_id"],
        **more,
    )


def _invalid(scope: Scope, found: Sequence[Mapping[str, Any]]) -> Problem:
    listed = [_field_problem(error) for error in found[:_MOST_FIELD_PROBLEMS]]
    is_whole = len(listed) == len(found)
    return _plain(
        scope,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        detail=None if is_whole else f"The first {len(listed)} errors are listed",
        errors=listed,
    )


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
