"""A deployment that is checked: who is at which broker, and what they got."""

# mypy: disable-error-code="explicit-override"

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, final
from urllib.parse import urlsplit

import boto3
import httpx2

from aikagi.address import is_loopback
from aikagi.broker import Broker
from aikagi.checks import Check
from aikagi.diagnosis import Diagnosis
from aikagi.errors import AikagiError
from aikagi.grant import Grant
from aikagi.http_client import within
from aikagi.issuer import Issuer
from aikagi.login_session import Clock
from aikagi.models import FunctionEntry, Me
from aikagi.signing import signature_headers
from aikagi.transport import BROKER_TIMEOUT, BrokerTransport, with_body
from app.adapters import aws
from deployment.smoke.account import Account
from deployment.smoke.outcomes import NotTriedError

SHORT_GRANT: Final = 15
"""Seconds: the shortest that the broker gives."""


@final
class Deployment:
    """A deployment as one person meets it, and as its operator does, if there is one.

    ``wait`` lets seconds pass, and is None where nothing may be waited for.
    ``endpoint`` is where AWS answers on a laptop, and None for AWS itself.
    ``revokes`` says whether a session of the person's may be revoked to see it refused.
    """

    def __init__(  # noqa: PLR0913 - all that a deployed is made of
        self,
        *,
        base: str,
        username: str,
        password: str,
        function: str,
        origin: str | None,
        account: Account | None,
        client: httpx2.Client,
        clock: Clock,
        wait: Callable[[float], object] | None,
        endpoint: str | None,
        revokes: bool,
    ) -> None:
        self.transport = BrokerTransport(base, client)
        self.broker = Broker(base, client=client, clock=clock)
        self.username = username
        self.password = password
        self.function = function
        self.allowed_origin = origin
        self.client = client
        self.clock = clock
        self.revokes = revokes
        self._account = account
        self._wait = wait
        self._endpoint = endpoint

    @property
    def base(self) -> str:
        return self.transport.base

    @property
    def origin(self) -> str:
        """Of a page that may call: the broker's own, unless another was named."""
        parts = urlsplit(self.base)
        return self.allowed_origin or f"{parts.scheme}://{parts.netloc}"

    @property
    def account(self) -> Account:
        """Raises ``NotTriedError`` where there is none."""
        if self._account is None:
            raise NotTriedError("needs STACK and an operator's AWS credentials")
        return self._account

    @property
    def has_account(self) -> bool:
        return self._account is not None

    def require_patience(self) -> None:
        """Raises ``NotTriedError`` where nothing may be waited for."""
        if self._wait is None:
            raise NotTriedError("needs to wait, which --no-wait forbids")

    def wait(self, seconds: float) -> None:
        """Raises ``NotTriedError`` where nothing may be waited for."""
        self.require_patience()
        if self._wait is not None:
            self._wait(seconds)

    def require_login(self) -> None:
        if self.broker.username is None:
            raise NotTriedError("needs the login, which failed")

    @cached_property
    def diagnosis(self) -> Mapping[str, Check]:
        """What ``aikagi doctor`` looks at, by the names of its checks."""
        looked = Diagnosis(
            self.broker, function=self.function, origin=self.origin, clock=self.clock
        )
        return {check.check: check for check in looked.checks()}

    @cached_property
    def me(self) -> Me:
        self.require_login()
        return self.broker.me()

    @cached_property
    def functions(self) -> Mapping[str, FunctionEntry]:
        """What the person may call. Raises ``NotTriedError`` where it is not known."""
        try:
            return self.read_functions()
        except AikagiError as error:
            raise NotTriedError("needs the catalogue, which failed") from error

    def read_functions(self) -> Mapping[str, FunctionEntry]:
        """Raises what the client raises."""
        self.require_login()
        return {entry.name: entry for entry in self.broker.functions()}

    @cached_property
    def issuers(self) -> Sequence[Issuer]:
        """Raises ``NotTriedError`` where it is not known who they are."""
        try:
            return self.broker.issuers()
        except AikagiError as error:
            raise NotTriedError("needs the list of issuers, which failed") from error

    def require(self, check: str, what: str) -> None:
        """Raise ``NotTriedError`` where the diagnosis has not found that it holds."""
        self.require_login()
        looked = self.diagnosis.get(check)
        if looked is None or not looked.ok:
            raise NotTriedError(f"needs {what}")

    def grant(
        self, function: str | None = None, *, seconds: int | None = None
    ) -> Grant:
        """Raises ``NotTriedError`` where the diagnosis got none for its function."""
        self.require("grant", f"a grant for {self.function}")
        return self.broker.grant(function or self.function, duration_seconds=seconds)

    def calling_grant(
        self, function: str | None = None, *, seconds: int | None = None
    ) -> Grant:
        """Give one that lets its holder in, beside which a refusal says something.

        Raises ``NotTriedError`` where Lambda lets in nobody, or everybody.
        """
        self.require("call", f"a call of {self.function} that is let in")
        return self.grant(function, seconds=seconds)

    def ask(
        self, method: str, path: str, json: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Ask the broker as the person. Raises what its transport raises."""
        self.require_login()
        token, _ = self.broker.access_token()
        return self.transport.request(method, path, token=token, json=json)

    @cached_property
    def policy(self) -> Mapping[str, Any]:
        """Of a session for the function, as the broker would have it.

        Raises ``NotTriedError`` where the broker does not say.
        """
        asked = {"FunctionName": self.function, "DryRun": True}
        try:
            plan = self.ask("POST", "grant", asked)
        except AikagiError as error:
            raise NotTriedError(f"needs a grant for {self.function}") from error
        policy: Mapping[str, Any] = plan["Policy"]
        return policy

    @property
    def function_arn(self) -> str:
        """Of the function, as that policy has it."""
        return str(self.policy["Statement"][0]["Resource"])

    @property
    def entry(self) -> FunctionEntry:
        """Of the function. Raises ``NotTriedError`` where it is not the person's."""
        if self.function not in self.functions:
            raise NotTriedError(f"needs {self.function} among the person's functions")
        return self.functions[self.function]

    @cached_property
    def another_url(self) -> str:
        """Of a function other than the one that is called."""
        own = self.function_arn
        if self.has_account:
            for entry in self.account.catalogue.values():
                if entry.get("Arn") != own and entry.get("FuncUrl"):
                    return str(entry["FuncUrl"])
        for name, listed in self.functions.items():
            if name != self.function:
                return listed.func_url
        raise NotTriedError("needs another function of the person's, or STACK")

    def call(self, grant: Grant, *, url: str | None = None) -> httpx2.Response:
        """Send one signed GET, and never a second."""
        url = url or grant.func_url
        now = grant.broker_time(self.clock())
        return self.send(
            "GET", url, signature_headers(grant, "GET", url, {}, b"", now=now)
        )

    def send(
        self, method: str, url: str, headers: Mapping[str, str]
    ) -> httpx2.Response:
        with self.client.stream(
            method,
            url,
            headers=dict(headers),
            timeout=BROKER_TIMEOUT,
            follow_redirects=False,
            extensions=within(BROKER_TIMEOUT),
        ) as answer:
            return with_body(answer)

    def aws_of(self, grant: Grant, service: str) -> Any:  # noqa: ANN401 - clients are made at run time
        """Give a client of AWS with the credentials of a grant.

        Raises ``NotTriedError`` on a laptop where AWS's address is not known: they
        would go to AWS itself.
        """
        host = urlsplit(grant.func_url).hostname or ""
        if self._endpoint is None and is_loopback(host):
            raise NotTriedError("needs AWS_ENDPOINT_URL, for AWS is on this machine")
        session = boto3.session.Session(
            aws_access_key_id=grant.access_key_id,
            aws_secret_access_key=grant.secret_access_key,
            aws_session_token=grant.session_token,
            region_name=grant.region,
        )
        return session.client(
            service,  # type: ignore[call-overload] # chosen at run time
            config=aws.IMPATIENT,
            endpoint_url=self._endpoint,
        )

    def close(self) -> AikagiError | None:
        """Log out. Gives what kept the login from being ended, if anything did."""
        try:
            return self.broker.logout()
        finally:
            self.broker.close()
            self.client.close()


def json_of(answer: httpx2.Response) -> Any:  # noqa: ANN401 - any JSON
    """Raises ``ValueError`` for what is none."""
    return json.loads(answer.content)
