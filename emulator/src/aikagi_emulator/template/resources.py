"""What Ref and GetAtt return, for each type of resource that the emulator models."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from typing_extensions import override

from aikagi_emulator.template.http_apis import functions_of
from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import Addresses, TemplateError

Properties: TypeAlias = Mapping[str, Any]

LONGEST_NAME: Final = 255
"""Of what is neither a function nor a role: those have 64 characters."""
_LEAST_OF_STACK: Final = 24

_DECIDING: Final = (
    "AWS::ApiGateway::",
    "AWS::ApiGatewayV2::",
    "AWS::AppSync::",
    "AWS::CloudFormation::",
    "AWS::Cognito::",
    "AWS::DocDB::",
    "AWS::DynamoDB::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Kinesis::",
    "AWS::Lambda::",
    "AWS::Organizations::",
    "AWS::RAM::",
    "AWS::RDS::",
    "AWS::S3::",
    "AWS::SQS::",
    "AWS::SSM::",
    "AWS::STS::",
    "AWS::SecretsManager::",
)
"""What decides about access or data: modelled, or refused."""
_DECIDING_NOTHING: Final = frozenset(
    {
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::Lambda::CodeSigningConfig",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::LayerVersionPermission",
        "AWS::SSM::Document",
        "AWS::SSM::MaintenanceWindow",
    }
)
_BY_ARN: Final = {
    "AWS::CertificateManager::Certificate": ("acm", "certificate/"),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::StepFunctions::Activity": ("states", "activity:"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:"),
}
"""Types of what is passed over whose Ref is an ARN: its service, and how it goes on."""


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

    ``position`` counts those of its type before it. ``applications`` leads from the
    ARNs of functions that a server of their own runs to its origin. ``written_type`` is
    the type by which the author knows it, where SAM made another of that.
    """

    site: StackContext
    logical_id: str
    position: Callable[[], int]
    applications: Callable[[], Mapping[str, str]] = dict
    written_type: str = ""

    def physical_name(self, *, longest: int = 64) -> str:
        """Invent the name that CloudFormation would, but always the same one.

        What is too long for ``longest`` is cut: the stack's name first, of which 24
        characters stay, then the logical id. A policy that takes a function's name
        for the beginning of its ARN fails here as it does there.
        """
        suffix = self.digest(12).upper()
        room = longest - len(suffix) - 2
        stack = self.site.stack[: max(room - len(self.logical_id), _LEAST_OF_STACK)]
        return f"{stack}-{self.logical_id[: room - len(stack)]}-{suffix}"

    def digest(self, length: int, salt: str = "") -> str:
        """Return hexadecimal digits that are this resource's own."""
        key = "\0".join((self.site.stack, self.logical_id, salt))
        return hashlib.sha256(key.encode()).hexdigest()[:length]

    def arn(self, service: str, *rest: str) -> str:
        # IAM is the one service here without Regions.
        region = "" if service == "iam" else self.site.region
        return f"arn:aws:{service}:{region}:{self.site.account}:{''.join(rest)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    ref: str
    attributes: Mapping[str, Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AnyAttribute(Mapping[str, str]):
    """The attributes of what is passed over: an ARN, or a text of its name."""

    name: str
    arn: str

    @override
    def __getitem__(self, attribute: str) -> str:
        return self.arn if attribute.endswith("Arn") else f"{self.name}.{attribute}"

    @override
    def __contains__(self, attribute: object) -> bool:
        return True

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(["Arn"])

    @override
    def __len__(self) -> int:
        return 1


def is_passed_over(type_: str) -> bool:
    """Whether resources of a type decide neither about access nor about data."""
    if type_ in _RULES:
        return False
    return type_ in _DECIDING_NOTHING or (
        type_.startswith("AWS::") and not type_.startswith(_DECIDING)
    )


def identify(
    type_: str, properties: Properties, context: ResourceContext
) -> Identified:
    """Say what Ref and GetAtt return; an unknown type is a ``TemplateError``."""
    rule = _RULES.get(type_)
    if rule is None:
        named = context.written_type or type_
        msg = f"{named} is not a type of resource that the emulator models"
        raise TemplateError(msg)
    return rule(properties, context)


def identify_any(type_: str, context: ResourceContext) -> Identified:
    """Say what Ref and GetAtt return of a resource that is passed over."""
    name = context.physical_name(longest=LONGEST_NAME)
    service = type_.split("::")[1].lower()
    arn = context.arn(*_BY_ARN.get(type_, (service, "")), name)
    return Identified(
        ref=arn if type_ in _BY_ARN else name,
        attributes=AnyAttribute(name=name, arn=arn),
    )


def _api(properties: Properties, context: ResourceContext) -> Identified:
    protocol = properties.get("ProtocolType", "HTTP")
    if protocol != "HTTP":
        msg = f"its ProtocolType is {protocol}; the emulator models HTTP"
        raise TemplateError(msg)
    api_id = context.digest(10)
    # A function may be called by its ARN, or by that of its alias.
    leads = {":".join(arn.split(":")[:7]) for arn in functions_of(properties)}
    applications = context.applications()
    origins = [origin for arn, origin in applications.items() if arn in leads]
    own = context.site.addresses.http_api
    endpoint = origins[0] if origins else own(context.position())
    return Identified(ref=api_id, attributes={"ApiId": api_id, "ApiEndpoint": endpoint})


def _api_part(_: Properties, context: ResourceContext) -> Identified:
    """A route or an integration, which API Gateway gives an id."""
    part_id = context.digest(7)
    return Identified(ref=part_id, attributes={})


def _domain_name(properties: Properties, context: ResourceContext) -> Identified:
    if "MutualTlsAuthentication" in properties:
        msg = "its MutualTlsAuthentication is not something the emulator models"
        raise TemplateError(msg)
    name = as_text(properties.get("DomainName"))
    arn = f"arn:aws:apigateway:{context.site.region}::/domainnames/{name}"
    return Identified(ref=name, attributes=AnyAttribute(name=name, arn=arn))


def _stage(properties: Properties, _: ResourceContext) -> Identified:
    return Identified(ref=as_text(properties.get("StageName")), attributes={})


def _table(properties: Properties, context: ResourceContext) -> Identified:
    if "ResourcePolicy" in properties:
        msg = "its ResourcePolicy is not something the emulator models"
        raise TemplateError(msg)
    invented = context.physical_name(longest=LONGEST_NAME)
    name = as_text(properties.get("TableName", invented))
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


def _version(properties: Properties, context: ResourceContext) -> Identified:
    # One is published at each deployment: here the first.
    arn = _function_arn(properties.get("FunctionName"), context)
    return Identified(
        ref=f"{arn}:1", attributes={"FunctionArn": f"{arn}:1", "Version": "1"}
    )


def _alias(properties: Properties, context: ResourceContext) -> Identified:
    if properties.get("RoutingConfig"):
        msg = "its RoutingConfig is not something the emulator models"
        raise TemplateError(msg)
    function = _function_arn(properties.get("FunctionName"), context)
    arn = f"{function}:{as_text(properties.get('Name'))}"
    return Identified(ref=arn, attributes={"AliasArn": arn})


def _layer(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(properties.get("LayerName", context.physical_name()))
    arn = context.arn("lambda", f"layer:{name}:1")
    return Identified(ref=arn, attributes={"LayerVersionArn": arn})


def _function_arn(target: object, context: ResourceContext) -> str:
    text = as_text(target)
    return text if ":" in text else context.arn("lambda", f"function:{text}")


def _url(properties: Properties, context: ResourceContext) -> Identified:
    arn = _function_arn(properties.get("TargetFunctionArn"), context)
    if "Qualifier" in properties:
        arn += f":{as_text(properties['Qualifier'])}"
    url = context.site.addresses.function_url(context.position())
    attributes = {"FunctionArn": arn, "FunctionUrl": url}
    return Identified(ref=arn, attributes=attributes)


def _permission(properties: Properties, context: ResourceContext) -> Identified:
    # Services are let in by their own permissions, and none of them is here.
    principal = str(properties.get("Principal") or "nobody")
    if principal.endswith(".amazonaws.com") or is_public(properties):
        return Identified(ref=context.physical_name(), attributes={})
    msg = (
        f"it lets {principal} call {as_text(properties.get('FunctionName'))}, and the "
        "emulator does not model function resource policies; protect the function "
        "with AuthType: AWS_IAM and a role's policy"
    )
    raise TemplateError(msg)


def is_public(properties: Properties) -> bool:
    """Whether an ``AWS::Lambda::Permission`` is what a public function URL needs."""
    return properties.get("Principal") == "*" and (
        properties.get("FunctionUrlAuthType") == "NONE"
        or str(properties.get("InvokedViaFunctionUrl")).lower() == "true"
    )


def _query_definition(_: Properties, context: ResourceContext) -> Identified:
    """A saved query: it decides nothing, and whoever loads a template can read it."""
    id_ = str(uuid.UUID(context.digest(32)))
    return Identified(ref=id_, attributes={"QueryDefinitionId": id_})


def _log_group(properties: Properties, context: ResourceContext) -> Identified:
    name = as_text(
        properties.get("LogGroupName", context.physical_name(longest=LONGEST_NAME))
    )
    return Identified(
        # CloudFormation's own ARN of a log group names what is inside it.
        ref=name,
        attributes={"Arn": context.arn("logs", f"log-group:{name}:*")},
    )


def _secret(properties: Properties, context: ResourceContext) -> Identified:
    # Secrets Manager puts six characters behind the name.
    name = as_text(properties.get("Name", context.physical_name(longest=LONGEST_NAME)))
    arn = context.arn("secretsmanager", f"secret:{name}-{context.digest(6, 'arn')}")
    return Identified(ref=arn, attributes={"Id": arn})


def _parameter(properties: Properties, context: ResourceContext) -> Identified:
    kind = properties.get("Type")
    if kind != "String":
        msg = f"its Type is {kind}; the emulator models String"
        raise TemplateError(msg)
    name = as_text(properties.get("Name", context.physical_name(longest=LONGEST_NAME)))
    attributes = {"Type": kind, "Value": as_text(properties.get("Value"))}
    return Identified(ref=name, attributes=attributes)


_RULES: Final[Mapping[str, Callable[[Properties, ResourceContext], Identified]]] = {
    "AWS::ApiGatewayV2::Api": _api,
    "AWS::ApiGatewayV2::Deployment": _api_part,
    "AWS::ApiGatewayV2::DomainName": _domain_name,
    "AWS::ApiGatewayV2::Integration": _api_part,
    "AWS::ApiGatewayV2::Route": _api_part,
    "AWS::ApiGatewayV2::Stage": _stage,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::Role": _role,
    "AWS::IAM::RolePolicy": _policy,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::Url": _url,
    "AWS::Lambda::Version": _version,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::QueryDefinition": _query_definition,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _secret,
}
