"""docs/deployer.yaml allows what deploying takes, in one stack and nowhere else.

Its policies are evaluated as IAM does, by the emulator. What each type of resource
takes is AWS's own list, in ``handlers.json``.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pytest

from aikagi_emulator.iam import Layers, Policy, decide
from aikagi_emulator.template import Stack
from tests.deployment import handlers
from tests.stack import ROOT
from tests.template import stacks

ACCOUNT: Final = "123456789012"
REGION: Final = "ap-northeast-1"
PROVIDER: Final = (
    f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
)
SUBJECT: Final = "repo:someone/aikagi:environment:production"
LONGEST: Final = 6144
"""Characters of a managed policy: IAM's quotas."""

UNASKED: Final = {
    # What a property would ask for that the template has not.
    "apigateway:(TagResource|UntagResource)": "no actions of IAM any more",
    "s3:.*|s3files:.*": "an API from a file in a bucket, a table out of one",
    "codedeploy:.*": "gradual deployments",
    "ec2:.*|elasticfilesystem:.*": "functions in a VPC",
    "firehose:.*": "logs into Firehose",
    "dynamodb:(.*Replica|.*Import.*|ImportTable|(Put|Delete)ResourcePolicy)": (
        "global tables, imports, policies of tables"
    ),
    "dynamodb:(BatchWriteItem|DeleteItem|GetItem|PutItem|Query|Scan|UpdateItem)": (
        "global tables, whose items CloudFormation copies"
    ),
    "dynamodb:(Enable|Disable|Update)Kinesis.*|kinesis:.*": "streams into Kinesis",
    "iam:(Attach|Detach)(User|Group)Policy": "policies of users and groups",
    "iam:CreateServiceLinkedRole": "global tables",
    "kms:GenerateDataKey": "functions encrypted with a key of one's own",
    "lambda:(AssociateRuntimeAlias|PassCapacityProvider|.*ScalingConfig)": (
        "runtimes and capacity of one's own"
    ),
    "lambda:(Put|Delete)ProvisionedConcurrencyConfig": "provisioned concurrency",
    "lambda:(GetCodeSigningConfig|(Put|Delete)FunctionCodeSigningConfig)": "signing",
    "logs:(Put|Delete)(Index|Resource)Policy|logs:PutDataProtectionPolicy": (
        "indexes, masks, policies of logs"
    ),
    "logs:(Dis)?[Aa]ssociateKmsKey|logs:PutBearerTokenAuthentication": "other logs",
    "logs:PutLogGroupDeletionProtection": "logs protected against deletion",
    "logs:(CreateLogStream|DescribeLogStreams|PutLogEvents)": "imports of tables",
    "secretsmanager:(GetSecretValue|.*Replicat.*)": "secrets in several Regions",
    "sns:.*DataProtectionPolicy|sns:Subscribe": "masks of topics",
}
"""Patterns of actions that the schemas list, and what would ask for them."""


@cache
def deployer(**parameters: str) -> Stack:
    return stacks.deployed(
        ROOT / "docs" / "deployer.yaml", name="deployer", **parameters
    )


@cache
def policies(stack: str = "aikagi") -> Layers:
    found = deployer(StackName=stack).of_type("AWS::IAM::ManagedPolicy")
    return Layers(
        identity=tuple(
            Policy.identity(policy.properties["PolicyDocument"], name=policy.logical_id)
            for policy in found
        )
    )


@dataclass(frozen=True)
class Request:
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()

    def is_allowed(self, stack: str = "aikagi") -> bool:
        return decide(
            self.action, self.resource, dict(self.context), policies(stack)
        ).allowed


