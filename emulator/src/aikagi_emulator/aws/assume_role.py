"""What may be asked of AssumeRole, before anybody asks whether it is allowed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from aikagi_emulator.aws import constraints
from aikagi_emulator.aws.condition_keys import unmodelled_keys
from aikagi_emulator.aws.constraints import Violations
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.iam import Policy, PolicyError

_MOST_TAGS: Final = 50
_SECONDS: Final = re.compile(r"-?[0-9]{1,9}")
_ROLE_ARN: Final = re.compile(r"arn:aws:iam::[0-9]{12}:role/[\u0021-\u007e]+")
_MEMBER: Final = re.compile(
    r"(Tags)\.member\.([1-9][0-9]{0,3})\.(Key|Value)"
    r"|(TransitiveTagKeys)\.member\.([1-9][0-9]{0,3})"
)
_SCALARS: Final = frozenset(
    {
        "Action",
        "DurationSeconds",
        "ExternalId",
        "Policy",
        "RoleArn",
        "RoleSessionName",
        "SourceIdentity",
        "Version",
    }
)
_LISTS: Final = frozenset({"PolicyArns", "Tags", "TransitiveTagKeys"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRole:
    """A well-formed request. Nobody has decided about it yet.

    ``policy_text`` is the session policy as it was sent, for its size.
    """

    role_arn: str
    session_name: str
    seconds: int
    tags: Mapping[str, str]
    transitive_tag_keys: tuple[str, ...]
    policy: Policy | None
    policy_text: str
    external_id: str | None
    source_identity: str | None


def read(parameters: Mapping[str, str]) -> AssumeRole:
    """Check everything that needs no knowledge of roles or callers.

    Raises ``AwsError``: ``ValidationError`` naming every member at fault,
    ``InvalidParameterValue`` for tags that contradict each other,
    ``MalformedPolicyDocument``, or ``NotImplemented`` for a parameter that this
    stack does not model.
    """
    _refuse_unmodelled(parameters)
    get, found = parameters.get, Violations()
    role_arn = found.text("roleArn", get("RoleArn"), constraints.ROLE_ARN)
    session_name = found.text(
        "roleSessionName", get("RoleSessionName"), constraints.SESSION_NAME
    )
    seconds = found.number(
        "durationSeconds",
        _integer(get("DurationSeconds", "3600")),
        least=900,
        most=43200,
    )
    tags = _tags(parameters, found)
    transitive = _transitive(parameters, found)
    policy = found.optional("policy", get("Policy"), constraints.SESSION_POLICY)
    external_id = found.optional(
        "externalId", get("ExternalId"), constraints.EXTERNAL_ID
    )
    source_identity = found.optional(
        "sourceIdentity", get("SourceIdentity"), constraints.SESSION_NAME
    )
    found.settle()
    if not _ROLE_ARN.fullmatch(role_arn):
        raise AwsError("ValidationError", f"{role_arn} is invalid")
    _refuse_contradictions(tags, transitive)
    return AssumeRole(
        role_arn=role_arn,
        session_name=session_name,
        seconds=seconds,
        tags=dict(tags),
        transitive_tag_keys=transitive,
        policy=None if policy is None else _session_policy(policy),
        policy_text=policy or "",
        external_id=external_id,
        source_identity=source_identity,
    )


def _refuse_unmodelled(parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        # SDKs write an empty list as its bare name.
        empty_list = name in _LISTS and not value
        if not (name in _SCALARS or empty_list or _MEMBER.fullmatch(name)):
            what = f"the parameter {name.split('.')[0]} of sts:AssumeRole"
            raise not_modelled(what)


def _integer(text: str) -> int:
    if not _SECONDS.fullmatch(text):
        raise AwsError("MalformedInput", f"{text!r} is not an integer")
    return int(text)


def _tags(
    parameters: Mapping[str, str], found: Violations
) -> tuple[tuple[str, str], ...]:
    """Tags in the order of their numbers, twins included."""
    numbers = sorted(
        {int(m[2]) for m in map(_MEMBER.fullmatch, parameters) if m and m[1]}
    )
    found.count("tags", len(numbers), most=_MOST_TAGS)
    return tuple(
        (
            found.text(
                f"tags.{n}.member.key",
                parameters.get(f"Tags.member.{n}.Key"),
                constraints.TAG_KEY,
            ),
            found.text(
                f"tags.{n}.member.value",
                parameters.get(f"Tags.member.{n}.Value"),
                constraints.TAG_VALUE,
            ),
        )
        for n in numbers
    )


def _transitive(parameters: Mapping[str, str], found: Violations) -> tuple[str, ...]:
    numbers = sorted(
        int(m[5]) for m in map(_MEMBER.fullmatch, parameters) if m and m[4]
    )
    found.count("transitiveTagKeys", len(numbers), most=_MOST_TAGS)
    return tuple(
        found.text(
            f"transitiveTagKeys.{n}.member",
            parameters.get(f"TransitiveTagKeys.member.{n}"),
            constraints.TAG_KEY,
        )
        for n in numbers
    )


def _refuse_contradictions(
    tags: tuple[tuple[str, str], ...], transitive: tuple[str, ...]
) -> None:
    keys = [key.lower() for key, _ in tags]
    if len(set(keys)) < len(keys):
        message = (
            "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        )
        raise AwsError("InvalidParameterValue", message)
    if any(key.startswith("aws:") for key in keys):
        message = "aws: prefixed tag key names are not allowed for external use."
        raise AwsError("InvalidParameterValue", message)
    if not {key.lower() for key in transitive} <= set(keys):
        message = (
            "The specified transitive tag key must be included in the requested tags."
        )
        raise AwsError("InvalidParameterValue", message)


def _session_policy(text: str) -> Policy:
    try:
        policy = Policy.identity(text, name="session policy")
    except PolicyError as error:
        raise AwsError(
            "MalformedPolicyDocument", "Syntax errors in policy.", why=str(error)
        ) from error
    for key in unmodelled_keys(text):
        what = f"the condition key {key}"
        raise not_modelled(what)
    return policy
