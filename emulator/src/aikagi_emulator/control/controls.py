"""A client of a running stack's control API, for any process."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, final

from aikagi_emulator.aws import SERVICE

_PATIENCE = 10
"""Seconds. It answers at once or not at all."""


@final
class ControlError(Exception):
    """The stack does not answer or will not. ``str()`` is a sentence for a person."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """The clock, the faults and the policy delay of one stack.

    ``variables`` are those of its ``operator.env``. Every method raises
    ``ControlError``.
    """

    variables: Mapping[str, str] = field(repr=False)

    def now(self) -> datetime:
        """The stack's time: aware, UTC."""
        return _now(self._ask("GET", "clock"))

    def offset(self) -> timedelta:
        """How far that is from the real time."""
        return timedelta(seconds=self._ask("GET", "clock")["OffsetSeconds"])

    def advance(self, by: timedelta) -> datetime:
        """Move the clock from where it is; returns the new time."""
        change = {"AdvanceSeconds": by.total_seconds()}
        return _now(self._ask("POST", "clock", change))

    def set_offset(self, offset: timedelta) -> datetime:
        """Move the clock to so far from the real time; zero is the real time."""
        change = {"OffsetSeconds": offset.total_seconds()}
        return _now(self._ask("POST", "clock", change))

    def faults(self) -> Sequence[Mapping[str, Any]]:
        """Those still to be shown."""
        found: list[dict[str, Any]] = self._ask("GET", "faults")
        return found

    def add_faults(self, *faults: Mapping[str, Any]) -> None:
        """Add some, such as ``{"Service": "sts", "Fault": "Throttling", "Times": 2}``.

        ``docs/reference.md`` has them all.
        """
        self._ask("POST", "faults", list(faults))

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def policy_delay(self) -> timedelta:
        """How long a new default version of a managed policy waits to decide."""
        return timedelta(seconds=self._ask("GET", "policy-delay")["Seconds"])

    def set_policy_delay(self, delay: timedelta) -> None:
        self._ask("POST", "policy-delay", {"Seconds": delay.total_seconds()})

    def reset(self) -> None:
        """The real time, no faults, and policies that decide at once."""
        self.set_offset(timedelta())
        self.set_policy_delay(timedelta())
        self.clear_faults()

    def _ask(self, method: str, what: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        url = f"{self._variable('AWS_ENDPOINT_URL')}/_emulator/{what}"
        data = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the stack's own address
            url,
            method=method,
            data=data or None,
            headers=self._signed(method, url, data),
        )
        try:
            # A proxy of the shell would see the token, and not find the stack.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=_PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ControlError(_said(error)) from error
        except OSError as error:
            msg = f"No stack answers at {self._variable('AWS_ENDPOINT_URL')}."
            raise ControlError(msg) from error

    def _signed(self, method: str, url: str, data: bytes) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        headers = {"content-type": "application/json"} if data else {}
        request = AWSRequest(method, url, headers=headers, data=data)
        credentials = Credentials(
            self._variable("AWS_ACCESS_KEY_ID"),
            self._variable("AWS_SECRET_ACCESS_KEY"),
            self._variable("AWS_SESSION_TOKEN"),
        )
        region = self._variable("AWS_REGION")
        SigV4Auth(credentials, SERVICE, region).add_auth(request)
        return dict(request.headers.items())

    def _variable(self, name: str) -> str:
        try:
            return self.variables[name]
        except KeyError as error:
            msg = f"{name} is missing: these are not the variables of an operator.env."
            raise ControlError(msg) from error


def _now(body: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(body["Now"])


def _said(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            return str(json.load(error)["Message"])
        except (ValueError, KeyError, TypeError):
            return f"The stack answered with status {error.code}."
