"""Where Python's environments keep their packages."""

import sysconfig
from pathlib import Path


def site_packages(environment: Path) -> Path:
    """Return where an environment, or the ``python`` of a layer, has its packages."""
    variables = {"base": str(environment)}
    return Path(sysconfig.get_path("purelib", scheme="venv", vars=variables))
