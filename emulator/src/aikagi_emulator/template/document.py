"""Reading YAML as CloudFormation reads it."""

from pathlib import Path
from typing import Any, Final, final

import yaml

from aikagi_emulator.template.stack import TemplateError

_MAPPINGS: Final = frozenset(
    {"Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources"}
)
_SECTIONS: Final = _MAPPINGS | {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Transform",
}
_LONGEST: Final = 1_048_576
"""Characters of a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
_RESOURCE: Final = frozenset(
    {
        "Condition",
        "DeletionPolicy",
        "DependsOn",
        "Metadata",
        "Properties",
        "Type",
        "UpdateReplacePolicy",
    }
)


def read(path: Path) -> dict[str, Any]:
    """Read a template; ``!Sub x`` becomes ``{"Fn::Sub": "x"}``.

    Raises ``TemplateError`` for what is not YAML, not a mapping, or says a key twice:
    the block that was copied and not renamed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        length = _spelled_out(document, {})
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise TemplateError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{path} is not YAML: {error}"
        raise TemplateError(msg) from error
    if not isinstance(document, dict):
        msg = f"{path} is not a template: it holds no mapping"
        raise TemplateError(msg)
    if length > _LONGEST:
        msg = (
            f"{path} is longer than {_LONGEST} characters, the most of a template,"
            " once what its aliases stand for is written out"
        )
        raise TemplateError(msg)
    _check_shape(document)
    return document


def _spelled_out(value: object, known: dict[int, int]) -> int:
    """Count the characters, and one for each value, of which an alias is another.

    ``known`` has what was counted, by ``id``. Each alias may double what is resolved.
    """
    if isinstance(value, str):
        return len(value) + 1
    if not isinstance(value, list | dict):
        return 1
    if id(value) not in known:
        inner = value if isinstance(value, list) else [*value, *value.values()]
        known[id(value)] = 1 + sum(_spelled_out(member, known) for member in inner)
    return known[id(value)]


def _check_shape(document: dict[str, Any]) -> None:
    """Check what everybody behind this relies on: sections are mappings of mappings."""
    _refuse_unknown("The template", document, _SECTIONS)
    for section in _MAPPINGS & document.keys():
        _check_mapping(section, document[section])
        for name, entry in document[section].items():
            _check_mapping(f"{section}.{name}", entry)
    if not document.get("Resources"):
        msg = "The template has no Resources"
        raise TemplateError(msg)
    for name, resource in document["Resources"].items():
        _refuse_unknown(name, resource, _RESOURCE)
        _check_mapping(f"{name}.Properties", resource.get("Properties", {}))
        if not isinstance(resource.get("Type"), str):
            msg = f"{name} has no Type"
            raise TemplateError(msg)


def _check_mapping(name: str, value: object) -> None:
    if not isinstance(value, dict):
        msg = f"{name} is not a mapping"
        raise TemplateError(msg)


def _refuse_unknown(name: str, mapping: dict[str, Any], known: frozenset[str]) -> None:
    unknown = ", ".join(sorted(map(str, mapping.keys() - known)))
    if unknown:
        msg = f"{name} has {unknown}, which the emulator does not model"
        raise TemplateError(msg)


@final
class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, strict keys and no dates."""


# CloudFormation knows no dates: `Version: 2012-10-17` is a string, quoted or not.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:timestamp"]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[object] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            raise _fault(key_node, "CloudFormation merges no mappings")
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise _fault(key_node, f"{key!r} cannot be a key")
        if key in seen:
            raise _fault(key_node, f"{key} is there twice")
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: _mapping(loader, node)}
    if not isinstance(node, yaml.ScalarNode):
        raise _fault(node, f"!{suffix} has no value")
    value = loader.construct_scalar(node)
    if suffix == "GetAtt":
        return {name: value.split(".", 1)}
    return {name: value}


def _fault(node: yaml.Node, problem: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(
        problem=problem, problem_mark=node.start_mark
    )


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_multi_constructor("!", _intrinsic)
