"""Sessions that a broker could begin, whatever it would plan: by its own role."""

import secrets
from collections.abc import Mapping
from typing import Any

import boto3

from tests.stack import Stack


def assume(
    stack: Stack, role: str, *, function: str, policy: str | None = None
) -> dict[str, str]:
    """Assume an invoke role as alice, by the credentials of the stack's broker.

    Returns the credentials and the Region, as a grant has them. Without a session
    policy the session may do all that the role may.
    """
    broker = stack.variables("env")
    sts = boto3.client(
        "sts",
        endpoint_url=stack.endpoint,
        region_name=stack.region,
        aws_access_key_id=broker["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=broker["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=broker["AWS_SESSION_TOKEN"],
    )
    tags = {
        "issuer": "local",
        "user": "alice",
        "function": function,
        "issued": "1",
        "grant": secrets.token_hex(8),
    }
    more: Mapping[str, Any] = {"Policy": policy} if policy else {}
    answer = sts.assume_role(
        RoleArn=role,
        RoleSessionName="local+alice",
        SourceIdentity="local+alice",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        **more,
    )
    credentials = answer["Credentials"]
    return {
        "AccessKeyId": credentials["AccessKeyId"],
        "SecretAccessKey": credentials["SecretAccessKey"],
        "SessionToken": credentials["SessionToken"],
        "Region": stack.region,
    }
