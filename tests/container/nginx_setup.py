"""See to it that the tests of containers have an nginx, or say that there is none.

`make test` runs this before pytest, so it needs nothing but the standard library. The
package is unpacked and not installed: to install it would start a server.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".tools" / "nginx"
REQUIRED: Final = "AIKAGI_REQUIRE_BROWSER"
"""Environment variable: ``1`` turns a skip for want of a program into a failure."""

_ELSEWHERE: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


def find_nginx() -> str | None:
    """Return the path of this machine's nginx, or of the one that was unpacked."""
    return shutil.which("nginx", path=f"{_ELSEWHERE}:{FOLDER}/usr/sbin")


def is_required() -> bool:
    return os.environ.get(REQUIRED) == "1"


def main() -> int:
    if find_nginx() is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        _say("Unpacking Debian's nginx into .tools/nginx …")
        _unpack()
    if find_nginx() is not None:
        return 0
    if is_required():
        _say(f"{REQUIRED}=1, but there is no nginx: install one.")
        return 1
    _say("\n  !!  THE TESTS BEHIND A PROXY WILL BE SKIPPED: there is no nginx.\n")
    return 0


def _unpack() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not _ran("apt-get", "-qq", "download", "nginx"):
        # The lists of packages may be old, or none.
        _ran("apt-get", "-qq", "update")
        _ran("apt-get", "-qq", "download", "nginx")
    for package in FOLDER.glob("nginx_*.deb"):
        _ran("dpkg-deb", "--extract", package.name, ".")


def _ran(*command: str) -> bool:
    done = subprocess.run(
        command,
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
