"""``aikagi-emulator``: arguments in, exit code out, and never a traceback."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aikagi_emulator.launcher.build import Build, BuildPython
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.parameter_file import read_pair, read_parameters
from aikagi_emulator.launcher.ports import ports_from
from aikagi_emulator.launcher.project import (
    FILE,
    Project,
    read_project,
    read_stack,
)

_DEFAULT_PORT: Final = "8000"
_INTERRUPTED: Final = 130


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C or SIGTERM: 0. A stack that cannot run: a sentence, and 2.

    1 when the application ended by itself.
    """
    # Until the event loop takes over, SIGTERM ends us as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A closed terminal is no reason to end; `make run &` is wanted to stay.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        return _start(_parsed(arguments), dict(os.environ))
    except LaunchError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        # A stack that ends is one that has done its work, and a set-up is not.
        return _INTERRUPTED if "--install" in arguments else 0


def program() -> None:
    """The console script."""
    status = main(sys.argv[1:])
    # Else the interpreter looks, as it ends, through all that the translator and the
    # stores are made of: half a second of somebody who has typed Ctrl-C.
    gc.freeze()
    sys.exit(status)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="aikagi-emulator",
        description="Start what a SAM template describes, and AWS as it meets it, all "
        "on 127.0.0.1.",
    )
    parser.add_argument(
        "--project",
        type=Path,
        metavar="FILE",
        help=f"what is particular to a project; else {FILE}, where there is one",
    )
    parser.add_argument(
        "--template", type=Path, help="else the project's, or template.yaml"
    )
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="another stack beside it, by its name and template; may be given several "
        "times",
    )
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the template; may be given several times",
    )
    parser.add_argument(
        "--parameters-from",
        type=Path,
        metavar="FILE",
        help="more of them: a samconfig.toml, or a JSON file as the AWS CLI takes it",
    )
    parser.add_argument(
        "--port", help="from which all ports count; else EMULATOR_PORT, or 8000"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="where stack.json and the env files are written; else .emulator",
    )
    parser.add_argument(
        "--packages",
        type=Path,
        metavar="FOLDER",
        help="where packages of functions are installed; else packages in the "
        "project's state, or .emulator/packages",
    )
    parser.add_argument(
        "--build",
        type=Path,
        metavar="FOLDER",
        help="run functions and layers as they were built into FOLDER/<logical id>, "
        "such as .aws-sam/build, the project's application too, by its handler",
    )
    parser.add_argument(
        "--build-python",
        type=Path,
        metavar="PROGRAM",
        help="the Python with awslambdaric that runs what was built; else the "
        "emulator's own",
    )
    parser.add_argument(
        "--install",
        action="store_true",
        help="check the template, install the packages of its functions, and end",
    )
    parser.add_argument(
        "--reload",
        action="store_true",
        help="reload the project's application when its code changes",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="give the reason of each refusal in x-emulator-refusal-reason",
    )
    parser.add_argument(
        "--forget",
        action="store_true",
        help="empty the tables and make new secrets when the template changes",
    )
    return parser.parse_args(arguments)


def _start(parsed: argparse.Namespace, shell: Mapping[str, str]) -> int:
    project = _chosen(read_project(parsed.project), parsed)
    port, level = project.variable("PORT"), project.variable("LOG_LEVEL")
    ports = ports_from(parsed.port or shell.get(port) or _DEFAULT_PORT, variable=port)
    # Slow imports, after the fast complaints.
    from aikagi_emulator.launcher import logs
    from aikagi_emulator.launcher.stack import Options, check_template
    from aikagi_emulator.launcher.supervisor import run_until_signalled
    from aikagi_emulator.template import TemplateError

    logs.configure(shell.get(level, "INFO"), variable=level)
    options = Options(
        project=project,
        ports=ports,
        shell=shell,
        reload=parsed.reload,
        explain=parsed.explain,
        forget=parsed.forget,
    )
    try:
        if parsed.install:
            asyncio.run(check_template(options, clock=lambda: datetime.now(UTC)))
            return 0
        return asyncio.run(run_until_signalled(options))
    except TemplateError as error:
        msg = f"{project.template}: {error}"
        raise LaunchError(msg) from error


def _chosen(project: Project, parsed: argparse.Namespace) -> Project:
    """The project, with what the command line says in its place."""
    given: dict[str, str] = {}
    if parsed.parameters_from:
        given |= read_parameters(parsed.parameters_from)
    try:
        given |= dict(read_pair(text) for text in parsed.parameter)
    except ValueError as error:
        msg = f"--parameter: {error}."
        raise LaunchError(msg) from error
    return replace(
        project,
        build=_build(parsed),
        packages=parsed.packages or project.packages,
        parameters={**project.parameters, **given},
        stacks={**project.stacks, **dict(map(read_stack, parsed.stack))},
        state=parsed.state or project.state,
        template=parsed.template or project.template,
    )


def _build(parsed: argparse.Namespace) -> Build | None:
    if parsed.build is None:
        if parsed.build_python:
            msg = "--build-python runs what was built: say where by --build."
            raise LaunchError(msg)
        return None
    if not parsed.build.is_dir():
        msg = f"--build: there is no folder {parsed.build}."
        raise LaunchError(msg)
    python = BuildPython.ask(parsed.build_python) if parsed.build_python else None
    return Build(folder=parsed.build, python=python)


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
