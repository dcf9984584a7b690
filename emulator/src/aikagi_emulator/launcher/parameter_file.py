"""Parameters of a template from a file: samconfig.toml, or CloudFormation's JSON."""

import json
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aikagi_emulator.launcher.errors import LaunchError


def read_parameters(path: Path) -> Mapping[str, str]:
    """Read ``path``, by the end of its name.

    A ``.toml`` is a samconfig.toml: ``parameter_overrides`` of the environment
    ``default``, those of ``deploy`` over those of ``global``. A ``.json`` is what
    ``aws cloudformation --parameters file://`` takes, or an object of names and values.
    Raises ``LaunchError``.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            return _of_samconfig(tomllib.loads(text))
        return _of_json(json.loads(text))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise LaunchError(msg) from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        msg = f"{path} holds no parameters that can be read: {error}."
        raise LaunchError(msg) from error


def read_pair(text: str) -> tuple[str, str]:
    """Read ``Name=value``. Raises ``ValueError``."""
    name, separator, value = text.partition("=")
    if not name or not separator:
        msg = f"{text!r} is not a parameter: write Name=value"
        raise ValueError(msg)
    return name, value


def _of_samconfig(document: Mapping[str, Any]) -> Mapping[str, str]:
    default = document.get("default", {})
    found: dict[str, str] = {}
    for command in ("global", "deploy"):
        parameters = default.get(command, {}).get("parameters", {})
        found |= _overrides(parameters.get("parameter_overrides", ""))
    return found


def _overrides(given: str | list[str]) -> dict[str, str]:
    """As SAM writes them: one text of several, quoted where need be, or a list."""
    pairs: Iterable[str] = shlex.split(given) if isinstance(given, str) else given
    return dict(_override(pair) for pair in pairs)


def _override(text: str) -> tuple[str, str]:
    # The older of two spellings: ParameterKey=Name,ParameterValue=value.
    key, separator, value = text.partition(",ParameterValue=")
    if separator and key.startswith("ParameterKey="):
        return key.removeprefix("ParameterKey="), value
    return read_pair(text)


def _of_json(document: Any) -> Mapping[str, str]:  # noqa: ANN401 - JSON
    if isinstance(document, list):
        return {
            entry["ParameterKey"]: str(entry["ParameterValue"]) for entry in document
        }
    return {name: str(value) for name, value in document.items()}
