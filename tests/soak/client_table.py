"""The table of clients and cases, as Markdown."""

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

from tests.soak.cases import CASES
from tests.soak.clients import NODE_PACKAGES, PYTHON

_MARKS: Final = {200: "yes", 403: "**no**"}


def version_of(client: str) -> str:
    """The version that ran, in a word; "" for what has none of its own."""
    package = client.partition(",")[0]
    if package == "botocore":
        return version("botocore")
    if package.startswith("Python"):
        return platform.python_version()
    if package == "requests-aws4auth":
        script = f"import importlib.metadata as m; print(m.version({package!r}))"
        return _said([str(PYTHON), "-c", script])
    if package == "curl":
        return _said(["curl", "--version"]).split()[1]
    manifest = NODE_PACKAGES / "node_modules" / package / "package.json"
    return str(json.loads(manifest.read_text())["version"])


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def markdown(results: Mapping[str, Mapping[str, int]]) -> list[str]:
    """``results`` are statuses by the client's title and by the case's name."""
    lines = [
        f"| | {' | '.join(results)} |",
        f"|---|{'---|' * len(results)}",
    ]
    for case in CASES:
        found = [statuses.get(case.name) for statuses in results.values()]
        marks = (
            "n/a" if status is None else _MARKS.get(status, str(status))
            for status in found
        )
        lines.append(f"| {case.name.replace('|', '&#124;')} | {' | '.join(marks)} |")
    return lines
