"""What nobody may do, whatever else is granted.

Asked of every role about every resource of its kind. A role that a template adds is
asked too, and no page that is written anew makes one of these right.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from aikagi_emulator.template import Stack
from tests.privileges.requests import ANOTHER_ACCOUNT
from tests.privileges.samples import Context, without


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """What somebody tries, about resources of one type or what ``elsewhere`` names.

    ``how`` says in words what the context makes of it. ``spared`` are the roles that
    are there for just that.
    """

    action: str
    type: str = ""
    elsewhere: str = ""
    how: str = ""
    context: Context = field(default_factory=dict)
    spared: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return what it is tried with, in a few words."""
        if self.type:
            return f"each {self.type.rpartition('::')[2]}"
        _, _, service, *_, named = self.elsewhere.split(":", 5)
        return f"`{service}:{named}`"

    def spares(self, caller: str) -> bool:
        """Whether a role may: one of another stack has that stack's name before it."""
        return not {caller, caller.rpartition("-")[2]}.isdisjoint(self.spared)


INTENDED: Final[Mapping[tuple[str, str, str], str]] = {
    ("RevocationRole", "iam:CreatePolicyVersion", "RevocationPolicy"): (
        "that is how it ends access; InvokeBoundary bounds what a version can allow"
    ),
    ("an administrator", "sts:AssumeRole", "RevocationRole"): (
        "operators end access by it, whom policies of their own let assume it"
    ),
}
"""What of all this is meant: who, the action, the resource, and why."""


def by_roles(stack: Stack) -> Iterator[Danger]:
    """Yield what is tried by every role, within its own policies and boundary."""
    yield from _ANYWHERE
    yield from _OF_RESOURCES
    yield from _writes()
    yield from _calls(stack.stack_id)


def of_assuming() -> Iterator[Danger]:
    """Yield what is tried with every role, by every other and by strangers."""
    of_broker, of_proof = ("BrokerRole",), ("BrokerRole", "RevocationRole")
    yield _assume("from another account", {"aws:PrincipalAccount": ANOTHER_ACCOUNT})
    yield _assume("as a person", _PERSON, spared=of_broker)
    yield _assume("named for nobody", {**_PERSON, "sts:RoleSessionName": "alice"})
    tags = [key for key in _PERSON if key.startswith("aws:RequestTag/")]
    for action in ("sts:AssumeRole", "sts:TagSession"):
        for key in tags:
            yield _assume(f"without {key}", without(_PERSON, key), action=action)
            yield _assume(f"with an empty {key}", {**_PERSON, key: ""}, action=action)
    strange = {**_PERSON, _IDENTITY: "alice"}
    yield _assume("with a source identity of nobody", strange)
    yield _assume("without a source identity", without(_PERSON, _IDENTITY))
    more = {**_PERSON, "aws:TagKeys": ("issuer", "admin")}
    yield _assume("with a tag of another name", more, action="sts:TagSession")
    yield _assume("as a person", _PERSON, action="sts:TagSession", spared=of_proof)
    for how, context in {
        "for nobody": strange,
        "for no name at all": without(_PERSON, _IDENTITY),
    }.items():
        yield _assume(how, context, action="sts:SetSourceIdentity")
    for key, value in _PROOF.items():
        if key in _PERSON and _PERSON[key] != value:
            context = {**_PERSON, **_PROOF, key: _PERSON[key]}
            how = f"as the proof of a revocation, with a person's {key}"
            yield _assume(how, context, spared=of_broker)


