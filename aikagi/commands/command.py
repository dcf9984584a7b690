"""What every command of the client has."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse gives what add_subparsers returns no public name


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are, and a command beside what it does."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def command(
    subparsers: "Subparsers",
    name: str,
    what: str,
    run: Callable[[argparse.Namespace], int],
    epilog: str,
) -> argparse.ArgumentParser:
    """Add a command; its ``epilog`` has an example that can be typed."""
    added = subparsers.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=epilog,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    # Typed before the command they count too, so here they have no default.
    add_common(added, argparse.SUPPRESS)
    added.set_defaults(run=run)
    return added


def add_common(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add what may be typed before and after a command."""
    parser.add_argument(
        "--broker", metavar="URL", default=default, help="the broker's root"
    )
    for names, what in (
        (["--json"], "answer as JSON"),
        (["-q", "--quiet"], "say nothing beside the answer"),
    ):
        parser.add_argument(*names, action="store_true", default=default, help=what)
