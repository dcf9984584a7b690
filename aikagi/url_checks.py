"""The checks of a function's URL: unsigned, as from a page, and signed."""

from collections.abc import Callable, Iterator
from typing import Final, final

import httpx2

from aikagi.checks import (
    LATER,
    OPERATOR,
    Check,
    clock_check,
    fault,
    good,
    unknown,
)
from aikagi.cors import SIGNED_REQUEST_HEADERS, is_doubled, missing_permission
from aikagi.errors import AikagiError
from aikagi.http_client import within
from aikagi.refusals import Refusal, classify_refusal
from aikagi.transport import BROKER_TIMEOUT, reason_of, with_body

_LAMBDA_REFUSES: Final = frozenset({401, 403, 429})
"""What Lambda answers whoever signs nothing."""

Answer = httpx2.Response | str
"""An answer, or why there was none."""


@final
class UrlChecks:
    """Looks at ``url``; ``auth`` signs for it.

    ``origin`` is a page's, whose calls the URL would have to allow. Without ``call``
    nothing is let through to the function: whether Lambda lets the caller in, and what
    the function adds to its answers, stays open.
    """

    def __init__(
        self,
        client: httpx2.Client,
        url: str,
        auth: httpx2.Auth,
        *,
        origin: str,
        call: bool,
    ) -> None:
        self._client = client
        self._url = url
        self._auth = auth
        self._origin = origin
        self._call = call

    def checks(self, broker_time: Callable[[], float]) -> Iterator[Check]:
        """Give each as it is done. ``broker_time`` is the broker's clock (epoch s)."""
        bare = self._send("GET")
        if isinstance(bare, str):
            yield fault(
                "url",
                "unreachable",
                f"{self._url} does not answer: {bare}",
                f"Was the function's URL made anew? {OPERATOR}",
            )
            return
        yield good("url", f"{self._url} answers")
        protection = _protection(bare)
        yield protection
        if not protection.ok:
            return
        theirs = broker_time()
        yield clock_check("aws-clock", "the broker's", theirs, "AWS's", bare)
        # As a page would send it: the answer has the headers that a browser reads.
        signed = (
            self._send("GET", {"Origin": self._origin}, self._auth)
            if self._call
            else None
        )
        yield self._cors(signed)
        yield _called(signed)

    def refusal(self) -> Refusal:
        """Tell why Lambda refuses a signed GET; NONE also where there is no answer."""
        signed = self._send("GET", auth=self._auth)
        if isinstance(signed, str) or not signed.is_error:
            return Refusal.NONE
        return classify_refusal(signed.status_code, signed.headers, signed.text)

    def _cors(self, signed: Answer | None) -> Check:
        headers = {
            "Origin": self._origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": SIGNED_REQUEST_HEADERS,
        }
        preflight = self._send("OPTIONS", headers)
        missing = (
            f"no answer ({preflight})"
            if isinstance(preflight, str)
            else missing_permission(preflight.headers, self._origin)
        )
        if missing is not None:
            return fault(
                "cors",
                "cors",
                f"pages of {self._origin} are not let in: {missing}",
                f"It concerns browsers alone. {OPERATOR}",
            )
        if isinstance(signed, httpx2.Response) and is_doubled(
            signed.headers.get_list("access-control-allow-origin")
        ):
            return fault(
                "cors",
                "cors-doubled",
                "Access-Control-Allow-Origin comes twice, from the function and from "
                "its URL: browsers block every answer",
                "It concerns browsers alone. Its author takes the header out of the "
                "function: the URL's CORS settings send it.",
            )
        return good("cors", f"pages of {self._origin} are let in")

    def _send(
        self,
        method: str,
        headers: dict[str, str] | None = None,
        auth: httpx2.Auth | None = None,
    ) -> Answer:
        try:
            with self._client.stream(
                method,
                self._url,
                headers=headers,
                auth=auth,
                timeout=BROKER_TIMEOUT,
                extensions=within(BROKER_TIMEOUT),
            ) as answer:
                # A function that lets us in may have much to say.
                return with_body(answer) if answer.is_error else answer
        except httpx2.HTTPError as error:
            return reason_of(error)
        except AikagiError as error:
            return str(error)


def _protection(bare: httpx2.Response) -> Check:
    if bare.status_code in _LAMBDA_REFUSES:
        return good("protection", "who signs nothing is not let in")
    return fault(
        "protection",
        "auth-type",
        f"unsigned it answers {bare.status_code}: anybody can call it",
        f"Its AuthType must be AWS_IAM. {OPERATOR}",
    )


def _called(signed: Answer | None) -> Check:
    if signed is None:
        return unknown("call", "not tried")
    if isinstance(signed, str):
        return fault("call", "unreachable", signed, LATER)
    text = signed.text if signed.is_error else ""
    refusal = classify_refusal(signed.status_code, signed.headers, text)
    if refusal is Refusal.NONE:
        return good("call", f"Lambda lets you in (GET: {signed.status_code})")
    return fault("call", refusal.cause, refusal.detail, refusal.advice)
