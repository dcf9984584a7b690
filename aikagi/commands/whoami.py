"""``aikagi whoami``: who the broker thinks you are."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_json
from aikagi.disk.brokers import usual_name

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers


_EPILOG: Final = """\
example:
  aikagi whoami
"""


def add(subparsers: "Subparsers") -> None:
    command(
        subparsers, "whoami", "show who the broker thinks you are", _whoami, _EPILOG
    )


def _whoami(options: argparse.Namespace) -> int:
    context = Context.from_options(options)
    with context.broker() as broker:
        me = broker.me()
        ends = broker.login_expires_at()
    if options.json:
        echo_json(
            {
                "Broker": broker.base,
                "Issuer": me.issuer,
                "Subject": me.subject,
                "Groups": list(me.groups),
                "SessionName": me.session_name,
                "LoginEnds": None if ends is None else _utc(ends),
            }
        )
        return ExitCode.DONE
    for name, value in (
        ("you are", me.subject),
        ("issuer", me.issuer),
        ("groups", ", ".join(me.groups) or "none"),
        ("to AWS", me.session_name),
        ("broker", _called(context)),
        ("login ends", "when its issuer says" if ends is None else _local(ends)),
    ):
        echo(f"{name:<12}{value}")
    return ExitCode.DONE


def _called(context: Context) -> str:
    if context.name == usual_name(context.base):
        return context.base
    return f"{context.name}, {context.base}"


def _utc(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _local(moment: float) -> str:
    """Give a moment by the clock on the wall: "2026-11-29 16:30 JST (UTC+09:00)"."""
    local = datetime.fromtimestamp(moment, UTC).astimezone()
    zone, offset = f"{local:%Z}", f"{local:%z}"
    text = f"{local:%Y-%m-%d %H:%M}"
    if zone == "UTC":
        return f"{text} UTC"
    return f"{text} {zone} (UTC{offset[:3]}:{offset[3:5]})"
