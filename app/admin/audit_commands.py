"""``python -m app.admin audit …``: join the audit with CloudTrail, print its schema."""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from app.admin.audit_join import AuditJoin, Finding, GrantedSession
from app.admin.audit_lines import NotAnAuditLineError, read_line
from app.admin.audit_schema import schema
from app.admin.cloudtrail import NotARecordError, read_record
from app.admin.errors import UsageError
from app.admin.exit_codes import HELP, ExitCode
from app.admin.json_files import Unreadable, files_in, read_entries
from app.admin.output import echo, echo_error

_MOST_REPORTED: Final = 20
"""Of the lines that cannot be read: all are counted."""

_JOIN_HELP: Final = f"""\
The files are what AWS exports, compressed with gzip or not: CloudTrail's from S3 (a
folder stands for all files below it), JSON lines, or what
`aws cloudtrail lookup-events` prints; of the audit the lines themselves, an export to
S3, or what `aws logs tail`, `aws logs filter-log-events` and
`aws logs get-query-results` print. AWS is not asked.

example:
  python -m app.admin audit join --audit broker.log --cloudtrail AWSLogs/

{HELP}"""


def add_audit_commands(
    areas: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    """Add the area ``audit`` to the operator's commands."""
    audit = areas.add_parser("audit", help="what the broker has on record")
    commands = audit.add_subparsers(required=True, metavar="COMMAND")
    join = commands.add_parser(
        "join",
        help="join audit lines with CloudTrail's records: who called what, and which "
        "sessions the broker never granted",
        description="Join audit lines with CloudTrail's records.",
        epilog=_JOIN_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, what in (("audit", "audit lines"), ("cloudtrail", "CloudTrail records")):
        join.add_argument(
            f"--{name}",
            nargs="+",
            action="extend",
            type=Path,
            required=True,
            metavar="FILE",
            help=f"files of {what}",
        )
    join.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ARN",
        help="an invoke role besides those that the audit names",
    )
    join.add_argument("--json", action="store_true", help="answer as JSON lines")
    join.set_defaults(run=_join, local=None)
    printed = commands.add_parser(
        "schema",
        help="print the JSON Schema of audit lines",
        description="Print the JSON Schema of audit lines.",
        epilog=f"example:\n  python -m app.admin audit schema\n\n{HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    printed.set_defaults(run=_print_schema, local=None)


def _print_schema(_options: argparse.Namespace) -> None:
    for line in json.dumps(schema(), indent=2).splitlines():
        echo(line)


def _join(options: argparse.Namespace) -> ExitCode:
    unreadable = _Unreadables()
    join = AuditJoin(options.role)
    for value in _read(options.audit, read_line, unreadable):
        join.add_line(value)
    if not join.roles:
        raise UsageError(
            "No audit line is of a grant: name the invoke role by --role "
            "(the stack's output InvokeRoleArn)."
        )
    for record in _read(options.cloudtrail, read_record, unreadable):
        join.add_record(record)
    if options.json:
        _print_json(join, unreadable.count)
    else:
        _print_text(join)
        for sentence in _summary(join, unreadable.count).splitlines():
            echo_error(sentence)
    if any(True for _ in join.findings):
        return ExitCode.UNEXPLAINED
    return ExitCode.NOT_DONE if unreadable.count else ExitCode.DONE


class _Unreadables:
    """Counts them, and says of the first ones where they stand."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, path: Path, line: int, why: str) -> None:
        self.count += 1
        if self.count <= _MOST_REPORTED:
            echo_error(f"{path}, line {line}: {why}.")
        elif self.count == _MOST_REPORTED + 1:
            echo_error("There are more such lines.")


def _read(
    paths: Sequence[Path], read: Callable[[Any], Any], unreadable: _Unreadables
) -> Iterator[Any]:
    for path in files_in(paths):
        for entry in read_entries(path):
            if isinstance(entry, Unreadable):
                unreadable.add(path, entry.line, entry.why)
                continue
            try:
                yield read(entry.value)
            except (NotAnAuditLineError, NotARecordError) as error:
                unreadable.add(path, entry.line, str(error))


def _print_text(join: AuditJoin) -> None:
    for finding in join.findings:
        echo("\t".join(("unexplained", *map(str, _row(finding).values()))))
    for session in _by_time(join.sessions):
        if session.is_used or session.others:
            echo("\t".join(("called", *map(str, _used(session).values()))))
    for session in _by_time(join.unused()):
        echo("\t".join(("unused", *map(str, _granted(session).values()))))


def _print_json(join: AuditJoin, unreadable: int) -> None:
    for finding in join.findings:
        echo(json.dumps({"Kind": "Unexplained", **_row(finding)}))
    for session in _by_time(join.sessions):
        if session.is_used or session.others:
            echo(json.dumps({"Kind": "Called", **_used(session)}))
    for session in _by_time(join.unused()):
        echo(json.dumps({"Kind": "Unused", **_granted(session)}))
    summary = {
        "Kind": "Summary",
        **_counts(join),
        "UnreadableLines": unreadable,
        "HasDataEvents": join.has_data_events,
    }
    echo(json.dumps(summary))


def _by_time(sessions: Iterable[GrantedSession]) -> list[GrantedSession]:
    return sorted(sessions, key=lambda session: session.first.time)


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "Why": finding.kind.value,
        "Time": finding.time,
        "AccessKeyId": finding.access_key_id or "",
        "Session": finding.session,
        "Detail": finding.detail,
        "EventId": finding.event_id,
        "Times": finding.times,
    }


def _granted(session: GrantedSession) -> dict[str, Any]:
    first = session.first
    return {
        "Issuer": first.issuer,
        "Subject": first.subject,
        "FunctionName": first.function_name,
        "GrantedAt": first.time,
        "SessionGrantId": first.session_grant_id,
        "AccessKeyId": first.access_key_id,
        "Grants": len(session.grant_ids),
    }


def _used(session: GrantedSession) -> dict[str, Any]:
    return {
        **_granted(session),
        "Calls": session.calls,
        "FirstCall": session.first_call,
        "LastCall": session.last_call,
        "FailedCalls": session.failed,
        "OtherCalls": session.others,
    }


def _counts(join: AuditJoin) -> dict[str, int]:
    sessions = list(join.sessions)
    return {
        "Grants": join.counts["Grants"],
        "OtherEvents": join.counts["OtherEvents"],
        "OtherLines": join.counts["OtherLines"],
        "GrantedSessions": len(sessions),
        "Records": join.counts["Records"],
        "AssumedSessions": join.counts["Sessions"],
        "RefusedSessions": join.counts["RefusedSessions"],
        "SessionsWithoutRecord": sum(not session.is_assumed for session in sessions),
        "UsedSessions": sum(session.is_used for session in sessions),
        "UnusedSessions": sum(1 for _ in join.unused()),
        "Unexplained": sum(1 for _ in join.findings),
    }


def _summary(join: AuditJoin, unreadable: int) -> str:
    counts = _counts(join)
    used = (
        f"{counts['UsedSessions']} sessions called a function, "
        f"{counts['UnusedSessions']} never did.\n"
    )
    if not join.has_data_events:
        used = (
            "There are no data events of Lambda in the records, so who called what, "
            "and which grants were never used, is not known.\n"
        )
    return (
        f"{counts['Grants']} grants in {counts['GrantedSessions']} sessions, "
        f"{counts['OtherEvents']} other events, {counts['OtherLines']} other lines.\n"
        f"{counts['Records']} records of CloudTrail: {counts['AssumedSessions']} "
        f"sessions of the invoke roles, {counts['RefusedSessions']} refused; of "
        f"{counts['SessionsWithoutRecord']} granted sessions there is no record.\n"
        f"{used}"
        f"{unreadable} lines could not be read.\n"
        f"{counts['Unexplained']} things are unexplained."
    )
