"""What the template promises, and neither cfn-lint nor `sam validate` can see."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from aikagi_emulator.template import Stack, TemplateError
from app.adapters.catalogue_entry import EntryRules, read_entry
from app.domain.session import SessionRequest, plan_session
from app.settings import Settings
from tests.fakes import NOON, a_function, a_user
from tests.template.stacks import (
    API,
    TEMPLATE,
    UrlFunction,
    all_statements,
    as_list,
    deployed,
    policies_of,
    published,
    translated,
    variables_of,
)

TAGS = tuple(
    plan_session(
        a_user("alice", "everyone"),
        a_function("hello", "everyone"),
        SessionRequest(),
        grant_id="a-grant",
        now=NOON,
    ).tags
)
TAGGED = {f"aws:RequestTag/{tag}": "?*" for tag in TAGS}

LAYER = "arn:aws:lambda:ap-northeast-1:123456789012:layer:FunctionLayer:1"
_ALIAS = "AWS::Lambda::Alias"
NAMES = {
    "DashboardName",
    "FunctionName",
    "LogGroupName",
    "ManagedPolicyName",
    "Name",
    "RoleName",
    "TableName",
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return deployed()


# Who may call a function


def test_every_function_url_answers_signed_requests_only(stack: Stack):
    assert {url.properties["AuthType"] for url in _urls(stack)} == {"AWS_IAM"}


def test_no_function_can_be_called_without_a_role_but_the_broker_by_its_api(
    stack: Stack,
):
    allowed = [
        (permission.properties["Principal"], permission.properties["FunctionName"])
        for permission in stack.of_type("AWS::Lambda::Permission")
    ]

    alias = f"{stack.resources['BrokerFunction'].attributes['Arn']}:live"
    assert allowed == [("apigateway.amazonaws.com", alias)]


def test_a_session_may_call_the_function_of_its_tag_by_its_url_and_do_nothing_else(
    stack: Stack,
):
    functions = "arn:aws:lambda:ap-northeast-1:123456789012:function:*"
    own = {
        "aws:ResourceTag/aikagi:function": "${aws:PrincipalTag/function}",
        "aws:ResourceTag/aws:cloudformation:stack-id": stack.stack_id,
    }

    assert policies_of(stack, stack.resources["InvokeRole"]) == {
        "invoke": [
            {
                "Sid": "CallTheFunctionUrl",
                "Effect": "Allow",
                "Action": "lambda:InvokeFunctionUrl",
                "Resource": functions,
                "Condition": {
                    "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM", **own}
                },
            },
            {
                "Sid": "InvokeTheFunctionThroughIt",
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": functions,
                "Condition": {
                    "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
                    "StringEquals": own,
                },
            },
        ]
    }


def test_the_policy_of_all_functions_is_short(stack: Stack):
    """A role's inline policies have 10,240 characters, without white space."""
    policies = policies_of(stack, stack.resources["InvokeRole"])

    assert len(json.dumps(policies, separators=(",", ":"))) < 1_000


def test_the_broker_has_no_tag_by_which_a_session_could_call_it(stack: Stack):
    tags = stack.resources["BrokerFunction"].properties.get("Tags", [])

    assert "aikagi:function" not in {tag["Key"] for tag in tags}


# Who may assume the role


def test_only_the_broker_and_the_proof_of_a_revocation_may_assume_the_invoke_role(
    stack: Stack,
):
    broker, proof = (
        stack.resources[name].attributes["Arn"]
        for name in ("BrokerRole", "RevocationRole")
    )

    assert [
        (statement["Action"], statement["Principal"]) for statement in _trust(stack)
    ] == [
        ("sts:AssumeRole", {"AWS": broker}),
        ("sts:TagSession", {"AWS": [broker, proof]}),
        ("sts:SetSourceIdentity", {"AWS": [broker, proof]}),
        ("sts:AssumeRole", {"AWS": proof}),
    ]


def test_a_session_is_issued_only_for_a_named_and_tagged_person(stack: Stack):
    assert _trust_in(stack, "sts:AssumeRole") == {
        "StringLike": {
            "sts:RoleSessionName": "?*+?*",
            "sts:SourceIdentity": "?*+?*",
            **TAGGED,
        }
    }


def test_a_session_has_all_tags_that_the_broker_plans_and_no_others(stack: Stack):
    assert _trust_in(stack, "sts:TagSession") == {
        "ForAllValues:StringLike": {"aws:TagKeys": [*TAGS, "claim.*"]},
        "StringLike": TAGGED,
    }


