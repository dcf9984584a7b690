"""What a session of the broker does otherwise than botocore, and to the same end."""

import json
from typing import Any, Final

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.utils import parse_timestamp

from app.adapters import aws
from tests.scripted_aws import Answer, ScriptedAws

_EMPTY: Final = b"<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"

ASKED: Final[Any] = {
    "RoleArn": "arn:aws:iam::123456789012:role/a",
    "RoleSessionName": "local+alice",
    "Tags": [{"Key": "claim.name", "Value": "山田 花子 & co=+%7E~"}],
    "Policy": json.dumps({"Version": "2012-10-17", "Statement": []}),
    "DurationSeconds": 900,
}


@pytest.mark.parametrize(
    "value",
    ["2026-11-29T17:00:00Z", "2026-11-29T17:00:00.123Z", 1795971600, 1795971600.25],
)
def test_a_timestamp_is_read_as_botocore_reads_it(value: Any):
    assert aws.read_timestamp(value) == parse_timestamp(value)
    assert aws.read_timestamp(value).tzinfo is not None


@pytest.mark.parametrize("value", ["", "soon", "2026-13-01T00:00:00Z", 1e20, None, []])
def test_what_is_no_timestamp_is_a_value_error(value: Any):
    with pytest.raises(ValueError, match=r".*"):
        aws.read_timestamp(value)


def test_a_form_is_encoded_once_and_as_botocore_encodes_it(script: ScriptedAws):
    ours, botocores = (
        _sent(aws.new_session(), script),
        _sent(boto3.session.Session(), script),
    )

    assert isinstance(ours, bytes)  # a mapping would be encoded whenever it is read
    assert isinstance(botocores, dict)
    by_us, by_botocore = script.requests
    assert by_us.body == by_botocore.body
    assert by_us.query["Tags.member.1.Value"] == ASKED["Tags"][0]["Value"]


def _sent(session: boto3.session.Session, script: ScriptedAws) -> object:
    """Send AssumeRole, and give the body as botocore has it when it signs."""
    client = session.client("sts", endpoint_url=script.url, region_name="eu-west-1")
    bodies = []

    def keep(request: AWSRequest, **_: object) -> None:
        bodies.append(request.data)

    client.meta.events.register_first("request-created.sts", keep)
    script.will(Answer(body=_EMPTY))
    client.assume_role(**ASKED)
    return bodies[0]
