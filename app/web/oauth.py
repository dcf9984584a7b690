"""How OAuth2's token endpoints refuse (RFC 6749, section 5.2).

A refusal is OAuth2's error answer and the problem document (RFC 9457) of the same
failure in one: an OAuth2 client reads ``error`` and ``error_description``, and whoever
knows this broker reads ``type``. What no route is asked about, a body too large or late
and a fault nobody foresaw, is a problem document alone.
"""

import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, TypeAlias

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.types import Scope
from typing_extensions import override

from app.domain.errors import (
    LoginEndedError,
    LoginRefusedError,
    PasswordChangeRequiredError,
    ProblemError,
)
from app.web.bodies import NOT_RECEIVED, FormRoute
from app.web.openapi import EXAMPLE_REQUEST_ID, add_example, problems
from app.web.problems import (
    Failure,
    Problem,
    headers_of,
    problem_of,
    respond,
    title_of,
)

MEDIA_TYPE: Final = "application/json"

ErrorCode: TypeAlias = Literal[
    "invalid_request",
    "invalid_grant",
    "unsupported_grant_type",
    "temporarily_unavailable",  # section 4.1.2.1's: the same may succeed later
]

_NOT_IN_A_DESCRIPTION: Final = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")
"""Section 5.2 allows printable ASCII without the double quote and the backslash."""


_INVALID_GRANT: Final = (
    LoginRefusedError,
    PasswordChangeRequiredError,
    LoginEndedError,
)

_FAULTS_OF_FORM: Final = (
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""What is a status of its own elsewhere, and here 400 like all that OAuth2 refuses."""


class OAuthError(Problem):
    """RFC 6749, section 5.2, and RFC 9457: an error answer of a token endpoint."""

    error: ErrorCode
    error_description: Annotated[str, Field(description="For people, in ASCII")]


class TokenRoute(FormRoute):
    """A token endpoint: whatever it refuses, it refuses as OAuth2 says."""

    @override
    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except (ProblemError, RequestValidationError, HTTPException) as failure:
                refusal = _refusal(request.scope, failure)
                response = respond(refusal, headers_of(failure), MEDIA_TYPE)
            response.headers["Pragma"] = "no-cache"  # section 5.1 asks for it still
            return response

        return answer


def refusals(
    *expected: type[ProblemError], has_grant_type: bool = True
) -> dict[int | str, dict[str, Any]]:
    """Document the failures of a token endpoint, each with an example."""
    documented = problems(unreadable=NOT_RECEIVED)
    examples: dict[str, Failure] = {error.code: error() for error in expected}
    examples["invalid-request"] = _MALFORMED
    if has_grant_type:
        examples["unsupported-grant-type"] = _OF_ANOTHER_GRANT
    for name, failure in examples.items():
        example = _refusal({"state": {"request_id": EXAMPLE_REQUEST_ID}}, failure)
        add_example(documented, name, example, MEDIA_TYPE)
    return documented


_MALFORMED: Final = RequestValidationError(
    [{"type": "missing", "loc": ("body", "username"), "msg": "Field required"}]
)
_OF_ANOTHER_GRANT: Final = RequestValidationError(
    [
        {
            "type": "literal_error",
            "loc": ("body", "grant_type"),
            "msg": "Input should be 'password'",
        }
    ]
)


def _refusal(scope: Scope, failure: Failure) -> OAuthError:
    problem = problem_of(scope, failure)
    if problem.status in _FAULTS_OF_FORM:
        problem.status = HTTPStatus.BAD_REQUEST
        problem.title = title_of(HTTPStatus.BAD_REQUEST)
    return OAuthError(
        **problem.model_dump(),
        error=_code_of(failure, problem.status),
        error_description=_NOT_IN_A_DESCRIPTION.sub("?", _sentence_of(problem)),
    )


def _code_of(failure: Failure, status: int) -> ErrorCode:
    if isinstance(failure, _INVALID_GRANT):
        return "invalid_grant"
    if status >= HTTPStatus.TOO_MANY_REQUESTS:
        return "temporarily_unavailable"
    if isinstance(failure, RequestValidationError) and _names_another_grant(failure):
        return "unsupported_grant_type"
    return "invalid_request"


def _names_another_grant(failure: RequestValidationError) -> bool:
    found = ((error["loc"][-1], error["type"]) for error in failure.errors())
    return ("grant_type", "literal_error") in found


def _sentence_of(problem: Problem) -> str:
    if problem.errors:
        faults = [(fault.pointer[2:], fault.detail) for fault in problem.errors]
        return "; ".join(f"{parameter}: {detail}" for parameter, detail in faults)
    return problem.detail or problem.title