def test_a_source_identity_names_issuer_and_subject(stack: Stack):
    assert _trust_in(stack, "sts:SetSourceIdentity") == {
        "StringLike": {"sts:SourceIdentity": "?*+?*"}
    }


def test_no_session_lasts_longer_than_an_hour(stack: Stack):
    assert stack.resources["InvokeRole"].properties["MaxSessionDuration"] == 3600


def test_the_broker_may_read_assume_log_and_store_logins_and_do_nothing_else(
    stack: Stack,
):
    statements = policies_of(stack, stack.resources["BrokerRole"])

    parameters = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/aikagi/trial"
    granted = [
        (action, statement["Resource"], statement.get("Condition"))
        for policy in statements.values()
        for statement in policy
        if statement.get("Sid") != "ChangePasswords"  # the next test's
        for action in as_list(statement["Action"])
    ]
    invoke_roles = [
        stack.resources["InvokeRole"].attributes["Arn"],
        # Of other stacks.
        "arn:aws:iam::123456789012:role/aikagi/trial/*",
    ]
    logs = stack.resources["BrokerLogs"].attributes["Arn"]
    people = stack.resources["UsersTable"].attributes["Arn"]
    # What begins in another way is a person, and not the broker's to write.
    logins = {
        "ForAllValues:StringLike": {
            "dynamodb:LeadingKeys": ["login#*", "limit#*", "seen#*"]
        },
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    assert granted == [
        ("dynamodb:GetItem", people, None),
        ("dynamodb:BatchGetItem", people, None),
        ("dynamodb:PutItem", people, logins),
        ("dynamodb:UpdateItem", people, logins),
        ("secretsmanager:GetSecretValue", stack.resources["SigningSecret"].ref, None),
        ("ssm:GetParametersByPath", f"{parameters}/functions", None),
        ("ssm:GetParametersByPath", f"{parameters}/issuers", None),
        ("logs:CreateLogStream", logs, None),
        ("logs:PutLogEvents", logs, None),
        ("sts:AssumeRole", invoke_roles, None),
        ("sts:TagSession", invoke_roles, None),
        ("sts:SetSourceIdentity", invoke_roles, None),
    ]


def test_of_a_person_the_broker_may_write_the_password_and_nothing_else(stack: Stack):
    own = policies_of(stack, stack.resources["BrokerRole"])["own"]

    [statement] = [entry for entry in own if entry["Sid"] == "ChangePasswords"]

    assert statement == {
        "Sid": "ChangePasswords",
        "Effect": "Allow",
        "Action": "dynamodb:UpdateItem",
        "Resource": stack.resources["UsersTable"].attributes["Arn"],
        "Condition": {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["principal#local#*"]},
            "ForAllValues:StringEquals": {
                "dynamodb:Attributes": [
                    *("pk", "password_hash", "one_time_password_hash"),
                    *("credentials_version", "version"),
                ]
            },
            "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
        },
    }


# Every policy


def test_no_policy_allows_whatever_there_is(stack: Stack):
    for statement in all_statements(stack):
        assert statement["Effect"] == "Allow"
        assert {"NotAction", "NotResource"}.isdisjoint(statement)
        assert not any("*" in action for action in as_list(statement["Action"]))
        for resource in as_list(statement["Resource"]):
            # What is inside a log group is written as its ARN and `:*`; which function
            # of all may be called is decided by its tags, and which role of other
            # stacks may be assumed by its path and by its own trust.
            named = resource.removesuffix(":*").removesuffix(":role/aikagi/trial/*")
            assert "*" not in named
            if ":function:" in resource:
                assert "StringEquals" in statement["Condition"]


