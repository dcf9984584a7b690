"""``python -m aikagi``: the client's commands alone."""

import sys

from aikagi.commands.arguments import build_parser
from aikagi.commands.run import run

if __name__ == "__main__":
    sys.exit(run(build_parser()[0], None))
