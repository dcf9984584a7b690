"""The catalogue: one SSM parameter for each function, beside it in the template."""

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, final

import boto3

from app.adapters import aws
from app.adapters.cached import Cached
from app.adapters.catalogue_entry import EntryRefusedError, EntryRules, read_entry
from app.domain.catalogue import Catalogue, Function
from app.domain.errors import CatalogueUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_FRESH: Final = timedelta(seconds=30)
_USABLE: Final = timedelta(seconds=60)
"""An entry is authority: one taken away is gone within a minute, come what may."""

_LONGEST_READING: Final = timedelta(seconds=10)
"""For all pages together: each may be slow, and a grant waits for the last."""

_log = logging.getLogger(__name__)


def connect(session: boto3.session.Session) -> "SSMClient":
    return session.client("ssm", config=aws.IMPATIENT)


@final
class SsmCatalogue:
    def __init__(
        self,
        client: "SSMClient",
        *,
        path: str,
        rules: EntryRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._path = path
        self._rules = rules
        self._clock = clock
        self._catalogue = Cached(self._load, fresh=_FRESH, usable=_USABLE, clock=clock)

    def read(self) -> Catalogue:
        """Return the catalogue of at most a minute ago."""
        return self._catalogue.read()

    def _load(self) -> Catalogue:
        try:
            entries = list(self._entries())
        except Exception as error:
            _log.exception("The catalogue cannot be read")
            raise CatalogueUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
        return Catalogue(self._functions(entries))

    def _entries(self) -> Iterator[tuple[str, str]]:
        started = self._clock()
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=self._path
        )
        for page in pages:
            if self._clock() - started > _LONGEST_READING:
                raise TimeoutError("the pages of the catalogue arrive too slowly")
            for parameter in page["Parameters"]:
                yield parameter["Name"], parameter["Value"]

    def _functions(self, entries: Collection[tuple[str, str]]) -> Iterator[Function]:
        """Keep the entries that hold, and say of the others why they do not."""
        seen: set[str] = set()
        for parameter, value in entries:
            name = parameter.removeprefix(self._path).removeprefix("/")
            try:
                function = read_entry(name, value, self._rules)
            except EntryRefusedError as refused:
                _log.error("The catalogue's %s is left out: %s", parameter, refused)
                continue
            # Two names for one function would be two sets of groups for it.
            if function.arn in seen:
                _log.error(
                    "The catalogue's %s is left out: its ARN stands in another entry",
                    parameter,
                )
                continue
            seen.add(function.arn)
            yield function
