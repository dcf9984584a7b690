"""What each process of a stack holds, as Linux counts it."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Megabytes. PSS shares pages out among those who map them: it can be added up."""

    rss: float
    pss: float

    @classmethod
    def of(cls, pid: int) -> Self:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        found = dict(re.findall("(?m)^(Rss|Pss): +([0-9]+) kB", rollup))
        return cls(rss=int(found["Rss"]) / 1024, pss=int(found["Pss"]) / 1024)


def of_bare_interpreter() -> Memory:
    """A Python of the same kind that has imported nothing and waits."""
    script = "print(flush=True); input()"
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        next(iter(process.stdout or ()))
        held = Memory.of(process.pid)
        process.communicate(b"\n")
    return held


def title_of(pid: int) -> str:
    """What a process is for, from its command line."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    line = " ".join(word for word in words[1:] if word)
    if "app.main:app" in line:
        return "broker"
    if "-m aikagi_emulator" in line:
        return "launcher: AWS and function URLs"
    return line.rpartition("-m ")[2][:32]
