"""What Ref and GetAtt return, for each type of resource that the emulator models."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import Addresses, TemplateError

Properties: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackContext:
    """Where a stack stands, and the addresses it was given."""

    stack: str
    region: str
    account: str
    addresses: Addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceContext:
    """Where one resource stands in its stack.

    ``url_index`` counts the function URLs before it; only one of them may ask.
    """

    site: StackContext
    logical_id: str
    url_index: Callable[[], int]

    def physical_name(self) -> str:
        """Invent the name that CloudFormation would, but always the same one."""
        # 64 characters are what functions and roles may have.
        start = f"{self.site.stack}-{self.logical_id}"[:53]
        return f"{start}-{self.digest(10).upper()}"

    def digest(self, length: int, salt: str = "") -> str:
        """Return hexadecimal digits that are this resource's own."""
        key = "\0".join((self.site.stack, self.logical_id, salt))
        return hashlib.sha256(key.encode()).hexdigest()[:length]

    def arn(self, service: str, rest: str) -> str:
        # IAM is the one service here without Regions.
        region = "" if service == "iam" else self.site.region
        return f"arn:aws:{service}:{region}:{self.site.account}:{rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    ref: str
    attributes: Mapping[str, Any]


def identify(
    type_: str, properties: Properties, context: ResourceContext
) -> Identified:
    """Say what Ref and GetAtt return; an unknown type is a ``TemplateError``."""
    rule = _RULES.get(type_)
    if rule is None:
        msg = f"{type_} is not a type of resource that the emulator models"
        raise TemplateError(msg)
    return rule(properties, context)


def _api(_: Properties, context: ResourceContext) -> Identified:
    api_id = context.digest(10)
    attributes = {"ApiId": api_id, "ApiEndpoint": context.site.addresses.api}
    return Identified(ref=api_id, attributes=attributes)


def _stage(properties: Properties, _: ResourceContext) -> Identified:
    return Identified(ref=as_text(properties.get("StageName")), attributes={})


def _table(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("TableName", context.physical_name()))
    return Identified(
        ref=name, attributes={"Arn": context.arn("dynamodb", f"table/{name}")}
    )


def _role(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("RoleName", context.physical_name()))
    path = properties.get("Path", "/")
    attributes = {
        "Arn": context.arn("iam", f"role{path}{name}"),
        "RoleId": f"AROA{context.digest(17, 'id').upper()}",
    }
    return Identified(ref=name, attributes=attributes)


def _policy(_: Properties, context: ResourceContext) -> Identified:
    return Identified(ref=context.physical_name(), attributes={})


def _managed_policy(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("ManagedPolicyName", context.physical_name()))
    arn = context.arn("iam", f"policy{properties.get('Path', '/')}{name}")
    return Identified(ref=arn, attributes={"PolicyArn": arn})


def _function(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("FunctionName", context.physical_name()))
    arn = context.arn("lambda", f"function:{name}")
    return Identified(ref=name, attributes={"Arn": arn})


def _layer_version(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("LayerName", context.physical_name()))
    arn = context.arn("lambda", f"layer:{name}:1")
    return Identified(ref=arn, attributes={"LayerVersionArn": arn})


def _url(properties: Properties, context: ResourceContext) -> Identified:
    if "Qualifier" in properties:
        msg = "a URL on an alias or version is not something the emulator models"
        raise TemplateError(msg)
    target = as_text(properties.get("TargetFunctionArn"))
    arn = target if ":" in target else context.arn("lambda", f"function:{target}")
    url = context.site.addresses.function_url(context.url_index())
    attributes = {"FunctionArn": arn, "FunctionUrl": url}
    return Identified(ref=arn, attributes=attributes)


def _permission(properties: Properties, context: ResourceContext) -> Identified:
    # API Gateway has no URL to call here: uvicorn stands in for it. Any other resource
    # policy would let in callers whom the emulator refuses.
    principal = properties.get("Principal")
    if principal != "apigateway.amazonaws.com":
        msg = (
            f"it lets {principal} call {properties.get('FunctionName')}, and the "
            "emulator does not model function resource policies; protect the function "
            "with AuthType: AWS_IAM and a role's policy"
        )
        raise TemplateError(msg)
    return Identified(ref=context.physical_name(), attributes={})


def _log_group(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("LogGroupName", context.physical_name()))
    return Identified(
        # CloudFormation's own ARN of a log group names what is inside it.
        ref=name,
        attributes={"Arn": context.arn("logs", f"log-group:{name}:*")},
    )


def _secret(properties: Properties, context: ResourceContext) -> Identified:
    # Secrets Manager puts six characters behind the name.
    name = as_text(properties.get("Name", context.physical_name()))
    arn = context.arn("secretsmanager", f"secret:{name}-{context.digest(6, 'arn')}")
    return Identified(ref=arn, attributes={"Id": arn})


def _parameter(properties: Properties, context: ResourceContext) -> Identified:
    kind = properties.get("Type")
    if kind != "String":
        msg = f"its Type is {kind}; the emulator models String"
        raise TemplateError(msg)
    name = as_text(properties.get("Name", context.physical_name()))
    attributes = {"Type": kind, "Value": as_text(properties.get("Value"))}
    return Identified(ref=name, attributes=attributes)


_RULES: Final[Mapping[str, Callable[[Properties, ResourceContext], Identified]]] = {
    "AWS::ApiGatewayV2::Api": _api,
    "AWS::ApiGatewayV2::Stage": _stage,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::Role": _role,
    "AWS::IAM::RolePolicy": _policy,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer_version,
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::Url": _url,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _secret,
}
