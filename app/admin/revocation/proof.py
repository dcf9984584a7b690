"""When a revocation holds, tried with sessions of the command's own.

IAM takes a while to act on a policy, and does not say how long:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from app.adapters import aws
from app.admin.revocation.answers import understood
from app.admin.revocation.entries import LONGEST_PROOF

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

ISSUER: Final = "operator"
USER: Final = "revocation="
SESSION_NAME: Final = f"{ISSUER}+{USER}"
"""As the trust of the invoke role has it. The broker names nobody so."""

_PATIENCE: Final = 10
"""Seconds until a function must have begun to answer. A refusal comes at once."""

_PAUSE: Final = 1.0
"""Seconds between two calls."""

_FORBIDDEN: Final = 403
_REFUSED: Final = "AccessDenied"


class ProofError(Exception):
    """The proof failed. The message is a sentence."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFunction:
    """The function that a proof calls, by its URL."""

    name: str
    arn: str
    url: str
    region: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSessions:
    """``revoked`` is to be refused; ``other`` is not, which shows why the first is."""

    function: ProofFunction
    revoked: Credentials = field(repr=False)
    other: Credentials = field(repr=False)

    @property
    def access_key_ids(self) -> tuple[str, ...]:
        return self.revoked.access_key, self.other.access_key


def connect(session: boto3.session.Session) -> "STSClient":
    return session.client("sts", config=aws.IMPATIENT)


def functions_in_catalogue(
    client: "SSMClient", path: str, *, invoke_role_arn: str, local: Collection[str]
) -> Iterator[ProofFunction]:
    """Read those that sessions of the invoke role call, buffered ones first.

    ``local`` are origins of function URLs on a laptop. What of an entry cannot be
    understood is passed over.
    """
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=path)
    entries = [
        (parameter["Name"].rpartition("/")[2], _members(parameter["Value"]))
        for page in pages
        for parameter in page["Parameters"]
    ]
    entries.sort(key=lambda entry: (entry[1].get("InvokeMode") != "BUFFERED", entry[0]))
    for name, entry in entries:
        arn, url = str(entry.get("Arn")), str(entry.get("FuncUrl"))
        region = (arn.split(":") + [""] * 4)[3]
        if entry.get("RoleArn", invoke_role_arn) == invoke_role_arn and (
            url.removesuffix("/") in local or _is_function_url(url, region)
        ):
            yield ProofFunction(name=name, arn=arn, url=url, region=region)


@final
class Proof:
    """Calls the function that ``choose`` returns, or raises ``ProofError`` about.

    Each may raise ``ProofError``, and ``begin`` what botocore raises.
    """

    def __init__(  # noqa: PLR0913 - what it is made of, and what a test replaces
        self,
        client: "STSClient",
        *,
        role_arn: str,
        choose: Callable[[], ProofFunction],
        new_id: Callable[[], str],
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self._client = client
        self._role_arn = role_arn
        self._choose = choose
        self._new_id = new_id
        self._monotonic = monotonic
        self._sleep = sleep

    def new_grant_id(self) -> str:
        """Return the id to revoke, of a session that is made when it is."""
        return self._new_id()

    def begin(self, grant_id: str, *, issued: int) -> ProofSessions:
        """Make the sessions. ``issued`` is late enough for no cut-off to reach them."""
        with understood("SSM"):
            function = self._choose()
        with understood("STS"):
            return ProofSessions(
                function=function,
                revoked=self._session(function, grant_id, issued),
                other=self._session(function, self._new_id(), issued),
            )

    def wait(
        self, sessions: ProofSessions, *, since: float, seconds: float
    ) -> float | None:
        """Call until it is refused; return after how many seconds, or None.

        They count from ``since``, by the monotonic clock. What else refuses the call
        would refuse the other session as well.
        """
        function = sessions.function
        while not _is_refused(function, sessions.revoked):
            if self._monotonic() - since >= seconds:
                return None
            self._sleep(_PAUSE)
        took = self._monotonic() - since
        if _is_refused(function, sessions.other):
            raise ProofError(
                f"Every call of {function.name} is refused, whatever was revoked: "
                "its URL, its tag or the invoke role is not as the template has it."
            )
        return took

    def _session(
        self, function: ProofFunction, grant_id: str, issued: int
    ) -> Credentials:
        tags = {
            "issuer": ISSUER,
            "user": USER,
            "function": function.name,
            "issued": str(issued),
            "grant": grant_id,
        }
        answer = self._client.assume_role(
            RoleArn=self._role_arn,
            RoleSessionName=SESSION_NAME,
            SourceIdentity=SESSION_NAME,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            Policy=_call_only(function.arn),
            DurationSeconds=LONGEST_PROOF,
        )
        made = answer["Credentials"]
        return Credentials(
            made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        )


def _is_refused(function: ProofFunction, credentials: Credentials) -> bool:
    url = function.url
    request = AWSRequest("GET", url, stream_output=True)
    SigV4Auth(credentials, "lambda", function.region).add_auth(request)
    http = URLLib3Session(timeout=_PATIENCE, proxies=get_environ_proxies(url))
    with closing(http):
        try:
            answer = http.send(request.prepare())
        except BotoCoreError:
            # Whoever is let in waits for the function; a refusal would be there by now.
            return False
        answer.raw.close()
    error = answer.headers.get("x-amzn-errortype", "")
    if answer.status_code != _FORBIDDEN or not error:
        return False
    if error.startswith(_REFUSED):
        return True
    raise ProofError(
        f"AWS refused the call with {error}: is this machine's clock right?"
    )


def _members(entry: str) -> dict[str, Any]:
    try:
        members = json.loads(entry)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _is_function_url(url: str, region: str) -> bool:
    host = rf"https://[a-z0-9]{{1,64}}\.lambda-url\.{re.escape(region)}\.on\.aws/"
    return bool(region) and re.fullmatch(host, url) is not None


def _call_only(arn: str) -> str:
    conditions: dict[str, dict[str, dict[str, str]]] = {
        "lambda:InvokeFunctionUrl": {
            "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
        },
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": arn, "Condition": condition}
        for action, condition in conditions.items()
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
