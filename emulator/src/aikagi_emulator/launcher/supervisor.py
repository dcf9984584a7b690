"""The life of a stack: start, say so, start again when the template changes, end."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import final

from aikagi_emulator.aws import Snapshot
from aikagi_emulator.launcher.announce import READY, announcement
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.running import Running
from aikagi_emulator.launcher.shell import forget_aws, variables_in_the_way
from aikagi_emulator.launcher.stack import EmulatedStack, Options, check_template
from aikagi_emulator.launcher.template_watch import TemplateWatch
from aikagi_emulator.template import TemplateError


async def run_until_signalled(options: Options) -> int:
    """Start, announce, and end on SIGINT or SIGTERM: 0. 1 when the application ended.

    Raises ``LaunchError`` or ``TemplateError`` when the first start fails; a later
    one waits for the template to be mended.
    """
    forget_aws(os.environ)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    life = Supervisor(options)
    living = asyncio.create_task(life.live())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return 0 if stop.is_set() else living.result()
    finally:
        living.cancel()
        stopping.cancel()
        await asyncio.gather(living, return_exceptions=True)
        await life.end()


@final
class Supervisor:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._stack: EmulatedStack | None = None
        self._snapshot: Snapshot | None = None

    async def live(self) -> int:
        """Return only when the application ended by itself."""
        watch = _watch(self._options.project.templates)
        try:
            return await self._live(watch)
        finally:
            if watch is not None:
                watch.close()

    async def end(self) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.close()

    async def _live(self, watch: TemplateWatch | None) -> int:
        began = time.monotonic() - _age()
        first = True
        while True:
            running = asyncio.create_task(self._run(began))
            changing = asyncio.create_task(self._changed(watch))
            try:
                await asyncio.wait(
                    {running, changing}, return_when=asyncio.FIRST_COMPLETED
                )
                if running.done() and not changing.done():
                    if first or not _can_be_mended(running):
                        return running.result()
                    _complain(f"{running.exception()}\nMend it, and it starts again.")
                    await changing
            finally:
                running.cancel()
                changing.cancel()
                await asyncio.gather(running, changing, return_exceptions=True)
            first, began = False, time.monotonic()
            _complain(
                f"{changing.result()} has changed: the stack starts again, at the real "
                f"time, without faults and with{'out' if self._options.forget else ''} "
                "what was written to it."
            )
            if self._stack is not None and not self._options.forget:
                self._snapshot = await self._stack.snapshot()
            await self.end()

    async def _run(self, began: float) -> int:
        """Start, say so, and return the exit code when its application ends."""
        # Kept before it starts, so that it is closed wherever the start stops.
        self._stack = stack = EmulatedStack(
            self._options, clock=_now, snapshot=self._snapshot
        )
        running = await stack.start()
        _announce(running, self._options, time.monotonic() - began)
        status = await stack.application_ended()
        name = running.application_name
        _complain(f"The {name} ended by itself with exit status {status}.")
        return 1

    async def _changed(self, watch: TemplateWatch | None) -> Path:
        """Return a template once it is another one that can be started."""
        if watch is None:
            never: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
            return await never
        while True:
            template = await watch.changed()
            try:
                await check_template(self._options, clock=_now)
            except (LaunchError, TemplateError) as error:
                _complain(f"{template}: {error}\nThe stack goes on with what it had.")
            else:
                return template


def _watch(templates: Sequence[Path]) -> TemplateWatch | None:
    try:
        return TemplateWatch(*templates)
    except OSError as error:
        # A folder that is not there is told by whoever reads the template.
        if all(template.exists() for template in templates):
            names = " and ".join(map(str, templates))
            _complain(f"Changes of {names} are not noticed: {error.strerror}.")
        return None


def _can_be_mended(running: "asyncio.Task[int]") -> bool:
    return isinstance(running.exception(), LaunchError | TemplateError)


def _announce(running: Running, options: Options, seconds: float) -> None:
    folder = options.project.state / str(options.ports.first)
    text = announcement(running, operator_env=folder / "operator.env")
    file = "env" if running.env else "operator.env"
    names = variables_in_the_way(options.shell, running.env or running.operator_env)
    if names:
        _complain(
            f"This shell sets {', '.join(names)}: a program that reads "
            f"{folder / file} from here is led elsewhere, because the shell's "
            "variables win over an env file. Unset them first."
        )
    sys.stdout.write(f"{text}\n{READY}{seconds:.2f} s; Ctrl-C ends everything\n")
    sys.stdout.flush()


def _complain(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _now() -> datetime:
    return datetime.now(UTC)


def _age() -> float:
    """Seconds since this process began, its imports included. See proc_pid_stat(5)."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2]
    began = int(fields.split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
