"""The whole way from a file to a stack."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from aikagi_emulator.template.document import read
from aikagi_emulator.template.parameters import values
from aikagi_emulator.template.resolver import Resolver
from aikagi_emulator.template.resources import StackContext
from aikagi_emulator.template.stack import Addresses, Resource, Stack, TemplateError
from aikagi_emulator.template.translate import translate

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
    typed = values(document.get("Parameters", {}), parameters)
    translated = translate(
        document, folder=path.parent, parameters=typed, region=region
    )
    site = StackContext(stack=name, region=region, account=account, addresses=addresses)
    resolver = Resolver(
        translated.template,
        parameters=typed,
        site=site,
        written=document["Resources"].keys(),
    )
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
        builds={
            resource.ref: translated.builds[resource.source or resource.logical_id]
            for resource in resources.values()
            if resource.type in {"AWS::Lambda::Function", "AWS::Lambda::LayerVersion"}
            and (resource.source or resource.logical_id) in translated.builds
        },
    )


def _code(
    resources: Iterable[Resource], folders: Mapping[str, Path]
) -> dict[str, Path]:
    functions = [
        resource.logical_id
        for resource in resources
        if resource.type == "AWS::Lambda::Function"
    ]
    for logical_id in functions:
        if logical_id not in folders:
            msg = (
                f"{logical_id}: its code is not a folder; use AWS::Serverless::Function"
            )
            raise TemplateError(msg)
    return {logical_id: folders[logical_id] for logical_id in functions}
