"""What has to be true of every function behind a URL, whichever there are.

``make check`` runs this, and prints a sentence for each thing that is not. Neither
cfn-lint nor ``sam validate`` can see any of it: the parts are right by themselves, and
do not fit.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from aikagi_emulator.template import Resource, Stack, TemplateError
from app.adapters.catalogue_entry import EntryRules, read_entry
from app.adapters.issuer_entry import IssuerRules, read_issuer
from app.adapters.parameters import EntryRefusedError
from app.admin.audit_schema import members_of
from app.domain.audit import RECORDS
from app.domain.issuers import Issuer
from app.domain.metrics import METRICS, REASON
from tests.template import monitoring
from tests.template.stacks import (
    ANOTHER_TEMPLATE,
    TEMPLATE,
    UrlFunction,
    another_deployed,
    as_list,
    deployed,
    entry_point,
    policies_of,
    published,
    variables_of,
)

OWN_FUNCTION: Final = "${aws:PrincipalTag/function}"
STREAMING: Final = {
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/stream",
    "AWS_LWA_INVOKE_MODE": "response_stream",
}
_WEB_ADAPTER: Final = ":layer:LambdaAdapterLayerArm64:"
_QUOTED: Final = r'"([^"]*)"'
_EXPRESSION: Final = r"/\^[^/]*/"
_LONGEST_ENTRY: Final = 4000
_LARGEST_PARAMETER: Final = 4096
_SHARED_LAYER: Final = "FunctionLayer"


def violations(stack: Stack, *, broker: str | None = None) -> list[str]:
    """Return a sentence for each, which begins with the logical id to look at.

    ``broker`` is the name of the broker's stack, where that is another.
    """
    name = broker or stack.name
    return [
        *_of_functions(stack, name),
        *_of_entries(stack, name),
        *_of_issuers(stack, name),
        *_of_policies(stack),
        *_of_permissions(stack),
        *_of_queries(stack),
    ] + [
        f"{group.logical_id} has no RetentionInDays: its lines would be kept for ever."
        for group in stack.of_type("AWS::Logs::LogGroup")
        if "RetentionInDays" not in group.properties
    ]


def _of_queries(stack: Stack) -> Iterator[str]:
    """Compare what queries name, in PascalCase, with the members of the log's lines."""
    members = {name for record in RECORDS for name in members_of(record)}
    measured = {metric.name for metric in METRICS} | {REASON}
    events = {record.event for record in RECORDS}
    for query in stack.of_type("AWS::Logs::QueryDefinition"):
        text = query.properties["QueryString"]
        plain = re.sub(f"{_QUOTED}|{_EXPRESSION}", "", text)
        words = set(re.findall(r"(?<![\w@])[A-Z]\w*", plain))
        named = set(re.findall(r"\bas (\w+)|\(\?<(\w+)>", text))
        aliases = {name for pair in named for name in pair}
        for word in sorted(words - aliases - members - measured):
            yield f"{query.logical_id}: {word} is a member of no line of the log."
        for event in sorted(set(re.findall(f"Event = {_QUOTED}", text)) - events):
            yield f"{query.logical_id}: {event} is no event of the audit."


