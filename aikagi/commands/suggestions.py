"""What somebody may have meant who typed another word."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from aikagi.errors import AikagiError, BrokerError

if TYPE_CHECKING:
    from aikagi.broker import Broker
    from aikagi.commands.context import Context

_NOT_AVAILABLE: Final = "urn:aikagi:problem:function-not-available"

_LONGEST: Final = 100
"""Characters of a word that is compared: that costs their square."""


def did_you_mean(typed: str, words: Iterable[str]) -> str:
    """Give a question, or nothing where no word is near."""
    # Slow to import, and wanted by those alone who mistype.
    from difflib import get_close_matches

    near = [word for word in words if len(word) <= _LONGEST]
    found = get_close_matches(typed[:_LONGEST], near, n=1)
    return f"Did you mean {found[0]}?" if found else ""


@contextmanager
def suggested(context: "Context", broker: "Broker", function: str) -> Iterator[None]:
    """Add to a refusal of ``function`` the name that may have been meant."""
    try:
        yield
    except BrokerError as error:
        if error.type == _NOT_AVAILABLE:
            names = [name for name in _names(context, broker) if name != function]
            if question := did_you_mean(function, names):
                error.add_note(question)
        raise


def _names(context: "Context", broker: "Broker") -> list[str]:
    from aikagi.records import FUNCTIONS, read_function_names

    if names := read_function_names(context.store.entry(FUNCTIONS)):
        return names
    try:
        return [entry.name for entry in broker.functions()]
    except AikagiError:
        return []
