"""``users import`` and ``users export``: many people at once, from and to files."""

import argparse
import csv
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from app.admin.bootstrap import build_import, read_catalogue_groups
from app.admin.errors import NotDoneError, UsageError
from app.admin.exit_codes import ExitCode
from app.admin.output import echo, echo_error
from app.admin.private_file import create_private
from app.admin.progress import Progress
from app.admin.retries import Retries
from app.admin.user_files import (
    FORMATS,
    RefusedLine,
    csv_header,
    csv_line,
    json_line,
    read_users,
)
from app.admin.user_import import OneTimePasswords, Outcome, Plan, plan_import
from app.admin.users import UserAdministration

_STANDARD: Final = "-"
"""What names standard input or output."""

_SUFFIXES: Final = {
    ".csv": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_MOST_SHOWN: Final = 20
"""Refused lines, and unknown groups, that are listed on the screen."""


def retries() -> Retries:
    """Wait for DynamoDB, and say so on standard error."""
    return Retries(
        wait=time.sleep, report=lambda words: echo_error(words) if words else None
    )


def add_import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="CSV or JSON lines; - is standard input"
    )
    _add_format(parser)
    parser.add_argument(
        "--new-groups",
        action="store_true",
        help="allow groups that nobody is in and no function names",
    )
    parser.add_argument(
        "--catalogue",
        metavar="PATH",
        help="where the functions' entries stand, the stack's output CataloguePath; "
        "else AIKAGI_CATALOGUE_PATH",
    )
    parser.add_argument(
        "--one-time-file",
        metavar="FILE",
        type=Path,
        help="make a password for whoever has no PasswordHash, and write them all to "
        "a new file that only you can read",
    )
    parser.add_argument(
        "--refused",
        metavar="FILE",
        type=Path,
        help="write the lines that were refused, and why, to a new file",
    )


def add_export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a new file; - is standard output")
    _add_format(parser)
    parser.add_argument(
        "--with-hashes",
        action="store_true",
        help="also what passwords are checked against: only to a file",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="where the name of FILE does not say it: .csv, .jsonl",
    )


def _format(options: argparse.Namespace) -> Any:  # noqa: ANN401 - one of FORMATS
    found = options.format or _SUFFIXES.get(Path(options.file).suffix.lower())
    if not found:
        raise UsageError(f"Is {options.file} CSV or JSON lines? Say --format")
    return found


# Import


def import_users(users: UserAdministration, options: argparse.Namespace) -> ExitCode:
    format_ = _format(options)
    with _opened(options.file) as file:
        plan = plan_import(read_users(file, format_), users.pages(retries()))
    _require_known_groups(plan, options)
    refused = _new_refused_file(options.refused)
    passwords = _one_time_passwords(plan, options)
    outcome = Outcome()
    try:
        with Progress("Importing", len(plan.new)) as progress:
            running = build_import(users, passwords, progress)
            outcome = running.outcome
            running.run(plan.new)
    except BaseException as error:
        _tell_unfinished(plan, outcome, error)
        raise
    finally:
        _write_refused(refused, [*plan.refused, *outcome.refused])
        if passwords:
            passwords.close()
    return _report(plan, outcome, options)


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == _STANDARD:
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise NotDoneError(f"{name} cannot be read: {error.strerror}.") from error


def _require_known_groups(plan: Plan, options: argparse.Namespace) -> None:
    unknown = plan.unknown_groups(())
    if options.new_groups or not unknown:
        return
    path = options.catalogue or os.environ.get("AIKAGI_CATALOGUE_PATH")
    if path:
        unknown = plan.unknown_groups(read_catalogue_groups(path))
        looked = "and no function names"
    else:
        looked = "and functions were not asked (--catalogue)"
    if not unknown:
        return
    listed = [
        f"{group} (line {number})"
        for group, number in list(unknown.items())[:_MOST_SHOWN]
    ]
    more = f" and {len(unknown) - _MOST_SHOWN} more" * (len(unknown) > _MOST_SHOWN)
    raise NotDoneError(
        f"Nobody is in these groups, {looked}: {', '.join(listed)}{more}. Nothing was "
        "changed; --new-groups allows them."
    )