def test_no_role_may_do_more_by_a_policy_that_is_not_its_own(stack: Stack):
    """Managed policies that a role carries deny; others are boundaries."""
    managed = {
        policy.ref: policy for policy in stack.of_type("AWS::IAM::ManagedPolicy")
    }
    carried = [
        arn
        for role in stack.of_type("AWS::IAM::Role")
        for arn in role.properties.get("ManagedPolicyArns", [])
    ]

    assert set(carried) <= managed.keys()
    for policy in managed.values():
        assert "Roles" not in policy.properties
    for arn in carried:
        for statement in managed[arn].properties["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny"
    assert not stack.of_type("AWS::IAM::Policy")


def test_every_function_has_a_role_that_only_lambda_assumes(stack: Stack):
    roles = {role.attributes["Arn"]: role for role in stack.of_type("AWS::IAM::Role")}

    for function in stack.of_type("AWS::Lambda::Function"):
        role = roles[function.properties["Role"]]
        assert role.properties["AssumeRolePolicyDocument"]["Statement"] == [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]


def test_no_function_behind_a_url_has_the_role_of_the_broker(stack: Stack):
    broker = stack.resources["BrokerFunction"].properties["Role"]

    assert broker not in {
        function.resource.properties["Role"] for function in published(stack)
    }


# The catalogue


def test_every_entry_is_one_that_the_broker_takes(stack: Stack):
    invoke_role = stack.resources["InvokeRole"].attributes["Arn"]
    urls = [str(url.attributes["FunctionUrl"]) for url in _urls(stack)]
    rules = EntryRules(
        role=invoke_role, local_origins=[url.removesuffix("/") for url in urls]
    )

    entries = [
        entry
        for entry in stack.of_type("AWS::SSM::Parameter")
        if entry.ref.startswith("/aikagi/trial/functions/")
    ]

    assert len(entries) == len(published(stack)) > 0
    for entry in entries:
        name = entry.ref.removeprefix("/aikagi/trial/functions/")
        function = read_entry(name, entry.properties["Value"], rules)
        assert function.groups
        assert function.description


# The size of a function


def test_a_function_is_at_most_35_lines_of_template_and_40_when_it_streams(
    stack: Stack,
):
    """The function and its entry; rights of its own come on top."""
    lines = _lines_of_resources()
    for function in published(stack):
        [entry] = [
            entry.logical_id
            for entry in stack.of_type("AWS::SSM::Parameter")
            if entry.ref == f"/aikagi/trial/functions/{function.name}"
        ]
        streams = function.url.properties["InvokeMode"] == "RESPONSE_STREAM"
        block = lines[function.resource.logical_id] + 1 + lines[entry]
        assert block <= (40 if streams else 35), function.name


# Other origins


@pytest.mark.parametrize(
    ("given", "others"),
    [
        pytest.param("", [], id="none"),
        pytest.param("https://a.example", ["https://a.example"], id="one"),
        pytest.param(
            "https://a.example, http://localhost:5173",
            ["https://a.example", "http://localhost:5173"],
            id="two",
        ),
    ],
)
def test_the_functions_and_the_broker_know_the_same_origins(
    given: str, others: list[str]
):
    stack = deployed(AllowedOrigins=given)

    for url in _urls(stack):
        assert url.properties["Cors"] == {
            "AllowOrigins": [API, *others],
            "AllowMethods": ["GET", "POST"],
            "AllowHeaders": [
                "authorization",
                "content-type",
                "x-amz-date",
                "x-amz-security-token",
                "x-amz-content-sha256",
            ],
            "ExposeHeaders": [
                "content-disposition",
                "date",
                "x-amzn-requestid",
                "x-amzn-errortype",
            ],
            "MaxAge": 3600,
        }
    assert _variables(stack, "BrokerFunction")["AIKAGI_ALLOWED_ORIGINS"] == ",".join(
        others
    )


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param("*", id="every origin"),
        pytest.param("https://*.example", id="every subdomain"),
        pytest.param("https://a.example/", id="with a final slash"),
        pytest.param("https://a.example,*", id="one and every other"),
        pytest.param("a.example", id="without a scheme"),
        pytest.param("https://A.example", id="in capitals, as no browser sends it"),
    ],
)
def test_an_origin_that_is_not_exact_is_refused(origins: str):
    with pytest.raises(TemplateError, match="Parameter AllowedOrigins cannot be"):
        deployed(AllowedOrigins=origins)


def test_proxies_are_named_to_the_broker_as_they_are_given():
    chosen = deployed(TrustedProxies="192.0.2.0/24,2001:db8::1")

    variables = _variables(chosen, "BrokerFunction")
    assert variables["AIKAGI_TRUSTED_PROXIES"] == "192.0.2.0/24,2001:db8::1"


@pytest.mark.parametrize("proxies", ["*", "0.0.0.0/0", "192.0.2.1,::/0", "a.example"])
def test_a_proxy_that_is_everybody_or_a_name_is_refused(proxies: str):
    with pytest.raises(TemplateError, match="Parameter TrustedProxies cannot be"):
        deployed(TrustedProxies=proxies)


