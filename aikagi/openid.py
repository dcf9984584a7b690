"""An issuer's endpoints over HTTP (OpenID Connect, RFC 6749, 7009 and 8628)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Self, final

import httpx2

from aikagi.address import require_private
from aikagi.errors import IssuerError, UnreachableError
from aikagi.http_client import within
from aikagi.models import string_in
from aikagi.transport import LARGEST_ANSWER, read_at_most, reason_of

_TIMEOUT: Final = 15.0
"""Seconds for a request and its answer together."""

_MOST_SHOWN: Final = 300
"""Characters of an issuer's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where an issuer answers; None where it has no such endpoint."""

    authorization_endpoint: str
    token_endpoint: str
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    end_session_endpoint: str | None = None
    names_itself: bool = False
    """Whether its authorization responses say who they are of (RFC 9207)."""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read it. Raises ``KeyError``, ``TypeError`` or ``AddressError``."""
        required = ("authorization_endpoint", "token_endpoint")
        optional = (
            "device_authorization_endpoint",
            "revocation_endpoint",
            "end_session_endpoint",
        )
        given = [name for name in optional if value.get(name) is not None]
        found = {name: string_in(value, name) for name in (*required, *given)}
        for url in found.values():
            require_private(url)
        names_itself = value.get("authorization_response_iss_parameter_supported")
        return cls(names_itself=names_itself is True, **found)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerAnswer:
    """``now`` is when it was given, epoch seconds by the issuer's clock, if it says."""

    status: int
    body: Mapping[str, Any]
    now: float | None

    @property
    def is_success(self) -> bool:
        return self.status == HTTPStatus.OK

    @property
    def error(self) -> str:
        """RFC 6749's word for what is wrong; empty where there is none."""
        error = self.body.get("error")
        return error if isinstance(error, str) else ""

    def refusal(self) -> IssuerError:
        described = self.body.get("error_description")
        described = described if isinstance(described, str) else ""
        return refused(self.error or f"status {self.status}", described)


def refused(error: str, description: str) -> IssuerError:
    """Say that an issuer refused, in its own words."""
    said = f"{error}: {description}" if description else error
    return IssuerError(f"The issuer refuses: {said[:_MOST_SHOWN]}", error=error)


@final
class OpenId:
    """Sends requests to issuers, as a public client, and follows no redirect."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self._found: dict[str, Metadata] = {}

    def metadata(self, issuer: str) -> Metadata:
        """Find out where an issuer answers; it is asked once.

        Raises ``IssuerError`` or ``UnreachableError``, and ``AddressError`` of an
        endpoint that nothing secret may be sent to.
        """
        if issuer not in self._found:
            url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            answer = self._request("GET", url)
            if not answer.is_success:
                raise UnreachableError(
                    "issuer", f"what answers at {url} ({answer.status}) is none"
                )
            # OpenID Connect Discovery 1.0, section 4.3: identical.
            if answer.body.get("issuer") != issuer:
                raise IssuerError(f"What answers at {url} is another issuer")
            try:
                self._found[issuer] = Metadata.from_json(answer.body)
            except (KeyError, TypeError) as error:
                raise UnreachableError(
                    "issuer", "it does not say where its endpoints are"
                ) from error
        return self._found[issuer]

    def post(
        self, url: str, form: Mapping[str, str], timeout: float = _TIMEOUT
    ) -> IssuerAnswer:
        """Send a form. Below 500 an answer is one, whatever it says.

        Raises ``UnreachableError``.
        """
        answer = self._request("POST", url, form, timeout)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnreachableError("issuer", f"it answered {answer.status}")
        return answer

    def _request(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
    ) -> IssuerAnswer:
        require_private(url)
        try:
            with self._client.stream(
                method,
                url,
                headers={"Accept": "application/json"},
                data=form,
                timeout=timeout,
                follow_redirects=False,
                extensions=within(timeout),
            ) as answer:
                body = _json_object(read_at_most(answer, LARGEST_ANSWER))
        except httpx2.HTTPError as error:
            raise UnreachableError("issuer", reason_of(error)) from error
        return IssuerAnswer(
            status=answer.status_code, body=body, now=_date(answer.headers)
        )


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _date(headers: Mapping[str, str]) -> float | None:
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC).timestamp()