def _one_time_passwords(
    plan: Plan, options: argparse.Namespace
) -> OneTimePasswords | None:
    if not plan.without_password:
        return None
    if options.one_time_file is None:
        raise UsageError(
            f"{plan.without_password} lines have no PasswordHash: "
            "--one-time-file FILE makes passwords for them. Nothing was changed."
        )
    return OneTimePasswords(options.one_time_file)


def _new_refused_file(path: Path | None) -> TextIO | None:
    return None if path is None else create_private(path)


def _write_refused(file: TextIO | None, refused: list[RefusedLine]) -> None:
    if file is None:
        return
    with file:
        file.write("Line,Username,Reason\r\n")
        for line in _in_order(refused):
            # Whatever was typed there, no spreadsheet is to compute it.
            name = line.username.encode("unicode_escape").decode()[:80]
            name = f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
            written = io.StringIO()
            csv.writer(written).writerow((line.number, name, line.reason))
            file.write(written.getvalue())


def _in_order(refused: list[RefusedLine]) -> list[RefusedLine]:
    return sorted(refused, key=lambda line: line.number)


def _tell_unfinished(plan: Plan, outcome: Outcome, error: BaseException) -> None:
    why = "Interrupted" if isinstance(error, KeyboardInterrupt) else "Not finished"
    echo_error(
        f"{why}: {outcome.added} of {len(plan.new)} were added. The same command goes "
        "on with the others; one-time passwords want another file, and whoever stands "
        "in both files has the later password."
    )


def _report(plan: Plan, outcome: Outcome, options: argparse.Namespace) -> ExitCode:
    refused = _in_order([*plan.refused, *outcome.refused])
    differing = [line.username for line in plan.differing]
    if options.json:
        listed = [
            {"Line": line.number, "Username": line.username, "Reason": line.reason}
            for line in refused
        ]
        said = {
            "Added": outcome.added,
            "AlreadyThere": len(plan.there),
            "Differing": differing,
            "Refused": listed,
        }
        echo(json.dumps(said))
    else:
        echo(
            f"Added {outcome.added}; {len(plan.there)} were there already and stay as "
            f"they are; {len(refused)} lines refused."
        )
    _tell_differing(differing)
    for line in refused[:_MOST_SHOWN]:
        name = f" ({line.username[:80]})" if line.username else ""
        echo_error(f"Line {line.number}{name}: {line.reason}.")
    if len(refused) > _MOST_SHOWN:
        echo_error(
            f"… and {len(refused) - _MOST_SHOWN} more: --refused FILE has them all."
        )
    return ExitCode.NOT_DONE if refused else ExitCode.DONE


def _tell_differing(differing: list[str]) -> None:
    if differing:
        shown = ", ".join(differing[:_MOST_SHOWN])
        more = " …" * (len(differing) > _MOST_SHOWN)
        echo_error(
            f"{len(differing)} of those there have other groups or another state than "
            f"the file says: {shown}{more}"
        )


# Export


def export_users(users: UserAdministration, options: argparse.Namespace) -> ExitCode:
    format_ = _format(options)
    if options.file == _STANDARD:
        if options.with_hashes:
            raise UsageError("Hashes are written to a file only, which you alone read.")
        count = _write_users(sys.stdout, users, format_, with_hashes=False)
    else:
        path = Path(options.file)
        file = create_private(path)
        try:
            with file:
                count = _write_users(
                    file, users, format_, with_hashes=options.with_hashes
                )
        except BaseException:
            # Half of the people would pass for all of them.
            with suppress(OSError):
                path.unlink()
            raise
        said = {"Exported": count, "File": options.file}
        echo(json.dumps(said) if options.json else f"Exported {count} to {path}.")
    return ExitCode.DONE


def _write_users(
    file: TextIO, users: UserAdministration, format_: str, *, with_hashes: bool
) -> int:
    line_of = csv_line if format_ == "csv" else json_line
    header = csv_header(with_hashes=with_hashes) if format_ == "csv" else ""
    count = 0
    for page in users.pages(retries(), with_hashes=with_hashes):
        file.write(header)
        header = ""
        for user in sorted(page, key=lambda user: user.identity.subject):
            file.write(line_of(user, with_hashes=with_hashes))
            count += 1
    return count
