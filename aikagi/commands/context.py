"""Which broker a command is for, and where its login is stored."""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aikagi.address import base_url
from aikagi.disk.file_store import FileStore, read_last_broker, state_folder

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

        Raises ``UsageError``, ``AddressError`` or ``StateError``.
        """
        folder = state_folder()
        base = (
            options.broker
            or _local(getattr(options, "local", None))
            or os.environ.get("AIKAGI_BROKER")
            or read_last_broker(folder)
        )
        if not base:
            raise UsageError(
                "Which broker? Name it once: aikagi login --broker https://…"
            )
        return cls(folder=folder, base=base_url(base))

    @property
    def store(self) -> FileStore:
        return FileStore(self.folder, self.base)

    def broker(self) -> "Broker":
        # Slow to import, and not wanted where a cache answers.
        from aikagi.broker import Broker

        return Broker(self.base, store=self.store)


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
