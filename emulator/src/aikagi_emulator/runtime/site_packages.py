"""Where Python's environments keep their packages."""

import sys
import sysconfig
from pathlib import Path


def site_packages(
    environment: Path, version: tuple[int, int] = sys.version_info[:2]
) -> Path:
    """Return where an environment, or the ``python`` of a layer, has its packages.

    ``version`` is that of its Python.
    """
    short = "{}.{}".format(*version)
    variables = {"base": str(environment), "py_version_short": short}
    return Path(sysconfig.get_path("purelib", scheme="venv", vars=variables))
