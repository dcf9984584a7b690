"""``python -m app.admin users …``: what an operator does to the broker's own users."""

import argparse
import getpass
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from dotenv import dotenv_values

from app.adapters.signing_secret import LaterSecretError
from app.adapters.table import LaterVersionError
from app.admin.bootstrap import build_key_administration, build_user_administration
from app.admin.exit_codes import HELP, ExitCode, exit_code_of
from app.admin.key_commands import (
    KEY_COMMANDS,
    KeyCommand,
    add_secret,
    secret_arn,
)
from app.admin.users import NoSuchUserError, UserAdministration, UserExistsError
from app.domain.errors import UsersUnavailableError

Command = Callable[[UserAdministration, argparse.Namespace], None]

_PROGRAM: Final = "python -m app.admin"

_EPILOG: Final = f"""\
AWS is met with the credentials and the Region of the environment, as by the AWS CLI.
The stack's outputs name what is changed: the table is UsersTableName (--table or
AIKAGI_USERS_TABLE), the secret SigningSecretArn (--secret or
AIKAGI_SIGNING_SECRET_ARN). With --local they are those of the stack which `make run`
started here.

{HELP}"""


class _UsageError(Exception):
    """A sentence for whoever typed the command."""


class _NotDoneError(Exception):
    """A sentence that says why nothing was changed."""


_OWN_ERRORS: Final = (
    _UsageError,
    _NotDoneError,
    UserExistsError,
    NoSuchUserError,
    UsersUnavailableError,
    LaterSecretError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # What the table's faults are is reported below, in a sentence; a log is not wanted.
    logging.getLogger("app").addHandler(logging.NullHandler())
    options = build_parser().parse_args(arguments)
    try:
        code = _run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE
    except KeyboardInterrupt:
        return _fail("", ExitCode.INTERRUPTED)
    return code


def build_parser() -> argparse.ArgumentParser:
    parser = _parser(_PROGRAM, "Administer a deployment of the broker.", _EPILOG)
    areas = parser.add_subparsers(required=True, metavar="COMMAND")
    users = areas.add_parser("users", help="the broker's own users")
    commands = users.add_subparsers(required=True, metavar="COMMAND")

    add = _command(
        commands,
        "add",
        "add a user; the password is asked for",
        _add,
        example="add carol --group everyone --group research",
    )
    _add_groups(add, required=False)
    _add_password(add)
    passwd = _command(
        commands,
        "passwd",
        "give a user a new password, and end their logins; it is asked for",
        _passwd,
        example="passwd carol",
    )
    _add_password(passwd)
    groups = _command(
        commands,
        "groups",
        "replace the groups of a user",
        _groups,
        example="groups carol --group everyone",
    )
    _add_groups(groups, required=True)
    for name, what, run in (
        ("disable", "keep a user out, from their next request on", _disable),
        ("enable", "let a disabled user in again", _enable),
    ):
        _command(commands, name, what, run, example=f"{name} carol")
    _command(
        commands,
        "list",
        "list users, their state and groups",
        _list,
        example="list --local",
        of_one=False,
    )
    keys = areas.add_parser("keys", help="the keys that sign tokens")
    commands = keys.add_subparsers(required=True, metavar="COMMAND")
    for command in KEY_COMMANDS:
        _add_key_command(commands, command)
    return parser


def _add_key_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    command: KeyCommand,
) -> None:
    def run(options: argparse.Namespace) -> None:
        arn = secret_arn(options)
        if not arn:
            raise _UsageError(
                "Name the secret: --secret (the stack's output SigningSecretArn), or "
                "--local."
            )
        for line in command.run(build_key_administration(arn), options):
            _say(line)

    added = _parser_of(commands, command.name, command.what, f"keys {command.example}")
    add_secret(added)
    command.add_options(added)
    added.set_defaults(run=run)


def _parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _command(  # noqa: PLR0913 - what a command is made of
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    run: Command,
    *,
    example: str,
    of_one: bool = True,
) -> argparse.ArgumentParser:
    added = _parser_of(commands, name, what, f"users {example}")
    if of_one:
        added.add_argument("username", metavar="USERNAME")
    added.add_argument("--table", metavar="NAME", help="else AIKAGI_USERS_TABLE")
    added.set_defaults(
        run=lambda options: run(
            build_user_administration(_table_name(options)), options
        )
    )
    return added


def _parser_of(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    example: str,
) -> argparse.ArgumentParser:
    added = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"example:\n  {_PROGRAM} {example}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    added.add_argument(
        "--local",
        nargs="?",
        const="",
        metavar="PORT",
        help="the stack on this laptop: the one started last, or that of PORT",
    )
    added.add_argument("--json", action="store_true", help="answer as JSON")
    return added


