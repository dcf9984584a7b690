"""How a check ends, and what a refusal by AWS means for it."""

from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from botocore.exceptions import ClientError

from app.adapters.aws import retry_after

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not tried"


class NotHeldError(Exception):
    """What was assumed does not hold. The message is what was seen instead."""


class NotTriedError(Exception):
    """The message is what the check needs, or why it could not be seen."""


def require_denied(call: Callable[[], object], what: str) -> str:
    """Return how AWS refuses. Raises ``NotHeldError`` where it let it in."""
    try:
        call()
    except ClientError as error:
        if is_denied(error):
            return f"refused: {code_of(error)}"
        if is_not_modelled(error) or retry_after(error) is not None:
            raise
        raise NotHeldError(f"{what}: let in, to fail for {code_of(error)}") from error
    raise NotHeldError(f"{what}: let in")


def of_client_error(error: ClientError) -> tuple[State, str]:
    """Tell what it means for a check that AWS did not say what it wanted to know."""
    asked = error.operation_name
    if is_not_modelled(error):
        return State.NOT_TRIED, f"the emulator has no {asked}"
    if is_denied(error):
        return State.NOT_TRIED, f"needs the permission for {asked}"
    if retry_after(error) is not None:
        return State.NOT_TRIED, f"{asked}: {code_of(error)}; try again"
    return State.FAILED, f"{asked}: {code_of(error)}"


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: ClientError) -> bool:
    return code_of(error) in _DENIED


def is_not_modelled(error: ClientError) -> bool:
    """Tell whether an emulator has no such operation; AWS never answers so."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == HTTPStatus.NOT_IMPLEMENTED
