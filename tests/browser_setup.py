"""See to it that there is a Chromium for the browser tests, or say that there is none.

`make test` runs this before pytest, so it needs nothing but the standard library.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CHOICE: Final = "AIKAGI_CHROMIUM"
"""Environment variable: the path of the Chromium or Chrome to use."""
REQUIRED: Final = "AIKAGI_REQUIRE_BROWSER"
"""Environment variable: ``1`` turns a skip for want of a browser into a failure."""

_SHELL: Final = "chromium-headless-shell"
"""The same engine without tabs, menus and windows, which take half of the time."""
_NAMES: Final = (_SHELL, "chromium", "chromium-browser", "google-chrome")
_DEBIAN: Final = Path("/usr/bin/chromium")  # for a PATH that lacks /usr/bin
_INSTALL: Final = (
    ("apt-get", "-qq", "update"),
    ("apt-get", "-qq", "install", "-y", "--no-install-recommends", _SHELL),
)


def find_chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of a Chromium: the one asked for, else the first one found."""
    chosen = environment.get(CHOICE)
    if chosen:
        return shutil.which(chosen)
    path = environment.get("PATH")
    found = (shutil.which(name, path=path) for name in _NAMES)
    fallback = str(_DEBIAN) if os.access(_DEBIAN, os.X_OK) else None
    return next(filter(None, found), fallback)


def is_required(environment: Mapping[str, str] = os.environ) -> bool:
    return environment.get(REQUIRED) == "1"


def main() -> int:
    if wants_shell() and _may_install():
        _say(f"Installing Debian's {_SHELL} with apt-get …")
        _install()
    if find_chromium() is not None:
        return 0
    if is_required():
        _say(f"{REQUIRED}=1, but {_ADVICE}")
        return 1
    _say(f"\n  !!  THE BROWSER TESTS WILL BE SKIPPED: {_ADVICE}\n")
    return 0


_ADVICE: Final = (
    f"there is no Chromium. Install one, or name one with {CHOICE}=/path/to/chromium."
)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def wants_shell(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the tests need a browser, or on CI a faster one than they would find."""
    if CHOICE in environment or shutil.which(_SHELL, path=environment.get("PATH")):
        return False
    return is_required(environment) or find_chromium(environment) is None


def _may_install() -> bool:
    return (
        sys.platform == "linux"
        and os.geteuid() == 0
        and shutil.which("apt-get") is not None
    )


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in _INSTALL:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            _say(f"{' '.join(command)} failed ({done.returncode})")
            return


if __name__ == "__main__":
    sys.exit(main())
