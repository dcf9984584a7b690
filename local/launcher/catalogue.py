"""The names under which the template lists its functions."""

import json
from collections.abc import Mapping

from local.launcher.errors import LaunchError
from local.template import Resource, Stack


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


def _url(entry: Resource) -> str:
    try:
        return str(json.loads(entry.properties["Value"])["FuncUrl"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{entry.logical_id} is not a catalogue entry: JSON with a FuncUrl."
        raise LaunchError(msg) from error
