"""What a build has made of functions and layers: that is run, and not their sources."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from aikagi_emulator.launcher.errors import LaunchError

_ASKED: Final = (
    "import json, sys, awslambdaric; print(json.dumps(sys.version_info[:2]))"
)
_PATIENCE: Final = 30
"""Seconds that a Python may take to start."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPython:
    """An interpreter that has awslambdaric. ``version`` is like ``(3, 13)``."""

    program: Path
    version: tuple[int, int]

    @classmethod
    def ask(cls, program: Path) -> "BuildPython":
        """Have it say its version.

        Raises:
            LaunchError: it does not start, or has no awslambdaric.
        """
        # A link to another Python is what a virtual environment is known by.
        path = Path(os.path.abspath(program))  # noqa: PTH100 - resolve() follows links
        try:
            asked = subprocess.run(  # noqa: S603 - the developer's own choice
                [str(path), "-I", "-c", _ASKED],
                capture_output=True,
                check=True,
                text=True,
                timeout=_PATIENCE,
            )
            major, minor = json.loads(asked.stdout)
        except subprocess.CalledProcessError as error:
            last = str(error.stderr).strip().rpartition("\n")[2]
            msg = f"{program} cannot run functions: {last}. Install awslambdaric there."
            raise LaunchError(msg) from error
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            msg = f"{program} is no Python that starts: {error}."
            raise LaunchError(msg) from error
        return cls(program=path, version=(major, minor))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A folder with one folder for each function and layer that was built.

    They are called by the logical ids of the template, as ``sam build`` leaves them in
    ``.aws-sam/build``. ``python`` runs those functions; None is the emulator's own.
    """

    folder: Path
    python: BuildPython | None = None

    def has(self, logical_id: str) -> bool:
        return (self.folder / logical_id).is_dir()

    def python_of(self, logical_id: str) -> BuildPython | None:
        """Return what runs a function, where that is not the emulator's Python."""
        return self.python if self.has(logical_id) else None
