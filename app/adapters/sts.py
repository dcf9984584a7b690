"""The only module that talks to STS."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, final

import boto3

from app.adapters import aws
from app.domain.credentials import TemporaryCredentials
from app.domain.errors import SessionsUnavailableError
from app.domain.metrics import (
    PACKED_POLICY_SIZE,
    STS_LATENCY,
    STS_THROTTLES,
    Metric,
)
from app.domain.session import SessionPlan

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleResponseTypeDef

_log = logging.getLogger(__name__)


Measure: TypeAlias = Callable[[Metric, float], None]


def measure_nothing(metric: Metric, value: float) -> None:
    del metric, value


def connect(
    session: boto3.session.Session, *, measure: Measure = measure_nothing
) -> "STSClient":
    """Make a client that counts the tries which STS throttles, the first included."""
    client = session.client("sts", config=aws.IMPATIENT)

    def look_at(parsed_response: Mapping[str, Any] | None, **_: object) -> None:
        if parsed_response and aws.is_throttled(parsed_response):
            measure(STS_THROTTLES, 1)

    client.meta.events.register(
        "response-received.sts.AssumeRole", look_at, unique_id="throttles"
    )
    return client


@final
class StsSessions:
    """Makes sessions by assuming a role on many people's behalf.

    ``timer`` gives seconds since any moment, and is never set back.
    """

    def __init__(
        self,
        client: "STSClient",
        *,
        clock: Callable[[], datetime],
        measure: Measure = measure_nothing,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._client = client
        self._clock = clock
        self._measure = measure
        self._timer = timer

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        """Assume the role as planned: with less than that only of the claims' tags.

        STS names accounts and roles in its errors, so its words go to the log and
        stay on ``__cause__``; the caller learns only that it failed, by
        ``SessionsUnavailableError``.
        """
        try:
            return self._begin(plan, len(plan.claim_tags))
        # A garbled answer raises ValueError, KeyError or ResponseParserError, which
        # share no base with botocore's other errors.
        except Exception as error:
            _log.exception("STS issued no session for grant %s", plan.grant_id)
            raise SessionsUnavailableError(
                retry_after_seconds=aws.retry_after(error)
            ) from error

    def _begin(self, plan: SessionPlan, claim_tags: int) -> TemporaryCredentials:
        """Assume the role with that many of the claims' tags, or as STS has room."""
        try:
            answer = self._assume(plan, plan.claim_tags[:claim_tags])
        except self._client.exceptions.PackedPolicyTooLargeException:
            if not claim_tags:
                raise
            return self._begin(plan, claim_tags - 1)
        if "PackedPolicySize" in answer:
            self._measure(PACKED_POLICY_SIZE, answer["PackedPolicySize"])
        dropped = tuple(key for key, _ in plan.claim_tags[claim_tags:])
        return _credentials(answer, plan, dropped, self._clock())

    def _assume(
        self, plan: SessionPlan, claim_tags: Iterable[tuple[str, str]]
    ) -> "AssumeRoleResponseTypeDef":
        began = self._timer()
        try:
            return self._client.assume_role(
                RoleArn=plan.function.role_arn,
                RoleSessionName=plan.name,
                SourceIdentity=plan.source_identity,
                Tags=[
                    {"Key": key, "Value": value}
                    for key, value in (*plan.tags.items(), *claim_tags)
                ],
                Policy=plan.policy,
                DurationSeconds=int(plan.session_duration.total_seconds()),
            )
        finally:
            # As long as somebody waited, the second try and what is between included.
            milliseconds = (self._timer() - began) * 1000
            self._measure(STS_LATENCY, round(milliseconds, 2))


def _credentials(
    answer: "AssumeRoleResponseTypeDef",
    plan: SessionPlan,
    dropped_tags: tuple[str, ...],
    now: datetime,
) -> TemporaryCredentials:
    issued = answer["Credentials"]
    # botocore gives the local time zone.
    expires_at = issued["Expiration"].astimezone(UTC)
    credentials = TemporaryCredentials(
        access_key_id=_filled(issued["AccessKeyId"]),
        secret_access_key=_filled(issued["SecretAccessKey"]),
        session_token=_filled(issued["SessionToken"]),
        expires_at=min(expires_at, plan.ends_at or expires_at),
        request_id=answer["ResponseMetadata"]["RequestId"],
        grant_id=plan.grant_id,
        issued=plan.issued,
        dropped_tags=dropped_tags,
        packed_policy_size=answer.get("PackedPolicySize"),
    )
    if credentials.expires_at <= now:
        msg = "STS answered with credentials that have expired"
        raise ValueError(msg)
    return credentials


def _filled(value: object) -> str:
    if not isinstance(value, str) or not value:
        msg = "STS answered with an empty field"
        raise ValueError(msg)
    return value
