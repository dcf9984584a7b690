"""``python -m local``: arguments in, exit code out, and never a traceback."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from local.launcher.errors import LaunchError
from local.launcher.ports import ports_from

if TYPE_CHECKING:
    from local.launcher.stack import LocalStack, Options, Running

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
        prog="python -m local",
        description="Start the broker, its functions and AWS as they meet it, "
        "all on 127.0.0.1.",
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
    return parser.parse_args(arguments)


def _start(parsed: argparse.Namespace, shell: Mapping[str, str]) -> int:
    ports = ports_from(parsed.port or shell.get("AIKAGI_PORT") or _DEFAULT_PORT)
    # Slow imports, after the fast complaints.
    from local.launcher import broker_process, logs
    from local.launcher.stack import Options
    from local.template import TemplateError

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
    )
    try:
        return asyncio.run(run_until_told(options))
    except TemplateError as error:
        msg = f"{parsed.template}: {error}"
        raise LaunchError(msg) from error


async def run_until_told(options: "Options") -> int:
    """Start, announce, and end on SIGINT or SIGTERM: 0. 1 when the broker ended."""
    from local.launcher.shell import forget_aws
    from local.launcher.stack import LocalStack

    forget_aws(os.environ)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stack = LocalStack(options, clock=lambda: datetime.now(UTC))
    living = asyncio.create_task(_live(stack, options))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return 0 if stop.is_set() else living.result()
    finally:
        living.cancel()
        stopping.cancel()
        await asyncio.gather(living, return_exceptions=True)
        await stack.close()


async def _live(stack: "LocalStack", options: "Options") -> int:
    """Start, say so, and return only when the broker ended by itself."""
    running = await stack.start()
    _announce(running, options)
    status = await stack.broker_ended()
    _complain(f"The broker ended by itself with exit status {status}.")
    return 1


def _announce(running: "Running", options: "Options") -> None:
    from local.launcher.announce import announcement
    from local.launcher.shell import variables_in_the_way

    text = announcement(
        broker=running.broker,
        endpoint=running.endpoint,
        region=running.region,
        functions=running.functions,
        users=running.users,
    )
    names = variables_in_the_way(options.shell, running.env)
    if names:
        file = options.folder / str(options.ports.broker) / "env"
        _complain(
            f"This shell sets {', '.join(names)}: a program that reads {file} from "
            "here is led elsewhere, because the shell's variables win over an env "
            "file. Unset them first."
        )
    sys.stdout.write(f"{text}\nready in {_age():.2f} s; Ctrl-C ends everything\n")
    sys.stdout.flush()


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _age() -> float:
    """Seconds since this process began, its imports included. See proc_pid_stat(5)."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2]
    began = int(fields.split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
