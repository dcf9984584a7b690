"""Parameter Store with as many parameters as wanted, ten to a page, and no network."""

from collections.abc import Iterator, Mapping
from typing import Any, final

_PAGE = 10
"""GetParametersByPath gives at most ten at a time."""


@final
class PagedParameters:
    """Satisfies what ``parameters.read_below`` asks of boto3's client."""

    def __init__(self, path: str, values: Mapping[str, str]) -> None:
        self._parameters = [
            {"Name": f"{path}/{name}", "Value": value} for name, value in values.items()
        ]

    def get_paginator(self, operation: str) -> "PagedParameters":
        assert operation == "get_parameters_by_path"
        return self

    def paginate(self, **_asked: str) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(self._parameters), _PAGE):
            yield {"Parameters": self._parameters[start : start + _PAGE]}
