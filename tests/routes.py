"""Every route that the application has."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

_FILLED: Final = defaultdict(lambda: "unknown", function_name="report")
"""What stands for a parameter in the path of a route."""


def methods_by_path(app: FastAPI) -> Mapping[str, set[str]]:
    """List the methods that routes name, by a path that each of them takes."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for route in iter_route_contexts(app.routes):
        path = (route.path_format or "").format_map(_FILLED)
        found[path] |= route.methods or set()
    return found


def paths_with_get(app: FastAPI) -> list[str]:
    return [path for path, methods in methods_by_path(app).items() if "GET" in methods]
