"""Templates with one thing wrong, as people deploy them, and what has to find it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aikagi_emulator.template.document import read
from tests.stack import ROOT, Stack, running_stack

Template = dict[str, Any]
"""As it is parsed: of what YAML copies each place has its own."""

Edit = Callable[[Template], None]

_ACCOUNT: Final = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
_POLICIES_OF_INVOKE_ROLE: Final = ("InvokePolicy", "InvokeBoundary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconfiguration:
    """``failed`` are the checks that have to fail, and no others may."""

    name: str
    edit: Edit
    failed: frozenset[str]


@contextmanager
def deployed(
    folder: Path, edit: Edit | None = None, *, stacks: Mapping[str, Path] | None = None
) -> Iterator[Stack]:
    """Run the template, or with an edit, which has to change it.

    ``stacks`` leads from the names of stacks beside it to their templates.
    """
    for name in ("app", "functions"):
        (folder / name).symlink_to(ROOT / name)
    text = json.dumps(read(ROOT / "template.yaml"), default=str)
    template = json.loads(text)
    if edit is not None:
        edit(template)
        assert json.dumps(template) != text
    path = folder / "template.yaml"
    # JSON is YAML, too.
    path.write_text(json.dumps(template))
    with running_stack(folder / "state", template=path, stacks=stacks) as stack:
        yield stack


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]["Properties"]
    return found


def statements(document: dict[str, Any], *named: str) -> list[dict[str, Any]]:
    """Give the statements of a policy, or those of the names (Sid)."""
    listed = document["Statement"]
    if not named:
        return list(listed)
    found = [statement for statement in listed if statement.get("Sid") in named]
    assert len(found) == len(named)
    return found


def own_policy(template: Template, logical_id: str) -> dict[str, Any]:
    """Give the one policy that stands inside a role."""
    (policy,) = properties(template, logical_id)["Policies"]
    found: dict[str, Any] = policy["PolicyDocument"]
    return found


def anybody_may_call(template: Template) -> None:
    properties(template, "HelloFunction")["FunctionUrlConfig"]["AuthType"] = "NONE"


def no_invoke_function(template: Template) -> None:
    for logical_id in _POLICIES_OF_INVOKE_ROLE:
        document = properties(template, logical_id)["PolicyDocument"]
        (lacking,) = statements(document, "InvokeTheFunctionThroughIt")
        document["Statement"].remove(lacking)


def every_origin(template: Template) -> None:
    cors = properties(template, "HelloFunction")["FunctionUrlConfig"]["Cors"]
    cors["AllowOrigins"] = ["*"]


def another_page_alone(template: Template) -> None:
    cors = properties(template, "HelloFunction")["FunctionUrlConfig"]["Cors"]
    cors["AllowOrigins"] = ["https://another.example"]


def url_of_another_function(template: Template) -> None:
    value = properties(template, "HelloEntry")["Value"]
    text = value["Fn::Sub"]
    value["Fn::Sub"] = text.replace("HelloFunctionUrl", "ReportFunctionUrl")


def no_tag(template: Template) -> None:
    del properties(template, "HelloFunction")["Tags"]


def no_role_to_believe(template: Template) -> None:
    del properties(template, "HelloFunction")["Environment"]


def no_source_identity(template: Template) -> None:
    (statement,) = statements(
        properties(template, "AssumeInvokeRole")["PolicyDocument"]
    )
    statement["Action"].remove("sts:SetSourceIdentity")


def account_is_trusted(template: Template) -> None:
    trust = properties(template, "InvokeRole")["AssumeRolePolicyDocument"]
    for statement in statements(trust):
        statement["Principal"] = {"AWS": _ACCOUNT}


def grant_tag_may_be_missing(template: Template) -> None:
    trust = properties(template, "InvokeRole")["AssumeRolePolicyDocument"]
    for statement in statements(trust, "BrokerMayAssume", "BothMayTag"):
        del statement["Condition"]["StringLike"]["aws:RequestTag/grant"]


def proof_may_be_anybody(template: Template) -> None:
    trust = properties(template, "InvokeRole")["AssumeRolePolicyDocument"]
    (statement,) = statements(trust, "ProofMayAssume")
    del statement["Condition"]["StringEquals"]["sts:RoleSessionName"]


def invoke_api_is_open(template: Template) -> None:
    for logical_id in _POLICIES_OF_INVOKE_ROLE:
        document = properties(template, logical_id)["PolicyDocument"]
        (statement,) = statements(document, "InvokeTheFunctionThroughIt")
        del statement["Condition"]["Bool"]


def every_function_of_the_stack(template: Template) -> None:
    for logical_id in _POLICIES_OF_INVOKE_ROLE:
        document = properties(template, logical_id)["PolicyDocument"]
        for statement in statements(document):
            del statement["Condition"]["StringEquals"][
                "aws:ResourceTag/aikagi:function"
            ]


def revocation_policy_is_detached(template: Template) -> None:
    del properties(template, "InvokeRole")["ManagedPolicyArns"]


def no_boundary(template: Template) -> None:
    del properties(template, "InvokeRole")["PermissionsBoundary"]


def twelve_hours(template: Template) -> None:
    properties(template, "InvokeRole")["MaxSessionDuration"] = 43200


def nothing_expires(template: Template) -> None:
    del properties(template, "UsersTable")["TimeToLiveSpecification"]


def operators_write_any_attribute(template: Template) -> None:
    (statement,) = statements(own_policy(template, "RevocationRole"), "EndLogins")
    del statement["Condition"]["ForAllValues:StringEquals"]
    del statement["Condition"]["Null"]["dynamodb:Attributes"]


def operators_write_any_item(template: Template) -> None:
    (statement,) = statements(own_policy(template, "RevocationRole"), "KeepRevocations")
    del statement["Condition"]


def broker_writes_no_logins(template: Template) -> None:
    (statement,) = statements(own_policy(template, "BrokerRole"), "KeepLoginsAndLimits")
    keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    keys.remove("login#*")


def broker_reads_no_catalogue(template: Template) -> None:
    (statement,) = statements(own_policy(template, "BrokerRole"), "ReadTheCatalogue")
    statement["Resource"]["Fn::Sub"] += "/"


def broker_reads_no_issuers(template: Template) -> None:
    (statement,) = statements(own_policy(template, "BrokerRole"), "ReadTheIssuers")
    statement["Resource"]["Fn::Sub"] += "/"


def summarise_has_another_handler(template: Template) -> None:
    properties(template, "SummariseFunction")["Handler"] = "summarise.app.another"


def issuer(**members: object) -> Edit:
    """List an issuer at an address where nothing answers."""
    entry = {
        "Title": "Nobody",
        # Port 9 is for what is thrown away (RFC 863).
        "Issuer": "http://127.0.0.1:9",
        "Audiences": ["here"],
        "Algorithms": ["RS256"],
        "MaxTokenSeconds": 3600,
        "SignIn": True,
        "ClientId": "here",
        "Scopes": ["openid"],
        "SendToken": "id_token",
        **members,
    }
    return lambda template: _add_issuer(template, entry)


def issuer_does_not_answer(template: Template) -> None:
    issuer()(template)


def issuer_is_left_out(template: Template) -> None:
    issuer(Algorithms=["HS256"])(template)


def entry_is_torn(template: Template) -> None:
    value = properties(template, "ReportEntry")["Value"]
    value["Fn::Sub"] = value["Fn::Sub"].rstrip().removesuffix("}")


def _add_issuer(template: Template, entry: Mapping[str, object]) -> None:
    template["Resources"]["NobodyIssuer"] = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {
            "Name": {"Fn::Sub": "/aikagi/${AWS::StackName}/issuers/nobody"},
            "Type": "String",
            "Value": json.dumps(entry),
        },
    }


def networks(*listed: str) -> Edit:
    """Let ``report`` be called from these networks alone."""

    def edit(template: Template) -> None:
        value = properties(template, "ReportEntry")["Value"]
        members = json.dumps({"SourceNetworks": listed})[1:-1]
        text = value["Fn::Sub"].rstrip()
        value["Fn::Sub"] = f"{text.removesuffix('}')}, {members}}}"

    return edit


def network_of_nobody(template: Template) -> None:
    # For documents (RFC 5737).
    networks("192.0.2.0/24")(template)


MISCONFIGURATIONS: Final = tuple(
    Misconfiguration(
        name=edit.__name__.replace("_", " "),
        edit=edit,
        failed=frozenset(failed.split()),
    )
    for edit, failed in (
        (anybody_may_call, "unsigned-call function-urls"),
        (no_invoke_function, "signed-call"),
        (every_origin, "unknown-origin function-urls"),
        (another_page_alone, "preflight"),
        (url_of_another_function, "signed-call function-urls"),
        (no_tag, "signed-call function-tags"),
        (no_role_to_believe, "caller"),
        (no_source_identity, "grant"),
        (account_is_trusted, "trust session-names"),
        (grant_tag_may_be_missing, "session-tags"),
        (proof_may_be_anybody, "session-names"),
        (invoke_api_is_open, "role-url-only"),
        (every_function_of_the_stack, "role-own-function"),
        (revocation_policy_is_detached, "revocation-policy revocation"),
        (no_boundary, "boundary"),
        (twelve_hours, "longest-session"),
        (nothing_expires, "time-to-live"),
        (operators_write_any_attribute, "table-attributes"),
        (operators_write_any_item, "table-keys table-attributes"),
        (broker_writes_no_logins, "login"),
        (broker_reads_no_catalogue, "functions"),
        (broker_reads_no_issuers, "issuers"),
        (summarise_has_another_handler, "stream"),
        (entry_is_torn, "entries"),
        (issuer_does_not_answer, "issuer-keys"),
        (issuer_is_left_out, "entries"),
        (network_of_nobody, "source-networks"),
    )
)
