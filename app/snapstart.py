"""Before Lambda takes a snapshot of the process, and after it has restored one.

AWS Lambda Developer Guide, "Improving startup performance with Lambda SnapStart": one
snapshot becomes many processes, at any later time. What is the same in all of them, and
what ages, is let go before and made anew after.
"""

import gc
import io
import json
import logging
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, final

from botocore.credentials import RefreshableCredentials
from fastapi import FastAPI

from app.adapters.audit import AuditLines
from app.adapters.line_writer import LineWriter
from app.audit_trail import AuditTrail
from app.bootstrap import Assembly
from app.broker import Broker, Users
from app.domain.catalogue import Catalogue, Function, InvokeMode
from app.domain.credentials import TemporaryCredentials
from app.domain.errors import ProblemError
from app.domain.identity import LOCAL, Bearer, Identity, User
from app.domain.metrics import RESTORES
from app.domain.session import SessionPlan
from app.grant_limits import TokenBuckets
from app.http_api import Handler

_NOBODY: Final = Identity(issuer=LOCAL, subject="snapstart")
"""In whose name everything is tried once. They get nothing, if there is such a user."""

_FUNCTION: Final = Function(
    name="snapstart",
    title="None",
    description="",
    arn="arn:aws:lambda:us-east-1:123456789012:function:none",
    url="https://none.invalid/",
    region="us-east-1",
    invoke_mode=InvokeMode.BUFFERED,
    groups=frozenset({"snapstart"}),
    max_duration_seconds=3600,
    role_arn="arn:aws:iam::123456789012:role/none",
)
"""It is in no catalogue but that of the request that is tried."""

LONGEST_WAIT: Final = 5.0
"""Seconds for all that is read after a restore, which ends in failure after ten."""

_LONGEST_READING: Final = 20.0
"""Seconds for the issuers: longer than botocore tries."""

_log = logging.getLogger(__name__)


class SharedCredentialsError(Exception):
    """All restored processes would have the same credentials, long after their end."""

    def __init__(self) -> None:
        super().__init__(
            "The environment has credentials that cannot be fetched anew, and every "
            "process of the snapshot would have them, long after their end: deploy "
            "with SnapStart=None"
        )


@final
class SnapStartHooks:
    """Raises what it must in ``before_snapshot`` alone: that stops the deployment."""

    def __init__(
        self,
        handler: Handler,
        app: FastAPI,
        assembly: Assembly,
        *,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._handler = handler
        self._app = app
        self._assembly = assembly
        self._longest_wait = longest_wait

    def register(self) -> None:
        """Have Lambda's runtime call both."""
        from snapshot_restore_py import (
            register_after_restore,
            register_before_snapshot,
        )

        register_before_snapshot(self.before_snapshot)
        register_after_restore(self.after_restore)

    def before_snapshot(self) -> None:
        """Do once what a grant does, and leave nothing open and nothing that was read.

        Raises ``SharedCredentialsError``.
        """
        credentials = self._assembly.session.get_credentials()
        if not isinstance(credentials, RefreshableCredentials):
            raise SharedCredentialsError
        wait(self._begin_readings())
        self._try_a_grant()
        for copy in self._assembly.copies:
            copy.discard()
        self._assembly.clients.close()
        gc.collect()
        gc.freeze()

    def after_restore(self) -> None:
        """Read what the first request needs, at once and over new connections.

        What takes too long goes on while the first request is answered.
        """
        # Whatever is secret or unique comes from the operating system, which Lambda
        # keeps apart; botocore's waits between two tries come from here.
        random.seed()
        self._assembly.metrics.add(RESTORES)
        wait(self._begin_readings(), timeout=self._longest_wait)

    def _begin_readings(self) -> Sequence[Future[None]]:
        broker, clients = self._assembly.broker, self._assembly.clients
        readings: list[Callable[[], object]] = [
            lambda: broker.tokens.mint(_bearer(broker)),
            lambda: _read_issuers(broker),
            broker.catalogue.read,
            lambda: broker.users.find(_NOBODY),
            # It needs no permission, and opens the connection of the first session.
            clients.sts.get_caller_identity,
        ]
        threads = ThreadPoolExecutor(len(readings))
        begun = [threads.submit(_try, reading) for reading in readings]
        threads.shutdown(wait=False)
        return begun

    def _try_a_grant(self) -> None:
        """Send a request through the handler that reads, and leaves nothing behind.

        Neither STS is asked nor a record made: its credentials open nothing.
        """
        broker = self._assembly.broker
        try:
            event = _grant_event(broker)
        except ProblemError:  # no key, no token: the log has the reason by now
            return
        with self._serving(
            replace(
                broker,
                users=_EverybodyIsKnown(broker.users),
                catalogue=_OneFunction(),
                grant_limits=TokenBuckets(clock=broker.clock),
                sessions=_EmptySessions(broker.clock),
                audit=_unheard_trail(broker.clock),
            )
        ):
            self._handler(event, None)

    @contextmanager
    def _serving(self, broker: Broker) -> Iterator[None]:
        self._app.state.broker = broker
        try:
            yield
        finally:
            self._app.state.broker = self._assembly.broker


@final
class _EverybodyIsKnown:
    """Reads as the table does, whoever is there. Satisfies ``broker.Users``."""

    def __init__(self, users: Users) -> None:
        self.require_usable = users.require_usable
        self.replace_password = users.replace_password
        self.admit = users.admit
        self._users = users

    def find(self, identity: Identity) -> User:
        self._users.find(identity)
        return User(identity=identity, groups=_FUNCTION.groups)


@final
class _OneFunction:
    """Satisfies ``broker.CatalogueSource``."""

    def read(self) -> Catalogue:
        return Catalogue([_FUNCTION])


@final
class _EmptySessions:
    """Credentials of nobody. Satisfies ``broker.Sessions``."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        return TemporaryCredentials(
            access_key_id="none",
            secret_access_key="none",  # noqa: S106 - it opens nothing
            session_token="none",  # noqa: S106 - it opens nothing
            expires_at=self._clock(),
            request_id="none",
            grant_id=plan.grant_id,
            issued=plan.issued,
        )


def _unheard_trail(clock: Callable[[], datetime]) -> AuditTrail:
    """Make one that does its work, of which nothing is seen, and nothing is counted."""
    return AuditTrail(log=AuditLines(LineWriter(io.StringIO())), clock=clock)


def _try(reading: Callable[[], object]) -> None:
    """Log a failure, and no more: the first request that needs it reads again."""
    try:
        reading()
    except Exception as error:  # noqa: BLE001 - no fault of AWS may stop the process
        _log.warning("A reading around a snapshot failed: %s", type(error).__name__)


def _read_issuers(broker: Broker) -> None:
    try:
        broker.issuers.read()
    except ProblemError as error:
        if error.pending is None:
            raise
        error.pending.result(_LONGEST_READING)


def _bearer(broker: Broker) -> Bearer:
    now = broker.clock()
    return Bearer(
        identity=_NOBODY,
        login_id=broker.new_id(),
        issued_at=now,
        login_ends_at=now + timedelta(minutes=1),
    )


def _grant_event(broker: Broker) -> dict[str, Any]:
    token = broker.tokens.mint(_bearer(broker)).text
    return {
        "version": "2.0",
        "rawQueryString": "",
        "headers": {
            "host": "localhost",
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
        },
        "requestContext": {
            "http": {"method": "POST", "path": "/grant", "sourceIp": "127.0.0.1"}
        },
        "body": json.dumps({"FunctionName": _FUNCTION.name, "DurationSeconds": 900}),
        "isBase64Encoded": False,
    }
