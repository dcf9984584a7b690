"""Why a call does not work: one check after another, until one explains it.

The causes are named as by the browser client's ``diagnose()``.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, final
from urllib.parse import urlsplit

import httpx2

from aikagi.broker import Broker
from aikagi.cors import SIGNED_REQUEST_HEADERS, missing_permission
from aikagi.errors import (
    AikagiError,
    BrokerError,
    LoginEndedError,
    StateError,
    UnreachableError,
)
from aikagi.grant import Grant
from aikagi.http_client import within
from aikagi.refusals import Refusal, classify_refusal
from aikagi.transport import BROKER_TIMEOUT, LARGEST_ANSWER, read_at_most, reason_of

_TOLERANCE: Final = 300
"""Seconds by which AWS lets a clock be wrong."""

_LATER: Final = "Try again later; if it stays so, the operator's log has more."
_OPERATOR: Final = "The operator's to look at."


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``ok`` is None where it could not be.

    Of a fault, ``cause`` is a stable word and ``advice`` says what to do about it.
    """

    check: str
    ok: bool | None
    detail: str
    cause: str = "none"
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _good(check: str, detail: str) -> Check:
    return Check(check=check, ok=True, detail=detail)


def _fault(check: str, cause: str, detail: str, advice: str) -> Check:
    return Check(check=check, ok=False, detail=detail, cause=cause, advice=advice)


def main_fault(checks: list[Check]) -> Check | None:
    """Give the fault that explains most: a wrong clock here stops no call of ours."""
    faults = [check for check in checks if check.ok is False]
    return next(
        (fault for fault in faults if fault.check != "clock"), next(iter(faults), None)
    )


