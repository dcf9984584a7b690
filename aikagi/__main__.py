"""``python -m aikagi``, and the ``aikagi`` command."""

import sys
from collections.abc import Sequence

from aikagi.commands.parser import build_parser
from aikagi.commands.run import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run(build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
