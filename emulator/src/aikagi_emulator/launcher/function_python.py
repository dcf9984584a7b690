"""The Python that runs functions, and sees what Lambda's Python sees.

A virtual environment without pip, whose packages are links to those of the environment
that the emulator is installed in: nothing is downloaded, and versions are that one's.
"""

import hashlib
import re
import sys
import venv
from contextlib import suppress
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path
from types import SimpleNamespace
from typing import Final, final

from typing_extensions import override

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.whole_folder import whole_folder
from aikagi_emulator.runtime.site_packages import site_packages

_BROUGHT: Final = ("awslambdaric", "boto3")
"""Of Lambda's Python: its runtime client and its SDK, each with what it requires.

https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
"""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def function_python(folder: Path) -> Path:
    """Return the path of the interpreter, whose environment is in ``folder``.

    Makes it where there is none yet, in some tens of milliseconds.

    Raises:
        LaunchError: it cannot be made.
    """
    found = _distributions()
    environment = folder / f"python-{sys.implementation.cache_tag}-{_digest(found)}"
    python = environment / "bin" / "python"
    if not python.exists():
        try:
            with whole_folder(environment) as draft:
                _fill(draft, found)
        except OSError as error:
            msg = f"{environment} cannot be made: {error.strerror}."
            raise LaunchError(msg) from error
    return python


def _distributions() -> list[metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    wanted = list(_BROUGHT)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        # What is required on another system or Python only is not installed here.
        with suppress(metadata.PackageNotFoundError):
            if name not in found:
                found[name] = metadata.distribution(name)
                wanted += _required(found[name])
    return [found[name] for name in sorted(found)]


def _required(distribution: metadata.Distribution) -> list[str]:
    """Return the names that it requires without any extra."""
    required = [text.partition(";") for text in distribution.requires or ()]
    return [
        match[0]
        for text, _, marker in required
        if "extra" not in marker and (match := _NAME.match(text))
    ]


def _digest(distributions: list[metadata.Distribution]) -> str:
    """Return digits that are others where a link would lead elsewhere."""
    said = [
        f"{sys.base_prefix}\0{sys.version}",
        *(
            f"{distribution.name}\0{distribution.version}\0{distribution.locate_file('')}"
            for distribution in distributions
        ),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def _fill(environment: Path, distributions: list[metadata.Distribution]) -> None:
    _Builder(symlinks=True).create(environment)
    packages = site_packages(environment)
    for distribution in distributions:
        if distribution.files is None:
            msg = (
                f"{distribution.name} was installed without a list of its files: "
                "install the emulator with pip or uv, in an environment of its own."
            )
            raise LaunchError(msg)
        for name in {file.parts[0] for file in distribution.files}:
            # Scripts stand elsewhere, and bytecode is linked beside its module.
            if name not in {"..", "/", "__pycache__"}:
                _link(packages / name, Path(str(distribution.locate_file(name))))


def _link(link: Path, target: Path) -> None:
    link.symlink_to(target)
    cached = Path(cache_from_source(str(target)))
    if target.suffix == ".py" and cached.exists():
        # Python looks for it beside the link.
        linked = Path(cache_from_source(str(link)))
        linked.parent.mkdir(exist_ok=True)
        linked.symlink_to(cached)


@final
class _Builder(venv.EnvBuilder):
    @override
    def setup_scripts(self, context: SimpleNamespace) -> None:
        """Write none: nobody activates it."""
