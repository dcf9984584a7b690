"""The client's commands, put together."""

from typing import Final

from aikagi.commands import (
    brokers,
    call,
    completion,
    credentials,
    doctor,
    functions,
    login,
    passwd,
    token,
    users,
    whoami,
)
from aikagi.commands.command import HelpFormatter, Parser, add_common
from aikagi.commands.exit_codes import HELP

_EPILOG: Final = f"""\
examples:
  aikagi login https://broker.example/
  aikagi functions
  aikagi call hello

{HELP}
The broker of the last login is meant, unless --broker or AIKAGI_BROKER names another.
"""


def build_parser() -> Parser:
    parser = Parser(
        prog="aikagi",
        description="Get credentials for a Lambda function URL, and call it.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="show the version")
    add_common(parser)
    subparsers = parser.add_subparsers(metavar="COMMAND", title="commands")
    for module in (
        login,
        passwd,
        brokers,
        whoami,
        functions,
        call,
        credentials,
        token,
        doctor,
        completion,
        users,
    ):
        module.add(subparsers)
    return parser
