"""What ``/openapi.json`` says, where FastAPI would say a little too much."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from typing_extensions import override

from app.domain import errors
from app.web.problems import MEDIA_TYPE, STATUS, Problem, title_of, type_of


class DescribedApi(FastAPI):
    @override
    def openapi(self) -> dict[str, Any]:
        """Describe the API, its failures as problem documents and nothing else."""
        if self.openapi_schema is None:
            described = super().openapi()
            for path in described["paths"].values():
                for operation in path.values():
                    _tidy(operation)
        return super().openapi()


def problems(
    *expected: type[errors.BrokerError], unreadable: Sequence[HTTPStatus] = ()
) -> dict[int | str, dict[str, Any]]:
    """Document the failures a route may answer with, each with an example.

    ``unreadable`` are the statuses of a request that could not be read at all.
    """
    documented: dict[int | str, dict[str, Any]] = {}

    def add(status: HTTPStatus, name: str, example: dict[str, Any]) -> None:
        entry = documented.setdefault(status.value, _documented(status))
        entry["content"][MEDIA_TYPE]["examples"][name] = {
            "summary": example["title"],
            "value": example,
        }

    for error in expected:
        status = STATUS[error]
        add(status, error.code, _example(status, type_of(error), error.title))
    for status in unreadable:
        add(status, "unreadable", _example(status, "about:blank", title_of(status)))
    return documented


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: a generated client reads better."""
    return route.name


def _tidy(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        content = response.get("content", {})
        # FastAPI repeats the model of any answer as application/json.
        if MEDIA_TYPE in content:
            content.pop("application/json", None)


def _documented(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "model": Problem,
        "description": title_of(status),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}},
    }


def _example(status: HTTPStatus, type_: str, title: str) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": type_,
        "title": title,
        "status": status.value,
        "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and type_ == "about:blank":
        pointed = {"pointer": "#/a_field", "detail": "Input should be a valid integer"}
        example["errors"] = [pointed]
    return example
