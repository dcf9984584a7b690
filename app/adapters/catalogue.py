"""The catalogue: one SSM parameter for each function, beside it in the template."""

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, final

from app.adapters import aws, parameters
from app.adapters.cached import Cached
from app.adapters.catalogue_entry import EntryRules, read_entry
from app.adapters.parameters import EntryRefusedError
from app.domain.catalogue import Catalogue, Function
from app.domain.errors import CatalogueUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_log = logging.getLogger(__name__)


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
        self._catalogue = Cached(
            self._load, fresh=parameters.FRESH, usable=parameters.USABLE, clock=clock
        )

    def read(self) -> Catalogue:
        """Return the catalogue of at most a minute ago."""
        return self._catalogue.read()

    def _load(self) -> Catalogue:
        try:
            entries = list(parameters.read_below(self._client, self._path, self._clock))
        except Exception as error:
            _log.exception("The catalogue cannot be read")
            raise CatalogueUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
        return Catalogue(self._functions(entries))

    def _functions(self, entries: Collection[tuple[str, str]]) -> Iterator[Function]:
        """Keep the entries that hold, and say of the others why they do not."""
        seen: set[str] = set()
        for name, value in entries:
            parameter = f"{self._path}/{name}"
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
