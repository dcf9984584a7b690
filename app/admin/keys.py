"""What an operator may do to the keys that sign tokens. The broker only reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, final

from app.adapters import signing_secret
from app.adapters.signing_secret import DatedKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What came of one: ``keys`` are all that there are now."""

    added: DatedKey
    keys: Sequence[DatedKey]
    dropped: Sequence[DatedKey]


@final
class KeyAdministration:
    """Each may raise what botocore raises.

    And ``MalformedSecretError`` and ``LaterSecretError``.
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

    def keys(self) -> Sequence[DatedKey]:
        """Read them all, oldest first."""
        return _by_age(signing_secret.fetch(self._client, self._secret_arn))

    def rotate(self, *, longest_login: timedelta) -> Rotation:
        """Add a key, which signs from a while later on.

        Those that sign now verify until the last login of theirs has ended,
        ``longest_login`` after it began, and the next rotation drops them.
        """
        before, now = self.keys(), self._clock()
        new = signing_secret.new_key(now)
        after = signing_secret.rotated(
            before, new, now=now, longest_login=longest_login
        )
        return self._put(before, new, after)

    def replace(self) -> Rotation:
        """Put a key in the place of all others: every login is over.

        It signs at once, for nobody has anything else to verify.
        """
        before, now = self.keys(), self._clock()
        new = replace(signing_secret.new_key(now), signs_from=now)
        return self._put(before, new, [new])

    def _put(
        self, before: Sequence[DatedKey], new: DatedKey, after: Sequence[DatedKey]
    ) -> Rotation:
        self._client.put_secret_value(
            SecretId=self._secret_arn, SecretString=signing_secret.write(after)
        )
        kept = {key.id for key in after}
        dropped = [key for key in before if key.id not in kept]
        return Rotation(added=new, keys=_by_age(after), dropped=dropped)


def _by_age(keys: Sequence[DatedKey]) -> Sequence[DatedKey]:
    return sorted(keys, key=lambda key: key.signs_from)
