"""Leave of botocore's data what the broker asks AWS for.

``python -m lambda_package.trim_botocore DIRECTORY``, where a Lambda package is being
put together. botocore describes four hundred services, and reads the whole description
of one before its first call: what is left is read in a fraction of the time.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

OPERATIONS: Final[Mapping[str, Collection[str]]] = {
    "dynamodb": {"BatchGetItem", "GetItem", "PutItem", "UpdateItem"},
    "secretsmanager": {"GetSecretValue"},
    "ssm": {"GetParametersByPath"},
    # The second opens a connection after SnapStart has restored the process.
    "sts": {"AssumeRole", "GetCallerIdentity"},
}
"""Every call of the broker's. Whatever else there is, an operator's command makes."""

_SHAPE: Final = "shape"
_PAGINATORS: Final = "paginators-1"
_SERVICE: Final = "service-2"
_RULES: Final = "endpoint-rule-set-1"


def trim(package: Path) -> None:
    """Trim the data of the botocore that is installed below ``package``.

    Raises ``ValueError`` where a service has no operation of a name above.
    """
    data = package / "botocore" / "data"
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in OPERATIONS:
            shutil.rmtree(folder)
    for service, operations in OPERATIONS.items():
        _trim_service(data / service, operations)
    _trim_endpoints(data)


def _trim_service(folder: Path, operations: Collection[str]) -> None:
    *older, newest = sorted(folder.iterdir())
    for version in older:
        shutil.rmtree(version)
    model = trimmed_model(_read(newest, _SERVICE), operations)
    paginators = _read(newest, _PAGINATORS)
    paginators["pagination"] = {
        name: paginator
        for name, paginator in paginators["pagination"].items()
        if name in operations
    }
    rules = _read(newest, _RULES)
    shutil.rmtree(newest)
    newest.mkdir()
    for name, content in [
        (_SERVICE, model),
        (_PAGINATORS, paginators),
        (_RULES, rules),
    ]:
        _write(newest / f"{name}.json", content)


def trimmed_model(
    model: Mapping[str, Any], operations: Collection[str]
) -> dict[str, Any]:
    """Leave some operations of a service, and the shapes that they need."""
    absent = set(operations) - model["operations"].keys()
    if absent:
        msg = f"{model['metadata']['serviceId']} has no {', '.join(sorted(absent))}"
        raise ValueError(msg)
    left = {name: model["operations"][name] for name in sorted(operations)}
    needed: set[str] = set()
    _add_shapes(left, model["shapes"], needed)
    shapes = {
        name: _without_documentation(shape)
        for name, shape in model["shapes"].items()
        if name in needed
    }
    return {
        **{name: part for name, part in model.items() if name != "documentation"},
        "operations": _without_documentation(left),
        "shapes": shapes,
    }


def _add_shapes(part: object, shapes: Mapping[str, Any], needed: set[str]) -> None:
    """Add the names of all shapes that ``part`` leads to."""
    if isinstance(part, list):
        for item in part:
            _add_shapes(item, shapes, needed)
    if not isinstance(part, dict):
        return
    name = part.get(_SHAPE)
    if isinstance(name, str) and name in shapes and name not in needed:
        needed.add(name)
        _add_shapes(shapes[name], shapes, needed)
    for item in part.values():
        _add_shapes(item, shapes, needed)


def _without_documentation(part: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(part, list):
        return [_without_documentation(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _without_documentation(item)
        for name, item in part.items()
        # A shape may have a member of that name, which is no text.
        if name != "documentation" or not isinstance(item, str)
    }


def _trim_endpoints(data: Path) -> None:
    endpoints = _read(data, "endpoints")
    for partition in endpoints["partitions"]:
        partition["services"] = {
            name: service
            for name, service in partition["services"].items()
            if name in OPERATIONS
        }
    for path in data.glob("endpoints.json*"):
        path.unlink()
    _write(data / "endpoints.json", endpoints)


def _read(folder: Path, name: str) -> dict[str, Any]:
    packed = folder / f"{name}.json.gz"
    if packed.exists():
        content = gzip.decompress(packed.read_bytes())
    else:
        content = (folder / f"{name}.json").read_bytes()
    found: dict[str, Any] = json.loads(content)
    return found


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