def test_the_api_leaves_cors_to_the_broker(stack: Stack):
    api = stack.resources["HttpApi"].properties

    assert "CorsConfiguration" not in api
    assert "x-amazon-apigateway-cors" not in api["Body"]


# The broker and the functions


def test_the_broker_is_told_where_things_are_and_no_secret(stack: Stack):
    assert _variables(stack, "BrokerFunction") == {
        "AIKAGI_USERS_TABLE": stack.resources["UsersTable"].ref,
        "AIKAGI_SIGNING_SECRET_ARN": stack.resources["SigningSecret"].ref,
        "AIKAGI_INVOKE_ROLE_ARN": stack.resources["InvokeRole"].attributes["Arn"],
        "AIKAGI_INVOKE_ROLE_PATH": "/aikagi/trial/",
        "AIKAGI_CATALOGUE_PATH": "/aikagi/trial/functions",
        "AIKAGI_ISSUERS_PATH": "/aikagi/trial/issuers",
        "AIKAGI_ALLOWED_ORIGINS": "",
        "AIKAGI_TOKEN_ISSUER": "trial",
        "AIKAGI_LOGIN_LIFETIME_SECONDS": "604800",
        "AIKAGI_LOGIN_IDLE_SECONDS": "43200",
        "AIKAGI_GRANT_SECONDS_AFTER_LOGIN": "",
        "AIKAGI_TRUSTED_PROXIES": "",
        "AIKAGI_DOCS": "true",
        "AIKAGI_LOG_LEVEL": "INFO",
        "AIKAGI_METRICS_NAMESPACE": "Aikagi/trial",
    }


def test_the_broker_has_every_setting_that_it_needs_and_none_that_it_lacks(
    stack: Stack,
):
    given = {name for name in _variables(stack, "BrokerFunction") if "AIKAGI_" in name}
    known = {
        f"AIKAGI_{name.upper()}": field.is_required()
        for name, field in Settings.model_fields.items()
        if not field.validation_alias
    }

    assert {name for name, needed in known.items() if needed} <= given <= known.keys()


def test_every_function_behind_a_url_knows_which_role_to_believe(stack: Stack):
    role = stack.resources["InvokeRole"].attributes["Arn"]

    for function in published(stack):
        assert variables_of(function.resource)["AIKAGI_INVOKE_ROLE_ARN"] == role


def test_the_docs_and_the_log_level_are_the_operators_choice():
    variables = _variables(deployed(Docs="false", LogLevel="DEBUG"), "BrokerFunction")

    assert variables["AIKAGI_DOCS"] == "false"
    assert variables["AIKAGI_LOG_LEVEL"] == "DEBUG"


def test_every_function_runs_on_the_runtime_we_test(stack: Stack):
    for function in stack.of_type("AWS::Lambda::Function"):
        assert function.properties["Runtime"] == "python3.13"
        assert function.properties["Architectures"] == ["arm64"]


def test_a_function_streams_by_the_program_of_the_layer(stack: Stack):
    [layer] = stack.layers.values()
    streaming = [function for function in published(stack) if is_streaming(function)]

    assert streaming
    for function in streaming:
        program = variables_of(function.resource)["AWS_LAMBDA_EXEC_WRAPPER"]
        assert os.access(layer / Path(program).relative_to("/opt"), os.X_OK)


def test_a_summary_may_take_all_the_time_there_is(stack: Stack):
    assert stack.resources["SummariseFunction"].properties["Timeout"] == 900


def test_the_broker_gives_up_before_its_api_does(stack: Stack):
    assert stack.resources["BrokerFunction"].properties["Timeout"] < 30


@pytest.mark.parametrize("parameter", ["BrokerConcurrency", "FunctionConcurrency"])
def test_concurrency_is_reserved_on_request_only(stack: Stack, parameter: str):
    chosen = deployed(**{parameter: "0"})

    reserved = "ReservedConcurrentExecutions"
    for function in chosen.of_type("AWS::Lambda::Function"):
        is_broker = function.logical_id == "BrokerFunction"
        limited = is_broker == (parameter == "BrokerConcurrency")
        assert function.properties.get(reserved) == ("0" if limited else None)
        assert reserved not in stack.resources[function.logical_id].properties


