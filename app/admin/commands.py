"""``python -m app.admin users …``: what an operator does to the broker's own users."""

import argparse
import getpass
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from app.adapters.signing_secret import LaterSecretError
from app.adapters.table import LaterVersionError
from app.admin.attribute_commands import add_attribute_options, set_attributes
from app.admin.audit_commands import add_audit_commands
from app.admin.bootstrap import build_key_administration, build_user_administration
from app.admin.errors import NotDoneError, UsageError
from app.admin.exit_codes import ExitCode, exit_code_of
from app.admin.key_commands import (
    KEY_COMMANDS,
    KeyCommand,
    add_secret,
    secret_arn,
)
from app.admin.output import echo, echo_error, name_of, report_about
from app.admin.parsers import PROGRAM, Commands, add_issuer, add_parser, new_parser
from app.admin.places import table_name, use_environment
from app.admin.revoke_commands import add_disable, add_revoke
from app.admin.transfer_commands import (
    add_export_options,
    add_import_options,
    export_users,
    import_users,
    retries,
)
from app.admin.users import (
    ListedUser,
    NoSuchUserError,
    UserAdministration,
    UserExistsError,
    identity_of,
)
from app.admin.why_commands import EXAMPLE as WHY_EXAMPLE
from app.admin.why_commands import WHAT as WHY
from app.admin.why_commands import add_why_options
from app.domain.errors import UsersUnavailableError
from app.domain.identity import LOCAL, Identity

Command = Callable[[UserAdministration, argparse.Namespace], ExitCode | None]
"""Without an exit code it is done."""


