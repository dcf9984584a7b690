"""``aikagi passwd``: another password, also where one was given for once."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json
from aikagi.errors import BrokerError, StateError

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Subparsers


_EPILOG: Final = """\
examples:
  aikagi passwd
  aikagi passwd --broker https://broker.example/ --username alice
"""

_CHANGE_REQUIRED: Final = "urn:aikagi:problem:password-change-required"
_NEW_REFUSED: Final = "urn:aikagi:problem:new-password-refused"

_NOTHING_TYPED: Final = "\nNothing was typed; your password is as it was."


def add(subparsers: "Subparsers") -> None:
    passwd = command(
        subparsers, "passwd", "change your password, and end your logins", _run, _EPILOG
    )
    passwd.add_argument(
        "-u", "--username", help="whoever is logged in, if it is not given"
    )
    passwd.add_argument(
        "--password-stdin",
        action="store_true",
        help="read two lines of standard input: the password, then the new one",
    )


def _run(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    with context.broker() as broker:
        username = options.username or _logged_in(broker)
        if options.password_stdin:
            password, new_password = (sys.stdin.readline().rstrip("\n") for _ in "12")
            broker.change_password(username, password, new_password)
        else:
            _require_terminal("--password-stdin")
            password = _typed(f"Password of {username} at {context.base}: ")
            change_password(broker, username, password)
    if options.json:
        echo_json({"Broker": context.base, "Username": username})
    elif not options.quiet:
        echo(f"The password of {username} is changed. Log in with it: aikagi login")
    return ExitCode.DONE


def login_or_change(
    broker: "Broker", username: str, password: str, *, keep_refresh_token: bool
) -> None:
    """Log in; where the password was given for once, ask for another one first.

    Raises ``BrokerError`` with what to do, where there is no terminal to ask at.
    """
    try:
        broker.login(username, password, keep_refresh_token=keep_refresh_token)
    except BrokerError as error:
        if error.type != _CHANGE_REQUIRED:
            raise
        if not sys.stdin.isatty():
            error.add_note(f"Change it: aikagi passwd --username {username}")
            raise
        echo_error("This password was given for once. Choose another one.")
        password = change_password(broker, username, password)
        broker.login(username, password, keep_refresh_token=keep_refresh_token)


def change_password(broker: "Broker", username: str, password: str) -> str:
    """Ask for another password until the broker takes it, and give that."""
    while True:
        new_password = _typed("New password: ")
        if _typed("The same again: ") != new_password:
            echo_error("The two differ.")
            continue
        try:
            broker.change_password(username, password, new_password)
        except BrokerError as error:
            if error.type != _NEW_REFUSED:
                raise
            echo_error(f"{error}.")
        else:
            return new_password


def _logged_in(broker: "Broker") -> str:
    try:
        username = broker.username
    except StateError:
        username = None  # it is not needed here
    if not username:
        raise UsageError("Say who you are: --username")
    return username


def _typed(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except EOFError as error:
        raise UsageError(_NOTHING_TYPED) from error


def _require_terminal(instead: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"There is no terminal to type a password at: {instead}")
