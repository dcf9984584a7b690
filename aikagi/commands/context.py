"""Which broker a command is for, and where its login is stored."""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aikagi.address import base_url
from aikagi.disk.brokers import read_brokers, read_last_broker, usual_name
from aikagi.disk.file_store import FileStore, state_folder

if TYPE_CHECKING:
    from aikagi.broker import Broker


class UsageError(Exception):
    """A sentence for whoever typed the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """``folder`` is where all logins are stored, ``base`` the broker's root."""

    folder: Path
    base: str

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> "Context":
        """Choose: what was typed, the environment, the broker of the last login.

        What was typed, and the environment, may have a broker's name, too. Raises
        ``UsageError``, ``AddressError`` or ``StateError``.
        """
        folder = state_folder()
        named = (
            options.broker
            or _local(getattr(options, "local", None))
            or os.environ.get("AIKAGI_BROKER")
        )
        base = _root(named, folder) if named else read_last_broker(folder)
        if not base:
            raise UsageError("Which broker? Name it once: aikagi login https://…")
        return cls(folder=folder, base=base_url(base))

    @property
    def name(self) -> str:
        """What the broker is called on this machine."""
        names = {base: name for name, base in read_brokers(self.folder).items()}
        return names.get(self.base) or usual_name(self.base)

    @property
    def store(self) -> FileStore:
        return FileStore(self.folder, self.base)

    def broker(self) -> "Broker":
        # Slow to import, and not wanted where a cache answers.
        from aikagi.broker import Broker

        return Broker(self.base, store=self.store)


def _root(named: str, folder: Path) -> str:
    """Give a broker's root, whether that is named or its name."""
    if "://" in named:
        return named
    brokers = read_brokers(folder)
    if named not in brokers:
        # Slow to import.
        from aikagi.commands.suggestions import did_you_mean

        question = did_you_mean(named, brokers)
        raise UsageError(
            f"There is no broker called {named}. {question or 'They are listed by'}"
            f"{'' if question else ' `aikagi brokers`; an address has https://.'}"
        )
    return brokers[named]


def _local(port: str | None) -> str | None:
    """Find the stack that `make run` started here."""
    if port is None:
        return None
    file = Path(".local", port, "stack.json")
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["Broker"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"There is no {file}: start the stack here, by `make run`."
        ) from error
