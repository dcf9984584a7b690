"""What a template becomes, and what it needs to become it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

_NAMED: Final = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Logs::LogGroup",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
    }
)
"""Types of which an account has one of each name, whatever stacks it has."""


class TemplateError(ValueError):
    """The template, or a value given to it, cannot be used. The message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource; ``ref`` and ``attributes`` are what Ref and GetAtt return.

    ``source`` is the logical id under which the author wrote it, where SAM made the
    resource from another. ``stack_name`` is the name of the stack that it belongs to.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    ref: str
    attributes: Mapping[str, Any]
    stack_name: str
    source: str = ""

    @property
    def written(self) -> str:
        """What to call it in a sentence for the author."""
        return named(self.logical_id, self.type, self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where things answer on this machine.

    ``http_api`` gets the position of an ``AWS::ApiGatewayV2::Api`` in the template,
    from 0, and returns its origin, as ``ApiEndpoint`` is: no slash at its end.
    ``function_url`` gets that of an ``AWS::Lambda::Url`` and returns its URL with the
    slash that AWS puts there. ``applications`` leads from the logical ids of functions
    that a server of their own runs to its origin, where the HTTP APIs that lead to them
    answer too.
    """

    http_api: Callable[[int], str]
    function_url: Callable[[int], str]
    applications: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """An event source that the author gave to a function, as it is written.

    ``properties`` are not resolved. ``api`` is the logical id of the HTTP or REST API
    that it is a route of, where it is one.
    """

    function: str
    name: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    api: str = ""

    @property
    def written(self) -> str:
        return f"{self.function}: its event {self.name} ({self.type})"

    @property
    def unserved(self) -> str:
        """Why nothing calls the function by it here, if so."""
        if self.type == "HttpApi":
            return ""
        return "REST APIs are not served" if self.type == "Api" else "nothing sends it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A template with every value resolved.

    ``resources`` holds those that exist, by logical id: first what the template spells
    out, then what SAM made, each in the template's order. ``code`` leads from the Ref
    of an ``AWS::Lambda::Function`` to the folder of its code, and ``layers`` from the
    ARN of a layer's version to the folder of its content. ``builds`` leads
    from the Ref of either to how ``sam build`` makes it: its ``BuildMethod``, for a
    function without one ``python``, or an empty text where it is taken as it is.
    """

    name: str
    region: str
    account: str
    resources: Mapping[str, Resource]
    outputs: Mapping[str, str]
    code: Mapping[str, Path]
    layers: Mapping[str, Path] = field(default_factory=dict)
    events: tuple[EventSource, ...] = ()
    builds: Mapping[str, str] = field(default_factory=dict)

    @property
    def stack_id(self) -> str:
        return stack_id_of(self.name, region=self.region, account=self.account)

    def stack_id_of(self, resource: Resource) -> str:
        """Return ``AWS::StackId`` of the stack that a resource belongs to."""
        return stack_id_of(
            resource.stack_name, region=self.region, account=self.account
        )

    def with_stack(self, other: "Stack") -> "Stack":
        """Return this stack with the resources of another of its account and Region.

        Name, outputs and events are this one's, and so are the logical ids: the other's
        resources stand behind it under ``<stack>/<logical id>``. Raises
        ``TemplateError`` where both have something of the same name.
        """
        taken = {
            (resource.type, resource.ref): resource
            for resource in self.resources.values()
            if resource.type in _NAMED
        }
        for resource in other.resources.values():
            if found := taken.get((resource.type, resource.ref)):
                msg = (
                    f"{resource.logical_id} is called {resource.ref}, as "
                    f"{found.logical_id} of the stack {found.stack_name} is already"
                )
                raise TemplateError(msg)
        return replace(
            self,
            resources={
                **self.resources,
                **{
                    f"{other.name}/{logical_id}": resource
                    for logical_id, resource in other.resources.items()
                },
            },
            code={**self.code, **other.code},
            layers={**self.layers, **other.layers},
            builds={**self.builds, **other.builds},
        )

    def of_type(self, type_: str) -> tuple[Resource, ...]:
        return tuple(
            resource for resource in self.resources.values() if resource.type == type_
        )


def stack_id_of(name: str, *, region: str, account: str) -> str:
    """Return what ``AWS::StackId`` is, the same at every start."""
    arn = f"arn:aws:cloudformation:{region}:{account}:stack/{name}"
    return f"{arn}/{uuid.uuid5(uuid.NAMESPACE_URL, arn)}"


def named(logical_id: str, type_: str, source: str) -> str:
    """Name a resource as the author wrote it: SAM's own ids are told by their type."""
    return f"{source} ({type_})" if source not in {"", logical_id} else logical_id
