"""The issuers besides the broker itself: one SSM parameter each."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from app.adapters import aws, parameters
from app.adapters.cached import Cached, ReadingInProgressError
from app.adapters.issuer_entry import IssuerRules, read_issuer
from app.adapters.parameters import EntryRefusedError
from app.domain.errors import IssuersUnavailableError
from app.domain.issuers import Issuer, Issuers

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_SOON: Final = 1
"""Seconds after which a reading under way has probably ended."""

_log = logging.getLogger(__name__)


@final
class SsmIssuers:
    def __init__(
        self,
        client: "SSMClient",
        *,
        path: str,
        rules: IssuerRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._path = path
        self._rules = rules
        self._clock = clock
        self._issuers = Cached(
            self._load, fresh=parameters.FRESH, usable=parameters.USABLE, clock=clock
        )

    def read(self) -> Issuers:
        """Return those of at most a minute ago, and never wait for a reading.

        Anybody may ask, with a token that nobody has signed: a Parameter Store that is
        slow must not take the threads of those whose tokens need no issuer.
        """
        try:
            return self._issuers.read_or_begin()
        except ReadingInProgressError as reading:
            raise IssuersUnavailableError(
                retry_after_seconds=_SOON, pending=reading.ended
            ) from reading

    def discard(self) -> None:
        """Have whoever comes next begin a reading."""
        self._issuers.discard()

    def _load(self) -> Issuers:
        try:
            entries = list(parameters.read_below(self._client, self._path, self._clock))
        except Exception as error:
            _log.exception("The issuers cannot be read")
            raise IssuersUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
        return Issuers(self._unmistakable(list(self._valid(entries))))

    def _valid(self, entries: Collection[tuple[str, str]]) -> Iterator[Issuer]:
        for alias, value in entries:
            try:
                yield read_issuer(alias, value, self._rules)
            except EntryRefusedError as refused:
                _log.error(
                    "The issuer %s/%s is left out: %s", self._path, alias, refused
                )

    def _unmistakable(self, issuers: Collection[Issuer]) -> Iterator[Issuer]:
        """Leave out all of one URL: each would make other people of its subjects.

        Whoever is disabled under one alias would come back under another.
        """
        count = Counter(issuer.url for issuer in issuers)
        for issuer in issuers:
            if count[issuer.url] == 1:
                yield issuer
            else:
                _log.error(
                    "The issuer %s/%s is left out: its Issuer stands in another entry, "
                    "which is left out as well",
                    self._path,
                    issuer.alias,
                )
