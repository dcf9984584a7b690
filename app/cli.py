"""The ``aikagi`` command: the client's commands, and the operator's ``users``."""

import sys
from collections.abc import Sequence

from aikagi.commands.arguments import build_parser
from aikagi.commands.run import run
from app.user_commands import add_users


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser, areas = build_parser()
    add_users(areas)
    return run(parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
