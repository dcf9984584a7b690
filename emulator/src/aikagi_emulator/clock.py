"""``python -m aikagi_emulator.clock``: move the clock of a running stack."""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from aikagi_emulator.control import ControlError, Controls
from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.project import FILE, read_project

_STEP: Final = re.compile(r"([+-])([0-9]{1,7})([smhd])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WORDS: Final = "+1h, -10m, +90s, +2d or reset"


def main(arguments: Sequence[str]) -> int:
    """Move it, say what time it is there: 0. A sentence on standard error: 2."""
    # argparse takes what begins with a hyphen for an option.
    steps = [word for word in arguments if _STEP.fullmatch(word)]
    parsed = _parsed([word for word in arguments if word not in steps])
    try:
        controls = Controls(
            variables=_operator(parsed.state or read_project(None).state, parsed.port)
        )
        _move(controls, [*steps, *parsed.words])
        offset, now = controls.offset(), controls.now()
    except (ControlError, LaunchError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{now:%Y-%m-%dT%H:%M:%SZ}, {_words(offset)}\n")
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m aikagi_emulator.clock",
        description="Move the clock of AWS in a running stack. The "
        "application and the functions keep the real time.",
    )
    parser.add_argument("words", nargs="*", metavar=_WORDS, help="nothing: only tell")
    parser.add_argument("--port", help="the stack's; else the one started last")
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help=f"else that of {FILE}"
    )
    return parser.parse_args(arguments)


def _operator(folder: Path, port: str | None) -> dict[str, str]:
    file = (folder / port if port else folder) / "operator.env"
    if not file.is_file():
        msg = f"{file} is not there: start a stack first, with aikagi-emulator."
        raise ControlError(msg)
    return {name: text or "" for name, text in dotenv_values(file).items()}


def _move(controls: Controls, words: Sequence[str]) -> None:
    match words:
        case []:
            pass
        case ["reset"]:
            controls.set_offset(timedelta())
        case [word] if step := _STEP.fullmatch(word):
            sign, number, unit = step.groups()
            controls.advance(timedelta(seconds=int(sign + number) * _UNITS[unit]))
        case _:
            msg = f"{' '.join(words)!r} is no way to move a clock: say {_WORDS}."
            raise ControlError(msg)


def _words(offset: timedelta) -> str:
    if not offset:
        return "the real time"
    direction = "ahead of" if offset > timedelta() else "behind"
    return f"{abs(offset)} {direction} the real time"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
