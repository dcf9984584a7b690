"""What ``/openapi.json`` says, where FastAPI would say a little too much."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from typing_extensions import override

from app.domain import errors
from app.web.problems import (
    MEDIA_TYPE,
    STATUS,
    FieldProblem,
    Problem,
    title_of,
    type_of,
)

EXAMPLE_REQUEST_ID: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"


class DescribedApi(FastAPI):
    @override
    def openapi(self) -> dict[str, Any]:
        """Describe the API, and its failures as they are answered."""
        if self.openapi_schema is None:
            described = super().openapi()
            for path in described["paths"].values():
                for operation in path.values():
                    _tidy(operation)
            for name in _FASTAPIS_OWN:
                described["components"]["schemas"].pop(name, None)
        return super().openapi()


def problems(
    *expected: type[errors.ProblemError], unreadable: Sequence[HTTPStatus] = ()
) -> dict[int | str, dict[str, Any]]:
    """Document the failures a route may answer with, each with an example.

    ``unreadable`` are the statuses of a request that could not be read at all.
    """
    documented: dict[int | str, dict[str, Any]] = {}
    for error in expected:
        add_example(
            documented,
            error.code,
            _example(STATUS[error], type_of(error), error.title),
        )
    for status in unreadable:
        example = _example(status, "about:blank", title_of(status))
        add_example(documented, "unreadable", example)
    return documented


def add_example(
    documented: dict[int | str, dict[str, Any]],
    name: str,
    example: Problem,
    media_type: str = MEDIA_TYPE,
) -> None:
    """Add one to those of its status, whose answers are of the example's model."""
    status = HTTPStatus(example.status)
    model = type(example)
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    entry = documented.setdefault(
        status.value,
        {
            "model": model,
            "description": title_of(status),
            "content": {media_type: {"schema": schema, "examples": {}}},
        },
    )
    entry["content"][media_type]["examples"][name] = {
        "summary": example.title,
        "value": example.model_dump(exclude_none=True),
    }


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: a generated client reads better."""
    return route.name


_FASTAPIS_OWN: Final = ("HTTPValidationError", "ValidationError")
"""The shape of its 422, which every route with input would be said to answer."""


def _tidy(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if _FASTAPIS_OWN[0] in str(responses.get("422")):
        del responses["422"]
    for response in responses.values():
        content = response.get("content", {})
        # FastAPI repeats the model of any answer as application/json.
        if MEDIA_TYPE in content:
            content.pop("application/json", None)


def _example(status: HTTPStatus, type_: str, title: str) -> Problem:
    is_invalid = status == HTTPStatus.UNPROCESSABLE_ENTITY and type_ == "about:blank"
    fault = FieldProblem(pointer="#/a_field", detail="Input should be a valid integer")
    return Problem(
        type=type_,
        title=title,
        status=status,
        errors=[fault] if is_invalid else None,
        request_id=EXAMPLE_REQUEST_ID,
    )
