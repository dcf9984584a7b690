"""How many sessions STS begins for many grants, and how large policies and tags are.

Counted, not timed: plans and reuse are the broker's own, the clock is moved, and in the
place of STS stands what counts. ``python -m benchmarks.session_reuse``.
"""

import random
import sys
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from app.domain.catalogue import Function, InvokeMode
from app.domain.credentials import TemporaryCredentials
from app.domain.identity import LONGEST_ATTRIBUTE, Identity, User
from app.domain.session import SessionPlan, SessionRequest, plan_session
from app.session_reuse import ReusedSessions

GRANTS: Final = 10_000
PEOPLE: Final = 100
_BEGINS: Final = datetime(2030, 1, 1, 9, tzinfo=UTC)
_SESSION_POLICY: Final = 2048
"""Characters that STS takes."""


class CountedSessions:
    """Sessions by a clock that the caller moves."""

    def __init__(self) -> None:
        self.begun = 0
        self.now = _BEGINS

    def clock(self) -> datetime:
        return self.now

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        self.begun += 1
        return TemporaryCredentials(
            access_key_id="ASIAEXAMPLE",
            secret_access_key="a-secret",  # noqa: S106 - nobody's
            session_token="a-token",  # noqa: S106 - nobody's
            expires_at=self.now + plan.duration,
            request_id="",
            grant_id=plan.grant_id,
            issued=plan.issued,
        )


def sessions_begun(*, processes: int, hours: float, seconds: int) -> int:
    """Count the calls of STS for the grants of a time, spread at random over it.

    Each reaches any of the processes, as Lambda and load balancers have it.
    """
    at_random = random.Random(processes)  # noqa: S311 - to be the same every time
    counted = CountedSessions()
    reused = [ReusedSessions(counted, clock=counted.clock) for _ in range(processes)]
    function = _function("report")
    people = [_user(f"user-{number}") for number in range(PEOPLE)]
    moments = sorted(at_random.uniform(0, hours * 3600) for _ in range(GRANTS))
    for moment in moments:
        counted.now = _BEGINS + timedelta(seconds=moment)
        plan = plan_session(
            at_random.choice(people),
            function,
            SessionRequest(duration_seconds=seconds),
            grant_id=uuid.uuid4().hex,
            now=counted.now,
        )
        at_random.choice(reused).issue(plan)
    return counted.begun


def count_sessions() -> Iterator[str]:
    yield f"calls of STS for {GRANTS:,} grants of {PEOPLE} people, each of a process:"
    yield f"  {'':34}{'1 process':>12}{'50 processes':>14}"
    for hours, seconds in [(1, 900), (1, 3600), (8, 900), (8, 3600)]:
        counts = [
            sessions_begun(processes=processes, hours=hours, seconds=seconds)
            for processes in (1, 50)
        ]
        title = f"{hours} h, grants of {seconds // 60} minutes"
        yield f"  {title:34}{counts[0]:12,}{counts[1]:14,}"


def measure_sizes() -> Iterator[str]:
    """Give the sizes of a usual and of the largest policy and tags, in characters."""
    usual = _plan(_user("alice"), _function("report"), 900)
    worst_user = User(
        identity=Identity(issuer="a" * 29, subject="x" * 255),
        groups=frozenset({"everyone"}),
        attributes={f"attribute-{n:02}": "x" * LONGEST_ATTRIBUTE for n in range(20)},
    )
    worst = _plan(worst_user, _function("f" * 63), 15)
    yield f"characters of {'usual':>34}{'worst':>14}"
    for title, sizes in [
        (
            f"session policy, of {_SESSION_POLICY:,}",
            [len(plan.policy) for plan in (usual, worst)],
        ),
        ("the five tags", [_size(plan.tags.items()) for plan in (usual, worst)]),
        ("tags out of claims", [_size(plan.claim_tags) for plan in (usual, worst)]),
    ]:
        yield f"  {title:34}{sizes[0]:12,}{sizes[1]:14,}"


def _plan(user: User, function: Function, seconds: int) -> SessionPlan:
    return plan_session(
        user,
        function,
        SessionRequest(duration_seconds=seconds),
        grant_id=uuid.uuid4().hex,
        now=_BEGINS,
    )


def _size(tags: Iterable[tuple[str, str]]) -> int:
    return sum(len(key) + len(value) for key, value in tags)


def _user(name: str) -> User:
    return User(
        identity=Identity(issuer="local", subject=name), groups=frozenset({"everyone"})
    )


def _function(name: str) -> Function:
    # CloudFormation's name for it, which is 64 characters at most.
    full = f"aikagi-{name}Function-0123456789AB"[:64]
    return Function(
        name=name,
        title=name,
        description="",
        arn=f"arn:aws:lambda:ap-northeast-1:123456789012:function:{full}",
        url="https://abcdef.lambda-url.ap-northeast-1.on.aws/",
        region="ap-northeast-1",
        invoke_mode=InvokeMode.BUFFERED,
        groups=frozenset({"everyone"}),
        max_duration_seconds=3600,
        role_arn="arn:aws:iam::123456789012:role/aikagi-InvokeRole",
    )


def main() -> None:
    for lines in (count_sessions(), measure_sizes()):
        for line in lines:
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
