"""What a function sees: its packages, its layers, and what Lambda's Python brings."""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final, final

from aikagi_emulator.launcher.build import Build
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.function_python import function_python
from aikagi_emulator.launcher.functions import function_of
from aikagi_emulator.launcher.installer import installer_of
from aikagi_emulator.launcher.requirements import FILE, digest_of, of_function
from aikagi_emulator.launcher.whole_folder import whole_folder
from aikagi_emulator.runtime import FunctionSpec
from aikagi_emulator.runtime.missing_module import shown
from aikagi_emulator.runtime.process import RuntimeProcess
from aikagi_emulator.template import Resource, Stack

_log: Final = logging.getLogger(__name__)

_LAST_LINES: Final = 15
"""Of an installer that failed."""


@final
class Packages:
    """Installs packages in ``folder``, once for all that name the same.

    ``shell`` is the environment of whoever started the emulator: the installer has its
    settings, such as an index of their own, from there and from its own files.
    ``installer`` gives the beginning of its command, where it is another one. What was
    built may have a Python of its own, as ``build`` says.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shell: Mapping[str, str],
        installer: Callable[[], Sequence[str]] | None = None,
        build: Build | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._shell = shell
        self._build = build
        self._installer = installer or (lambda: installer_of(shell))
        self._python: Path | None = None
        self._unbuilt: set[Path] = set()

    async def equip(self, spec: FunctionSpec, stack: Stack) -> FunctionSpec:
        """Return ``spec`` with all that the function sees, installed where it is not.

        Raises:
            LaunchError: a package cannot be installed; the installer's last words.
        """
        requirements = of_function(
            spec.folder, spec.handler, stack.builds.get(spec.name, "")
        )
        installed = await self._installed(requirements) if requirements else None
        python, version = await self._interpreter(function_of(stack, spec.arn))
        return replace(
            spec,
            python=python,
            python_version=version,
            requirements=requirements,
            packages=installed and installed / "python",
            layer_folders=tuple(
                [
                    folder
                    for layer in spec.layers
                    if layer in stack.layers
                    for folder in await self._layer(
                        stack.layers[layer], stack.builds.get(layer, "")
                    )
                ]
            ),
        )

    async def _interpreter(
        self, function: Resource | None
    ) -> tuple[Path, tuple[int, int]]:
        """Return what runs a function, with its version."""
        build, name = self._build, function.logical_id if function else ""
        if build and name and (chosen := build.python_of(name)):
            return chosen.program, chosen.version
        if self._python is None:
            self._python = await asyncio.to_thread(function_python, self._folder)
        return self._python, sys.version_info[:2]

    async def _layer(self, content: Path, build: str) -> list[Path]:
        """Return what becomes ``/opt``: what a later folder has counts."""
        requirements = content / FILE
        if not build:
            if requirements.is_file() and content not in self._unbuilt:
                self._unbuilt.add(content)
                _log.warning(
                    "%s is not installed: sam build makes a layer whose Metadata has a "
                    "BuildMethod, and takes this one as it is",
                    shown(requirements),
                )
            return [content]
        installed = await self._installed(requirements)
        opt = self._opt_of(content) if build.startswith("python") else content
        return [*([installed] if installed else []), opt]

    def _opt_of(self, content: Path) -> Path:
        """Return a folder in which ``content`` is ``python``, as sam build makes it."""
        digest = sha256(os.fsencode(content)).hexdigest()[:16]
        opt = self._folder / f"layer-{digest}"
        if not opt.is_dir():
            with _told(opt), whole_folder(opt) as draft:
                (draft / "python").symlink_to(content)
        return opt

    async def _installed(self, requirements: Path) -> Path | None:
        """Return a folder whose ``python`` has the packages; None for no packages."""
        with _told(requirements):
            digest = await asyncio.to_thread(digest_of, requirements)
        if digest is None:
            return None
        installed = self._folder / digest
        if not installed.is_dir():
            with _told(installed), whole_folder(installed) as draft:
                await self._install(requirements, draft / "python")
        return installed

    async def _install(self, requirements: Path, target: Path) -> None:
        _log.info("installing %s", shown(requirements))
        last: deque[str] = deque(maxlen=_LAST_LINES)
        process = RuntimeProcess(
            folder=requirements.parent,
            command=[*self._installer(), "--target", str(target), "-r", FILE],
            variables=self._shell,
            log=last.append,
        )
        try:
            await asyncio.wait([process.ended])
        finally:
            # A start that is given up takes it along.
            process.kill()
            await asyncio.wait([process.ended])
        if process.failed:
            said = "\n".join(last) or process.how_it_ended
            msg = f"{shown(requirements)} cannot be installed:\n{said}"
            raise LaunchError(msg)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{shown(path)}: {error.strerror}."
        raise LaunchError(msg) from error
