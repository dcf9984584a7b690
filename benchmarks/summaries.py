"""The longest text summarised, beside counting their words; each in its own process."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_FUNCTIONS: Final = (_ROOT / "functions", _ROOT / "functions/layer/python")
_TEXTS: Final = _ROOT / "tests/functions/summarise/texts"
_SIZE: Final = 600_000
"""Characters: the longest text that ``summarise`` takes."""


def compare_summaries() -> Iterator[str]:
    for language, name in (("en", "English"), ("ja", "Japanese")):
        took, held = _measured("summary", language)
        bare, _ = _measured("counting", language)
        yield (
            f"{f'600,000 characters of {name}':34} {took:8.2f} s  {took / bare:5.1f} x "
            f"counting its words or characters ({bare:.2f} s), {held:.0f} MB RSS"
        )


def _measured(what: str, language: str) -> tuple[float, float]:
    """Seconds, and the most memory held, in MB."""
    done = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", __spec__.name, what, language],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, _FUNCTIONS))},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    took, held = done.stdout.split()
    return float(took), float(held)


def _text(language: str) -> str:
    """Write sentences of the words, or of pieces, of a real text."""
    chance = random.Random(1865)  # noqa: S311 - no secret
    real = (_TEXTS / f"harbour.{language}.txt").read_text("utf-8")
    written: list[str] = []
    size = 0
    while size < _SIZE:
        sentence = _english(chance, real) if language == "en" else _other(chance, real)
        written.append(sentence)
        size += len(sentence)
    return "".join(written)


def _english(chance: random.Random, real: str) -> str:
    words = chance.choices(real.replace(".", "").split(), k=chance.randint(5, 25))
    return " ".join(words).capitalize() + ". "


def _other(chance: random.Random, real: str) -> str:
    plain = "".join(real.split()).replace("。", "")
    start = chance.randrange(len(plain) - 80)
    return plain[start : start + chance.randint(10, 70)] + "。"


def _summarise(text: str) -> None:
    from summarise.extractive import extract

    for _ in extract(text):
        pass


def _count(text: str) -> None:
    Counter(text.split() if " " in text else text)


def _main(what: str, language: str) -> None:
    works: dict[str, Callable[[str], None]] = {
        "summary": _summarise,
        "counting": _count,
    }
    text = _text(language)
    started = perf_counter()
    works[what](text)
    took = perf_counter() - started
    sys.stdout.write(f"{took} {getrusage(RUSAGE_SELF).ru_maxrss / 1024}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
