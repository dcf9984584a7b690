"""Run one command: its failures become a sentence and an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aikagi.commands.command import Parser
from aikagi.commands.context import UsageError
from aikagi.commands.exit_codes import ExitCode, exit_code_of
from aikagi.commands.output import (
    echo,
    echo_error,
    prepare_streams,
    printable,
)
from aikagi.errors import (
    AikagiError,
    BrokerError,
    FunctionError,
    LoginEndedError,
    TaskError,
)

_LONG: Final = 120
"""Seconds from which on a wait is said in minutes."""

_LONGEST_SHOWN: Final = 4000
"""Characters of what a broker or a function says of a failure."""


def run(parser: Parser, arguments: Sequence[str] | None) -> int:
    """Parse, run and give the exit code. ``run`` of the options is the command.

    It finds this parser as ``root_parser``.
    """
    prepare_streams()
    options = parser.parse(arguments, argparse.Namespace(root_parser=parser))
    try:
        if options.version:
            echo(f"aikagi {_version()}")
        elif not hasattr(options, "run"):
            parser.print_help()
        else:
            return _guarded(options)
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_standard_output()
        return ExitCode.PIPE
    except OSError as error:
        _leave_standard_output()
        echo_error(f"Standard output cannot be written: {error.strerror}.")
        return ExitCode.STATE
    return ExitCode.DONE


def _guarded(options: argparse.Namespace) -> int:
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except AikagiError as error:
        for line in (
            message_of(error, options.broker),
            *getattr(error, "__notes__", ()),
        ):
            echo_error(line)
        return exit_code_of(error)
    except UsageError as error:
        echo_error(str(error))
        return ExitCode.USAGE
    except KeyboardInterrupt:
        echo_error("")
        return ExitCode.INTERRUPTED
    return code


def _version() -> str:
    # Slow: it searches everything that is installed.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("aikagi")
    except PackageNotFoundError:
        return "of a checkout"


def message_of(error: AikagiError, broker: str | None = None) -> str:
    """Say what happened and, where it is known, what to do about it.

    ``broker`` is what was typed to name it.
    """
    message = printable(str(error)[:_LONGEST_SHOWN]).rstrip(".")
    match error:
        case LoginEndedError():
            return f"{message}. Log in: aikagi login {broker or ''}".rstrip()
        case BrokerError(retry_after=int(seconds)):
            return f"{message}{_reference(error)}. Try again in {_duration(seconds)}."
        case BrokerError() | TaskError():
            return f"{message}{_reference(error)}."
        case FunctionError():
            text = printable(error.text[:_LONGEST_SHOWN]).strip()
            if error.is_truncated or len(error.text) > _LONGEST_SHOWN:
                text += "\nThis is the beginning of a longer answer."
            return f"{message}{_reference(error)}." + (text and f"\n{text}")
        case _:
            return f"{message}."


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < _LONG else f"{-(-seconds // 60)} min"


def _reference(error: BrokerError | FunctionError | TaskError) -> str:
    """Give what a log knows it by."""
    return f" (request {printable(error.request_id)})" if error.request_id else ""


def _leave_standard_output() -> None:
    """Let Python end without flushing into what takes nothing."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
