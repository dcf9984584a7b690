"""The plainest handler: what most samples of a vending Lambda function are.

A new client for each invocation, AssumeRole, five fields as JSON. No login, no check.
"""

import json
import os
from typing import Any

import boto3


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    del event, context
    answer = boto3.client("sts").assume_role(
        RoleArn=os.environ["AIKAGI_INVOKE_ROLE_ARN"],
        RoleSessionName="somebody",
        DurationSeconds=900,
    )
    found = answer["Credentials"]
    body = {
        "AccessKeyId": found["AccessKeyId"],
        "SecretAccessKey": found["SecretAccessKey"],
        "SessionToken": found["SessionToken"],
        "Expiration": found["Expiration"].isoformat(),
        "Region": os.environ["AWS_REGION"],
    }
    return {"statusCode": 200, "body": json.dumps(body)}
