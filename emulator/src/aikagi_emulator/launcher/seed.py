"""The project's own command that fills a new stack."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from aikagi_emulator import lifeline
from aikagi_emulator.launcher.errors import LaunchError


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What a seed command has said: more of ``stack.json``, and words to print."""

    description: Mapping[str, object] = field(default_factory=dict, repr=False)
    announcement: str = field(default="", repr=False)


async def seed(
    command: Sequence[str],
    *,
    folder: Path,
    variables: Mapping[str, str],
    description: Mapping[str, object],
) -> Seeded:
    """Run the project's command in ``folder`` to its end.

    It reads ``description`` as JSON from its standard input, and may write
    ``{"description": {…}, "announcement": "…"}`` to its standard output. It ends with
    this process, and when this is cancelled. Raises ``LaunchError``.
    """
    program = shutil.which(command[0], path=variables.get("PATH"))
    if program is None:
        msg = f"The seed command cannot be started: there is no {command[0]}."
        raise LaunchError(msg)
    process, held = lifeline.start(
        [program, *command[1:]],
        variables=variables,
        folder=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        given = json.dumps(description).encode()
        written, _ = await asyncio.to_thread(process.communicate, given)
    finally:
        os.close(held)
    if process.returncode:
        msg = (
            f"The seed command ended with exit status {process.returncode}; its own "
            "words stand above."
        )
        raise LaunchError(msg, exit_code=1)
    return _read(written)


def _read(written: bytes) -> Seeded:
    if not written.strip():
        return Seeded()
    try:
        said: Any = json.loads(written)
        return Seeded(
            description=dict(said.get("description", {})),
            announcement=str(said.get("announcement", "")),
        )
    except (ValueError, TypeError, AttributeError) as error:
        msg = (
            "The seed command wrote something else than an object with a description "
            "and an announcement to its standard output."
        )
        raise LaunchError(msg, exit_code=1) from error
