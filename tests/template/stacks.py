"""The template as AWS would see it, for the contract tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aikagi_emulator.template import (
    Addresses,
    Resource,
    Stack,
    declared_parameters,
    load,
)
from aikagi_emulator.template.document import read
from aikagi_emulator.template.parameters import values
from aikagi_emulator.template.translate import translate

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
ANOTHER_TEMPLATE: Final = TEMPLATE.parent / "docs" / "another-stack.yaml"
_NOTHING: Final[Mapping[str, str]] = {}
_REGION: Final = "ap-northeast-1"
API: Final = "https://abc123.execute-api.ap-northeast-1.amazonaws.com"


def deployed(
    template: Path = TEMPLATE, /, *, name: str = "trial", **parameters: str
) -> Stack:
    """Resolve a template as a stack called ``name``."""
    addresses = Addresses(
        http_api=lambda _: API,
        function_url=lambda index: f"https://url{index}.lambda-url.example/",
    )
    return load(template, addresses=addresses, parameters=parameters, name=name)


def another_deployed(
    template: Path = ANOTHER_TEMPLATE,
    /,
    *,
    name: str = "another",
    broker: str = "trial",
    **parameters: str,
) -> Stack:
    """Resolve a template as a stack beside that of the broker, whose outputs it has."""
    outputs = outputs_for(template, broker=broker)
    return deployed(template, name=name, **(outputs | parameters))


def outputs_for(template: Path, *, broker: str = "trial") -> dict[str, str]:
    """Return those outputs of the broker's stack that a template has parameters for."""
    declared = declared_parameters(template)
    return {
        key: value
        for key, value in deployed(name=broker).outputs.items()
        if key in declared
    }


def translated(
    template: Path = TEMPLATE, given: Mapping[str, str] = _NOTHING
) -> Mapping[str, Any]:
    """Return the translator's output, in which policies of deletion still stand."""
    document = read(template)
    return translate(
        document,
        folder=template.parent,
        parameters=values(document["Parameters"], given),
        region=_REGION,
    ).template


def opened(template: Path) -> Mapping[str, Any]:
    """Return the same with every parameter left open, so that no default hides it."""
    document = read(template)
    parameters: Any = {name: {"Ref": name} for name in document["Parameters"]}
    return translate(
        document, folder=template.parent, parameters=parameters, region=_REGION
    ).template


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlFunction:
    """A function behind a URL. ``name`` is its tag; empty where it has none."""

    name: str
    resource: Resource
    url: Resource

    @property
    def arn(self) -> str:
        return str(self.resource.attributes["Arn"])


def published(stack: Stack) -> tuple[UrlFunction, ...]:
    """Return the functions that have a URL."""
    functions = {
        function.attributes["Arn"]: function
        for function in stack.of_type("AWS::Lambda::Function")
    }
    found = []
    for url in stack.of_type("AWS::Lambda::Url"):
        function = functions[url.attributes["FunctionArn"]]
        tags = {tag["Key"]: tag["Value"] for tag in function.properties.get("Tags", [])}
        name = tags.get("aikagi:function", "")
        found.append(UrlFunction(name=name, resource=function, url=url))
    return tuple(found)


def entry_point(function: Resource) -> tuple[str, str]:
    """Return a function's module, and the name in it that Lambda or a server calls."""
    module, _, name = str(function.properties["Handler"]).rpartition(".")
    return module, name


def variables_of(function: Resource) -> dict[str, str]:
    return dict(function.properties.get("Environment", {}).get("Variables", {}))


def policies_of(stack: Stack, role: Resource) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of a role's policies, by the policies' names."""
    inline = role.properties.get("Policies", [])
    apart = [
        policy.properties
        for policy in stack.of_type("AWS::IAM::RolePolicy")
        if policy.properties["RoleName"] == role.ref
    ]
    return {
        policy["PolicyName"]: policy["PolicyDocument"]["Statement"]
        for policy in (*inline, *apart)
    }


def all_statements(stack: Stack) -> Iterator[dict[str, Any]]:
    """Yield what any role may do."""
    for role in stack.of_type("AWS::IAM::Role"):
        for statements in policies_of(stack, role).values():
            yield from statements


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
