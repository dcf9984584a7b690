"""The client's commands, put together."""

import argparse
from typing import Final

from aikagi.commands import (
    call,
    completion,
    credentials,
    doctor,
    login,
    looks,
    token,
    users,
)
from aikagi.commands.command import HelpFormatter, add_common
from aikagi.commands.exits import TOLD

_EPILOG: Final = f"""\
{TOLD}
The broker of the last login is meant, unless --broker or AIKAGI_BROKER names another.
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aikagi",
        description="Borrow a key to a Lambda function URL, and call it.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="tell the version")
    add_common(parser)
    areas = parser.add_subparsers(metavar="COMMAND", title="commands")
    for module in (login, looks, call, credentials, token, doctor, completion, users):
        module.add(areas)
    return parser