def arn(service: str, rest: str, *, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


OF_AWS: Final = f"{REGION}:{ACCOUNT}"
RESOURCES: Final = {
    "apigateway:.*Certificate.*": (
        f"arn:aws:apigateway:{REGION}::/domainnames/broker.example.com"
    ),
    "apigateway:.*": f"arn:aws:apigateway:{REGION}::/apis/abc123/stages/$default",
    "cloudwatch:.*Dashboards?": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/NAME-Seen-X",
    "cloudwatch:.*": f"arn:aws:cloudwatch:{OF_AWS}:alarm:NAME-Errors-X",
    "dynamodb:.*": f"arn:aws:dynamodb:{OF_AWS}:table/NAME-UsersTable-X",
    "iam:(Create|Delete|Get)Policy|iam:.*PolicyVersions?|iam:ListEntitiesForPolicy": (
        f"arn:aws:iam::{ACCOUNT}:policy/NAME-RevocationPolicy-X"
    ),
    "iam:.*": f"arn:aws:iam::{ACCOUNT}:role/NAME-BrokerRole-X",
    "kms:.*": f"arn:aws:kms:{OF_AWS}:key/11111111-2222-3333-4444-555555555555",
    "lambda:PublishLayerVersion": f"arn:aws:lambda:{OF_AWS}:layer:FunctionLayer",
    "lambda:.*Layer.*": f"arn:aws:lambda:{OF_AWS}:layer:FunctionLayer:7",
    "lambda:.*": f"arn:aws:lambda:{OF_AWS}:function:NAME-BrokerFunction-X",
    "logs:.*": f"arn:aws:logs:{OF_AWS}:log-group:NAME-BrokerLogs-X",
    "route53:.*": "arn:aws:route53:::hostedzone/Z1",
    "secretsmanager:.*": f"arn:aws:secretsmanager:{OF_AWS}:secret:NAME-Signing-X",
    "ssm:.*": f"arn:aws:ssm:{OF_AWS}:parameter/aikagi/NAME/functions/hello",
}
"""To what an action is done: the first pattern that it fits."""


def resource_of(action: str, name: str) -> Request:
    """Give a request of this action to something of the stack ``name``."""
    found = [arn for form, arn in RESOURCES.items() if re.fullmatch(form, action)]
    assert found, f"To what is {action} done? RESOURCES says it."
    context = {
        "iam:PassedToService": "lambda.amazonaws.com",
        "iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/{name}-Own-X",
        "kms:ViaService": f"dynamodb.{REGION}.amazonaws.com",
    }
    return Request(action, found[0].replace("NAME", name), tuple(context.items()))


def bucket(*operations: str, rest: str = "") -> list[Request]:
    name = "aws-sam-cli-managed-default-samclisourcebucket-x"
    return [Request(f"s3:{one}", f"arn:aws:s3:::{name}{rest}") for one in operations]


BESIDES: Final = (
    # The SAM CLI makes its bucket once, and keeps there what is deployed.
    *bucket("CreateBucket", "ListBucket", "PutBucketVersioning", "PutBucketTagging"),
    *bucket("GetBucketPolicy", "PutBucketPolicy", "PutBucketPublicAccessBlock"),
    *bucket("PutEncryptionConfiguration"),
    *bucket("GetObject", "GetObjectVersion", "PutObject", "DeleteObject", rest="/a/b"),
    *bucket("AbortMultipartUpload", rest="/a/b"),
    # A function that streams has a layer of AWS's.
    Request(
        "lambda:GetLayerVersion",
        f"arn:aws:lambda:{REGION}:753240598075:layer:LambdaAdapterLayerArm64:27",
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    *(
        Request(f"logs:{operation}", "*")
        for operation in (
            *("CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups"),
            *("DescribeResourcePolicies", "GetLogDelivery", "ListLogDeliveries"),
            *("PutResourcePolicy", "UpdateLogDelivery"),
        )
    ),
    # The first HTTP API of an account has API Gateway make its role.
    Request(
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ops.apigateway.amazonaws.com/"
        "AWSServiceRoleForAPIGateway",
        (("iam:AWSServiceName", "ops.apigateway.amazonaws.com"),),
    ),
    # make destroy
    Request("iam:ListRoles", "*"),
    Request(
        "ssm:GetParametersByPath", f"arn:aws:ssm:{OF_AWS}:parameter/aikagi/aikagi/"
    ),
)
"""What is asked besides: by the SAM CLI, by services, by make destroy."""


@pytest.mark.parametrize("request_", BESIDES, ids=lambda one: one.action)
def test_whoever_deploys_may_do_what_is_asked_besides(request_: Request):
    assert request_.is_allowed()


def is_unasked(action: str) -> bool:
    return any(re.fullmatch(pattern, action) for pattern in UNASKED)


def actions_of(type_: str) -> Iterator[str]:
    recorded = handlers.recorded()
    assert type_ in recorded, "python -m tests.deployment.handlers adds a new type"
    for operation in recorded[type_].values():
        yield from (action for action in operation if not is_unasked(action))


def test_the_recorded_types_are_those_of_the_template():
    assert handlers.recorded().keys() >= handlers.types()


@pytest.mark.parametrize("type_", handlers.recorded())
def test_whoever_deploys_may_do_what_each_type_of_resource_takes(type_: str):
    refused = [
        action
        for action in actions_of(type_)
        if not resource_of(action, "aikagi").is_allowed()
    ]

    assert refused == []


def named_actions() -> list[str]:
    """Give the actions on what has the name of its stack."""
    return sorted(
        {
            action
            for type_ in handlers.recorded()
            for action in actions_of(type_)
            if "aikagi-" in resource_of(action, "aikagi").resource
            and not allowed_everywhere(action)
        }
    )


def allowed_everywhere(action: str) -> bool:
    return Request(action, "arn:aws:x:::y").is_allowed()


def test_nothing_of_another_stack_can_be_touched():
    actions = named_actions()
    assert len(actions) > 50

    for action in actions:
        assert not resource_of(action, "payroll").is_allowed(), action


def test_what_is_allowed_everywhere_changes_nothing_that_has_a_name():
    everywhere = {
        action
        for policy in deployer().of_type("AWS::IAM::ManagedPolicy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
        for action in stacks.as_list(statement["Action"])
    }

    changing = {
        action
        for action in everywhere
        if not re.match(r"\w+:(Describe|Get|List)", action)
    }
    assert changing == {
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DeleteQueryDefinition",
        "logs:PutQueryDefinition",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    }


def test_no_action_is_a_pattern():
    for policy in deployer().of_type("AWS::IAM::ManagedPolicy"):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in stacks.as_list(statement["Action"]):
                assert "*" not in action


@pytest.mark.parametrize(
    ("context", "allowed"),
    [
        ({"iam:PassedToService": "lambda.amazonaws.com"}, True),
        ({"iam:PassedToService": "ec2.amazonaws.com"}, False),
        ({}, False),
    ],
)
def test_roles_are_passed_to_lambda_alone(context: dict[str, str], *, allowed: bool):
    role = arn("iam", "role/aikagi-BrokerRole-X", region="")
    request = Request("iam:PassRole", role, tuple(context.items()))

    assert request.is_allowed() is allowed


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (arn("iam", "policy/aikagi-RevocationPolicy-X", region=""), True),
        ("arn:aws:iam::aws:policy/AdministratorAccess", False),
    ],
)
def test_roles_are_given_policies_of_the_stack_alone(policy: str, *, allowed: bool):
    role = arn("iam", "role/aikagi-BrokerRole-X", region="")
    context = (("iam:PolicyARN", policy),)

    assert Request("iam:AttachRolePolicy", role, context).is_allowed() is allowed


@pytest.mark.parametrize("stack", ["aikagi", "a" * 24])
def test_a_policy_has_room_for_the_longest_name(stack: str):
    for policy in deployer(StackName=stack).of_type("AWS::IAM::ManagedPolicy"):
        document = json.dumps(
            policy.properties["PolicyDocument"], separators=(",", ":")
        )
        assert len(document) <= LONGEST


OPERATIONS: Final = (
    "CreateChangeSet",
    "DeleteStack",
    "DescribeChangeSet",
    "DescribeStackEvents",
    "DescribeStacks",
    "ExecuteChangeSet",
    "GetTemplate",
    "GetTemplateSummary",
    "ListChangeSets",
    "ListStackResources",
    "SetStackPolicy",
)
"""What the SAM CLI and make destroy ask of CloudFormation; `make sam` compares."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_change_sets_are_of_the_stack_and_of_no_other(operation: str):
    action = f"cloudformation:{operation}"
    own, other = (
        arn("cloudformation", f"stack/{name}/11111111")
        for name in ("aikagi", "payroll")
    )

    assert Request(action, own).is_allowed()
    assert not Request(action, other).is_allowed()


def test_the_transform_of_sam_may_be_used():
    transform = f"arn:aws:cloudformation:{REGION}:aws:transform/Serverless-2016-10-31"

    assert Request("cloudformation:CreateChangeSet", transform).is_allowed()


# CI


def with_web_identity(subject: str, audience: str = "sts.amazonaws.com") -> bool:
    stack = deployer(OidcProviderArn=PROVIDER, OidcSubject=SUBJECT)
    (role,) = stack.of_type("AWS::IAM::Role")
    trust: dict[str, Any] = role.properties["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    # The emulator's IAM knows no providers: what the condition says is compared.
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": PROVIDER}
    assert statement["Condition"].keys() == {"StringEquals"}
    asked = {
        "token.actions.githubusercontent.com:aud": audience,
        "token.actions.githubusercontent.com:sub": subject,
    }
    return bool(statement["Condition"]["StringEquals"] == asked)


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        (SUBJECT, True),
        ("repo:someone/aikagi:ref:refs/heads/main", False),
        ("repo:another/aikagi:environment:production", False),
    ],
)
def test_ci_is_one_subject_of_one_audience(subject: str, *, allowed: bool):
    assert with_web_identity(subject) is allowed
    assert not with_web_identity(subject, audience="another")


def test_without_a_provider_there_is_no_role_for_ci():
    assert deployer().of_type("AWS::IAM::Role") == ()


@pytest.mark.parametrize("subject", ["repo:someone/aikagi:*", "repo:*:ref:x", "x"])
def test_a_subject_that_is_many_is_refused(subject: str):
    with pytest.raises(ValueError, match="OidcSubject cannot be"):
        deployer(OidcProviderArn=PROVIDER, OidcSubject=subject)
