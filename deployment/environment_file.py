"""An environment's file: which stack it is, where, and with which parameters.

It is the operator's: they write comments into it, commit it, and CI reads it. So one
line is changed at a time, and the rest stays as it is. No member of it is secret.
"""

import json
import os
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

from deployment.errors import UsageError
from deployment.template_parameters import TemplateParameter

_NAME: Final = re.compile("[a-z][a-z0-9-]{0,30}")
_STACK: Final = re.compile("[A-Za-z][A-Za-z0-9-]{0,127}")
"""CloudFormation API Reference, CreateStack, StackName."""
_ACCOUNT: Final = re.compile("[0-9]{12}")
_REGION: Final = re.compile("[a-z]{2}(-[a-z]+)+-[0-9]")
_MEMBERS: Final = {
    "stack": (_STACK, "letters, digits and hyphens, and begins with a letter"),
    "region": (_REGION, "a Region, such as eu-west-1"),
    "account": (_ACCOUNT, "the twelve digits of an AWS account"),
}
_PARAMETERS: Final = "parameters"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a file says; ``region`` and ``account`` are None where it does not."""

    stack: str
    region: str | None = None
    account: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Raise ``UsageError`` for what is no environment's name."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"ENV cannot be {name!r}: an environment's name has up to 31 lower-case "
            "letters, digits and hyphens, and begins with a letter."
        )


def check_region(region: str) -> None:
    """Raise ``UsageError`` for what is no Region's name."""
    _check_member("The Region", "region", region)


def default_stack(name: str) -> str:
    """Name the stack of an environment that has not said otherwise."""
    return "aikagi" if name == "default" else f"aikagi-{name}"


@final
class EnvironmentFile:
    """The file of one environment, which need not be there yet."""

    def __init__(self, folder: Path, name: str) -> None:
        check_name(name)
        self._name = name
        self.path: Final = folder / f"{name}.toml"

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def read(self) -> Environment:
        """Read it, or say what an environment is without it. Raises ``UsageError``."""
        return self._parse(self._text()) if self.exists else self._default()

    def create(self, parameters: Mapping[str, TemplateParameter]) -> None:
        """Write it with every parameter as a comment, where there is none."""
        if not self.exists:
            self._write(_new_text(self._name, self._default().stack, parameters))

    def set(self, member: str, value: str) -> None:
        """Change ``region``, ``account`` or ``stack``."""
        self._change({member: value}, {})

    def set_parameters(self, values: Mapping[str, str]) -> None:
        if values:
            self._change({}, values)

    def _default(self) -> Environment:
        return Environment(stack=default_stack(self._name))

    def _change(self, members: Mapping[str, str], values: Mapping[str, str]) -> None:
        text = self._text()
        before = self._parse(text)
        for name, value in members.items():
            text = _with_line(text, name, value, section=None)
        for name, value in values.items():
            text = _with_line(text, name, value, section=_PARAMETERS)
        wanted = Environment(
            stack=members.get("stack", before.stack),
            region=members.get("region", before.region),
            account=members.get("account", before.account),
            parameters={**before.parameters, **values},
        )
        try:
            understood = self._parse(text) == wanted
        except UsageError:
            understood = False
        if not understood:
            lines = [f"{name} = {_quoted(value)}" for name, value in members.items()]
            lines += [f"{name} = {_quoted(value)}" for name, value in values.items()]
            raise UsageError(
                f"{self.path} is written in a way that only its author can change. "
                f"Write these lines into it yourself: {'; '.join(lines)}."
            )
        self._write(text)

    def _text(self) -> str:
        try:
            return self.path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.path} cannot be read: {error}.") from error

    def _write(self, text: str) -> None:
        """Replace the file whole, so that an interruption leaves the old or the new."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            new.write_text(text, "utf-8")
            new.replace(self.path)
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be written: {error.strerror}."
            ) from error

    def _parse(self, text: str) -> Environment:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{self.path} is not TOML: {error}.") from error
        given = document.pop(_PARAMETERS, {})
        for name, value in document.items():
            if name not in _MEMBERS:
                known = ", ".join((*_MEMBERS, f"[{_PARAMETERS}]"))
                raise UsageError(
                    f"{self.path} has {name}; what it may have is {known}."
                )
            _check_member(f"{self.path}: {name}", name, value)
        if not isinstance(given, dict):
            raise UsageError(f"{self.path}: {_PARAMETERS} is not a section.")
        return Environment(
            stack=document.get("stack", self._default().stack),
            region=document.get("region"),
            account=document.get("account"),
            parameters={
                name: _as_parameter(f"{self.path}: {name}", value)
                for name, value in given.items()
            },
        )


def _check_member(where: str, member: str, value: object) -> None:
    form, what = _MEMBERS[member]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise UsageError(f"{where} cannot be {value!r}: it is {what}.")


def _as_parameter(where: str, value: Any) -> str:  # noqa: ANN401 - whatever TOML gives
    """Write a value as CloudFormation takes it: a list with commas in between."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
        case [*items] if all(isinstance(item, str) for item in items):
            return ",".join(items)
        case _:
            raise UsageError(
                f"{where} is neither a text, a whole number, true or false, nor a list "
                "of texts."
            )


def _quoted(value: str) -> str:
    # JSON's strings are TOML's, but for the one character that JSON need not escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _with_line(text: str, name: str, value: str, *, section: str | None) -> str:
    """Give the text with a line for ``name``, in the place of one that is there.

    A line of that name that is a comment is such a place too.
    """
    lines = text.splitlines()
    first, end = _bounds(lines, section)
    new = f"{name} = {_quoted(value)}"
    for comment in ("", "#"):
        form = re.compile(rf"\s*{comment}\s*{re.escape(name)}\s*=.*")
        for number in range(first, end):
            if form.fullmatch(lines[number]):
                lines[number] = new
                return "\n".join(lines) + "\n"
    while end > first and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, new)
    return "\n".join(lines) + "\n"


def _bounds(lines: list[str], section: str | None) -> tuple[int, int]:
    """Give the lines of a section, without its header; of the file's head for None."""
    headers = [
        number for number, line in enumerate(lines) if line.lstrip().startswith("[")
    ]
    if section is None:
        return 0, min(headers, default=len(lines))
    for number in headers:
        if lines[number].split("#")[0].strip() == f"[{section}]":
            later = [header for header in headers if header > number]
            return number + 1, min(later, default=len(lines))
    lines.extend(["", f"[{section}]"])
    return len(lines), len(lines)


def _new_text(
    name: str, stack: str, parameters: Mapping[str, TemplateParameter]
) -> str:
    parts = [_HEAD.format(name=name, stack=_quoted(stack))]
    for parameter in parameters.values():
        comment = textwrap.fill(
            parameter.description,
            width=88,
            initial_indent="# ",
            subsequent_indent="# ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        default = "" if parameter.default is None else parameter.default
        parts.append(f"\n{comment}\n# {parameter.name} = {_quoted(default)}\n")
    return "".join(parts)


_HEAD: Final = """\
# The environment {name}, as `make deploy ENV={name}` deploys it. Nothing in here is
# secret: commit it, and CI and whoever else deploys it does so with the same values.

stack = {stack}
# region = "eu-west-1"
# Credentials of another account are refused.
# account = "123456789012"

# The parameters of template.yaml. Where a line is a comment, the first deployment takes
# the default that stands in it, and every later one what is deployed: to go back to a
# default, write it.
[parameters]
"""
