"""The names of functions: the catalogue's, or where there is none the template's."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.functions import target_of
from aikagi_emulator.template import Resource, Stack


def catalogue_of(stack: Stack, path: str) -> Mapping[str, str]:
    """From the name of a function to its URL, in the template's order.

    ``path`` is the broker's ``AIKAGI_CATALOGUE_PATH``. Raises ``LaunchError`` for an
    entry that the broker could not read either.
    """
    start = path.rstrip("/") + "/"
    return {
        entry.ref.removeprefix(start): _url(entry)
        for entry in stack.of_type("AWS::SSM::Parameter")
        if entry.ref.startswith(start)
    }


def urls_of(stack: Stack) -> Mapping[str, str]:
    """From the logical id of a function to its URL, in the template's order."""
    return {
        target_of(stack, url).logical_id: str(url.attributes["FunctionUrl"])
        for url in stack.of_type("AWS::Lambda::Url")
    }


def code_folders(stack: Stack) -> Sequence[Path]:
    """Where the code behind each URL stands, in the template's order."""
    urls = stack.of_type("AWS::Lambda::Url")
    return [stack.code[target_of(stack, url).logical_id] for url in urls]


def _url(entry: Resource) -> str:
    try:
        return str(json.loads(entry.properties["Value"])["FuncUrl"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{entry.logical_id} is not a catalogue entry: JSON with a FuncUrl."
        raise LaunchError(msg) from error