def test_the_api_is_one_stage_without_a_path_and_throttled():
    stack = deployed(ThrottlingRate="7", ThrottlingBurst="9")

    [stage] = stack.of_type("AWS::ApiGatewayV2::Stage")
    assert stage.properties["StageName"] == "$default"
    assert stage.properties["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": "7",
        "ThrottlingBurstLimit": "9",
    }


# What is kept


def test_people_are_kept_safe_and_outlive_the_stack(stack: Stack):
    table = translated()["Resources"]["UsersTable"]

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert stack.resources["UsersTable"].properties == {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
    }


def test_the_audit_outlives_the_stack():
    logs = translated()["Resources"]["BrokerLogs"]

    assert logs["DeletionPolicy"] == logs["UpdateReplacePolicy"] == "Retain"


def test_the_signing_secret_is_made_by_the_stack_and_long(stack: Stack):
    secret = stack.resources["SigningSecret"].properties

    assert secret["GenerateSecretString"]["PasswordLength"] >= 64
    assert "SecretString" not in secret


def test_the_functions_do_not_write_the_log_that_holds_the_audit(stack: Stack):
    audit = stack.resources["BrokerLogs"]

    for function in published(stack):
        assert function.resource.properties["LoggingConfig"]["LogGroup"] != audit.ref
    readers = [
        role.logical_id
        for role in stack.of_type("AWS::IAM::Role")
        for statements in policies_of(stack, role).values()
        for statement in statements
        if audit.attributes["Arn"] in as_list(statement["Resource"])
    ]
    assert readers == ["BrokerRole"]


def test_the_role_of_all_functions_may_write_their_log_and_nothing_else(stack: Stack):
    assert policies_of(stack, stack.resources["FunctionRole"]) == {
        "write-log": [
            {
                "Sid": "Log",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": stack.resources["FunctionLogs"].attributes["Arn"],
            }
        ]
    }


MODEL = "amazon.nova-lite-v1:0"
PROFILE = "arn:aws:bedrock:ap-northeast-1:123456789012:inference-profile/apac.x"
ELSEWHERE = "arn:aws:bedrock:ap-southeast-2::foundation-model/x"


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        pytest.param(
            {"SummariseModelId": MODEL},
            f"arn:aws:bedrock:ap-northeast-1::foundation-model/{MODEL}",
            id="a model of this Region",
        ),
        pytest.param(
            {
                "SummariseModelId": "apac.x",
                "SummariseModelArns": f"{PROFILE},{ELSEWHERE}",
            },
            [PROFILE, ELSEWHERE],
            id="a profile and what it leads to",
        ),
    ],
)
def test_a_model_may_be_asked_where_one_is_named(
    parameters: dict[str, str], resource: str | list[str]
):
    stack = deployed(**parameters)

    policies = policies_of(stack, stack.resources["SummariseRole"])

    assert policies["ask-model"] == [
        {
            "Sid": "AskModel",
            "Effect": "Allow",
            "Action": "bedrock:InvokeModelWithResponseStream",
            "Resource": resource,
        }
    ]
    variables = variables_of(stack.resources["SummariseFunction"])
    assert variables["AIKAGI_SUMMARISE_MODEL_ID"] == parameters["SummariseModelId"]


def test_without_a_name_no_model_is_asked_whatever_arns_there_are():
    stack = deployed(SummariseModelArns=PROFILE)

    assert list(policies_of(stack, stack.resources["SummariseRole"])) == ["write-log"]
    variables = variables_of(stack.resources["SummariseFunction"])
    assert "AIKAGI_SUMMARISE_MODEL_ID" not in variables


