"""The event sources of functions, as the author of the template wrote them.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aikagi_emulator.template.stack import EventSource, TemplateError

_WITH_EVENTS: Final = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_APIS: Final = {
    "Api": ("RestApiId", "ServerlessRestApi"),
    "HttpApi": ("ApiId", "ServerlessHttpApi"),
}
"""Which property names the API of an event, and what SAM calls the one it makes."""


def events_of(document: Mapping[str, Any]) -> tuple[EventSource, ...]:
    """All events of a template that was read, in its order."""
    return tuple(_events(document))


def refuse_unmodelled(
    document: Mapping[str, Any],
    events: tuple[EventSource, ...],
    *,
    apis: frozenset[str],
) -> None:
    """Refuse what decides about access to an API and is lost in the translation.

    ``apis`` are the logical ids of the APIs that exist. Raises ``TemplateError``.
    """
    shared = document.get("Globals", {})
    for event in events:
        if event.type == "Api":
            auth = event.properties.get("Auth", shared.get("Api", {}).get("Auth"))
            if auth and auth != {"Authorizer": "NONE"}:
                msg = f"{event.written} has Auth; {_NO_REST}"
                raise TemplateError(msg)
        if "MutualTlsAuthentication" in shared.get(event.type, {}).get("Domain", {}):
            msg = f"Globals.{event.type}: {_NO_CERTIFICATES}"
            raise TemplateError(msg)
    for logical_id in apis:
        resource = document["Resources"][logical_id]
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Api" and "Auth" in properties:
            msg = f"{logical_id} has Auth; {_NO_REST}"
            raise TemplateError(msg)
        if "MutualTlsAuthentication" in properties.get("Domain", {}):
            msg = f"{logical_id}: {_NO_CERTIFICATES}"
            raise TemplateError(msg)


_NO_CERTIFICATES: Final = (
    "Domain has MutualTlsAuthentication, and the emulator models no client certificates"
)
_NO_REST: Final = (
    "the emulator models no REST APIs, nor what decides about access to them; use a "
    "function URL with AuthType: AWS_IAM"
)


def _events(document: Mapping[str, Any]) -> Iterator[EventSource]:
    for logical_id, resource in document["Resources"].items():
        if resource["Type"] not in _WITH_EVENTS:
            continue
        events = resource.get("Properties", {}).get("Events", {})
        for name, event in events.items() if isinstance(events, dict) else ():
            if isinstance(event, dict) and isinstance(event.get("Type"), str):
                yield _event(logical_id, str(name), event)


def _event(function: str, name: str, event: Mapping[str, Any]) -> EventSource:
    properties = event.get("Properties") or {}
    key, implicit = _APIS.get(event["Type"], ("", ""))
    match properties.get(key, implicit):
        case str(api) | {"Ref": str(api)}:
            pass
        case _:
            api = ""
    return EventSource(
        function=function,
        name=name,
        type=event["Type"],
        properties=properties,
        api=api,
    )
