"""From the start of a process to its first grant, beside what one would write at first.

``python -m benchmarks.process_start``. The broker is the package of `make build`, made
for the Python and the processor here; the others have the same libraries, whole.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.table import Cell, Table
from benchmarks.warm_grants import event, running_aws, tokens, variables
from tests.stack import ROOT

ROUNDS: Final = 9

_ANSWER: Final = """
import json, os
answer = handler(json.loads(os.environ["EVENT"]), None)
if answer["statusCode"] != 200 or "SessionToken" not in answer["body"]:
    raise SystemExit(answer["body"])
# Of this program alone: what wait4 tells has what was there before it, too.
with open("/proc/self/status") as status:
    [peak] = [line.split()[1] for line in status if line.startswith("VmHWM")]
print(peak)
"""
BROKER: Final = "from app.lambda_handler import handler"
_PROGRAMS: Final = {
    "plainest handler": "from tests.baselines.plainest_handler import handler",
    "naive broker": "from tests.baselines.naive_broker import handler",
    "broker": BROKER,
}


@dataclass(kw_only=True)
class Starts:
    """What each start has cost: seconds of a processor, and most bytes at one time."""

    cpu: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


@contextmanager
def packages() -> Iterator[tuple[Path, Path]]:
    """Give a folder of the locked libraries, and one of the package as it is built."""
    with tempfile.TemporaryDirectory() as folder:
        libraries, package = Path(folder, "libraries"), Path(folder, "package")
        _install(libraries)
        # Lambda's disk is read-only: what is not compiled there is at every start.
        _run(sys.executable, "-m", "compileall", "-q", str(libraries))
        package.mkdir()
        make = ("make", "--silent", "build-BrokerFunction", "LAMBDA_ARCHITECTURE=here")
        _run(*make, f"ARTIFACTS_DIR={package}")
        yield libraries, package


def _install(target: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    _run(
        *(str(uv), "pip", "install", "--quiet", "--python", sys.executable),
        *("--target", str(target), "--require-hashes"),
        *("-r", str(ROOT / "requirements" / "runtime.txt")),
    )


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - names of our own


def measure_starts(rounds: int = ROUNDS) -> Mapping[str, Starts]:
    """Start each in turn, so that all meet the same of this machine."""
    starts = {name: Starts() for name in _PROGRAMS}
    with running_aws() as port, packages() as (libraries, package):
        environment = {**os.environ, **variables(port, functions=10)}
        environment["EVENT"] = event_of(environment)
        for _ in range(rounds):
            for name, program in _PROGRAMS.items():
                path = package if name == "broker" else f"{libraries}:{ROOT}"
                start(program, {**environment, "PYTHONPATH": str(path)}, starts[name])
    return starts


def event_of(environment: Mapping[str, str]) -> str:
    """Make an event with a token that all of them take."""
    os.environ.update(environment)
    return json.dumps(event(tokens(1)[0], 900))


def start(
    program: str,
    environment: Mapping[str, str],
    starts: Starts,
    python: str = sys.executable,
) -> None:
    """Start a process once, and add what it has cost until its answer."""
    with tempfile.TemporaryDirectory() as elsewhere:
        process = subprocess.Popen(  # noqa: S603 - an interpreter of ours
            # Without what is installed here: Lambda has the package alone.
            [python, "-S", "-c", program + _ANSWER],
            env=dict(environment),
            cwd=elsewhere,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process.stdout or nullcontext(StringIO("0")) as output:
            written = output.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(program)
    starts.cpu.append(usage.ru_utime + usage.ru_stime)
    starts.memory.append(int(written.splitlines()[-1]) * 1024)


def compare_starts(rounds: int = ROUNDS) -> Table:
    starts = measure_starts(rounds)
    plainest = starts["plainest handler"]
    rows: list[dict[str, Cell]] = []
    for name, found in starts.items():
        cpu, memory = median(found.cpu), median(found.memory)
        rows.append(
            {
                "": name,
                "CPU ms": cpu * 1000,
                "of the plainest": cpu / median(plainest.cpu),
                "peak MB": memory / 1e6,
                "of its memory": memory / median(plainest.memory),
            }
        )
    return Table(title="from the start of a process to its first grant", rows=rows)


def main() -> None:
    for line in compare_starts().lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
