"""Why a call does not work: one check after another, until one explains it.

Nothing here runs a function, unless that is asked for.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, final
from urllib.parse import urlsplit

import httpx2

from aikagi.broker import Broker
from aikagi.door import PATIENCE, reason
from aikagi.errors import AikagiError, BrokerError, LoginEndedError, StateError
from aikagi.grant import Grant
from aikagi.refusals import Refusal, read_refusal

_TOLERANCE: Final = 300
"""Seconds by which AWS lets a clock be wrong."""

_HEADERS: Final = "authorization,content-type,x-amz-date,x-amz-security-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``ok`` is None where it could not be.

    ``advice`` says what to do about a fault.
    """

    check: str
    ok: bool | None
    detail: str
    advice: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)


@final
class Diagnosis:
    """Looks at a broker and, with ``function``, at the way to that one.

    ``origin`` is a page's, whose calls the function's URL would have to allow.
    ``run`` lets one signed GET run the function: nothing else shows whether Lambda
    lets the caller in.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        function: str | None = None,
        origin: str | None = None,
        run: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._client = broker.client
        self._function = function
        self._origin = origin or _origin_of(broker.base)
        self._run = run
        self._clock = clock

    def checks(self) -> Iterator[Check]:
        """Give each as it is done. After a fault, what rests on it is left out."""
        answer = self._ask("GET", f"{self._broker.base}healthz")
        if isinstance(answer, str) or not answer.is_success:
            yield self._no_broker(answer)
            return
        yield Check(check="broker", ok=True, detail=f"{self._broker.base} answers")
        yield self._clock_check(answer)
        login = self._login()
        yield login
        if login.ok and self._function is not None:
            yield from self._way_to(self._function)

    def _no_broker(self, answer: httpx2.Response | str) -> Check:
        why = answer if isinstance(answer, str) else f"it answers {answer.status_code}"
        return Check(
            check="broker",
            ok=False,
            detail=f"no broker answers at {self._broker.base}: {why}",
            advice="Is the URL right, with its path, and is there a network?",
        )

    def _clock_check(self, answer: httpx2.Response) -> Check:
        try:
            theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return Check(check="clock", ok=None, detail="the broker tells no time")
        off = self._clock() - theirs
        if abs(off) < _TOLERANCE:
            return Check(check="clock", ok=True, detail="right, as far as it matters")
        side = "ahead of" if off > 0 else "behind"
        return Check(
            check="clock",
            ok=False,
            detail=f"{_length(abs(off))} {side} the broker's",
            advice="Set it. Calls by aikagi work all the same, an AWS SDK's do not.",
        )

    def _login(self) -> Check:
        try:
            me = self._broker.me()
        except (LoginEndedError, StateError) as error:
            return Check(
                check="login", ok=False, detail=str(error), advice="aikagi login"
            )
        except AikagiError as error:
            return Check(check="login", ok=False, detail=str(error), advice=_LATER)
        groups = ", ".join(me.groups) or "none"
        return Check(
            check="login", ok=True, detail=f"{me.session_name}, groups: {groups}"
        )

    def _way_to(self, function: str) -> Iterator[Check]:
        try:
            names = [each.name for each in self._broker.functions()]
            if function not in names:
                yield _not_yours(function, names)
                return
            yield Check(check="permission", ok=True, detail=f"{function} is yours")
            grant = self._broker.grant(function)
        except BrokerError as error:
            yield Check(check="grant", ok=False, detail=str(error), advice=_LATER)
            return
        left = grant.left(self._clock())
        yield Check(check="grant", ok=True, detail=f"good for {_length(left)}")
        answer = self._preflight(grant)
        if isinstance(answer, str):
            yield Check(
                check="url",
                ok=False,
                detail=f"{grant.func_url} does not answer: {answer}",
                advice="Was the function's URL made anew? The operator's to look at.",
            )
            return
        yield Check(check="url", ok=True, detail=f"{grant.func_url} answers")
        yield _cors(answer, self._origin)
        yield self._call(grant)

    def _preflight(self, grant: Grant) -> httpx2.Response | str:
        headers = {
            "Origin": self._origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": _HEADERS,
        }
        return self._ask("OPTIONS", grant.func_url, headers)

    def _call(self, grant: Grant) -> Check:
        if not self._run:
            detail = "not tried, it would run the function: --call tries it"
            return Check(check="call", ok=None, detail=detail)
        auth = self._broker.auth(grant.function_name)
        answer = self._ask("GET", grant.func_url, auth=auth)
        if isinstance(answer, str):
            return Check(check="call", ok=False, detail=answer, advice=_LATER)
        text = answer.text if answer.is_error else ""
        refusal = read_refusal(answer.status_code, answer.headers, text)
        if refusal is Refusal.NONE:
            detail = f"Lambda lets you in; the function answers {answer.status_code}"
            return Check(check="call", ok=True, detail=detail)
        return Check(
            check="call", ok=False, detail=refusal.detail, advice=refusal.advice
        )

    def _ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.Response | str:
        """Give the answer, or why there was none."""
        try:
            with self._client.stream(
                method, url, headers=headers, auth=auth, timeout=PATIENCE
            ) as answer:
                # A function that lets us in may have much to say.
                if answer.is_error:
                    answer.read()
                return answer
        except httpx2.HTTPError as error:
            return reason(error)
        except AikagiError as error:
            return str(error)


_LATER: Final = "Try again later; if it stays so, the operator's log knows more."


def _not_yours(function: str, names: list[str]) -> Check:
    return Check(
        check="permission",
        ok=False,
        detail=f"{function} is not among yours: {', '.join(names) or 'there are none'}",
        advice="Is its name right? Else ask the operator for a group that may call it.",
    )


def _cors(answer: httpx2.Response, origin: str) -> Check:
    allowed = answer.headers.get("access-control-allow-origin")
    if allowed not in (origin, "*"):
        return _cors_fault(f"pages of {origin} are not let in", "AllowOrigins")
    methods = _listed(answer, "access-control-allow-methods")
    if not methods & {"post", "*"}:
        return _cors_fault("POST is not allowed", "AllowMethods")
    # An asterisk does not cover "authorization" (Fetch, section 3.3.2).
    missing = set(_HEADERS.split(",")) - _listed(answer, "access-control-allow-headers")
    if missing:
        return _cors_fault(f"not allowed: {', '.join(sorted(missing))}", "AllowHeaders")
    return Check(check="cors", ok=True, detail=f"pages of {origin} are let in")


def _cors_fault(detail: str, setting: str) -> Check:
    return Check(
        check="cors",
        ok=False,
        detail=f"{detail} (this concerns browsers alone)",
        advice=f"The operator's to change: {setting} of the function's URL.",
    )


def _listed(answer: httpx2.Response, name: str) -> set[str]:
    words = answer.headers.get(name, "").lower().split(",")
    return {word.strip() for word in words}


def _origin_of(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}"


def _length(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
