"""What becomes of the things that a template keeps, when it or a thing in it goes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

KEEPING: Final = (
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
)
"""Types of what holds something that another of its kind would not have."""

_POLICIES: Final = ("DeletionPolicy", "UpdateReplacePolicy")


def unsettled(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each that does not say so.

    ``template`` is what SAM makes of it; the two are no properties of a resource.
    """
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] not in KEEPING:
            continue
        said = [resource.get(policy) for policy in _POLICIES]
        if None in said:
            yield (
                f"{logical_id}: it does not say what becomes of what it holds: write "
                f"{' and '.join(_POLICIES)}, Retain or Delete."
            )
        elif said[0] != said[1]:
            yield (
                f"{logical_id}: {_POLICIES[0]} is {said[0]} and {_POLICIES[1]} "
                f"{said[1]}: a replacement would end otherwise than the stack."
            )
