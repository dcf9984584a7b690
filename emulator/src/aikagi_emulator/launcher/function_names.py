"""What the functions behind URLs are called."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aikagi_emulator.launcher.functions import target_of
from aikagi_emulator.template import Resource, Stack


def names_of(stack: Stack, prefix: str | None) -> Mapping[str, str]:
    """From the name of each function to its URL, in the template's order.

    A function whose URL stands in an SSM parameter below ``prefix`` is called what
    follows that in the parameter's name, any other by its logical id.
    ``${AWS::StackName}`` in ``prefix`` is the stack's.
    """
    found = _published(stack, prefix) if prefix else {}
    return {
        found.get(url, target_of(stack, resource).logical_id): url
        for resource in stack.of_type("AWS::Lambda::Url")
        for url in [str(resource.attributes["FunctionUrl"])]
    }


def code_folders(stack: Stack) -> Sequence[Sequence[Path]]:
    """Where the code of each URL stands, with its layers, in the template's order."""
    urls = stack.of_type("AWS::Lambda::Url")
    return [_folders(stack, target_of(stack, url)) for url in urls]


def _folders(stack: Stack, function: Resource) -> Sequence[Path]:
    layers = function.properties.get("Layers", ())
    return [
        stack.code[function.logical_id],
        *(stack.layers[layer] for layer in layers if layer in stack.layers),
    ]


def _published(stack: Stack, prefix: str) -> Mapping[str, str]:
    """From URLs to names. A parameter that holds no URL names nothing."""
    start = prefix.replace("${AWS::StackName}", stack.name)
    return {
        str(url.attributes["FunctionUrl"]): parameter.ref.removeprefix(start)
        for parameter in stack.of_type("AWS::SSM::Parameter")
        if parameter.ref.startswith(start)
        for url in stack.of_type("AWS::Lambda::Url")
        if str(url.attributes["FunctionUrl"]) in str(parameter.properties["Value"])
    }