def _add_groups(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--group",
        dest="groups",
        action="append",
        required=required,
        default=None if required else [],
        metavar="GROUP",
        help="may be given several times",
    )


def _add_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input, to the end of its first line",
    )


def _run(options: argparse.Namespace) -> int:
    try:
        _use_environment(options)
        options.run(options)
    except (*_OWN_ERRORS, ValueError, BotoCoreError, ClientError) as error:
        return _fail(*_explain(error))
    return ExitCode.DONE


def _explain(error: Exception) -> tuple[str, ExitCode]:
    match error:
        case _UsageError():
            return str(error), ExitCode.USAGE
        case UserExistsError():
            message = f"There is a user {error} already: see `{_PROGRAM} users passwd`."
        case NoSuchUserError():
            message = f"There is no user {error}: see `{_PROGRAM} users list`."
        case LaterSecretError():
            return f"{error}.", ExitCode.STATE
        case ValueError():
            message = f"Not done: {error}."
        case UsersUnavailableError(__cause__=LaterVersionError() as later):
            return f"{later}.", ExitCode.STATE
        case UsersUnavailableError(__cause__=cause):
            return f"AWS did not do it: {cause}", exit_code_of(cause)
        case BotoCoreError() | ClientError():
            return f"AWS did not do it: {error}", exit_code_of(error)
        case _:
            message = str(error)
    return message, ExitCode.NOT_DONE


def _use_environment(options: argparse.Namespace) -> None:
    """Take the operator's credentials of a stack here, where one is asked for."""
    if options.local is None:
        return
    file = Path(".local", options.local, "operator.env")
    if not file.is_file():
        raise _UsageError(f"There is no {file}: start the stack here, by `make run`.")
    found = {key: value or "" for key, value in dotenv_values(file).items()}
    for stale in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[stale]
    # The stack is on loopback, whatever proxy the shell has.
    os.environ.update(found, NO_PROXY="*", no_proxy="*")


def _table_name(options: argparse.Namespace) -> str:
    name = options.table or os.environ.get("AIKAGI_USERS_TABLE")
    if not name:
        raise _UsageError(
            "Name the table: --table (the stack's output UsersTableName), or --local."
        )
    return str(name)


def _new_password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise _UsageError(
            "There is no terminal to type a password at: --password-stdin"
        )
    try:
        password = getpass.getpass(f"New password for {options.username}: ")
        again = getpass.getpass("The same again: ")
    except EOFError as error:
        raise _NotDoneError("\nNothing was typed; nothing was changed.") from error
    if again != password:
        raise _NotDoneError("The two differ; nothing was changed.")
    return password


def _add(users: UserAdministration, options: argparse.Namespace) -> None:
    users.add(options.username, _new_password(options), options.groups)
    _report(options, f"Added {options.username}.")


def _passwd(users: UserAdministration, options: argparse.Namespace) -> None:
    users.set_password(options.username, _new_password(options))
    message = f"{options.username} has a new password and is logged out everywhere."
    _report(options, message)


def _groups(users: UserAdministration, options: argparse.Namespace) -> None:
    users.set_groups(options.username, options.groups)
    _report(
        options, f"{options.username} is in {', '.join(sorted(set(options.groups)))}."
    )


def _disable(users: UserAdministration, options: argparse.Namespace) -> None:
    users.set_disabled(options.username, disabled=True)
    _report(
        options,
        f"{options.username} is kept out and logged out. "
        "Sessions made before end by themselves.",
    )


def _enable(users: UserAdministration, options: argparse.Namespace) -> None:
    users.set_disabled(options.username, disabled=False)
    _report(options, f"{options.username} may come in again.")


def _list(users: UserAdministration, options: argparse.Namespace) -> None:
    listed = sorted(users.list(), key=lambda user: user.username)
    if options.json:
        rows: list[dict[str, Any]] = [
            {
                "Username": user.username,
                "Enabled": not user.disabled,
                "Groups": sorted(user.groups),
            }
            for user in listed
        ]
        _say(json.dumps(rows))
        return
    for user in listed:
        state = "disabled" if user.disabled else "enabled"
        _say(f"{user.username}\t{state}\t{','.join(sorted(user.groups))}")


def _report(options: argparse.Namespace, done: str) -> None:
    """Say what was done; as JSON the name alone, for there is nothing else to read."""
    _say(json.dumps({"Username": options.username}) if options.json else done)


def _say(line: str) -> None:
    # A group may be any text, and no terminal is to obey it.
    printable = (
        sign if sign.isprintable() or sign == "\t" else "\N{REPLACEMENT CHARACTER}"
        for sign in line
    )
    sys.stdout.write("".join(printable) + "\n")


def _fail(sentence: str, code: ExitCode) -> int:
    sys.stderr.write(sentence + "\n")
    return code
