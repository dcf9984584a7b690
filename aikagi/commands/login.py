"""``aikagi login`` and ``logout``."""

import argparse
import getpass
import re
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode, exit_code_of
from aikagi.commands.output import echo, echo_error, echo_json, printable
from aikagi.commands.passwd import login_or_change
from aikagi.commands.sign_in import add_sign_in, end_of_session, sign_in
from aikagi.disk.brokers import brokers_entry, last_broker_entry, write_login
from aikagi.errors import StateError, StateVersionError
from aikagi.records import require_replaceable

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Subparsers
    from aikagi.issuer import Issuer


_LOGIN_EPILOG: Final = """\
examples:
  aikagi login https://broker.example/
  aikagi login https://staging.example/ --name staging
  aikagi login --local --username alice
  aikagi login https://broker.example/ --issuer okta
  aikagi login https://broker.example/ --issuer okta --device
"""

_LOGOUT_EPILOG: Final = """\
example:
  aikagi logout
"""


def add(subparsers: "Subparsers") -> None:
    login = command(
        subparsers,
        "login",
        "log in to a broker, and stay logged in",
        _login,
        _LOGIN_EPILOG,
    )
    login.add_argument(
        "address",
        nargs="?",
        metavar="URL",
        help="the broker's address, or its name where you have logged in before",
    )
    login.add_argument(
        "--name",
        type=_name,
        help="what to call this broker; its host, unless given",
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
    add_sign_in(login)
    login.add_argument(
        "--local",
        nargs="?",
        const="",
        metavar="PORT",
        help="the broker of the stack that `make run` started here",
    )
    command(
        subparsers,
        "logout",
        "end the login, and forget it here",
        _logout,
        _LOGOUT_EPILOG,
    )


def _login(options: argparse.Namespace) -> int:
    if options.address and (options.broker or options.local is not None):
        raise UsageError("Name the broker once: its address is there twice")
    if options.issuer is None and (options.device or options.client_id):
        raise UsageError("Name the issuer to sign in through: --issuer NAME")
    if options.issuer is not None and (options.username or options.password_stdin):
        raise UsageError("An issuer asks itself who you are: leave that to it")
    options.broker = options.broker or options.address
    context = Context.from_options(options)
    # Before a login begins that could not be stored.
    for entry in (last_broker_entry(context.folder), brokers_entry(context.folder)):
        require_replaceable(entry)
    with context.broker() as broker:
        if options.issuer is None:
            username = options.username or _ask_username(options, broker)
            password = _password(options, context)
            login_or_change(
                broker, username, password, keep_refresh_token=not options.short
            )
        else:
            sign_in(broker, options)
            username = broker.username or ""
    name = write_login(context.folder, context.base, options.name)
    if options.json:
        echo_json({"Broker": context.base, "Name": name, "Username": username})
    elif not options.quiet:
        through = f", through {printable(options.issuer)}" if options.issuer else ""
        echo(f"Logged in to {context.base} as {printable(username)}{through}.")
    return ExitCode.DONE


def _ask_username(options: argparse.Namespace, broker: "Broker") -> str:
    if options.password_stdin or not sys.stdin.isatty():
        raise UsageError("Say who you are: --username")
    usual = _last_username(broker) or _own_name()
    username = _asked(f"Username [{usual}]: " if usual else "Username: ") or usual
    if not username:
        raise UsageError("Say who you are: --username")
    return username


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # as of a user without an entry
        return ""


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
        issuer = _issuer_of(broker)
        rest = end_of_session(broker, issuer)
        failure = broker.logout()
    where = context.base if issuer is None else printable(issuer.title)
    if failure is None:
        if not options.quiet:
            echo_error(f"Logged out of {context.base}.")
            for line in rest:
                echo_error(line)
        return ExitCode.DONE
    echo_error(
        f"Forgotten on this machine, but not ended at {where}: "
        f"{printable(str(failure))}. "
        "Until it expires, whoever has a copy of the login can use it."
    )
    for line in rest:
        echo_error(line)
    # What cannot be read was to be removed, and it is.
    return ExitCode.DONE if isinstance(failure, StateError) else exit_code_of(failure)


def _issuer_of(broker: "Broker") -> "Issuer | None":
    try:
        return broker.issuer
    except StateVersionError:
        raise
    except StateError:
        return None  # it is removed


def _name(typed: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,39}", typed):
        raise argparse.ArgumentTypeError(
            f"{typed!r} is no name: letters, digits, - . and _, 40 at most"
        )
    return typed
