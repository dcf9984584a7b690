"""What happens in the broker is put on record here, refusals included, and counted.

The protocol is what this needs from the world, as in ``app.broker``.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, final

from app.domain.audit import (
    AuditRecord,
    GrantRecord,
    GrantRefusedRecord,
    LoginRecord,
    LogoutRecord,
    PasswordChangeRecord,
    RefusalRecord,
    RenewalRecord,
    RequestRecord,
    recordable_name,
    recordable_seconds,
)
from app.domain.credentials import Grant, Source, TokenPair
from app.domain.errors import AuditUnavailableError, ProblemError
from app.domain.identity import AnyBearer, Bearer, Identity, User
from app.domain.session import SessionRequest
from app.request_metrics import RequestMetrics

_log = logging.getLogger(__name__)


class AuditLog(Protocol):
    def write(self, record: AuditRecord) -> None:
        """Return only when the record is written. Raise ``AuditUnavailableError``."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """One record for each request, at most.

    A grant waits for its record, and is not made without it: nothing reaches a
    function but by a grant. Everything else has happened when it is recorded, and
    cannot be taken back; where its record is lost, the log says so, and the answer
    stays what it is. Whatever becomes of its record, it is counted.
    """

    log: AuditLog
    clock: Callable[[], datetime]
    metrics: RequestMetrics = field(default_factory=RequestMetrics)

    def granted(self, grant: Grant, source: Source) -> None:
        """Record a grant. Raises ``AuditUnavailableError``."""
        record = GrantRecord.of(grant, source)
        self.log.write(record)
        self.metrics.count(record)

    def logged_in(self, pair: TokenPair, source: Source) -> None:
        self._record(LoginRecord(**self._of_login(pair.refresh.bearer, source)))

    def renewed(self, pair: TokenPair, source: Source) -> None:
        self._record(RenewalRecord(**self._of_login(pair.refresh.bearer, source)))

    def logged_out(self, bearer: Bearer, source: Source) -> None:
        self._record(LogoutRecord(**self._of_login(bearer, source)))

    def password_changed(self, user: User, source: Source) -> None:
        self._record(
            PasswordChangeRecord(
                time=self.clock(), source=source, identity=user.identity
            )
        )

    @contextmanager
    def refusals(self, record: type[RefusalRecord], source: Source) -> Iterator[None]:
        """Record why what is done inside fails, and for whom; the failure goes on."""
        with self._failures(record, source, None):
            yield

    @contextmanager
    def grant_refusals(
        self,
        bearer: AnyBearer,
        asked: SessionRequest,
        source: Source,
        *,
        is_dry_run: bool = False,
    ) -> Iterator[None]:
        """Do the same of a grant, with what was asked for."""
        with self._failures(
            GrantRefusedRecord,
            source,
            bearer.identity,
            function_name=recordable_name(asked.function_name),
            duration_seconds=recordable_seconds(asked.duration_seconds),
            dry_run=is_dry_run,
        ):
            yield

    @contextmanager
    def _failures(
        self,
        record: type[RefusalRecord],
        source: Source,
        identity: Identity | None,
        **asked: Any,  # noqa: ANN401 - the fields of that record and no other
    ) -> Iterator[None]:
        with self.metrics.of_request():
            try:
                yield
            except ProblemError as error:
                refusal = record(
                    time=self.clock(),
                    source=source,
                    identity=identity or error.identity,
                    reason=error.reason,
                    **asked,
                )
                if isinstance(error, AuditUnavailableError):
                    # The adapter has logged it, and another line would be lost as this
                    # one was.
                    self.metrics.count(refusal)
                else:
                    self._record(refusal)
                raise

    def _record(self, record: RequestRecord) -> None:
        try:
            self.log.write(record)
        except AuditUnavailableError:
            _log.error(
                "An event is missing from the audit: %s of request %s",
                record.event,
                record.source.request_id,
            )
        self.metrics.count(record)

    def _of_login(self, bearer: Bearer, source: Source) -> dict[str, Any]:
        return {
            "time": self.clock(),
            "source": source,
            "identity": bearer.identity,
            "login_id": bearer.login_id,
        }
