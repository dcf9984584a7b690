"""``aikagi login`` and ``logout``."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from aikagi.commands.command import command
from aikagi.commands.exits import Exit
from aikagi.commands.place import Place, UsageError
from aikagi.commands.saying import note, say, say_json
from aikagi.disk.file_shelf import remember_broker
from aikagi.errors import StateError

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Areas


def add(areas: "Areas") -> None:
    login = command(areas, "login", "log in to a broker, and remember it", _login)
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
    command(areas, "logout", "end the login, and forget it here", _logout)


def _login(options: argparse.Namespace) -> int:
    place = Place.of(options)
    with place.broker() as broker:
        username = options.username or _ask_username(options, broker)
        broker.login(username, _password(options, place), keep=not options.short)
    remember_broker(place.folder, place.base)
    if options.json:
        say_json({"Broker": place.base, "Username": username})
    elif not options.quiet:
        say(f"Logged in to {place.base} as {username}.")
    return Exit.DONE


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


def _password(options: argparse.Namespace, place: Place) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to type a password at: --password-stdin")
    try:
        return getpass.getpass(f"Password for {place.base}: ")
    except EOFError as error:
        raise UsageError("\nNothing was typed; you are not logged in.") from error


def _logout(options: argparse.Namespace) -> int:
    place = Place.of(options)
    with place.broker() as broker:
        broker.logout()
    if not options.quiet:
        note(f"Logged out of {place.base}.")
    return Exit.DONE
