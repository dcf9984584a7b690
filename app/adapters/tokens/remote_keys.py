"""The keys of other issuers: fetched when they are needed, and kept."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias, final

from app import strict_json
from app.adapters.cached import FAILURE_REMEMBERED, Cached, ReadingInProgressError
from app.adapters.issuer_entry import is_address
from app.adapters.tokens import key_set
from app.adapters.tokens.documents import Documents, FetchError, Visit
from app.adapters.tokens.key_set import GarbageError, PublicKeys
from app.adapters.tokens.signature import PublicKey
from app.domain.errors import IssuerKeysUnavailableError
from app.domain.issuers import Issuer

FRESH: Final = timedelta(hours=1)
USABLE: Final = timedelta(days=1)
"""While an issuer cannot be reached, its people go on being let in this long."""

INTERVAL: Final = timedelta(seconds=10)
"""However many unknown ``kid``s arrive, keys are not fetched more often."""

_SOON: Final = 1
"""Seconds after which a fetch under way has probably ended."""

_DISCOVERY: Final = "/.well-known/openid-configuration"

_Place: TypeAlias = tuple[str, str, str | None, frozenset[str]]

_log = logging.getLogger(__name__)


@final
class RemoteKeys:
    """One key set for each issuer, each with a cache and threads of its own."""

    def __init__(
        self,
        *,
        on_loopback: bool,
        clock: Callable[[], datetime],
        new_documents: Callable[[], Documents] = Documents,
    ) -> None:
        self._on_loopback = on_loopback
        self._clock = clock
        self._new_documents = new_documents
        self._sources: dict[str, tuple[_Place, _Source]] = {}
        self._changing = threading.Lock()

    def find(self, issuer: Issuer, algorithm: str, kid: str) -> PublicKey | None:
        """Look a key up; an unknown one may be newer than the copy kept.

        Nobody waits: whoever names a known key has it at once, and while keys are
        fetched for others, those have ``IssuerKeysUnavailableError`` with what they
        can wait for.
        """
        cached = self._source_of(issuer).keys
        try:
            key = cached.read_or_begin().get((algorithm, kid))
            if key is None:
                key = cached.begin_again(interval=INTERVAL).get((algorithm, kid))
        except ReadingInProgressError as reading:
            raise IssuerKeysUnavailableError(
                retry_after_seconds=_SOON, pending=reading.ended
            ) from reading
        return key

    def _source_of(self, issuer: Issuer) -> "_Source":
        place = (issuer.alias, issuer.url, issuer.jwks_uri, issuer.algorithms)
        with self._changing:
            known = self._sources.get(issuer.alias)
            if known is not None and known[0] == place:
                return known[1]
            # The first, or the entry has changed: nothing of before may serve on.
            source = _Source(
                issuer,
                self._new_documents(),
                on_loopback=self._on_loopback,
                clock=self._clock,
            )
            self._sources[issuer.alias] = (place, source)
            return source


@final
class _Source:
    def __init__(
        self,
        issuer: Issuer,
        documents: Documents,
        *,
        on_loopback: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._issuer = issuer
        self._documents = documents
        self._on_loopback = on_loopback
        self.keys = Cached(self._load, fresh=FRESH, usable=USABLE, clock=clock)

    def _load(self) -> PublicKeys:
        try:
            return self._documents.visit(self._fetch)
        except (FetchError, GarbageError) as error:
            _log.warning(
                "The keys of the issuer %s cannot be fetched: %s",
                self._issuer.alias,
                error,
            )
            raise IssuerKeysUnavailableError(
                retry_after_seconds=int(FAILURE_REMEMBERED.total_seconds())
            ) from error

    def _fetch(self, visit: Visit) -> PublicKeys:
        uri = self._issuer.jwks_uri or self._discover(visit)
        return key_set.read(visit.get(uri), self._issuer.algorithms)

    def _discover(self, visit: Visit) -> str:
        """Ask the issuer where its keys are (OpenID Connect Discovery 1.0, 4)."""
        url = self._issuer.url
        data = visit.get(url.removesuffix("/") + _DISCOVERY)
        try:
            metadata = strict_json.loads(data)
        except strict_json.NotStrictJSONError as error:
            raise GarbageError("its metadata are not strict JSON") from error
        if not isinstance(metadata, dict) or metadata.get("issuer") != url:
            raise GarbageError("its metadata are another issuer's")
        uri = metadata.get("jwks_uri")
        if not isinstance(uri, str) or not is_address(
            uri, on_loopback=self._on_loopback
        ):
            raise GarbageError("its metadata have no jwks_uri that may be fetched")
        return uri