def of_services(stack: Stack) -> Iterator[Danger]:
    """Yield what is tried with every role by the services that a trust names.

    Lambda and EKS do not say for which resource it is that they assume one.
    """
    functions, pods = "lambda.amazonaws.com", "pods.eks.amazonaws.com"
    account, arn = "aws:SourceAccount", "aws:SourceArn"
    task = f"arn:aws:ecs:{stack.region}:{{}}:task/x/y"
    own: Context = {account: stack.account, arn: task.format(stack.account)}
    of_another = {arn: task.format(ANOTHER_ACCOUNT)}
    for_another = {account: ANOTHER_ACCOUNT}
    yield _assume("for another account", {**own, **for_another}, spared=(functions,))
    yield _assume(
        "for a resource of another account",
        {**own, **of_another},
        spared=(functions, pods),
    )
    yield _assume("for nobody", {}, spared=(functions, pods))


def _assume(
    how: str,
    context: Context,
    *,
    action: str = "sts:AssumeRole",
    spared: tuple[str, ...] = (),
) -> Danger:
    return Danger(
        action=action, type="AWS::IAM::Role", how=how, context=context, spared=spared
    )


def _plain(type_: str, *actions: str) -> Iterator[Danger]:
    """Yield actions that are nobody's right, whatever the request says."""
    service = {"Role": "iam", "ManagedPolicy": "iam"}
    name = type_.split("::")[1].lower()
    for action in actions:
        prefix = service.get(type_.rpartition("::")[2], name)
        yield Danger(action=f"{prefix}:{action}", type=type_)


def _elsewhere(arn: str, *actions: str) -> Iterator[Danger]:
    for action in actions:
        yield Danger(action=action, elsewhere=arn)


def _writes() -> Iterator[Danger]:
    """Yield writes of items that are neither a login nor what limits one."""
    person = ("principal#local#alice",)
    cases: dict[str, Context] = {
        "of a person's groups": {
            "dynamodb:LeadingKeys": person,
            "dynamodb:Attributes": ("pk", "groups", "version"),
        },
        "of the password of another issuer's person": {
            "dynamodb:LeadingKeys": ("principal#corp#alice",),
            "dynamodb:Attributes": ("pk", "password_hash"),
        },
        "of a login and a person at once": {
            "dynamodb:LeadingKeys": ("login#x", *person),
            "dynamodb:Attributes": ("pk", "groups"),
        },
        "of what is of no kind": {
            "dynamodb:LeadingKeys": ("another",),
            "dynamodb:Attributes": ("pk", "version"),
        },
        "of a person, naming no attribute": {"dynamodb:LeadingKeys": person},
        "naming no key": {"dynamodb:Attributes": ("pk", "version")},
        "naming nothing": {},
    }
    for action in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"):
        for how, context in cases.items():
            yield Danger(
                action=f"dynamodb:{action}",
                type="AWS::DynamoDB::Table",
                how=how,
                context=context,
            )


def _calls(stack_id: str) -> Iterator[Danger]:
    """Yield calls of functions that are not the session's, or not by their URL."""
    function = "aws:ResourceTag/aikagi:function"
    stack = "aws:ResourceTag/aws:cloudformation:stack-id"
    own: Context = {
        "aws:PrincipalTag/function": "hello",
        function: "hello",
        stack: stack_id,
    }
    by_url: dict[str, Context] = {
        "lambda:InvokeFunctionUrl": {"lambda:FunctionUrlAuthType": "AWS_IAM"},
        "lambda:InvokeFunction": {"lambda:InvokedViaFunctionUrl": "true"},
    }
    cases: dict[str, Context] = {
        "with the tag of another function": {function: "report"},
        "of another stack": {stack: "arn:aws:cloudformation:x"},
    }
    for action, key in by_url.items():
        context = {**own, **key}
        found: dict[str, Context] = {
            **{how: {**context, **other} for how, other in cases.items()},
            "of a function without a tag": without(context, function),
            "of no stack": without(context, stack),
            "by a session without a tag": without(context, "aws:PrincipalTag/function"),
            "not said to be by a signed URL": own,
            "by no URL that asks for a signature": {
                **own,
                **dict.fromkeys(key, "NONE" if action.endswith("Url") else "false"),
            },
        }
        for how, tried in found.items():
            yield Danger(
                action=action, type="AWS::Lambda::Function", how=how, context=tried
            )


