"""Why a call does not work: one check after another, until one explains it."""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final, final
from urllib.parse import urlsplit

import httpx2

from aikagi.broker import Broker
from aikagi.checks import (
    LATER,
    OPERATOR,
    Check,
    clock_check,
    fault,
    good,
    length,
    time_of,
)
from aikagi.errors import (
    AikagiError,
    BrokerError,
    LoginEndedError,
    StateError,
    UnreachableError,
)
from aikagi.grant import Grant
from aikagi.http_client import within
from aikagi.refusals import Refusal
from aikagi.sigv4_auth import SigV4Auth
from aikagi.transport import BROKER_TIMEOUT, is_a_gateways, reason_of, with_body
from aikagi.url_checks import UrlChecks

_NOT_YOURS: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""What the broker answers who asks for a grant that is not theirs."""


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
        answer = self._health()
        if isinstance(answer, Check):
            yield answer
            return
        yield good("broker", f"{self._broker.base} answers")
        now = self._clock()
        yield clock_check("clock", "this machine's", now, "the broker's", answer)
        self._clock_offset = (time_of(answer) or now) - now
        login = self._login()
        yield login
        if login.ok and self._function is not None:
            yield from self._way_to(self._function)

    def _health(self) -> httpx2.Response | Check:
        url = f"{self._broker.base}healthz"
        try:
            with self._client.stream(
                "GET",
                url,
                timeout=BROKER_TIMEOUT,
                extensions=within(BROKER_TIMEOUT),
            ) as streamed:
                answer = with_body(streamed)
        except httpx2.HTTPError as error:
            return self._no_broker(reason_of(error))
        if answer.is_success:
            return answer if _is_json(answer) else self._no_broker("it is none")
        said = f"it answers {answer.status_code}"
        if is_a_gateways(answer.status_code):
            return fault("broker", "broker-failed", f"{url}: {said}", LATER)
        return self._no_broker(said)

    def _no_broker(self, why: str) -> Check:
        return fault(
            "broker",
            "broker-unreachable",
            f"no broker answers at {self._broker.base}: {why}",
            "Is the URL right, with its path, and is there a network?",
        )

    def _login(self) -> Check:
        try:
            me = self._broker.me()
        except LoginEndedError as error:
            if self._was_access_ended():
                return fault(
                    "login",
                    "access-ended",
                    "your access was ended: AWS refuses credentials that were good",
                    f"Log in: aikagi login. {OPERATOR}",
                )
            return _refused_by_broker("login", error)
        except AikagiError as error:
            return _refused_by_broker("login", error)
        groups = ", ".join(me.groups) or "none"
        return good("login", f"{me.session_name}, groups: {groups}")

    def _was_access_ended(self) -> bool:
        """Whether credentials of the login, not expired yet, are refused as well."""
        if self._function is None or not self._call:
            return False
        held = self._broker.held_grant(self._function)
        if held is None:
            return False
        auth = SigV4Auth(_Held(held), self._function, clock=self._clock)
        at_url = UrlChecks(
            self._client, held.func_url, auth, origin=self._origin, call=True
        )
        return at_url.refusal() is Refusal.PERMISSION

    def _way_to(self, function: str) -> Iterator[Check]:
        catalogue = self._catalogue(function)
        yield catalogue
        if not catalogue.ok:
            return
        try:
            grant = self._broker.grant(function)
        except AikagiError as error:
            yield _refused_by_broker("grant", error)
            return
        yield good("grant", f"good for {length(grant.remaining(self._clock()))}")
        at_url = UrlChecks(
            self._client,
            grant.func_url,
            self._broker.auth(function),
            origin=self._origin,
            call=self._call,
        )
        yield from at_url.checks(lambda: self._clock() + self._clock_offset)

    def _catalogue(self, function: str) -> Check:
        try:
            names = [entry.name for entry in self._broker.functions()]
        except AikagiError as error:
            return _refused_by_broker("catalogue", error)
        if function in names:
            return good("catalogue", f"{function} is yours")
        return fault(
            "catalogue",
            "not-yours",
            f"{function} is not among yours: {', '.join(names) or 'there are none'}",
            "Is its name right? Else ask the operator for a group that may call it.",
        )


@final
class _Held:
    """Has one grant, and that again where it is refused."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    def grant(self, _: str, *, refused: Grant | None = None) -> Grant:
        return refused or self._grant


def _refused_by_broker(check: str, error: AikagiError) -> Check:
    match error:
        case LoginEndedError() | StateError():
            return fault(check, "login-ended", str(error), "Log in: aikagi login")
        case UnreachableError():
            return fault(check, "broker-unreachable", str(error), LATER)
        case BrokerError() if check == "grant" and error.status in _NOT_YOURS:
            return fault(check, "not-yours", str(error), OPERATOR)
        case _:
            return fault(check, "broker-failed", str(error), LATER)


def _is_json(answer: httpx2.Response) -> bool:
    try:
        answer.json()
    except ValueError:
        return False
    return True


def _origin_of(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}"
