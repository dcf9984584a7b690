"""A step of the smoke test, and a run of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from aikagi.errors import AikagiError
from aikagi.transport import reason_of
from app.admin.errors import NotDoneError
from app.admin.revocation.proof import ProofError
from app.domain.errors import UsersUnavailableError
from deployment.smoke.outcomes import (
    NotHeldError,
    NotTriedError,
    State,
    of_client_error,
)
from deployment.smoke.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``run`` returns what was seen, or raises ``NotHeldError`` or ``NotTriedError``.

    ``assumed`` is a sentence, and ``otherwise`` says what to do where it does not hold.
    ``settles`` are the assumptions of ``docs/live-assumptions.md`` that hold where the
    step passes.
    """

    name: str
    assumed: str
    otherwise: str
    run: Callable[[Visit], str]
    settles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    step: Step
    state: State
    seen: str


def run_steps(steps: Iterable[Step], visit: Visit) -> Iterator[Outcome]:
    """Give each outcome as it is known. No step ends the run."""
    for step in steps:
        state, seen = _run(step, visit)
        yield Outcome(step=step, state=state, seen=seen)


def _run(step: Step, visit: Visit) -> tuple[State, str]:  # noqa: PLR0911 - one for each way to end
    try:
        return State.PASSED, step.run(visit)
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
    except Exception as error:  # noqa: BLE001 - the other steps are still worth running
        # Its words may quote what it was given.
        return State.FAILED, f"the step itself failed: {type(error).__name__}"
