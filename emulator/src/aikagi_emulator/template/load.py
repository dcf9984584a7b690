"""The whole way from a file to a stack."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from aikagi_emulator.template.document import read
from aikagi_emulator.template.events import events_of, refuse_unmodelled
from aikagi_emulator.template.parameters import values
from aikagi_emulator.template.resolver import Resolver
from aikagi_emulator.template.resources import StackContext
from aikagi_emulator.template.stack import Addresses, Resource, Stack, TemplateError
from aikagi_emulator.template.translate import translate

_log: Final = logging.getLogger(__name__)

_APIS: Final = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi")

_NO_PARAMETERS: Mapping[str, str] = {}


def load(  # noqa: PLR0913 - a stack has a place and a name, and all have defaults
    path: Path,
    *,
    addresses: Addresses,
    parameters: Mapping[str, str] = _NO_PARAMETERS,
    region: str = "ap-northeast-1",
    account: str = "123456789012",
    name: str = "local",
) -> Stack:
    """Translate the SAM template at ``path`` and resolve everything in it.

    Takes about a second the first time, nearly all of it the translator's import; the
    AWS settings of the environment do not matter. Raises ``TemplateError`` for all
    that cannot be read, is unknown or contradicts itself.
    """
    document = read(path)
    resources_written = {
        logical_id: str(resource["Type"])
        for logical_id, resource in document["Resources"].items()
    }
    typed = values(document.get("Parameters", {}), parameters)
    translated = translate(
        document, folder=path.parent, parameters=typed, region=region
    )
    site = StackContext(stack=name, region=region, account=account, addresses=addresses)
    written = events_of(document)
    resolver = Resolver(
        translated.template,
        parameters=typed,
        site=site,
        written=resources_written,
        events=written,
    )
    events = tuple(event for event in written if resolver.exists(event.function))
    apis = frozenset(
        logical_id
        for logical_id, type_ in resources_written.items()
        if type_ in _APIS and resolver.exists(logical_id)
    )
    refuse_unmodelled(document, events, apis=apis)
    for event in events:
        if event.unserved:
            _log.info("%s is passed over: %s here", event.written, event.unserved)
    resources = resolver.resources()
    return Stack(
        name=name,
        region=region,
        account=account,
        resources=resources,
        outputs=resolver.outputs(),
        code=_code(resources.values(), translated.code),
        layers={
            resource.ref: translated.code[resource.source]
            for resource in resources.values()
            if resource.type == "AWS::Lambda::LayerVersion"
            and resource.source in translated.code
        },
        events=events,
        builds={
            resource.ref: translated.builds[resource.source or resource.logical_id]
            for resource in resources.values()
            if resource.type in {"AWS::Lambda::Function", "AWS::Lambda::LayerVersion"}
            and (resource.source or resource.logical_id) in translated.builds
        },
    )


def declared_parameters(path: Path) -> frozenset[str]:
    """Return the names of the template's parameters. Raises ``TemplateError``."""
    return frozenset(read(path).get("Parameters", {}))


def _code(
    resources: Iterable[Resource], folders: Mapping[str, Path]
) -> dict[str, Path]:
    functions = [
        resource for resource in resources if resource.type == "AWS::Lambda::Function"
    ]
    for function in functions:
        if function.logical_id not in folders:
            msg = (
                f"{function.logical_id}: its code is not a folder: "
                f"{_where(function.properties)}. Write Code: and the path of one, or "
                "use AWS::Serverless::Function"
            )
            raise TemplateError(msg)
    return {function.ref: folders[function.logical_id] for function in functions}


def _where(properties: Mapping[str, Any]) -> str:
    code = properties.get("Code")
    if properties.get("PackageType") == "Image":
        return "PackageType is Image, a container's"
    return f"Code has {', '.join(code)}" if isinstance(code, dict) else "it has no Code"
