"""The two calls of AWS that a grant cannot do without, through clients that stay.

One consistent GetItem, and one AssumeRole with the tags and the policy of a session.
"""

import json
import os
from typing import Any, Final, final

import boto3

_POLICY: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunctionUrl",
                "Resource": "arn:aws:lambda:ap-northeast-1:123456789012:function:f0",
                "Condition": {
                    "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
                },
            },
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": "arn:aws:lambda:ap-northeast-1:123456789012:function:f0",
                "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
            },
        ],
    }
)
_TAGS: Final = {
    "issuer": "local",
    "user": "user-0",
    "function": "f0",
    "issued": "1893499200",
    "grant": "0d9f1b7c4e6a4f5a9b1c2d3e4f506172",
}


@final
class BareCalls:
    def __init__(self) -> None:
        self._table = boto3.client("dynamodb")
        self._sts = boto3.client("sts")

    def read_user(self, key: str = "principal#local#user-0") -> dict[str, Any]:
        answer = self._table.get_item(
            TableName="users", Key={"pk": {"S": key}}, ConsistentRead=True
        )
        return dict(answer["Item"])

    def assume_role(self) -> dict[str, Any]:
        answer = self._sts.assume_role(
            RoleArn=os.environ["AIKAGI_INVOKE_ROLE_ARN"],
            RoleSessionName="local+user-0",
            SourceIdentity="local+user-0",
            Tags=[{"Key": key, "Value": value} for key, value in _TAGS.items()],
            Policy=_POLICY,
            DurationSeconds=900,
        )
        return dict(answer["Credentials"])
