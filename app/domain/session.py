"""Decide what an STS session may be: its name, its tags, its reach, its life.

Pure: the same user, function, moment and grant always give the same plan, so the
broker's whole access policy can be read, tested and reviewed in this one file.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.catalogue import Function
from app.domain.errors import (
    DurationOutOfRangeError,
    FunctionNotAvailableError,
    FunctionNotNamedError,
)
from app.domain.identity import User

SHORTEST: Final = timedelta(minutes=15)
"""STS issues nothing shorter (API Reference, AssumeRole, DurationSeconds)."""

LONGEST: Final = timedelta(hours=1)
"""The broker already runs under a role, and a chained role gets one hour."""

USUAL: Final = SHORTEST


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """Everything STS has to be told, and for whom and what it is told it."""

    user: User
    function: Function
    grant_id: str
    tags: Mapping[str, str]
    policy: str
    duration: timedelta

    @property
    def name(self) -> str:
        return self.user.identity.session_name

    @property
    def source_identity(self) -> str:
        """The session name again: this one survives the session's own AssumeRole."""
        return self.name


def may_call(user: User, function: Function) -> bool:
    """Tell whether one of the user's groups is among the function's."""
    return not user.groups.isdisjoint(function.groups)


def choose_function(
    user: User, functions: Iterable[Function], name: str | None
) -> Function:
    """Find the function meant among those ``user`` may call.

    The name may be left out where only one is in reach. Raises
    ``FunctionNotAvailableError`` alike for another's function and for none.
    """
    reachable = {each.name: each for each in functions if may_call(user, each)}
    if name is None and len(reachable) > 1:
        raise FunctionNotNamedError
    wanted = next(iter(reachable), None) if name is None else name
    if wanted is None or wanted not in reachable:
        raise FunctionNotAvailableError
    return reachable[wanted]


def plan_session(
    user: User,
    function: Function,
    duration_seconds: int | None,
    *,
    grant_id: str,
    issued: datetime,
) -> SessionPlan:
    """Plan the narrowest session in which ``user`` can call ``function``.

    Without a duration it is the longest that the function allows. Raises
    ``FunctionNotAvailableError`` or ``DurationOutOfRangeError``: a duration out of
    range is refused, not bent.
    """
    if not may_call(user, function):
        raise FunctionNotAvailableError
    longest = min(_seconds(LONGEST), function.max_duration_seconds)
    seconds = longest if duration_seconds is None else duration_seconds
    # Compared as a number: one of twenty digits is no timedelta.
    if not _seconds(SHORTEST) <= seconds <= longest:
        msg = f"DurationSeconds is between {_seconds(SHORTEST)} and {longest}"
        raise DurationOutOfRangeError(msg)
    alias, subject = user.identity.session_name.rsplit("+", 1)
    return SessionPlan(
        user=user,
        function=function,
        grant_id=grant_id,
        tags={
            "issuer": alias,
            "user": subject,
            "function": function.name,
            "issued": str(int(issued.timestamp())),
            "grant": grant_id,
        },
        policy=_call_only(function.arn),
        duration=timedelta(seconds=seconds),
    )


def _call_only(arn: str) -> str:
    """Allow one function to be called, and only through its URL."""
    # A function URL needs both actions (Lambda Developer Guide, "Control access to
    # function URLs"). Left bare, the second would also open the Invoke API, where
    # the caller writes the whole event: their identity included.
    conditions = {
        "lambda:InvokeFunctionUrl": {
            "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
        },
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": arn, "Condition": condition}
        for action, condition in conditions.items()
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(document, separators=(",", ":"))


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