_OWN_ERRORS: Final = (
    UsageError,
    NotDoneError,
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
    parser = new_parser(PROGRAM, "Administer a deployment of the broker.")
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
    add_attribute_options(
        _command(
            commands,
            "attributes",
            "replace what the sessions of a user are tagged with",
            set_attributes,
            example="attributes carol department=research",
        )
    )
    add_disable(commands)
    for name, what, run in _OF_ANY_ISSUER:
        add_issuer(_command(commands, name, what, run, example=f"{name} carol"))
    _command(
        commands,
        "remove",
        "remove a user, and end their logins; what was logged of them stays",
        _remove,
        example="remove carol",
    )
    add_issuer(
        _command(
            commands,
            "list",
            "list users, their state and groups",
            _list,
            example="list --local",
            of_one=False,
        )
    )
    add_import_options(
        _command(
            commands,
            "import",
            "add the users of a file; those there already stay as they are",
            import_users,
            example="import people.csv --one-time-file passwords.csv",
            of_one=False,
        )
    )
    add_export_options(
        _command(
            commands,
            "export",
            "write all users to a file, as CSV or JSON lines",
            export_users,
            example="export people.jsonl",
            of_one=False,
        )
    )
    add_revoke(areas)
    keys = areas.add_parser("keys", help="the keys that sign tokens")
    commands = keys.add_subparsers(required=True, metavar="COMMAND")
    for command in KEY_COMMANDS:
        _add_key_command(commands, command)
    add_audit_commands(areas)
    add_why_options(add_parser(areas, "why", WHY, WHY_EXAMPLE))
    return parser


def _add_key_command(
    commands: Commands,
    command: KeyCommand,
) -> None:
    def run(options: argparse.Namespace) -> None:
        arn = secret_arn(options)
        if not arn:
            raise UsageError(
                "Name the secret: --secret (the stack's output SigningSecretArn), or "
                "--local."
            )
        for line in command.run(build_key_administration(arn), options):
            echo(line)

    added = add_parser(commands, command.name, command.what, f"keys {command.example}")
    add_secret(added)
    command.add_options(added)
    added.set_defaults(run=run)


def _command(  # noqa: PLR0913 - what a command is made of
    commands: Commands,
    name: str,
    what: str,
    run: Command,
    *,
    example: str,
    of_one: bool = True,
) -> argparse.ArgumentParser:
    added = add_parser(commands, name, what, f"users {example}")
    if of_one:
        added.add_argument("username", metavar="USERNAME")
        added.set_defaults(issuer=LOCAL)
    added.add_argument("--table", metavar="NAME", help="else AIKAGI_USERS_TABLE")
    added.set_defaults(
        run=lambda options: run(build_user_administration(table_name(options)), options)
    )
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
    parser.add_argument(
        "--one-time",
        action="store_true",
        help="it has to be changed, by whoever gets it, before it gives a login",
    )


def _run(options: argparse.Namespace) -> int:
    try:
        use_environment(options)
        code: ExitCode | None = options.run(options)
    except (*_OWN_ERRORS, ValueError, BotoCoreError, ClientError) as error:
        return _fail(*_explain(error))
    return code or ExitCode.DONE


def _explain(error: Exception) -> tuple[str, ExitCode]:
    match error:
        case UsageError():
            return str(error), ExitCode.USAGE
        case UserExistsError():
            message = f"There is a user {error} already: see `{PROGRAM} users passwd`."
        case NoSuchUserError():
            message = f"There is no user {error}: see `{PROGRAM} users list`."
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


def _new_password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to type a password at: --password-stdin")
    try:
        password = getpass.getpass(f"New password for {options.username}: ")
        again = getpass.getpass("The same again: ")
    except EOFError as error:
        raise NotDoneError("\nNothing was typed; nothing was changed.") from error
    if again != password:
        raise NotDoneError("The two differ; nothing was changed.")
    return password


def _identity(options: argparse.Namespace) -> Identity:
    return identity_of(options.issuer, options.username)


def _add(users: UserAdministration, options: argparse.Namespace) -> None:
    password = _new_password(options)
    users.add(options.username, password, options.groups, one_time=options.one_time)
    _report(options, f"Added {options.username}.")


def _passwd(users: UserAdministration, options: argparse.Namespace) -> None:
    password = _new_password(options)
    users.set_password(options.username, password, one_time=options.one_time)
    _report(
        options,
        f"{options.username} has a new password, and logins begun with another cannot "
        f"be renewed. {_WHAT_REMAINS} `revoke {options.username}`.",
    )


def _groups(users: UserAdministration, options: argparse.Namespace) -> None:
    users.set_groups(options.username, options.groups)
    _report(
        options, f"{options.username} is in {', '.join(sorted(set(options.groups)))}."
    )


def _enable(users: UserAdministration, options: argparse.Namespace) -> None:
    users.set_disabled(_identity(options), disabled=False)
    _report(options, f"{_name(options)} may come in again.")


def _end_logins(users: UserAdministration, options: argparse.Namespace) -> None:
    users.end_logins(_identity(options))
    if options.issuer == LOCAL:
        ended = f"The logins of {options.username} cannot be renewed. {_WHAT_REMAINS}"
    else:
        ended = (
            f"Tokens that {_name(options)} has by now count no longer. AWS sessions "
            "made before go on, an hour at most; to end them now, too:"
        )
    _report(options, f"{ended} `{_revoke_words(options)}`.")


def _remove(users: UserAdministration, options: argparse.Namespace) -> None:
    users.remove(options.username)
    _report(
        options,
        f"{options.username} is removed and logged out; what the log says of them "
        "stays. AWS sessions made before go on, an hour at most: give the name to "
        f"nobody else until then. To end them now: `revoke {options.username} "
        "--removed`.",
    )


def _revoke_words(options: argparse.Namespace) -> str:
    of = "" if options.issuer == LOCAL else f" --issuer {options.issuer}"
    return f"revoke {options.username}{of}"


def _show(users: UserAdministration, options: argparse.Namespace) -> None:
    identity = _identity(options)
    user = users.find(identity)
    if user is None:
        raise NoSuchUserError(identity.subject)
    row = {
        **_row(user),
        **({"Attributes": dict(user.attributes)} if user.attributes else {}),
        **({"CreatedAt": user.created_at} if user.created_at else {}),
        **({"Password": _password_state(user)} if identity.issuer == LOCAL else {}),
    }
    if options.json:
        echo(json.dumps(row))
        return
    for name, value in row.items():
        echo(f"{name}\t{_as_text(value)}")


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


def _password_state(user: ListedUser) -> str:
    if user.password_hash is None:
        return "none"
    return "one-time" if user.has_one_time_password else "set"


def _list(users: UserAdministration, options: argparse.Namespace) -> None:
    """Write each part of the table as it comes: all together may be too much."""
    pages = users.pages(retries(), issuer=options.issuer)
    if options.json:
        _list_as_json(pages)
        return
    for user in _sorted_pages(pages):
        state = "disabled" if user.disabled else "enabled"
        groups = ",".join(sorted(user.groups))
        echo(f"{user.identity.subject}\t{state}\t{groups}")


def _list_as_json(pages: Iterator[Sequence[ListedUser]]) -> None:
    begins = "["
    for user in _sorted_pages(pages):
        sys.stdout.write(f"{begins}{json.dumps(_row(user))}")
        begins = ",\n"
    sys.stdout.write("[]\n" if begins == "[" else "]\n")


def _sorted_pages(pages: Iterator[Sequence[ListedUser]]) -> Iterator[ListedUser]:
    for page in pages:
        yield from sorted(page, key=lambda user: user.identity.subject)


def _row(user: ListedUser) -> dict[str, Any]:
    identity = user.identity
    if identity.issuer != LOCAL:
        return {
            "Issuer": identity.issuer,
            "Subject": identity.subject,
            "Enabled": not user.disabled,
        }
    return {
        "Username": identity.subject,
        "Enabled": not user.disabled,
        "Groups": sorted(user.groups),
    }


def _name(options: argparse.Namespace) -> str:
    return name_of(_identity(options))


def _report(options: argparse.Namespace, done: str) -> None:
    report_about(_identity(options), done, as_json=options.json)


def _fail(sentence: str, code: ExitCode) -> int:
    echo_error(sentence)
    return code


_WHAT_REMAINS: Final = (
    "Access tokens go on, a quarter of an hour at most, and AWS sessions, an hour at "
    "most; to end them now, too:"
)

_OF_ANY_ISSUER: Final[Sequence[tuple[str, str, Command]]] = (
    ("show", "show what is known of somebody, but for their password", _show),
    ("enable", "let somebody disabled in again", _enable),
    ("end-logins", "end all logins of somebody, who can log in anew", _end_logins),
)
