"""Managed policies: their versions, and which version decides.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

from aikagi_emulator.aws.policy_documents import identity_policy
from aikagi_emulator.aws.snapshot import PolicySnapshot
from aikagi_emulator.iam import Policy
from aikagi_emulator.template import Resource, Stack

MOST_VERSIONS: Final = 5
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

LONGEST_DELAY: Final = timedelta(hours=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """``document`` is the text as it was sent, ``policy`` what it means."""

    version_id: str
    document: str
    policy: Policy
    created_at: datetime


@final
class PolicyDelay:
    """How long a new default version waits until it decides. Zero unless it is set.

    IAM is eventually consistent, and does not say how long that takes:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """

    def __init__(self) -> None:
        self._delay = timedelta()

    def __call__(self) -> timedelta:
        return self._delay

    def set(self, delay: timedelta) -> None:
        """Raises ``ValueError`` for less than nothing and more than an hour."""
        if not timedelta() <= delay <= LONGEST_DELAY:
            msg = f"a policy's delay is from 0 to {LONGEST_DELAY.seconds} seconds"
            raise ValueError(msg)
        self._delay = delay


@final
class ManagedPolicy:
    """One managed policy of the template. Safe in any thread.

    ``version``, ``versions`` and ``default`` are what the API answers, at once.
    ``in_force`` is what decides, which follows after ``delay`` by ``clock``.
    """

    def __init__(
        self,
        resource: Resource,
        *,
        clock: Callable[[], datetime],
        delay: Callable[[], timedelta],
    ) -> None:
        document = resource.properties.get("PolicyDocument")
        policy = identity_policy(document, resource.logical_id)
        self.arn = resource.ref
        self.logical_id = resource.logical_id
        self.created_at = clock()
        self._template = json.dumps(document)
        self._clock = clock
        self._delay = delay
        self._lock = threading.RLock()
        self._last = 0
        self._versions: dict[str, PolicyVersion] = {}
        self._defaults: list[PolicyVersion] = []
        self.add(self._template, policy, default=True)

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def path(self) -> str:
        return self.arn.partition(":policy")[2].removesuffix(self.name)

    @property
    def policy_id(self) -> str:
        """``ANPA`` and seventeen characters, the same at every start."""
        return "ANPA" + hashlib.sha256(self.arn.encode()).hexdigest()[:17].upper()

    @property
    def default(self) -> PolicyVersion:
        return self._defaults[-1]

    @property
    def versions(self) -> tuple[PolicyVersion, ...]:
        """The newest first, as IAM lists them."""
        return tuple(reversed(self._versions.values()))

    @property
    def in_force(self) -> Policy:
        """What requests are decided by now: the latest default that waits no more.

        One that was made at a time yet to come, because the clock was moved back
        since, waits no more either.
        """
        now, delay = self._clock(), self._delay()
        with self._lock:
            first, *later = self._defaults
            for version in reversed(later):
                if not timedelta() <= now - version.created_at < delay:
                    return version.policy
            return first.policy

    def version(self, version_id: str) -> PolicyVersion | None:
        return self._versions.get(version_id)

    def add(
        self, document: str, policy: Policy, *, default: bool
    ) -> PolicyVersion | None:
        """The new version, or None where there are five already."""
        with self._lock:
            if len(self._versions) >= MOST_VERSIONS:
                return None
            self._last += 1
            version = PolicyVersion(
                version_id=f"v{self._last}",
                document=document,
                policy=policy,
                created_at=self._clock(),
            )
            self._versions[version.version_id] = version
            if default:
                self._defaults.append(version)
            return version

    def delete(self, version_id: str) -> bool:
        """Whether it was deleted: the default version cannot be."""
        with self._lock:
            if version_id == self.default.version_id:
                return False
            self._versions.pop(version_id, None)
            return True

    def snapshot(self) -> PolicySnapshot:
        with self._lock:
            return PolicySnapshot(
                template=self._template,
                versions={v.version_id: v.document for v in self._versions.values()},
                default=self.default.version_id,
                last=self._last,
            )

    def restore(self, earlier: PolicySnapshot) -> None:
        """Go on from an earlier stack, as CloudFormation does when it updates one.

        A document that is the same in the template before leaves the policy alone,
        whatever versions others have made; another one is a new default version.
        """
        with self._lock:
            own = self.default
            self._versions = {
                version_id: self._restored(version_id, document)
                for version_id, document in earlier.versions.items()
            }
            self._last = earlier.last
            self._defaults = [self._versions[earlier.default]]
            if earlier.template != self._template:
                if len(self._versions) >= MOST_VERSIONS:
                    oldest, second, *_ = self._versions
                    self.delete(second if oldest == earlier.default else oldest)
                self.add(own.document, own.policy, default=True)

    def _restored(self, version_id: str, document: str) -> PolicyVersion:
        return PolicyVersion(
            version_id=version_id,
            document=document,
            policy=identity_policy(json.loads(document), self.logical_id),
            created_at=self.created_at,
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicies:
    """Those that the template declares, by ARN. AWS's own are not loaded."""

    by_arn: Mapping[str, ManagedPolicy]
    delay: PolicyDelay = field(default_factory=PolicyDelay)

    def __iter__(self) -> Iterator[ManagedPolicy]:
        return iter(self.by_arn.values())

    def find(self, arn: str) -> ManagedPolicy | None:
        return self.by_arn.get(arn)

    def snapshot(self) -> Mapping[str, PolicySnapshot]:
        return {policy.arn: policy.snapshot() for policy in self}

    def restore(self, earlier: Mapping[str, PolicySnapshot]) -> None:
        for policy in self:
            if policy.arn in earlier:
                policy.restore(earlier[policy.arn])


def managed_policies_of(
    stack: Stack, *, clock: Callable[[], datetime]
) -> ManagedPolicies:
    """Raises ``TemplateError`` naming the resource that cannot be read."""
    delay = PolicyDelay()
    policies = (
        ManagedPolicy(resource, clock=clock, delay=delay)
        for resource in stack.of_type("AWS::IAM::ManagedPolicy")
    )
    return ManagedPolicies(
        by_arn={policy.arn: policy for policy in policies}, delay=delay
    )
