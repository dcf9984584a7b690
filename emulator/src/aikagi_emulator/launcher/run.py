"""``python -m aikagi_emulator``: arguments in, exit code out, and never a traceback."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import ports_from

_DEFAULT_PORT: Final = "8000"


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C or SIGTERM: 0. A stack that cannot run: a sentence, and 2.

    1 when the broker ended by itself.
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
        return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m aikagi_emulator",
        description="Start what a SAM template describes, and AWS as it meets it, all "
        "on 127.0.0.1. The broker runs where the template has one.",
    )
    parser.add_argument("--template", type=Path, default=Path("template.yaml"))
    parser.add_argument(
        "--port", help="the broker's port, from which all count; else AIKAGI_PORT"
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(".local"),
        metavar="FOLDER",
        help="where stack.json and the env files are written; else .local",
    )
    parser.add_argument(
        "--reload", action="store_true", help="reload the broker when app/ changes"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say in the header x-aikagi-why of each refusal what the log says",
    )
    return parser.parse_args(arguments)


def _start(parsed: argparse.Namespace, shell: Mapping[str, str]) -> int:
    ports = ports_from(parsed.port or shell.get("AIKAGI_PORT") or _DEFAULT_PORT)
    # Slow imports, after the fast complaints.
    from aikagi_emulator.launcher import broker_process, logs
    from aikagi_emulator.launcher.life import run_until_told
    from aikagi_emulator.launcher.stack import Options
    from aikagi_emulator.template import TemplateError

    logs.configure(shell.get("AIKAGI_LOG_LEVEL", "INFO"))
    options = Options(
        template=parsed.template,
        ports=ports,
        folder=parsed.state,
        broker=(
            broker_process.reloading_command
            if parsed.reload
            else broker_process.uvicorn_command
        ),
        shell=shell,
        explain=parsed.explain,
    )
    try:
        return asyncio.run(run_until_told(options))
    except TemplateError as error:
        msg = f"{parsed.template}: {error}"
        raise LaunchError(msg) from error


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