def test_every_log_is_kept_as_long_as_the_operator_says():
    for group in deployed(LogRetentionDays="30").of_type("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == "30"


# Versions


def test_the_broker_starts_anew_unless_the_operator_wants_snapshots():
    def snap_start(stack: Stack) -> Any:
        return stack.resources["BrokerFunction"].properties["SnapStart"]

    assert snap_start(deployed()) == {"ApplyOn": "None"}
    assert snap_start(deployed(SnapStart="PublishedVersions")) == {
        "ApplyOn": "PublishedVersions"
    }


def test_the_api_calls_the_published_version_of_the_broker():
    resources = translated()["Resources"]
    [alias] = [name for name in resources if resources[name]["Type"] == _ALIAS]
    definition = json.dumps(resources["HttpApi"]["Properties"]["Body"])

    assert f"${{{alias}}}" in definition
    assert "${BrokerFunction.Arn}" not in definition


def test_every_parameter_of_the_brokers_environment_publishes_a_version():
    """SAM makes no version of another value; CloudFormation does, of another text.

    A version that is described as before stays, and the API calls it with what was.
    """
    document = translated()
    broker = document["Resources"]["BrokerFunction"]["Properties"]
    [version] = [
        resource["Properties"]
        for resource in document["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Version"
    ]

    parameters = document["Parameters"].keys()
    needed = parameters & _names_in([broker["Environment"], broker["SnapStart"]])
    assert {"AllowedOrigins", "Docs", "SnapStart"} <= needed
    assert needed <= _names_in(version["Description"])
    # What changes nothing of the version must not ask for one: Lambda would refuse.
    assert parameters & _names_in(version["Description"]) == needed


def test_the_description_of_a_version_has_room_for_several_origins():
    origins = ",".join(f"https://page{number}.example.com" for number in range(7))
    stack = deployed(
        AllowedOrigins=origins, GrantSecondsAfterLogin="3600", LogLevel="WARNING"
    )
    [version] = stack.of_type("AWS::Lambda::Version")

    assert len(version.properties["Description"]) <= 256


def _names_in(part: object) -> set[str]:
    """Return what Ref and Sub name anywhere below ``part``."""
    text = json.dumps(part)
    return {*re.findall(r'"Ref": "(\w+)"', text), *re.findall(r"\${(\w+)}", text)}


# Names and addresses


def test_two_stacks_stand_side_by_side():
    named = {
        (resource.logical_id, name): value
        for resource in deployed(name="second").resources.values()
        for name, value in resource.properties.items()
        if name in NAMES
    }

    assert named
    # An alias has its name within its function.
    assert named.pop(("BrokerFunctionAliaslive", "Name")) == "live"
    assert all("second" in value for value in named.values()), named


def test_the_outputs_say_where_everything_is(stack: Stack):
    assert stack.outputs == {
        "GrantApiUrl": API,
        "BrokerStackName": "trial",
        "BrokerRoleArn": stack.resources["BrokerRole"].attributes["Arn"],
        "FunctionLayerArn": LAYER,
        "UsersTableName": stack.resources["UsersTable"].ref,
        "SigningSecretArn": stack.resources["SigningSecret"].ref,
        "CataloguePath": "/aikagi/trial/functions",
        "InvokeRoleArn": stack.resources["InvokeRole"].attributes["Arn"],
        "BrokerLogGroup": stack.resources["BrokerLogs"].ref,
        "IssuersPath": "/aikagi/trial/issuers",
        "RevocationPolicyArn": stack.resources["RevocationPolicy"].ref,
        "RevocationRoleArn": stack.resources["RevocationRole"].attributes["Arn"],
    }


def test_every_parameter_and_output_is_described():
    template = translated()

    for section in ("Parameters", "Outputs"):
        for name, entry in template[section].items():
            assert entry.get("Description"), name


def _urls(stack: Stack) -> tuple[Any, ...]:
    return stack.of_type("AWS::Lambda::Url")


def _trust(stack: Stack) -> list[dict[str, Any]]:
    document = stack.resources["InvokeRole"].properties["AssumeRolePolicyDocument"]
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def _trust_in(stack: Stack, action: str) -> dict[str, Any]:
    """What the broker has to satisfy."""
    broker = stack.resources["BrokerRole"].attributes["Arn"]
    [condition] = [
        statement["Condition"]
        for statement in _trust(stack)
        if action in as_list(statement["Action"])
        and broker in as_list(statement["Principal"]["AWS"])
    ]
    return dict(condition)


def is_streaming(function: UrlFunction) -> bool:
    return bool(function.url.properties["InvokeMode"] == "RESPONSE_STREAM")


def _lines_of_resources() -> dict[str, int]:
    """How many lines of the template each resource is, by logical id."""
    root: Any = yaml.compose(TEMPLATE.read_text())
    sections = {key.value: value for key, value in root.value}
    return {
        key.value: len(text.rstrip().splitlines())
        for key, value in sections["Resources"].value
        for text in [TEMPLATE.read_text()[key.start_mark.index : value.end_mark.index]]
    }


def _variables(stack: Stack, logical_id: str) -> dict[str, str]:
    properties = stack.resources[logical_id].properties
    return dict(properties["Environment"]["Variables"])
