"""The revocation policy in IAM: its default version is what AWS refuses by.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import boto3

from app.adapters import aws
from app.admin.revocation.answers import understood

_MOST_VERSIONS: Final = 5
_TRIES: Final = 2
"""IAM's lists are eventually consistent: a version may be there that is not listed."""


def connect(session: boto3.session.Session) -> Any:  # noqa: ANN401 - the types of IAM's client are not among those installed
    return session.client("iam", config=aws.IMPATIENT)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultVersion:
    """``document`` is as parsed: text that differs in white space is the same."""

    version_id: str
    document: Mapping[str, Any]


@final
class RevocationPolicy:
    """Each may raise what botocore raises."""

    def __init__(self, client: Any, *, arn: str) -> None:  # noqa: ANN401 - of connect()
        self._client = client
        self._arn = arn

    def read(self) -> DefaultVersion:
        with understood("IAM"):
            policy = self._client.get_policy(PolicyArn=self._arn)["Policy"]
            version_id = policy["DefaultVersionId"]
            version = self._client.get_policy_version(
                PolicyArn=self._arn, VersionId=version_id
            )["PolicyVersion"]
            # botocore has parsed it.
            return DefaultVersion(version_id=version_id, document=version["Document"])

    def write(self, document: str, present: DefaultVersion) -> DefaultVersion:
        """Make ``document`` the default version, unless ``present`` is that already."""
        wanted = json.loads(document)
        if present.document == wanted:
            return present
        with understood("IAM"):
            return DefaultVersion(version_id=self._create(document), document=wanted)

    def _create(self, document: str) -> str:
        for left in reversed(range(_TRIES)):
            self._make_room()
            try:
                made = self._client.create_policy_version(
                    PolicyArn=self._arn, PolicyDocument=document, SetAsDefault=True
                )
            except self._client.exceptions.LimitExceededException:
                if not left:
                    raise
            else:
                break
        return str(made["PolicyVersion"]["VersionId"])

    def _make_room(self) -> None:
        """Delete the oldest versions: five are the most, and one is to come."""
        listed = self._client.list_policy_versions(PolicyArn=self._arn)["Versions"]
        others = sorted(
            (version for version in listed if not version["IsDefaultVersion"]),
            key=lambda version: int(version["VersionId"].removeprefix("v")),
        )
        for version in others[: max(0, len(listed) - _MOST_VERSIONS + 1)]:
            try:
                self._client.delete_policy_version(
                    PolicyArn=self._arn, VersionId=version["VersionId"]
                )
            except self._client.exceptions.NoSuchEntityException:
                # Somebody else has made room.
                continue
