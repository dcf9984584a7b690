"""A check of the smoke test, and a run of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from aikagi.errors import AikagiError
from aikagi.transport import reason_of
from app.admin.errors import NotDoneError
from app.admin.revocation.proof import ProofError
from app.domain.errors import UsersUnavailableError
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import (
    NotHeldError,
    NotTriedError,
    State,
    of_client_error,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeCheck:
    """``run`` returns what was seen, or raises ``NotHeldError`` or ``NotTriedError``.

    ``assumed`` is a sentence, and ``otherwise`` says what to do where it does not hold.
    ``settles`` are the assumptions of ``docs/live-assumptions.md`` that hold where the
    check passes.
    """

    name: str
    assumed: str
    otherwise: str
    run: Callable[[Deployment], str]
    settles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    check: SmokeCheck
    state: State
    seen: str


def run_checks(checks: Iterable[SmokeCheck], deployed: Deployment) -> Iterator[Outcome]:
    """Give each outcome as it is known. No check ends the run."""
    for check in checks:
        state, seen = _run(check, deployed)
        yield Outcome(check=check, state=state, seen=seen)


def _run(  # noqa: PLR0911 - one for each way to end
    check: SmokeCheck, deployed: Deployment
) -> tuple[State, str]:
    try:
        return State.PASSED, check.run(deployed)
    except NotTriedError as error:
        return State.NOT_TRIED, str(error)
    except NotHeldError as error:
        return State.FAILED, str(error)
    except ClientError as error:
        return of_client_error(error)
    except httpx2.HTTPError as error:
        return State.FAILED, f"no answer: {reason_of(error)}"
    except (
        AikagiError,
        BotoCoreError,
        NotDoneError,
        ProofError,
        UsersUnavailableError,
    ) as error:
        return State.FAILED, str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001 - the other checks are still worth running
        # Its words may quote what it was given.
        return State.FAILED, f"the check itself failed: {type(error).__name__}"
