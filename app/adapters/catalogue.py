"""The catalogue: one SSM parameter for each function, beside it in the template."""

import logging
from collections import defaultdict
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

    def discard(self) -> None:
        """Have whoever comes next read it."""
        self._catalogue.discard()

    def _load(self) -> Catalogue:
        try:
            entries = list(parameters.read_below(self._client, self._path, self._clock))
        except Exception as error:
            _log.exception("The catalogue cannot be read")
            raise CatalogueUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error
        functions = list(self._valid(entries))
        self._report_shared(functions)
        return Catalogue(functions)

    def _valid(self, entries: Collection[tuple[str, str]]) -> Iterator[Function]:
        """Keep the entries that hold, and say of the others why they do not."""
        for name, value in entries:
            try:
                yield read_entry(name, value, self._rules)
            except EntryRefusedError as refused:
                _log.error(
                    "The catalogue's %s/%s is left out: %s", self._path, name, refused
                )

    def _report_shared(self, functions: Collection[Function]) -> None:
        """Say which entries name one function.

        None of them is left out: whoever may write an entry could take any function
        away by naming it. Nor does any open what is another's: AWS lets a session call
        the function whose tag ``aikagi:function`` is the entry's name, in the stack of
        the entry's role.
        """
        names = defaultdict(list)
        for function in functions:
            names[_unqualified(function.arn)].append(function.name)
        for arn, sharing in names.items():
            if len(sharing) > 1:
                _log.error(
                    "The catalogue's entries %s of %s name one function, %s: only the "
                    "one that is called as its tag aikagi:function says can open it",
                    ", ".join(sorted(sharing)),
                    self._path,
                    arn,
                )


def _unqualified(arn: str) -> str:
    """Leave out a version or an alias: the tag is the function's."""
    return ":".join(arn.split(":")[:7])
