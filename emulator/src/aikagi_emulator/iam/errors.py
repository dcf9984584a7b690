"""The one error of a policy, and how it learns where it happened."""

import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final


@final
class PolicyError(ValueError):
    """A policy holds something that is not understood.

    The message names the statement, the element and what to write instead. What AWS
    answers is ``MalformedPolicyDocument``.
    """


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Put ``place`` before the message of whatever goes wrong inside."""
    try:
        yield
    except ValueError as error:
        msg = f"{place}: {error}"
        raise PolicyError(msg) from error
    except RecursionError as error:
        msg = f"{place}: it is nested too deeply"
        raise PolicyError(msg) from error


def quoted(value: object) -> str:
    """A piece of a policy as a message may hold it: not too long, not too deep."""
    longest = 160
    return repr(value[:longest]) if isinstance(value, str) else reprlib.repr(value)
