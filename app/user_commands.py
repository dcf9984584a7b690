"""``aikagi users …``: what an operator does to the broker's own users."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.adapters.user_administration import UserAdministration

    Areas = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name
    Command = Callable[[UserAdministration, argparse.Namespace], None]

_EPILOG = """
AWS is met with the credentials of the environment, as by the AWS CLI; the name of
the table is the stack's output UsersTableName. On a laptop, beside `make run`:
  aikagi users add carol --group everyone --local
"""


class _FailedError(Exception):
    """A sentence for the person at the terminal."""


def add_users(areas: "Areas") -> None:
    """Add the operator's commands to those there are."""
    users = areas.add_parser("users", help="the broker's own users, for an operator")
    commands = users.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, what: str, do: "Command", *, of_one: bool = True
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=what,
            description=what,
            epilog=_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if of_one:
            added.add_argument("username")
        added.add_argument("--table", help="the table; else AIKAGI_USERS_TABLE")
        added.add_argument(
            "--local",
            nargs="?",
            const="",
            metavar="PORT",
            help="the stack on this laptop: the one started last, or that of PORT",
        )
        added.set_defaults(run=lambda options: _run(do, options))
        return added

    add = command("add", "add a user; the password is asked for", _add)
    _groups_option(add, required=False)
    _password_option(add)

    passwd = command("passwd", "give a user a new password; it is asked for", _passwd)
    _password_option(passwd)

    groups = command("groups", "replace the groups of a user", _groups)
    _groups_option(groups, required=True)

    command("disable", "keep a user out, from their next request on", _disable)
    command("enable", "let a disabled user in again", _enable)
    command("list", "list users, their groups and state", _list, of_one=False)


def _groups_option(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--group",
        dest="groups",
        action="append",
        required=required,
        default=None if required else [],
        metavar="GROUP",
        help="a group; may be given several times",
    )


def _password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input, to the end of its first line",
    )


def _run(do: "Command", options: argparse.Namespace) -> int:
    """Run one; return 0, or 1 with a sentence on standard error."""
    # Slow to import, and `aikagi credentials` is in a hurry.
    from botocore.exceptions import BotoCoreError, ClientError

    from app.adapters.user_administration import NoSuchUserError, UserExistsError

    try:
        _use_environment(options)
        do(_administration(options), options)
    except _FailedError as failure:
        return _fail(str(failure))
    except UserExistsError as error:
        return _fail(f"There is a user {error} already: see `aikagi users passwd`.")
    except NoSuchUserError as error:
        return _fail(f"There is no user {error}: see `aikagi users list`.")
    except ValueError as error:
        return _fail(f"Not done: {error}.")
    except (BotoCoreError, ClientError) as error:
        return _fail(f"AWS did not do it: {error}")
    return 0


def _use_environment(options: argparse.Namespace) -> None:
    """Take the operator's credentials of a local stack, where one is asked for."""
    if options.local is None:
        return
    file = Path(".local", options.local, "operator.env")
    if not file.is_file():
        raise _FailedError(f"There is no {file}: start the stack here, by `make run`.")
    # It is there where `--local` makes sense.
    from dotenv import dotenv_values

    found = {key: value or "" for key, value in dotenv_values(file).items()}
    for stale in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[stale]
    os.environ.update(found)


def _administration(options: argparse.Namespace) -> "UserAdministration":
    table = options.table or os.environ.get("AIKAGI_USERS_TABLE")
    if not table:
        raise _FailedError(
            "Name the table: --table (the stack's output UsersTableName), or --local."
        )
    from app.bootstrap import build_user_administration

    return build_user_administration(table)


def _new_password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"New password for {options.username}: ")
    if getpass.getpass("The same again: ") != password:
        raise _FailedError("The two differ; nothing was changed.")
    return password


def _add(users: "UserAdministration", options: argparse.Namespace) -> None:
    users.add(options.username, _new_password(options), options.groups)
    _say(f"Added {options.username}.")


def _passwd(users: "UserAdministration", options: argparse.Namespace) -> None:
    users.set_password(options.username, _new_password(options))
    _say(f"{options.username} has a new password and is logged out everywhere.")


def _groups(users: "UserAdministration", options: argparse.Namespace) -> None:
    users.set_groups(options.username, options.groups)
    _say(f"{options.username} is in {', '.join(sorted(set(options.groups)))}.")


def _disable(users: "UserAdministration", options: argparse.Namespace) -> None:
    users.set_disabled(options.username, disabled=True)
    _say(
        f"{options.username} is kept out and logged out. "
        "Sessions made before end by themselves."
    )


def _enable(users: "UserAdministration", options: argparse.Namespace) -> None:
    users.set_disabled(options.username, disabled=False)
    _say(f"{options.username} may come in again.")


def _list(users: "UserAdministration", _: argparse.Namespace) -> None:
    for user in sorted(users.list(), key=lambda user: user.username):
        state = "disabled" if user.disabled else "enabled"
        _say(f"{user.username}\t{state}\t{','.join(sorted(user.groups))}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1