_IDENTITY: Final = "sts:SourceIdentity"
_PERSON: Final[Context] = {
    "sts:RoleSessionName": "local+alice",
    _IDENTITY: "local+alice",
    "aws:TagKeys": ("issuer", "user", "function", "issued", "grant"),
    "aws:RequestTag/issuer": "local",
    "aws:RequestTag/user": "alice",
    "aws:RequestTag/function": "hello",
    "aws:RequestTag/issued": "1900000000",
    "aws:RequestTag/grant": "a-grant",
}
_PROOF: Final[Context] = {
    "sts:RoleSessionName": "operator+revocation=",
    _IDENTITY: "operator+revocation=",
    "aws:RequestTag/issuer": "operator",
    "aws:RequestTag/user": "revocation=",
}

_OF_RESOURCES: Final = (
    *_plain(
        "AWS::DynamoDB::Table",
        *("DeleteResourcePolicy", "DeleteTable", "ExportTableToPointInTime"),
        *("PutResourcePolicy", "Query", "Scan", "UpdateContinuousBackups"),
        *("UpdateTable", "UpdateTimeToLive"),
    ),
    *_plain(
        "AWS::IAM::ManagedPolicy",
        *("CreatePolicyVersion", "DeletePolicy", "SetDefaultPolicyVersion"),
    ),
    *_plain(
        "AWS::IAM::Role",
        *("AttachRolePolicy", "DeleteRole", "DeleteRolePermissionsBoundary"),
        *("DeleteRolePolicy", "DetachRolePolicy", "PassRole", "PutRolePolicy"),
        *("PutRolePermissionsBoundary", "UpdateAssumeRolePolicy"),
    ),
    *_plain(
        "AWS::Lambda::Function",
        *("AddPermission", "CreateFunctionUrlConfig", "DeleteFunction", "TagResource"),
        *("UpdateFunctionCode", "UpdateFunctionConfiguration"),
        *("UpdateFunctionUrlConfig", "PutFunctionConcurrency"),
    ),
    *_plain(
        "AWS::Logs::LogGroup",
        *("DeleteLogGroup", "DeleteLogStream", "FilterLogEvents", "GetLogEvents"),
        *("DeleteMetricFilter", "DeleteSubscriptionFilter", "PutMetricFilter"),
        *("PutRetentionPolicy", "PutSubscriptionFilter"),
    ),
    *_plain("AWS::SSM::Parameter", "DeleteParameter", "PutParameter"),
    *_plain(
        "AWS::SecretsManager::Secret",
        *("DeleteSecret", "PutResourcePolicy", "PutSecretValue", "UpdateSecret"),
    ),
    Danger(
        action="secretsmanager:GetSecretValue",
        type="AWS::SecretsManager::Secret",
        spared=("BrokerRole",),
    ),
)
_ANYWHERE: Final = (
    *_elsewhere(
        "arn:aws:iam::{account}:role/another",
        *("iam:AttachRolePolicy", "iam:CreateRole", "iam:PassRole", "sts:AssumeRole"),
    ),
    *_elsewhere(
        "arn:aws:iam::{account}:user/another",
        *("iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:CreateUser"),
    ),
    *_elsewhere(
        "arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        *("kms:CreateGrant", "kms:Decrypt", "kms:ScheduleKeyDeletion"),
    ),
    *_elsewhere(
        "arn:aws:s3:::another/object",
        *("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
    ),
    *_elsewhere(
        "arn:aws:cloudwatch:{region}:{account}:alarm:another",
        *("cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions"),
        *("cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState"),
    ),
    *_elsewhere(
        "arn:aws:apigateway:{region}::/domainnames/another",
        *("apigateway:DELETE", "apigateway:PATCH"),
    ),
    *_elsewhere(
        "arn:aws:cloudformation:{region}:{account}:stack/another/1",
        *("cloudformation:DeleteStack", "cloudformation:UpdateStack"),
    ),
)
