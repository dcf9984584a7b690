"""Policies and principals of the tests: those of the design, by name."""

from collections.abc import Mapping
from typing import Any, Final

from aikagi_emulator.iam import Policy, Requester

ACCOUNT: Final = "123456789012"
BROKER: Final = f"arn:aws:iam::{ACCOUNT}:role/aikagi/BrokerRole"
BROKER_SESSION: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/BrokerRole/broker"
INVOKE: Final = f"arn:aws:iam::{ACCOUNT}:role/aikagi/InvokeRole"
HELLO: Final = f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:hello"
REPORT: Final = f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:report"

BROKER_CALLS: Final = Requester(arn=BROKER_SESSION, role_arn=BROKER, account=ACCOUNT)

MAY_CALL_HELLO: Final = (
    {
        "Sid": "Url",
        "Effect": "Allow",
        "Action": "lambda:InvokeFunctionUrl",
        "Resource": HELLO,
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
    },
    {
        "Sid": "Function",
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": HELLO,
        "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    },
)
ALLOW_ALL: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY_ALL: Final = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def a_document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_policy(*statements: Mapping[str, Any], name: str = "own") -> Policy:
    return Policy.identity(a_document(*statements), name=name)


def a_trust(*statements: Mapping[str, Any], name: str = "trust") -> Policy:
    return Policy.trust(a_document(*statements), name=name)
