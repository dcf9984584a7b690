"""``aikagi whoami``: who the broker thinks you are."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aikagi.commands.command import command
from aikagi.commands.context import Context
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_json, printable

if TYPE_CHECKING:
    from aikagi.commands.command import Subparsers


def add(subparsers: "Subparsers") -> None:
    command(subparsers, "whoami", "show who the broker thinks you are", _whoami)


def _whoami(options: argparse.Namespace) -> int:
    with Context.from_options(options).broker() as broker:
        me = broker.me()
        ends = _timestamp(broker.login_expires_at())
    if options.json:
        echo_json(
            {
                "Broker": broker.base,
                "Issuer": me.issuer,
                "Subject": me.subject,
                "Groups": list(me.groups),
                "SessionName": me.session_name,
                "LoginEnds": ends,
            }
        )
        return ExitCode.DONE
    for name, value in (
        ("you are", me.subject),
        ("issuer", me.issuer),
        ("groups", ", ".join(me.groups) or "none"),
        ("to AWS", me.session_name),
        ("broker", broker.base),
        ("login ends", ends),
    ):
        echo(f"{name:<12}{printable(value)}")
    return ExitCode.DONE


def _timestamp(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
