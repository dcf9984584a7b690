"""What every command of the client has."""

# typing has its decorator from Python 3.12 on.
# mypy: disable-error-code="explicit-override"

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aikagi.commands.suggestions import did_you_mean

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction["Parser"]  # noqa: SLF001 - it has no public name


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are, and a command beside what it does."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


class Parser(argparse.ArgumentParser):
    """Asks whether a word that is known was meant by one that is not.

    From Python 3.14 on argparse can do so by itself, for commands.
    """

    def parse(
        self, arguments: Sequence[str] | None, namespace: argparse.Namespace
    ) -> argparse.Namespace:
        """Parse, or end the program with a sentence and exit code 2."""
        options, unknown = self.parse_known_args(arguments, namespace)
        if unknown:
            typed = unknown[0].partition("=")[0]
            known = {
                string
                for parser in (self, *self.commands().values())
                for action in parser.actions()
                for string in action.option_strings
            }
            question = did_you_mean(typed, known) if typed.startswith("-") else ""
            self.error(f"what is {' '.join(unknown)!r}? {question}".rstrip())
        return options

    def actions(self) -> Sequence[argparse.Action]:
        """Return the arguments and options, which argparse has no public list of."""
        return self._actions

    def commands(self) -> "Mapping[str, Parser]":
        """Give the parsers of the commands by their names."""
        found: dict[str, Parser] = {}
        for action in self._actions:
            if isinstance(action.choices, dict):
                found |= action.choices
        return found

    def _check_value(self, action: argparse.Action, value: object) -> None:
        choices = action.choices
        if choices is None or value in choices:
            return
        hidden = {"users"} if isinstance(choices, dict) else set()
        words = [str(word) for word in choices if word not in hidden]
        listed = "" if isinstance(choices, dict) else f": {', '.join(words)}"
        raise argparse.ArgumentError(
            None if isinstance(choices, dict) else action,
            f"there is no {str(value)!r}{listed}. "
            f"{did_you_mean(str(value), words) or f'See {self.prog} --help'}",
        )


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
        "--broker",
        metavar="NAME",
        default=default,
        help="the broker that is meant, by its name or address",
    )
    for names, what in (
        (["--json"], "answer as JSON"),
        (["-q", "--quiet"], "say nothing beside the answer"),
    ):
        parser.add_argument(*names, action="store_true", default=default, help=what)
