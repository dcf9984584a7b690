"""Whose credentials these are, asked of AWS before anything else is done."""

import os
from dataclasses import dataclass
from typing import Any, Final, final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from deployment.errors import DeploymentError, ExitCode, UsageError

_IMPATIENT: Final = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 2}
)

NO_CREDENTIALS: Final = """\
There are no AWS credentials, so nothing was asked and nothing was built.
Whoever deploys needs some for the account that the broker is to run in:

  you sign in to AWS with a browser   aws configure sso, then aws sso login
  you have an access key              aws configure
  you have several profiles           export AWS_PROFILE=name
  in CI                               a role for it: docs/operations.md, "CI"

`aws sts get-caller-identity` shows them when they are there. Then run this again."""

_LOGIN_ENDED: Final = (
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_WRONG: Final = {
    "InvalidClientTokenId": (
        "AWS does not know the access key {key}. It was deleted or belongs to another "
        "partition of AWS, or the Region {region} is not enabled in the account."
    ),
    "UnrecognizedClientException": "AWS does not know the access key {key}.",
    "SignatureDoesNotMatch": (
        "The secret access key is not that of the access key {key}, or this machine's "
        "clock is wrong."
    ),
    "AccessDenied": "The account or its organisation denies sts:GetCallerIdentity.",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentity:
    account_id: str
    arn: str


@final
class Aws:
    """The operator's credentials and Region, as boto3 finds them."""

    def __init__(self, *, without_region: str = "us-east-1") -> None:
        """Raise ``UsageError`` where AWS_PROFILE names no profile.

        The STS of ``without_region`` says whose the credentials are as long as no
        Region is known.
        """
        self._without_region = without_region
        try:
            self._session = boto3.session.Session()
        except ProfileNotFound as error:
            raise UsageError(
                f"{error}: AWS_PROFILE names it. `aws configure list-profiles` lists "
                "those that there are."
            ) from error

    @property
    def region(self) -> str | None:
        """The Region of the environment or the profile.

        boto3 reads AWS_DEFAULT_REGION and not AWS_REGION, which all other SDKs do, and
        the AWS CLI before that.
        """
        return os.environ.get("AWS_REGION") or self._session.region_name

    def client(self, service: str, region: str) -> Any:  # noqa: ANN401 - the types of these clients are not installed
        return self._session.client(
            service,  # type: ignore[call-overload] # one of boto3's, by its name
            region_name=region,
            config=_IMPATIENT,
        )

    def caller_identity(self, region: str | None) -> CallerIdentity:
        """Ask STS. Raises ``DeploymentError`` with what a newcomer can do about it."""
        asked = region or self._without_region
        key = ""
        try:
            credentials = self._session.get_credentials()
            key = credentials.access_key if credentials else ""
            identity = self.client("sts", asked).get_caller_identity()
        except (BotoCoreError, ClientError, ValueError) as error:
            raise _explained(error, key=key or "", region=asked) from error
        return CallerIdentity(account_id=identity["Account"], arn=identity["Arn"])


def _explained(error: Exception, *, key: str, region: str) -> DeploymentError:
    match error:
        case NoCredentialsError():
            return DeploymentError(NO_CREDENTIALS, ExitCode.LOGIN)
        case PartialCredentialsError():
            return DeploymentError(
                f"The AWS credentials are not complete: {error}.", ExitCode.LOGIN
            )
        case _ if isinstance(error, _LOGIN_ENDED):
            return DeploymentError(
                "The sign-in to AWS has ended: run aws sso login, then this again.",
                ExitCode.LOGIN,
            )
        case ClientError():
            return _refused(error, key=key, region=region)
        case ConnectionError() | HTTPClientError():
            return DeploymentError(
                f"STS in the Region {region} cannot be reached: {error} Check the "
                "network, and the Region's name.",
                ExitCode.UNREACHABLE,
            )
        case _:
            return DeploymentError(
                f"AWS did not say whose credentials these are: {error}",
                ExitCode.UNREACHABLE,
            )


def _refused(error: ClientError, *, key: str, region: str) -> DeploymentError:
    code = error.response.get("Error", {}).get("Code", "")
    if code in _EXPIRED:
        return DeploymentError(
            "The AWS credentials have expired: get new ones as you got these (with "
            "SSO: aws sso login), then run this again.",
            ExitCode.LOGIN,
        )
    if code in _WRONG:
        sentence = _WRONG[code].format(key=key, region=region)
        return DeploymentError(f"{sentence} Nothing was done.", ExitCode.LOGIN)
    return DeploymentError(
        f"AWS did not say whose credentials these are: {error}", ExitCode.UNREACHABLE
    )
