"""Signing in through an issuer, by a browser here or by a device elsewhere."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from aikagi.commands.output import echo_error, printable
from aikagi.errors import AikagiError

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.issuer import Issuer
    from aikagi.issuer_login import DeviceCode

_LARGEST_PORT: Final = 65535


def add_sign_in(parser: argparse.ArgumentParser) -> None:
    """Add the options of a sign-in through an issuer."""
    parser.add_argument(
        "--issuer",
        metavar="NAME",
        help="sign in through an issuer of the broker's, in a browser",
    )
    parser.add_argument(
        "--device",
        action="store_true",
        help="in a browser of another machine, by a code",
    )
    parser.add_argument(
        "--no-browser",
        action="store_true",
        help="open no browser: the address to open is printed anyway",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=0,
        help="where the browser comes back to on this machine, if the issuer wants a "
        "port that it knows; else any that is free",
    )
    parser.add_argument(
        "--client-id",
        metavar="ID",
        help="the client at the issuer, if the terminal has one of its own",
    )


def sign_in(broker: "Broker", options: argparse.Namespace) -> None:
    """Sign in as the options have it. Raises ``AikagiError``."""
    if options.device:
        broker.login_with_device(
            options.issuer,
            show=_show_code,
            client_id=options.client_id,
            keep_refresh_token=not options.short,
        )
        return

    def visit(url: str) -> None:
        echo_error(f"To sign in, open\n\n  {printable(url)}\n")
        if not options.no_browser and _has_browser():
            # Slow to import.
            import webbrowser

            webbrowser.open(url)

    broker.login_with_issuer(
        options.issuer,
        visit=visit,
        client_id=options.client_id,
        port=options.port,
        keep_refresh_token=not options.short,
    )


def end_of_session(broker: "Broker", issuer: "Issuer | None") -> list[str]:
    """Say what a logout does not end: the browser's own session at the issuer."""
    if issuer is None:
        return []
    title = printable(issuer.title)
    try:
        url = broker.end_session_url()
    except AikagiError:
        url = None
    there = f"open\n\n  {printable(url)}\n" if url else "sign out there."
    held = f"The broker held nothing of it. The last token of {title} ends by itself."
    return [held, f"Your browser may still be signed in there; to end that, {there}"]


def _show_code(code: "DeviceCode") -> None:
    shown = printable(code.user_code)
    if code.complete_uri is None:
        what = f"  {printable(code.uri)}\n\nand type {shown}"
    else:
        what = f"  {printable(code.complete_uri)}\n\nwhere it has to say {shown}"
    minutes = max(1, round(code.expires_in / 60))
    echo_error(f"To sign in, open on any device\n\n{what}, within {minutes} min.")


def _has_browser() -> bool:
    """Tell whether a browser would have a window: one of the terminal would take it."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")))


def _port(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and int(typed) <= _LARGEST_PORT):
        raise argparse.ArgumentTypeError(f"{typed!r} is no port")
    return int(typed)