@final
class Diagnosis:
    """Looks at a broker and, with ``function``, at the way to that one.

    ``origin`` is a page's, whose calls the function's URL would have to allow.
    ``call`` lets one signed GET through to the function, which asks for no work (RFC
    9110, section 9.2.1): nothing else shows whether Lambda lets the caller in.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        function: str | None = None,
        origin: str | None = None,
        call: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._client = broker.client
        self._function = function
        self._origin = origin or _origin_of(broker.base)
        self._call = call
        self._clock = clock
        self._clock_offset = 0.0

    def checks(self) -> Iterator[Check]:
        """Give each as it is done. After a fault, what rests on it is left out."""
        answer = self._send("GET", f"{self._broker.base}healthz")
        if isinstance(answer, str) or not answer.is_success:
            yield self._no_broker(answer)
            return
        yield _good("broker", f"{self._broker.base} answers")
        yield _clock_check("this machine's", self._clock(), "the broker's", answer)
        self._clock_offset = (_time_of(answer) or self._clock()) - self._clock()
        login = self._login()
        yield login
        if login.ok and self._function is not None:
            yield from self._way_to(self._function)

    def _no_broker(self, answer: httpx2.Response | str) -> Check:
        why = answer if isinstance(answer, str) else f"it answers {answer.status_code}"
        return _fault(
            "broker",
            "broker-unreachable",
            f"no broker answers at {self._broker.base}: {why}",
            "Is the URL right, with its path, and is there a network?",
        )

    def _login(self) -> Check:
        try:
            me = self._broker.me()
        except AikagiError as error:
            return _refused_by_broker("login", error)
        groups = ", ".join(me.groups) or "none"
        return _good("login", f"{me.session_name}, groups: {groups}")

    def _way_to(self, function: str) -> Iterator[Check]:
        try:
            names = [entry.name for entry in self._broker.functions()]
            if function not in names:
                yield _not_yours(function, names)
                return
            yield _good("permission", f"{function} is yours")
            grant = self._broker.grant(function)
        except AikagiError as error:
            yield _refused_by_broker("grant", error)
            return
        yield _good("grant", f"good for {_length(grant.remaining(self._clock()))}")
        yield from self._function_at(grant)

    def _function_at(self, grant: Grant) -> Iterator[Check]:
        bare = self._send("GET", grant.func_url)
        if isinstance(bare, str):
            yield _fault(
                "url",
                "unreachable",
                f"{grant.func_url} does not answer: {bare}",
                f"Was the function's URL made anew? {_OPERATOR}",
            )
            return
        yield _good("url", f"{grant.func_url} answers")
        yield _protection(bare)
        theirs = self._clock() + self._clock_offset
        yield _clock_check("the broker's", theirs, "AWS's", bare)
        yield self._cors(grant)
        yield self._called(grant)

    def _cors(self, grant: Grant) -> Check:
        headers = {
            "Origin": self._origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": SIGNED_REQUEST_HEADERS,
        }
        answer = self._send("OPTIONS", grant.func_url, headers)
        missing = (
            f"no answer ({answer})"
            if isinstance(answer, str)
            else missing_permission(answer.headers, self._origin)
        )
        if missing is None:
            return _good("cors", f"pages of {self._origin} are let in")
        return _fault(
            "cors",
            "cors",
            f"pages of {self._origin} are not let in: {missing}",
            f"It concerns browsers alone. {_OPERATOR}",
        )

    def _called(self, grant: Grant) -> Check:
        if not self._call:
            return Check(check="call", ok=None, detail="not tried")
        auth = self._broker.auth(grant.function_name)
        answer = self._send("GET", grant.func_url, auth=auth)
        if isinstance(answer, str):
            return _fault("call", "unreachable", answer, _LATER)
        text = answer.text if answer.is_error else ""
        refusal = classify_refusal(answer.status_code, answer.headers, text)
        if refusal is Refusal.NONE:
            return _good("call", f"Lambda lets you in (GET: {answer.status_code})")
        return _fault("call", refusal.cause, refusal.detail, refusal.advice)

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.Response | str:
        """Give the answer, or why there was none."""
        try:
            with self._client.stream(
                method,
                url,
                headers=headers,
                auth=auth,
                timeout=BROKER_TIMEOUT,
                extensions=within(BROKER_TIMEOUT),
            ) as answer:
                # A function that lets us in may have much to say.
                body = read_at_most(answer, LARGEST_ANSWER) if answer.is_error else b""
            answer.headers.pop("content-encoding", None)
            return httpx2.Response(
                answer.status_code, headers=answer.headers, content=body
            )
        except httpx2.HTTPError as error:
            return reason_of(error)
        except AikagiError as error:
            return str(error)


def _clock_check(
    whose: str, shown: float, against: str, answer: httpx2.Response
) -> Check:
    """Compare a clock with that of an answer's ``Date``."""
    theirs = _time_of(answer)
    if theirs is None:
        return Check(check="clock", ok=None, detail=f"{against} is not known")
    off = shown - theirs
    if abs(off) < _TOLERANCE:
        return _good("clock", f"{whose} agrees with {against}")
    side = "ahead of" if off > 0 else "behind"
    return _fault(
        "clock",
        "clock",
        f"{whose} is {_length(abs(off))} {side} {against}",
        "Set it. Calls by aikagi follow the broker's, an AWS SDK's do not.",
    )


def _time_of(answer: httpx2.Response) -> float | None:
    try:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _refused_by_broker(check: str, error: AikagiError) -> Check:
    match error:
        case LoginEndedError() | StateError():
            return _fault(check, "login-ended", str(error), "Log in: aikagi login")
        case UnreachableError():
            return _fault(check, "broker-unreachable", str(error), _LATER)
        case BrokerError(status=403):
            return _fault(check, "not-yours", str(error), _OPERATOR)
        case _:
            return _fault(check, "broker-failed", str(error), _LATER)


def _not_yours(function: str, names: list[str]) -> Check:
    return _fault(
        "permission",
        "not-yours",
        f"{function} is not among yours: {', '.join(names) or 'there are none'}",
        "Is its name right? Else ask the operator for a group that may call it.",
    )


def _protection(bare: httpx2.Response) -> Check:
    if bare.status_code in (401, 403, 429):
        return _good("protection", "who signs nothing is not let in")
    return _fault(
        "protection",
        "auth-type",
        f"unsigned it answers {bare.status_code}: anybody can call it",
        f"Its AuthType must be AWS_IAM. {_OPERATOR}",
    )


def _origin_of(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}"


def _length(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
