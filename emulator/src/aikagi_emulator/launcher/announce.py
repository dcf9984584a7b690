"""What a developer reads once everything answers."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent
from typing import Final

from aikagi_emulator.launcher.running import Running

READY: Final = "ready in "
"""How the line begins that says so."""


def announcement(running: Running, *, operator_env: Path) -> str:
    """``operator_env`` is the file with the operator's variables."""
    callable_ = {**running.functions, **running.http_apis}
    rows = {**running.pages, "AWS": running.endpoint, **callable_}
    width = max(len(name) for name in rows)
    addresses = "\n".join(f"{name:{width}}  {url}" for name, url in rows.items())
    parts = [f"{indent(addresses, '  ')}\n"]
    if running.announcement:
        parts.append(running.announcement)
    elif running.functions:
        url = next(iter(running.functions.values()))
        snippet = operator_snippet(url=url, region=running.region, file=operator_env)
        parts.append(f"Call a function from a shell:\n\n{snippet}")
    elif running.example:
        parts.append(f"Call a route from a shell:\n\n{running.example}\n")
    if running.uncallable:
        parts.append(_paragraph(running.uncallable))
    return "\n" + "\n".join(parts)


def _paragraph(sentences: Sequence[str]) -> str:
    return "\n".join(("Nothing of this template can be called:", *sentences, ""))


def operator_snippet(*, url: str, region: str, file: Path) -> str:
    """Lines to paste into ``sh``: call the function URL as the operator."""
    return f"""\
(set -a; . {_quoted(file)}; curl --aws-sigv4 aws:amz:{region}:lambda \\
  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
  -H "x-amz-security-token: $AWS_SESSION_TOKEN" {url}); echo
"""


def _quoted(file: Path) -> str:
    # `.` looks for a name without a slash on the PATH.
    return shlex.quote(str(file.resolve()))
