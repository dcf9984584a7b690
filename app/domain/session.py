"""Decide what an STS session may be: its name, its tags, its reach, its life.

Pure: the same user, function, moment and grant always give the same plan, so the
broker's whole access policy can be read, tested and reviewed in this one file.
"""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import Final

from app.domain.catalogue import Catalogue, Function
from app.domain.errors import (
    DurationOutOfRangeError,
    FunctionNotAvailableError,
    FunctionNotNamedError,
    TokenRejectedError,
)
from app.domain.identity import User

SHORTEST: Final = timedelta(seconds=15)
"""Time enough to sign a request and send it."""

SHORTEST_SESSION: Final = timedelta(minutes=15)
"""STS issues nothing shorter (API Reference, AssumeRole, DurationSeconds)."""

LONGEST: Final = timedelta(hours=1)
"""The broker already runs under a role, and a chained role gets one hour."""

USUAL: Final = timedelta(minutes=15)

CLAIM_TAGS_SIZE: Final = 1024
"""Characters that the tags out of attributes may have together, names included.

How STS packs policy and tags is not published, and the session policy comes first. What
still does not fit, STS says (``PackedPolicyTooLarge``).
"""

_COMPACT: Final = json.JSONEncoder(separators=(",", ":"))
"""``json.dumps`` would make one for each policy."""

_OF_ONE_GRANT: Final = frozenset({"issued", "grant"})


class GrantRefusal(StrEnum):
    """Why there is no grant: what the audit says, and the answer does not."""

    NO_SUCH_FUNCTION = "no-such-function"
    NO_FUNCTION_IN_REACH = "no-function-in-reach"
    NOT_IN_A_GROUP = "not-in-a-group"
    CLAIM_MISSING = "claim-missing"
    DURATION_TOO_SHORT = "duration-too-short"
    DURATION_TOO_LONG = "duration-too-long"
    LOGIN_ENDS_TOO_SOON = "login-ends-too-soon"