def _of_functions(stack: Stack, broker: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for function in published(stack):
        name = function.resource.logical_id
        if function.url.properties["AuthType"] != "AWS_IAM":
            yield f"{name}: the AuthType of its URL is not AWS_IAM: anybody could call."
        if not function.name:
            yield f"{name} has no tag aikagi:function: nobody may call it."
        elif function.name in seen:
            yield f"{name} has the tag aikagi:function of {seen[function.name]}."
        else:
            seen[function.name] = name
            yield from _of_its_entry(stack, broker, function)
        yield from _of_its_caller(stack, function.resource)
        yield from _of_its_log(stack, function.resource)
        yield from _of_its_code(stack, function.resource)
        yield from _of_its_layers(function)


def _of_its_entry(stack: Stack, broker: str, function: UrlFunction) -> Iterator[str]:
    name = function.resource.logical_id
    path = _catalogue(broker) + function.name
    found = [
        entry for entry in stack.of_type("AWS::SSM::Parameter") if entry.ref == path
    ]
    if not found:
        yield (
            f"{name} has the tag aikagi:function: {function.name}, and no catalogue "
            f"entry is named {path}."
        )
    for entry in found:
        try:
            value = json.loads(entry.properties["Value"])
        except ValueError as error:
            yield f"{entry.logical_id}: its Value is not JSON: {error}."
            return
        yield from _of_its_form(entry, value)
        yield from _of_its_role(stack, broker, entry, value)
        yield from _of_its_reading(stack, function, entry)
        for member, expected in (
            ("Arn", function.arn),
            ("FuncUrl", function.url.attributes["FunctionUrl"]),
            ("InvokeMode", function.url.properties.get("InvokeMode", "BUFFERED")),
        ):
            if value.get(member) != expected:
                yield f"{entry.logical_id}: its {member} is not that of {name}."


def _of_its_reading(
    stack: Stack, function: UrlFunction, entry: Resource
) -> Iterator[str]:
    """The addresses of its own are none of AWS's here, and so as on a laptop."""
    rules = EntryRules(
        role=stack.resources["InvokeRole"].attributes["Arn"],
        local_origins=[function.url.attributes["FunctionUrl"].removesuffix("/")],
    )
    try:
        read_entry(function.name, entry.properties["Value"], rules)
    except EntryRefusedError as refused:
        yield f"{entry.logical_id}: the broker would leave it out: {refused}."


def _of_its_role(
    stack: Stack, broker: str, entry: Resource, value: dict[str, Any]
) -> Iterator[str]:
    """The broker's own role stands for itself; another stack's has to be named."""
    role = stack.resources["InvokeRole"].attributes["Arn"]
    allowed = {role} if broker != stack.name else {role, None}
    if value.get("RoleArn") not in allowed:
        yield f"{entry.logical_id}: its RoleArn is not that of InvokeRole."
    elif broker != stack.name and f":role/aikagi/{broker}/" not in role:
        yield (
            f"InvokeRole: its Path is not /aikagi/{broker}/, where the broker may "
            "assume roles."
        )


def _of_its_form(entry: Resource, value: dict[str, Any]) -> Iterator[str]:
    name, size = entry.logical_id, len(entry.properties["Value"])
    if size > _LONGEST_ENTRY:
        yield (
            f"{name}: its Value has {size} characters. Parameter Store takes 4096, and "
            f"a function's names are longer on AWS: keep it to {_LONGEST_ENTRY}."
        )
    example, body_type = value.get("Example"), value.get("BodyType")
    if example is not None and body_type == "file":
        yield f"{name}: its BodyType is file, and its Example would be shown nowhere."
    if example is not None and body_type == "json" and not _is_json(example):
        yield f"{name}: its BodyType is json, and its Example is none."


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _of_its_caller(stack: Stack, function: Resource) -> Iterator[str]:
    believed = variables_of(function).get("AIKAGI_INVOKE_ROLE_ARN")
    if believed != stack.resources["InvokeRole"].attributes["Arn"]:
        yield (
            f"{function.logical_id}: its variable AIKAGI_INVOKE_ROLE_ARN is not "
            "!GetAtt InvokeRole.Arn: it would believe nobody who calls."
        )


def _of_its_log(stack: Stack, function: Resource) -> Iterator[str]:
    groups = {group.ref: group for group in stack.of_type("AWS::Logs::LogGroup")}
    group = groups.get(function.properties.get("LoggingConfig", {}).get("LogGroup"))
    if group is None:
        yield (
            f"{function.logical_id}: its LoggingConfig names no log group of the "
            "template: Lambda would make one, whose lines are kept for ever."
        )
        return
    roles = {role.attributes["Arn"]: role for role in stack.of_type("AWS::IAM::Role")}
    role = roles[function.properties["Role"]]
    allowed = {
        action
        for statements in policies_of(stack, role).values()
        for statement in statements
        if group.attributes["Arn"] in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    if not {"logs:CreateLogStream", "logs:PutLogEvents"} <= allowed:
        yield f"{role.logical_id} may not write the log of {function.logical_id}."


def _of_its_code(stack: Stack, function: Resource) -> Iterator[str]:
    module, name = entry_point(function)
    folder = module.partition(".")[0]
    source = stack.code[function.ref] / f"{module.replace('.', '/')}.py"
    written = source.read_text(encoding="utf-8") if source.is_file() else ""
    # A handler is written as a function, or made by one.
    if not re.search(rf"^((async )?def {name}\(|{name} = )", written, re.MULTILINE):
        yield (
            f"{function.logical_id}: its Handler {module}.{name} is not in "
            f"{source.name} of {source.parent}."
        )
    expected = "".join(map(str.capitalize, folder.split("_"))) + "Function"
    if function.logical_id != expected:
        yield (
            f"{function.logical_id}: the function in the folder {folder} has the "
            f"logical id {expected}; functions/Makefile finds the folder by it."
        )


def _of_its_layers(function: UrlFunction) -> Iterator[str]:
    layers = function.resource.properties.get("Layers", [])
    variables = variables_of(function.resource)
    name = function.resource.logical_id
    if not any(_SHARED_LAYER in layer for layer in layers):
        yield f"{name} lacks the layer FunctionLayer, which holds aikagi_function."
    streams = function.url.properties.get("InvokeMode") == "RESPONSE_STREAM"
    adapter = any(_WEB_ADAPTER in layer for layer in layers)
    wrapped = STREAMING.items() <= variables.items()
    if streams and not (adapter and wrapped):
        yield (
            f"{name} streams, and lacks the layer *web-adapter or the variables "
            f"{' and '.join(f'{key}: {value}' for key, value in STREAMING.items())}."
        )
    if not streams and (adapter or STREAMING.keys() & variables.keys()):
        yield f"{name} runs as a web process, but InvokeMode is not RESPONSE_STREAM."


def _of_entries(stack: Stack, broker: str) -> Iterator[str]:
    names = {function.name for function in published(stack)}
    for entry in stack.of_type("AWS::SSM::Parameter"):
        if entry.ref.startswith(_issuers(broker)):
            continue
        if entry.ref.removeprefix(_catalogue(broker)) not in names:
            yield f"{entry.logical_id}: no function has the tag of {entry.ref}."


def _of_issuers(stack: Stack, broker: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for entry in stack.of_type("AWS::SSM::Parameter"):
        if not entry.ref.startswith(_issuers(broker)):
            continue
        if broker != stack.name:
            yield (
                f"{entry.logical_id}: an issuer says who people are, and belongs to "
                "the broker's own stack."
            )
        name, value = entry.logical_id, str(entry.properties["Value"])
        size = len(value.encode())
        if size > _LARGEST_PARAMETER:
            yield (
                f"{name}: its Value has {size} bytes, and Parameter Store takes "
                f"{_LARGEST_PARAMETER}: map fewer values in Groups, for example by "
                "roles of the issuer instead of its groups."
            )
        try:
            issuer = _issuer_of(broker, entry)
        except EntryRefusedError as refused:
            yield f"{name}: the broker would leave it out: {refused}."
            continue
        if issuer.url in seen:
            yield f"{name}: its Issuer stands in {seen[issuer.url]}; both are left out."
        seen[issuer.url] = name


def _issuer_of(broker: str, entry: Resource) -> Issuer:
    alias = entry.ref.removeprefix(_issuers(broker))
    return read_issuer(alias, entry.properties["Value"], IssuerRules(own=broker))


def _of_policies(stack: Stack) -> Iterator[str]:
    """Every right to call a function is the invoke role's, and has its conditions."""
    for role in stack.of_type("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            yield from _of_policy(stack, role, role, policy)
        for policy in stack.of_type("AWS::IAM::RolePolicy"):
            if policy.properties["RoleName"] == role.ref:
                yield from _of_policy(stack, policy, role, policy.properties)


def _of_policy(
    stack: Stack, where: Resource, role: Resource, policy: Any
) -> Iterator[str]:
    for statement in policy["PolicyDocument"]["Statement"]:
        if statement["Effect"] != "Allow":
            continue
        sid = statement.get("Sid", "without a Sid")
        for action, required in _required_conditions(stack).items():
            patterns = map(str.lower, as_list(statement["Action"]))
            if not any(fnmatchcase(action.lower(), pattern) for pattern in patterns):
                continue
            if role.logical_id != "InvokeRole":
                yield (
                    f"{where.logical_id}: the statement {sid} allows {action}, which "
                    "is for sessions of InvokeRole alone."
                )
                continue
            conditions = statement.get("Condition", {})
            for operator, keys in required.items():
                for key, value in keys.items():
                    if conditions.get(operator, {}).get(key) != value:
                        yield (
                            f"{where.logical_id}: the statement {sid} allows {action} "
                            f"without the condition {operator} {key}: {value}."
                        )


def _of_permissions(stack: Stack) -> Iterator[str]:
    """A function behind a URL has no resource policy: that would need no session."""
    for permission in stack.of_type("AWS::Lambda::Permission"):
        called = str(permission.properties["FunctionName"])
        for function in published(stack):
            if called in {function.resource.ref, function.arn}:
                yield (
                    f"{permission.logical_id}: it lets "
                    f"{permission.properties['Principal']} call "
                    f"{function.resource.logical_id} without a session of InvokeRole."
                )


def _required_conditions(stack: Stack) -> dict[str, dict[str, dict[str, str]]]:
    own = {
        "aws:ResourceTag/aikagi:function": OWN_FUNCTION,
        "aws:ResourceTag/aws:cloudformation:stack-id": stack.stack_id,
    }
    return {
        "lambda:InvokeFunctionUrl": {
            "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM", **own}
        },
        "lambda:InvokeFunction": {
            "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
            "StringEquals": own,
        },
    }


def _catalogue(broker: str) -> str:
    return f"/aikagi/{broker}/functions/"


def _issuers(broker: str) -> str:
    return f"/aikagi/{broker}/issuers/"


def main() -> int:
    passed = [
        _passes("functions", TEMPLATE, lambda: violations(deployed())),
        _passes("monitoring", TEMPLATE, monitoring.violations),
        _passes(
            "functions",
            ANOTHER_TEMPLATE,
            lambda: violations(another_deployed(), broker=deployed().name),
        ),
    ]
    return 0 if all(passed) else 1


def _passes(what: str, template: Path, check: Callable[[], list[str]]) -> bool:
    try:
        found = check()
    except TemplateError as error:
        found = [str(error)]
    name = template.relative_to(TEMPLATE.parent)
    for sentence in found:
        sys.stdout.write(f"{name}: {sentence}\n")
    sys.stdout.write(f"{what} of {name}: {'FAILED' if found else 'passed'}\n")
    return not found


if __name__ == "__main__":
    sys.exit(main())
