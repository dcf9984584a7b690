"""The one place where the broker's objects are made."""

import logging
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, Self, final

from app.adapters import aws, parameters, signing_secret, sts, table
from app.adapters.attempt_table import AttemptTable
from app.adapters.audit import AuditLines
from app.adapters.catalogue import SsmCatalogue
from app.adapters.catalogue_entry import EntryRules
from app.adapters.embedded_metrics import EmbeddedMetrics
from app.adapters.issuer_entry import IssuerRules
from app.adapters.issuers import SsmIssuers
from app.adapters.line_writer import LineWriter
from app.adapters.login_table import LoginTable
from app.adapters.passwords import Passwords
from app.adapters.sts import StsSessions
from app.adapters.table import Table
from app.adapters.tokens import (
    AccessTokens,
    BearerTokens,
    IssuerTokens,
    RefreshTokens,
    RemoteKeys,
    SigningKeys,
    WeakSecretError,
)
from app.adapters.users import UserTable
from app.audit_trail import AuditTrail
from app.broker import Broker
from app.domain.errors import SigningKeyUnavailableError
from app.domain.logins import Lifetimes
from app.grant_limits import TokenBuckets
from app.logins import RotatingLogins
from app.password_checks import LimitedPasswordChecks
from app.request_metrics import RequestMetrics
from app.session_reuse import ReusedSessions
from app.settings import Settings

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

CONNECTIONS: Final = aws.CONNECTIONS
"""How many requests can wait for AWS at once."""

_log = logging.getLogger(__name__)


class Discardable(Protocol):
    def discard(self) -> None:
        """Hold nothing that was read any more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """One client for each service of AWS that the broker asks."""

    secrets: "SecretsManagerClient"
    parameters: "SSMClient"
    table: "DynamoDBClient"
    sts: "STSClient"

    @classmethod
    def connect(cls, session: "boto3.session.Session", metrics: RequestMetrics) -> Self:
        return cls(
            secrets=signing_secret.connect(session),
            parameters=parameters.connect(session),
            table=table.connect(session),
            sts=sts.connect(session, measure=metrics.add),
        )

    def close(self) -> None:
        """Close the connections; the next call opens another."""
        for client in (self.secrets, self.parameters, self.table, self.sts):
            client.close()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A broker, and what it is made of that outlives no process."""

    broker: Broker
    metrics: RequestMetrics
    session: "boto3.session.Session"
    clients: Clients
    copies: Sequence[Discardable]


def build_broker(
    settings: Settings, session: "boto3.session.Session | None" = None
) -> Broker:
    """Make a broker as ``assemble`` does."""
    return assemble(settings, session).broker


def assemble(
    settings: Settings, session: "boto3.session.Session | None" = None
) -> Assembly:
    """Make a broker that meets AWS by ``session``, or as the environment says.

    Nothing is opened yet but the signing secret, so that a weak one stops the start
    (``WeakSecretError``); one that cannot be read now is read at the first login.
    """
    session = session or aws.new_session()
    lines = LineWriter(sys.stdout)
    metrics = RequestMetrics(_metrics_log(settings, lines))
    clients = Clients.connect(session, metrics)
    keys = SigningKeys(
        clients.secrets,
        secret_arn=settings.signing_secret_arn,
        clock=_now,
    )
    _refuse_weak(keys)
    issuers = SsmIssuers(
        clients.parameters,
        path=settings.issuers_path,
        rules=IssuerRules(
            own=settings.token_issuer, on_loopback=settings.local_issuers
        ),
        clock=_now,
    )
    catalogue = SsmCatalogue(
        clients.parameters,
        path=settings.catalogue_path,
        rules=EntryRules(
            role=settings.invoke_role_arn,
            role_path=settings.invoke_role_path,
            local_origins=settings.local_function_urls,
        ),
        clock=_now,
    )
    people = Table(clients.table, name=settings.users_table)
    users = UserTable(people, passwords=Passwords(), clock=_now)
    broker = Broker(
        passwords=LimitedPasswordChecks(users, AttemptTable(people), clock=_now),
        users=users,
        tokens=BearerTokens(
            AccessTokens(
                keys,
                issuer=settings.token_issuer,
                lifetime=timedelta(seconds=settings.token_lifetime_seconds),
                clock=_now,
                new_id=_new_id,
            ),
            IssuerTokens(
                issuers,
                RemoteKeys(on_loopback=settings.local_issuers, clock=_now),
                clock=_now,
            ),
        ),
        logins=RotatingLogins(
            LoginTable(people),
            RefreshTokens(keys),
            lifetimes=Lifetimes(
                longest=timedelta(seconds=settings.login_lifetime_seconds),
                idle=timedelta(seconds=settings.login_idle_seconds),
            ),
            clock=_now,
        ),
        issuers=issuers,
        catalogue=catalogue,
        grant_limits=TokenBuckets(clock=_now),
        sessions=ReusedSessions(
            StsSessions(clients.sts, clock=_now, measure=metrics.add), clock=_now
        ),
        audit=AuditTrail(log=AuditLines(lines), clock=_now, metrics=metrics),
        clock=_now,
        new_id=_new_id,
        grant_seconds_after_login=settings.grant_seconds_after_login,
    )
    return Assembly(
        broker=broker,
        metrics=metrics,
        session=session,
        clients=clients,
        copies=(keys, issuers, catalogue, users),
    )


def _metrics_log(settings: Settings, lines: LineWriter) -> EmbeddedMetrics | None:
    if settings.metrics_namespace is None:
        return None
    return EmbeddedMetrics(lines, namespace=settings.metrics_namespace, clock=_now)


def _refuse_weak(keys: SigningKeys) -> None:
    try:
        keys.current()
    except SigningKeyUnavailableError as error:
        if isinstance(error.__cause__, WeakSecretError):
            raise error.__cause__ from None
        _log.warning("The broker starts without its signing secret")


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex
