"""``aikagi login`` and ``logout``."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json
from aikagi.disk.file_store import last_broker_entry, write_last_broker
from aikagi.errors import StateError
from aikagi.records import require_replaceable

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Subparsers


def add(subparsers: "Subparsers") -> None:
    login = command(
        subparsers, "login", "log in to a broker, and stay logged in", _login
    )
    login.add_argument("-u", "--username", help="asked for, if it is not given")
    login.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input, to the end of its first line",
    )
    login.add_argument(
        "--short",
        action="store_true",
        help="keep no refresh token: the login ends with its access token",
    )
    login.add_argument(
        "--local",
        nargs="?",
        const="",
        metavar="PORT",
        help="the broker of the stack that `make run` started here",
    )
    command(subparsers, "logout", "end the login, and forget it here", _logout)


def _login(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    # Before a login begins that could not be stored.
    require_replaceable(last_broker_entry(context.folder))
    with context.broker() as broker:
        username = options.username or _ask_username(options, broker)
        password = _password(options, context)
        broker.login(username, password, keep_refresh_token=not options.short)
    write_last_broker(context.folder, context.base)
    if options.json:
        echo_json({"Broker": context.base, "Username": username})
    elif not options.quiet:
        echo(f"Logged in to {context.base} as {username}.")
    return ExitCode.DONE


def _ask_username(options: argparse.Namespace, broker: "Broker") -> str:
    if options.password_stdin or not sys.stdin.isatty():
        raise UsageError("Say who you are: --username")
    usual = _last_username(broker) or getpass.getuser()
    return _asked(f"Username [{usual}]: ") or usual


def _last_username(broker: "Broker") -> str | None:
    try:
        return broker.username
    except StateError:
        return None  # it is written anew


def _asked(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise UsageError("\nNothing was typed; you are not logged in.")
    return line.strip()


def _password(options: argparse.Namespace, context: Context) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to type a password at: --password-stdin")
    try:
        return getpass.getpass(f"Password for {context.base}: ")
    except EOFError as error:
        raise UsageError("\nNothing was typed; you are not logged in.") from error


def _logout(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    with context.broker() as broker:
        broker.logout()
    if not options.quiet:
        echo_error(f"Logged out of {context.base}.")
    return ExitCode.DONE
