"""What every command of the client has."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Areas = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are, and a command beside what it does."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def command(
    areas: "Areas",
    name: str,
    what: str,
    run: Callable[[argparse.Namespace], int],
    *,
    json: bool = True,
) -> argparse.ArgumentParser:
    added = areas.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        formatter_class=HelpFormatter,
    )
    added.add_argument("--broker", metavar="URL", help="the broker's root")
    if json:
        added.add_argument("--json", action="store_true", help="answer as JSON")
    added.add_argument(
        "-q", "--quiet", action="store_true", help="say nothing beside the answer"
    )
    added.set_defaults(run=run)
    return added
