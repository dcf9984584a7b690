"""What ``/openapi.json`` says, where FastAPI would say a little too much."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from typing_extensions import override

from app.web.problems import MEDIA_TYPE


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


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: a generated client reads better."""
    return route.name


def _tidy(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        content = response.get("content", {})
        # FastAPI repeats the model of any answer as application/json.
        if MEDIA_TYPE in content:
            content.pop("application/json", None)
