"""A stack made by hand: roles that may be assumed, a table, a secret, parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from aikagi_emulator.template import Resource, Stack

Client: TypeAlias = Any
"""A botocore client: its methods are made at run time."""

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
BROKER = f"arn:aws:iam::{ACCOUNT}:role/broker"
INVOKE = f"arn:aws:iam::{ACCOUNT}:role/granted/invoke"
SECOND = f"arn:aws:iam::{ACCOUNT}:role/second"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/stranger"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/users"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:signing-a1b2c3"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/guard"
PARAMETERS = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"


@dataclass
class Clock:
    """The real time, which clients sign with, moved by ``shift``."""

    shift: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift


def allow(
    action: str | list[str],
    resource: str | list[str] | None = None,
    **condition: Mapping[str, object],
) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action}
    if resource is not None:
        statement["Resource"] = resource
    if condition:
        statement["Condition"] = condition
    return statement


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def resource(
    logical_id: str,
    type_: str,
    properties: Mapping[str, Any],
    *,
    ref: str,
    **attributes: str,
) -> Resource:
    return Resource(
        logical_id=logical_id,
        type=type_,
        properties=properties,
        ref=ref,
        attributes=attributes,
        stack_name="local",
    )


def role(
    name: str,
    *,
    trust: list[dict[str, Any]],
    may: list[dict[str, Any]],
    path: str = "/",
    **more: object,
) -> Resource:
    return resource(
        name.capitalize(),
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": policy(*trust),
            "Policies": [
                {"PolicyName": "own", "PolicyDocument": policy(statement)}
                for statement in may
            ],
            **more,
        },
        ref=name,
        Arn=f"arn:aws:iam::{ACCOUNT}:role{path}{name}",
        RoleId=f"AROA{name.upper():0<17}",
    )


LAMBDA = {**allow("sts:AssumeRole"), "Principal": {"Service": "lambda.amazonaws.com"}}
LENDING = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
BOTH = [
    allow(
        "lambda:InvokeFunctionUrl",
        FUNCTION,
        StringEquals={"lambda:FunctionUrlAuthType": "AWS_IAM"},
    ),
    allow(
        "lambda:InvokeFunction",
        FUNCTION,
        Bool={"lambda:InvokedViaFunctionUrl": "true"},
    ),
]


def trusting(
    arn: str, *actions: str, **condition: Mapping[str, object]
) -> dict[str, Any]:
    return {**allow(list(actions), None, **condition), "Principal": {"AWS": arn}}


def managed_policy(*statements: dict[str, Any], **more: object) -> Resource:
    return resource(
        "Guard",
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": policy(*statements), **more},
        ref=POLICY,
    )


NOBODY = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:SourceIdentity": "nobody"}},
}


def default_resources() -> list[Resource]:
    return [
        role(
            "broker",
            trust=[LAMBDA],
            may=[
                allow(LENDING, [INVOKE, SECOND]),
                allow(["dynamodb:GetItem", "dynamodb:TransactWriteItems"], TABLE),
                allow("secretsmanager:GetSecretValue", SECRET),
                allow("ssm:GetParametersByPath", f"{PARAMETERS}/aikagi/functions"),
            ],
        ),
        role(
            "invoke",
            path="/granted/",
            trust=[
                trusting(
                    BROKER,
                    "sts:AssumeRole",
                    StringLike={"sts:RoleSessionName": "?*+?*"},
                ),
                trusting(BROKER, "sts:TagSession", "sts:SetSourceIdentity"),
            ],
            may=[*BOTH, allow("sts:*", SECOND)],
            MaxSessionDuration=7200,
            ManagedPolicyArns=[POLICY],
        ),
        role("second", trust=[trusting(INVOKE, *LENDING)], may=[]),
        role("stranger", trust=[LAMBDA], may=[allow("sts:*", INVOKE)]),
        managed_policy(NOBODY),
        resource(
            "Users",
            "AWS::DynamoDB::Table",
            {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "SSESpecification": {"SSEEnabled": True},
            },
            ref="users",
            Arn=TABLE,
        ),
        resource(
            "Signing",
            "AWS::SecretsManager::Secret",
            {"GenerateSecretString": {"PasswordLength": 64}},
            ref=SECRET,
        ),
        *(
            resource(
                f"Entry{n}",
                "AWS::SSM::Parameter",
                {"Type": "String", "Value": f"value {n}"},
                ref=f"/aikagi/functions/f{n:02}",
            )
            for n in range(12)
        ),
    ]


def stack_of(*resources: Resource) -> Stack:
    return Stack(
        name="local",
        region=REGION,
        account=ACCOUNT,
        resources={resource_.logical_id: resource_ for resource_ in resources},
        outputs={},
        code={},
    )