class DurationRule(StrEnum):
    """What a grant's duration follows from."""

    REQUEST = "request"
    DEFAULT = "default"
    FUNCTION = "function"
    ROLE_CHAINING = "role-chaining"
    LOGIN = "login"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """Something that has to be true of a user for a function to be theirs to call.

    ``refusal`` is the reason where it is not; ``describe`` says what was compared, for
    an operator, or nothing where the function has no such rule.
    """

    name: str
    refusal: GrantRefusal
    is_met: Callable[[User, Function], bool]
    describe: Callable[[User, Function], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What somebody wants to call, and for how long.

    Without ``duration_seconds`` it is ``default_duration``, or as long as there can be
    where that is less. ``refused_access_key_id`` is of credentials that did not work:
    others are wanted.
    """

    function_name: str | None = None
    refused_access_key_id: str | None = None
    duration_seconds: int | None = None
    default_duration: timedelta = LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """The parameters of AssumeRole, and for whom and what they are.

    ``duration`` is how long the grant lasts, ``longest`` how long it could have, and
    ``duration_rule`` what it follows from. Where STS issues nothing so short, the
    session lasts longer, and its policy allows nothing from ``ends_at`` on.
    ``claim_tags`` are there as far as there is room, the most important first.
    """

    user: User
    function: Function
    grant_id: str
    issued: int
    tags: Mapping[str, str]
    claim_tags: tuple[tuple[str, str], ...]
    policy: str
    duration: timedelta
    duration_rule: DurationRule
    longest: timedelta
    ends_at: datetime | None
    refused_access_key_id: str | None = None

    @property
    def name(self) -> str:
        return self.user.identity.session_name

    @property
    def source_identity(self) -> str:
        """The session name again: this one survives the session's own AssumeRole."""
        return self.name

    @property
    def session_duration(self) -> timedelta:
        return max(self.duration, SHORTEST_SESSION)

    @property
    def groups(self) -> frozenset[str]:
        """The groups that let the user in."""
        return self.user.groups & self.function.groups

    @property
    def reuse_key(self) -> Hashable:
        """All that another session would have in common with this one.

        That is everything but the grant's id and the moments. The policy is that of a
        plan without an end.
        """
        return (
            self.function.role_arn,
            self.name,
            tuple((k, v) for k, v in self.tags.items() if k not in _OF_ONE_GRANT),
            self.claim_tags,
            self.policy if self.ends_at is None else _policy(self.function, None),
            self.duration,
        )


def _is_in_a_group(user: User, function: Function) -> bool:
    return not user.groups.isdisjoint(function.groups)


def _describe_groups(user: User, function: Function) -> str:
    return (
        f"in {_listed(user.groups)}; {function.name} is for {_listed(function.groups)}"
    )


def _has_required_claims(user: User, function: Function) -> bool:
    # An attribute that the user lacks has no allowed value.
    return all(
        user.attributes.get(name) in allowed
        for name, allowed in function.required_claims.items()
    )


def _describe_claims(user: User, function: Function) -> str:
    compared = [
        f"{name} is {user.attributes.get(name, 'absent')}; {_listed(allowed)} will do"
        for name, allowed in function.required_claims.items()
    ]
    return "; ".join(compared)


ACCESS_RULES: Final = (
    AccessRule(
        name="groups",
        refusal=GrantRefusal.NOT_IN_A_GROUP,
        is_met=_is_in_a_group,
        describe=_describe_groups,
    ),
    AccessRule(
        name="claims",
        refusal=GrantRefusal.CLAIM_MISSING,
        is_met=_has_required_claims,
        describe=_describe_claims,
    ),
)
"""All of them have to be met."""


def may_call(user: User, function: Function) -> bool:
    """Tell whether every rule is met."""
    return all(rule.is_met(user, function) for rule in ACCESS_RULES)


def require_access(user: User, function: Function) -> None:
    """Raise ``FunctionNotAvailableError`` with the first rule that is not met."""
    for rule in ACCESS_RULES:
        if not rule.is_met(user, function):
            raise FunctionNotAvailableError(reason=rule.refusal)


def choose_function(user: User, catalogue: Catalogue, name: str | None) -> Function:
    """Find the function meant among those ``user`` may call.

    The name may be left out where only one is in reach. Raises
    ``FunctionNotAvailableError`` alike for another's function and for none.
    """
    if name is not None:
        named = catalogue.find(name)
        if named is None:
            raise FunctionNotAvailableError(reason=GrantRefusal.NO_SUCH_FUNCTION)
        require_access(user, named)
        return named
    match list(islice(functions_for(user, catalogue), 2)):
        case [function]:
            return function
        case []:
            raise FunctionNotAvailableError(reason=GrantRefusal.NO_FUNCTION_IN_REACH)
        case _:
            raise FunctionNotNamedError


def functions_for(user: User, catalogue: Catalogue) -> Iterator[Function]:
    """Yield the functions that ``user`` may call, by name."""
    return (
        function
        for function in catalogue.of_groups(user.groups)
        if may_call(user, function)
    )


def plan_session(  # noqa: PLR0913 - the decision is made of all these, and of no others
    user: User,
    function: Function,
    asked: SessionRequest,
    *,
    grant_id: str,
    now: datetime,
    seconds_after_login: int | None = None,
) -> SessionPlan:
    """Plan the narrowest session in which ``user`` can call ``function``.

    It lasts as long as the function allows at most, and until ``seconds_after_login``
    after the end of the login where that is limited.

    Raises ``FunctionNotAvailableError`` or ``DurationOutOfRangeError``: a duration out
    of range is refused, not bent. Raises ``TokenRejectedError`` where the login ends
    too soon for any grant.
    """
    require_access(user, function)
    longest, bound = longest_grant(user, function, now, seconds_after_login)
    duration, duration_rule = _duration(asked, longest, bound)
    ends_at = None
    if duration < SHORTEST_SESSION:
        # IAM compares whole seconds.
        ends_at = now.replace(microsecond=0) + duration
    # Not this moment: what is revoked while the plan is made was issued before that.
    issued = max(int((user.read_at or now).timestamp()), user.valid_from)
    alias, subject = user.identity.session_name.rsplit("+", 1)
    return SessionPlan(
        user=user,
        function=function,
        grant_id=grant_id,
        issued=issued,
        tags={
            "issuer": alias,
            "user": subject,
            "function": function.name,
            "issued": str(issued),
            "grant": grant_id,
        },
        claim_tags=_claim_tags(user.attributes),
        policy=_policy(function, ends_at),
        duration=duration,
        duration_rule=duration_rule,
        longest=longest,
        ends_at=ends_at,
        refused_access_key_id=asked.refused_access_key_id,
    )


def longest_duration(function: Function) -> timedelta:
    """Give the longest that a grant for ``function`` can last."""
    return min(LONGEST, timedelta(seconds=function.max_duration_seconds))


def longest_grant(
    user: User, function: Function, now: datetime, seconds_after_login: int | None
) -> tuple[timedelta, DurationRule]:
    """Give the longest that a grant of ``user`` can last now, and what bounds it.

    Raises ``TokenRejectedError`` where the login ends too soon for any.
    """
    longest = longest_duration(function)
    bound = DurationRule.FUNCTION if longest < LONGEST else DurationRule.ROLE_CHAINING
    if seconds_after_login is None or user.login_ends_at is None:
        return longest, bound
    left = user.login_ends_at - now + timedelta(seconds=seconds_after_login)
    if left < SHORTEST:
        raise TokenRejectedError(reason=GrantRefusal.LOGIN_ENDS_TOO_SOON)
    if left >= longest:
        return longest, bound
    return timedelta(seconds=_seconds(left)), DurationRule.LOGIN


def _duration(
    asked: SessionRequest, longest: timedelta, bound: DurationRule
) -> tuple[timedelta, DurationRule]:
    seconds = asked.duration_seconds
    if seconds is None:
        if asked.default_duration < longest:
            return asked.default_duration, DurationRule.DEFAULT
        return longest, bound
    # Compared as a number: one of twenty digits is no timedelta.
    if not _seconds(SHORTEST) <= seconds <= _seconds(longest):
        is_short = seconds < _seconds(SHORTEST)
        msg = f"DurationSeconds is between {_seconds(SHORTEST)} and {_seconds(longest)}"
        raise DurationOutOfRangeError(
            msg,
            reason=GrantRefusal.DURATION_TOO_SHORT
            if is_short
            else GrantRefusal.DURATION_TOO_LONG,
        )
    return timedelta(seconds=seconds), DurationRule.REQUEST


def _claim_tags(attributes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Make tags of attributes, up to the first that there is no room for."""
    tags: list[tuple[str, str]] = []
    room = CLAIM_TAGS_SIZE
    for name, value in attributes.items():
        key = f"claim.{name}"
        room -= len(key) + len(value)
        if room < 0:
            break
        tags.append((key, value))
    return tuple(tags)


@lru_cache(maxsize=1024)
def _policy(function: Function, ends_at: datetime | None) -> str:
    """Allow one function to be called, only through its URL, until ``ends_at``."""
    # A function URL needs both actions (Lambda Developer Guide, "Control access to
    # function URLs"). Left bare, the second would also open the Invoke API, where
    # the caller writes the whole event: their identity included.
    conditions: dict[str, dict[str, dict[str, str | list[str]]]] = {
        "lambda:InvokeFunctionUrl": {
            "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
        },
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    if function.source_networks:
        # Of the URL's check alone: nothing says that the other one sees the address.
        networks = [str(network) for network in function.source_networks]
        url_condition = conditions["lambda:InvokeFunctionUrl"]
        url_condition["IpAddress"] = {"aws:SourceIp": networks}
    if ends_at is not None:
        moment = f"{ends_at:%Y-%m-%dT%H:%M:%S}Z"
        for condition in conditions.values():
            condition["DateLessThan"] = {"aws:CurrentTime": moment}
    statements = [
        {
            "Effect": "Allow",
            "Action": action,
            "Resource": function.arn,
            "Condition": condition,
        }
        for action, condition in conditions.items()
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return _COMPACT.encode(document)


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())


def _listed(groups: Iterable[str]) -> str:
    return ", ".join(sorted(groups)) or "no group"
