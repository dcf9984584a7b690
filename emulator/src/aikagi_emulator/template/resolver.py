"""Resolves a CloudFormation template, each resource when it is asked for."""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast, final

from aikagi_emulator.template.environment import with_text_variables
from aikagi_emulator.template.intrinsics import NO_VALUE, Intrinsics
from aikagi_emulator.template.resources import (
    ResourceContext,
    StackContext,
    identify,
    identify_any,
    is_passed_over,
)
from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import (
    EventSource,
    Resource,
    TemplateError,
    named,
    stack_id_of,
)
from aikagi_emulator.template.trail import Trail

_log: Final = logging.getLogger(__name__)

_LONGEST: Final = 8192
"""Characters of what Ref and GetAtt return: of a parameter's value, on AWS, and of no
name so many. Each name may hold another one twice."""

_MOST_NAMES: Final = 3
"""Of resources of one type, in a line that says that all of them are passed over."""


@final
class Resolver:
    """Answers for every name in one template.

    A resource is resolved in full before it is referred to, so a circle is found as
    CloudFormation would find it. ``written`` leads from the author's logical ids to
    the types that stand there; without it, all that stands in ``template`` is theirs.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        parameters: Mapping[str, str | list[str]],
        site: StackContext,
        written: Mapping[str, str] | None = None,
        events: Collection[EventSource] = (),
    ) -> None:
        self._template = template
        self._written = self._types() if written is None else written
        # Each event has a line of its own, and so has what SAM made of it.
        self._of_events = tuple(
            begin
            for event in events
            for begin in (f"{event.function}{event.name}", event.api)
            if begin
        )
        self._site = site
        self._known: dict[str, object] = {
            **parameters,
            "AWS::AccountId": site.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": site.region,
            "AWS::StackId": stack_id_of(
                site.stack, region=site.region, account=site.account
            ),
            "AWS::StackName": site.stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._intrinsics = Intrinsics(self)
        self._resources: dict[str, Resource] = {}
        self._conditions: dict[str, bool] = {}
        self._trail = Trail()
        self._passed: defaultdict[str, list[str]] = defaultdict(list)

    def resources(self) -> dict[str, Resource]:
        """Resolve all that exist, and log which are passed over: a line for a type."""
        found = {
            logical_id: self._resource(logical_id)
            for logical_id in self._section("Resources")
            if self.exists(logical_id)
        }
        for type_, names in self._passed.items():
            are = "is" if len(names) == 1 else "are"
            listed = _listed(names)
            _log.info("%s %s passed over: %s decides nothing here", listed, are, type_)
        return found

    def exists(self, logical_id: str) -> bool:
        """Whether a resource of the template has no condition, or a true one."""
        condition = self._section("Resources")[logical_id].get("Condition")
        return condition is None or self.condition(condition)

    def outputs(self) -> dict[str, str]:
        found = {}
        for name, output in self._section("Outputs").items():
            with self._trail.inside(f"Outputs.{name}"):
                if "Condition" in output and not self.condition(output["Condition"]):
                    continue
                found[name] = as_text(self._intrinsics.value(output.get("Value")))
        return found

    def reference(self, name: str) -> object:
        if name in self._known:
            return self._known[name]
        return self._resource(name).ref

    def attribute(self, logical_id: str, attribute: str) -> object:
        resource = self._resource(logical_id)
        if attribute not in resource.attributes:
            known = ", ".join(resource.attributes) or "none"
            msg = (
                f"{logical_id}.{attribute} is not an attribute that the emulator "
                f"models; {resource.type} has {known}"
            )
            raise TemplateError(msg)
        return resource.attributes[attribute]

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            if name not in self._section("Conditions"):
                msg = f"there is no condition {name}"
                raise TemplateError(msg)
            with self._trail.inside(f"Conditions.{name}"):
                expression = self._section("Conditions")[name]
                self._conditions[name] = self._intrinsics.truth(expression)
        return self._conditions[name]

    def mapping(self, name: str) -> Mapping[str, Any]:
        if name not in self._section("Mappings"):
            msg = f"there is no mapping {name}"
            raise TemplateError(msg)
        return cast("Mapping[str, Any]", self._section("Mappings")[name])

    def _resource(self, logical_id: str) -> Resource:
        if logical_id in self._resources:
            return self._resources[logical_id]
        if logical_id not in self._section("Resources"):
            msg = f"there is neither a resource nor a parameter {logical_id}"
            raise TemplateError(msg)
        if not self.exists(logical_id):
            msg = f"{logical_id} is not there: its condition is false"
            raise TemplateError(msg)
        type_ = self._section("Resources")[logical_id]["Type"]
        with self._trail.inside(named(logical_id, type_, self._source_of(logical_id))):
            self._resources[logical_id] = self._resolve(logical_id)
        return self._resources[logical_id]

    def _resolve(self, logical_id: str) -> Resource:
        definition = self._section("Resources")[logical_id]
        type_ = definition["Type"]
        if is_passed_over(type_) or self._is_of_rest_api(logical_id, type_):
            return self._passed_over(logical_id, type_)
        context = ResourceContext(
            site=self._site,
            logical_id=logical_id,
            position=lambda: self._positions[logical_id],
            applications=self._applications,
            written_type=self._written.get(logical_id, ""),
        )
        properties = self._intrinsics.value(definition.get("Properties", {}))
        if not isinstance(properties, dict):
            msg = "its Properties are not a mapping"
            raise TemplateError(msg)
        if type_ == "AWS::Lambda::Function":
            properties = with_text_variables(properties)
        identified = identify(type_, properties, context)
        for text in (identified.ref, *identified.attributes.values()):
            if len(text) > _LONGEST:
                msg = f"its name or value has more than {_LONGEST} characters"
                raise TemplateError(msg)
        return Resource(
            logical_id=logical_id,
            type=type_,
            properties=properties,
            ref=identified.ref,
            attributes=identified.attributes,
            source=self._source_of(logical_id),
            stack_name=self._site.stack,
        )

    def _passed_over(self, logical_id: str, type_: str) -> Resource:
        """Its properties are not looked at; whatever is asked of it has an answer."""
        source = self._source_of(logical_id)
        if logical_id in self._written:
            self._passed[self._written[logical_id]].append(logical_id)
        elif not logical_id.startswith(self._of_events) and source in self._written:
            _log.info("%s: its %s is passed over: it decides nothing", source, type_)
        context = ResourceContext(
            site=self._site, logical_id=logical_id, position=lambda: -1
        )
        identified = identify_any(type_, context)
        return Resource(
            logical_id=logical_id,
            type=type_,
            properties={},
            ref=identified.ref,
            attributes=identified.attributes,
            source=source,
            stack_name=self._site.stack,
        )

    def _source_of(self, logical_id: str) -> str:
        """The author's id for what SAM made: its ids begin with theirs."""
        for end in range(len(logical_id), 0, -1):
            if logical_id[:end] in self._written:
                return logical_id[:end]
        return logical_id

    def _is_of_rest_api(self, logical_id: str, type_: str) -> bool:
        """Whether SAM made it of a REST API, which is not served."""
        return (
            type_.startswith("AWS::ApiGateway::")
            and self._written.get(logical_id) != type_
        )

    def _applications(self) -> Mapping[str, str]:
        # An API that leads to a function has been resolved after it.
        return {
            self._resources[logical_id].attributes["Arn"]: origin
            for logical_id, origin in self._site.addresses.applications.items()
            if logical_id in self._resources
        }

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        """The position of each among those of its type that exist."""
        counts: Counter[str] = Counter()
        positions = {}
        for logical_id, type_ in self._types().items():
            if self.exists(logical_id):
                positions[logical_id] = counts[type_]
                counts[type_] += 1
        return positions

    def _types(self) -> Mapping[str, str]:
        return {
            logical_id: definition["Type"]
            for logical_id, definition in self._section("Resources").items()
        }

    def _section(self, name: str) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", self._template.get(name, {}))


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        return f"{names[0]} and {len(names) - 1} others"
    return ", ".join(names)
