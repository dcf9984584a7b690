"""The keys that sign and verify the broker's tokens, read from Secrets Manager."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from app.adapters import aws, signing_secret
from app.adapters.cached import Cached, ReadingInProgressError
from app.adapters.signing_secret import FRESH, INTERVAL, USABLE, DatedKey
from app.adapters.tokens.signature import HmacKey
from app.domain.errors import SigningKeyUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_SOON: Final = 1
"""Seconds after which a reading under way has probably ended."""

_log = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class _Copy:
    """What was read, and a key to sign with for each."""

    dated: Sequence[DatedKey]
    by_kid: Mapping[str, HmacKey]


@final
class SigningKeys:
    """The newest key signs once its time has come; others verify until their end.

    A new key verifies for ten minutes before it signs (``SIGNS_AFTER``): whoever meets
    a token of it has read it by then, or may read again.
    """

    def __init__(
        self,
        client: "SecretsManagerClient",
        *,
        secret_arn: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._keys = Cached(self._load, fresh=FRESH, usable=USABLE, clock=clock)

    def current(self) -> HmacKey:
        copy = self._keys.read()
        return copy.by_kid[signing_secret.signing_key(copy.dated, self._clock()).id]

    def find(self, kid: str) -> HmacKey | None:
        """Look ``kid`` up; an unknown one may be newer than the copy kept.

        Whoever names a known key never waits for the reading that an unknown one
        starts. While that goes on, nobody can tell whether another unknown one
        exists: it is ``SigningKeyUnavailableError``, not None.
        """
        copy = self._keys.peek()
        if copy is None or kid in copy.by_kid:
            return self._verifying(kid, self._keys.read())
        try:
            return self._verifying(kid, self._keys.read_again(interval=INTERVAL))
        except ReadingInProgressError as error:
            raise SigningKeyUnavailableError(retry_after_seconds=_SOON) from error

    def find_or_begin(self, kid: str) -> HmacKey | None:
        """Do the same and never wait, for no reading of one's own.

        While one goes on that is waited for, ``SigningKeyUnavailableError`` has it as
        ``pending``.
        """
        try:
            copy = self._keys.read_or_begin()
            if kid not in copy.by_kid:
                copy = self._keys.begin_again(interval=INTERVAL)
        except ReadingInProgressError as reading:
            raise SigningKeyUnavailableError(
                retry_after_seconds=_SOON, pending=reading.ended
            ) from reading
        return self._verifying(kid, copy)

    def discard(self) -> None:
        """Hold no key any more: whoever comes next reads them."""
        self._keys.discard()

    def _verifying(self, kid: str, copy: _Copy) -> HmacKey | None:
        now = self._clock()
        known = any(key.id == kid and key.verifies(now) for key in copy.dated)
        return copy.by_kid[kid] if known else None

    def _load(self) -> _Copy:
        try:
            dated = signing_secret.fetch(self._client, self._secret_arn)
            by_kid = {key.id: HmacKey(key.secret.encode(), kid=key.id) for key in dated}
        except Exception as error:
            _log.exception("The signing secret cannot be used")
            raise SigningKeyUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
        return _Copy(dated, by_kid)
