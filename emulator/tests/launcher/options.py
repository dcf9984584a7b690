"""Options of a small stack, with or without an application of its project."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.launcher.project import Project, read_project
from aikagi_emulator.launcher.stack import Options

HERE: Final = Path(__file__).parent
SMALL: Final = HERE / "small.toml"
LONE: Final = HERE / "lone.yaml"
PACKAGES: Final = HERE / ".emulator" / "packages"
"""Where those of the small project are, so that no test makes them again."""


def small(
    ports: Ports,
    state: Path,
    *,
    template: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Options:
    """The project ``small.toml``, perhaps with another template."""
    project = read_project(SMALL)
    project = replace(project, state=state, template=template or project.template)
    return Options(project=project, ports=ports, shell=environment or {})


def lone(ports: Ports, state: Path, *, template: Path = LONE) -> Options:
    """A template without a project."""
    project = Project(packages=PACKAGES, state=state, template=template)
    return Options(project=project, ports=ports, shell={})
