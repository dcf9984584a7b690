"""``aikagi users``, which is a command of the deployment."""

import argparse
from typing import TYPE_CHECKING

from aikagi.commands.context import UsageError

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers


def add(subparsers: "Subparsers") -> None:
    """Add it without help, so that no list of commands has it."""
    # No word that can be typed begins with NUL, so whatever follows is positional.
    added = subparsers.add_parser("users", add_help=False, prefix_chars="\0")
    added.add_argument("words", nargs="*")
    added.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    raise UsageError(
        "Users belong to the deployment: `python -m app.admin users`, "
        "in the checkout that it was deployed from."
    )
