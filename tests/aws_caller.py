"""Somebody who holds a grant and calls a function URL, signing as botocore does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A signed request, not sent yet: a test may change it first."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes

    def send(self, **changes: Any) -> httpx2.Response:
        request = {**vars(self), **changes}
        return httpx2.request(
            request["method"],
            request["url"],
            headers=request["headers"],
            content=request["body"],
            timeout=30,
        )


def sign(
    grant: Mapping[str, str],
    path: str = "",
    *,
    method: str = "POST",
    body: bytes = b"",
    content_type: str = "application/json",
    service: str = "lambda",
    region: str | None = None,
    url: str | None = None,
) -> Signed:
    credentials = Credentials(
        grant["AccessKeyId"], grant["SecretAccessKey"], grant["SessionToken"]
    )
    request = AWSRequest(
        method=method,
        url=(url or grant["FuncUrl"]) + path,
        data=body,
        headers={"Content-Type": content_type},
    )
    SigV4Auth(credentials, service, region or grant["Region"]).add_auth(request)
    sent = str(request.url)
    headers = {name: str(value) for name, value in request.headers.items()}
    return Signed(
        method=method,
        url=sent,
        headers={**headers, "Host": urlsplit(sent).netloc},
        body=body,
    )


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody logged in to a broker."""

    broker: str
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @classmethod
    def log_in(cls, broker: str, username: str, password: str) -> "Person":
        answer = httpx2.post(
            f"{broker}/auth/login",
            data={"username": username, "password": password},
            timeout=30,
        )
        answer.raise_for_status()
        return cls.holding(broker, answer)

    @classmethod
    def holding(cls, broker: str, answer: httpx2.Response) -> "Person":
        pair = answer.json()
        return cls(
            broker=broker,
            token=pair["access_token"],
            refresh_token=pair["refresh_token"],
        )

    def renew(self) -> httpx2.Response:
        """Show the refresh token. A success makes ``holding`` the person anew."""
        return httpx2.post(
            f"{self.broker}/auth/refresh",
            data={"grant_type": "refresh_token", "refresh_token": self.refresh_token},
            timeout=30,
        )

    def log_out(self) -> httpx2.Response:
        return httpx2.post(
            f"{self.broker}/auth/logout",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )

    def ask(self, **wanted: Any) -> httpx2.Response:
        return httpx2.post(
            f"{self.broker}/grant",
            content=json.dumps(wanted),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
            timeout=30,
        )

    def grant(self, function: str) -> dict[str, str]:
        answer = self.ask(FunctionName=function)
        answer.raise_for_status()
        granted: dict[str, str] = answer.json()
        return granted
