"""What tells other programs about a running stack: ``.local/`` and its files."""

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final
from urllib.parse import urlsplit

_NAMES: Final = ("env", "operator.env", "stack.json")
"""In the order in which they are written: ``stack.json`` says that all is there."""

_PLAIN: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=+,@%-"
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """``description`` becomes ``stack.json``; the rest are environment files.

    An empty one is not written.
    """

    env: Mapping[str, str] = field(repr=False)
    operator_env: Mapping[str, str] = field(repr=False)
    description: Mapping[str, Any] = field(repr=False)


@final
class StateFiles:
    """Writes and removes the files of one stack, under its port and as the latest.

    All of them hold secrets: directories are 0700 and files 0600, whatever the umask.
    """

    def __init__(self, folder: Path, *, endpoint: str, port: int) -> None:
        self._latest = folder
        self._own = folder / str(port)
        self._endpoint = endpoint

    def write(self, state: StackState) -> None:
        texts = (
            _env_file(state.env),
            _env_file(state.operator_env),
            json.dumps(state.description, indent=2) + "\n",
        )
        for folder in (self._latest, self._own):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        for folder in (self._own, self._latest):
            # Nothing of an earlier stack stays beside what is this one's.
            _remove(folder)
            for name, text in zip(_NAMES, texts, strict=True):
                if text:
                    _replace(folder / name, text)

    def remove(self) -> None:
        """Remove what is this stack's; a later stack's files stay.

        Where this was the latest, an earlier one that still runs is that again.
        """
        _remove(self._own)
        with contextlib.suppress(OSError):
            self._own.rmdir()
        if _endpoint_of(self._latest / "stack.json") == self._endpoint:
            _remove(self._latest)
            self._show_another()

    def _show_another(self) -> None:
        """Of the stacks that still run, let the one started last be the latest."""
        others = sorted(self._latest.glob("*/stack.json"), key=_modified, reverse=True)
        for description in others:
            if _answers(_endpoint_of(description)):
                for name in _NAMES:
                    with contextlib.suppress(OSError):
                        text = (description.parent / name).read_text(encoding="utf-8")
                        _replace(self._latest / name, text)
                return


def _remove(folder: Path) -> None:
    # stack.json first: who sees it may rely on the others.
    for name in reversed(_NAMES):
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _answers(endpoint: str | None) -> bool:
    """Whether a stack is there: one that was killed leaves its files behind."""
    split = urlsplit(endpoint or "")
    try:
        address = (split.hostname or "", split.port or 0)
        socket.create_connection(address, timeout=1).close()
    except (OSError, ValueError):
        return False
    return True


def _endpoint_of(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["Endpoint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _replace(path: Path, text: str) -> None:
    """Put a whole file in place at once, never readable by anybody else."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
        file.write(text)
    partial.replace(path)


def _env_file(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={_quoted(text)}\n" for name, text in variables.items())


def _quoted(text: str) -> str:
    """Quote a value as python-dotenv, and so ``uvicorn --env-file``, reads it.

    It has no way to write ``${``, which it replaces in any quotes.
    """
    if _PLAIN.issuperset(text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
