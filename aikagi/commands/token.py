"""``aikagi token``: the access token, for SDKs that fetch credentials themselves.

They read the file at each renewal and send it as it is: no line end, and never half.
"""

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from aikagi.commands.command import command
from aikagi.commands.context import Context, UsageError
from aikagi.commands.exit_codes import ExitCode
from aikagi.commands.output import echo, echo_error, echo_json
from aikagi.disk.private_file import write_private
from aikagi.errors import BrokerError, UnreachableError

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.command import Subparsers

_RETRY: Final = 10.0
"""Seconds between two requests to a broker that is out of reach."""

_SOONEST: Final = 0.2
"""Seconds between two requests, however short the tokens live."""

_SERVER_ERROR: Final = 500


_EPILOG: Final = """\
example:
  aikagi token --file token --watch
"""


def add(subparsers: "Subparsers") -> None:
    added = command(
        subparsers,
        "token",
        "give an access token, or keep one in a file",
        _run,
        _EPILOG,
    )
    added.add_argument(
        "--file", type=Path, metavar="FILE", help="write it there, mode 0600"
    )
    added.add_argument(
        "--watch",
        action="store_true",
        help="keep the file fresh until SIGTERM or Ctrl-C, or until the login ends",
    )


def _run(options: argparse.Namespace) -> int:
    if options.watch and not options.file:
        raise UsageError("--watch keeps a file fresh: name it with --file")
    if options.file and not options.file.name:
        raise UsageError(f"{options.file} is a folder: name a file in it")
    if options.file and options.file.is_symlink():
        raise UsageError(f"{options.file} is a link: name the file that is meant")
    with Context.from_options(options).broker() as broker:
        if options.watch:
            return _watch(broker, options)
        token, ends_at = broker.access_token()
    if options.file:
        write_private(options.file, token.encode())
    elif options.json:
        echo_json({"AccessToken": token, "ExpiresIn": int(ends_at - time.time())})
    else:
        sys.stdout.write(token + ("\n" if sys.stdout.isatty() else ""))
    return ExitCode.DONE


@final
class _StopSignal:
    """SIGTERM or Ctrl-C: it ends a pause, and never what stands between two."""

    def __init__(self) -> None:
        # Not wanted where a cache answers.
        import select
        import socket

        self._select = select.select
        self._received, sent = socket.socketpair()
        # A signal is never kept waiting by a socket that is full.
        sent.settimeout(0)
        self._sent = sent
        signal.set_wakeup_fd(sent.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def wait(self, seconds: float) -> bool:
        return bool(self._select([self._received], [], [], seconds)[0])


def _watch(broker: "Broker", options: argparse.Namespace) -> int:
    stop = _StopSignal()
    written = warning = ""
    pause = 0.0
    while not stop.wait(pause):
        try:
            token, ends_at = broker.access_token()
        except (UnreachableError, BrokerError) as error:
            if isinstance(error, BrokerError) and error.status < _SERVER_ERROR:
                raise
            if str(error) != warning:
                echo_error(f"{error}; trying again")
            warning, pause = str(error), _RETRY
            continue
        warning = ""
        if token != written:
            write_private(options.file, token.encode())
            if not options.quiet:
                echo(f"{options.file} is fresh for {ends_at - time.time():.0f} s.")
                sys.stdout.flush()
            written = token
        # A token is renewed when it is asked for late in its life.
        pause = max(_SOONEST, (ends_at - time.time()) / 10)
    return ExitCode.DONE
