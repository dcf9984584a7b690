"""The secret that signs access tokens, as Secrets Manager keeps it."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, final

import boto3

from app.adapters import aws
from app.adapters.cached import Cached, ReadingInProgressError
from app.adapters.tokens.signature import HmacKey
from app.domain.errors import SigningKeyUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_FRESH: Final = timedelta(minutes=5)
_USABLE: Final = timedelta(hours=1)
"""While Secrets Manager cannot be reached, people go on being let in this long."""

_INTERVAL: Final = timedelta(seconds=30)
"""However many unknown ``kid``s arrive, the secret is not read more often."""

_SOON: Final = 1
"""Seconds after which a reading under way has probably ended."""

_CURRENT: Final = "AWSCURRENT"
_PREVIOUS: Final = "AWSPREVIOUS"

_log = logging.getLogger(__name__)


def connect(session: boto3.session.Session) -> "SecretsManagerClient":
    return session.client("secretsmanager", config=aws.IMPATIENT)


@final
class SigningKeys:
    """The current key signs; the one before it still verifies, after a rotation."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        *,
        secret_arn: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._keys = Cached(self._load, fresh=_FRESH, usable=_USABLE, clock=clock)

    def current(self) -> HmacKey:
        return self._keys.read()[_CURRENT]

    def find(self, kid: str) -> HmacKey | None:
        """Look ``kid`` up; an unknown one may be newer than the copy kept.

        Whoever names a known key never waits for the reading that an unknown one
        starts. While that goes on, nobody can tell whether another unknown one
        exists: it is ``SigningKeyUnavailableError``, not None.
        """
        keys = self._keys.peek()
        if keys is None or _named(kid, keys) is not None:
            return _named(kid, self._keys.read())
        try:
            return _named(kid, self._keys.read_again(interval=_INTERVAL))
        except ReadingInProgressError as error:
            raise SigningKeyUnavailableError(retry_after_seconds=_SOON) from error

    def _load(self) -> Mapping[str, HmacKey]:
        try:
            keys = {_CURRENT: self._fetch(_CURRENT)}
            # A secret that was never rotated has no version before this one.
            with suppress(self._client.exceptions.ResourceNotFoundException):
                keys[_PREVIOUS] = self._fetch(_PREVIOUS)
        except Exception as error:
            _log.exception("The signing secret cannot be used")
            raise SigningKeyUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
        return keys

    def _fetch(self, stage: str) -> HmacKey:
        answer = self._client.get_secret_value(
            SecretId=self._secret_arn, VersionStage=stage
        )
        kid = hashlib.sha256(answer["VersionId"].encode()).hexdigest()[:16]
        return HmacKey(answer["SecretString"].encode(), kid=kid)


def _named(kid: str, keys: Mapping[str, HmacKey]) -> HmacKey | None:
    return next((key for key in keys.values() if key.kid == kid), None)
