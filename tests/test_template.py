"""What the template promises, and neither cfn-lint nor `sam validate` can see."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.template import Stack, TemplateError
from tests.template.stacks import (
    API,
    all_statements,
    as_list,
    deployed,
    entry_point,
    policies_of,
    published,
    translated,
)

FUNCTIONS = Path(__file__).parents[1] / "functions"

TAGS = ("issuer", "user", "function", "issued", "grant")
TAGGED = {f"aws:RequestTag/{tag}": "?*" for tag in TAGS}

NAMES = {
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
    auth = {url.logical_id: url.properties["AuthType"] for url in _urls(stack)}

    assert auth == {
        "HelloFunctionUrl": "AWS_IAM",
        "ReportFunctionUrl": "AWS_IAM",
        "SummariseFunctionUrl": "AWS_IAM",
    }


def test_no_function_can_be_called_without_a_role_but_the_broker_by_its_api(
    stack: Stack,
):
    allowed = [
        (one.properties["Principal"], one.properties["FunctionName"])
        for one in stack.of_type("AWS::Lambda::Permission")
    ]

    broker = stack.resources["BrokerFunction"].ref
    assert allowed == [("apigateway.amazonaws.com", broker)]


def test_the_invoke_role_may_call_each_function_by_its_url_and_do_nothing_else(
    stack: Stack,
):
    statements = policies_of(stack, stack.resources["InvokeRole"])

    assert statements == {
        f"call-{one.name}": [
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunctionUrl",
                "Resource": one.arn,
                "Condition": {
                    "StringEquals": {
                        "lambda:FunctionUrlAuthType": "AWS_IAM",
                        "aws:PrincipalTag/function": one.name,
                    }
                },
            },
            {
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": one.arn,
                "Condition": {
                    "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
                    "StringEquals": {"aws:PrincipalTag/function": one.name},
                },
            },
        ]
        for one in published(stack)
    }


# Who may lend


def test_only_the_broker_may_lend(stack: Stack):
    trusted = [statement["Principal"] for statement in _trust(stack)]

    assert trusted == [{"AWS": stack.resources["BrokerRole"].attributes["Arn"]}] * 3


def test_a_session_is_lent_only_to_a_named_and_tagged_person(stack: Stack):
    assert _trust_in(stack, "sts:AssumeRole") == {
        "StringLike": {
            "sts:RoleSessionName": "?*+?*",
            "sts:SourceIdentity": "?*+?*",
            **TAGGED,
        }
    }


def test_a_session_has_all_of_our_tags_and_no_others(stack: Stack):
    assert _trust_in(stack, "sts:TagSession") == {
        "ForAllValues:StringEquals": {"aws:TagKeys": list(TAGS)},
        "StringLike": TAGGED,
    }


def test_a_source_identity_names_issuer_and_subject(stack: Stack):
    assert _trust_in(stack, "sts:SetSourceIdentity") == {
        "StringLike": {"sts:SourceIdentity": "?*+?*"}
    }


def test_nothing_lent_lasts_longer_than_an_hour(stack: Stack):
    assert stack.resources["InvokeRole"].properties["MaxSessionDuration"] == 3600


def test_the_broker_may_read_lend_log_and_keep_logins_and_do_nothing_else(
    stack: Stack,
):
    statements = policies_of(stack, stack.resources["BrokerRole"])

    catalogue = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/aikagi/trial"
    granted = {
        action: (statement["Resource"], statement.get("Condition"))
        for policy in statements.values()
        for statement in policy
        for action in as_list(statement["Action"])
    }
    lent = stack.resources["InvokeRole"].attributes["Arn"]
    logs = stack.resources["BrokerLogs"].attributes["Arn"]
    people = stack.resources["UsersTable"].attributes["Arn"]
    # What begins in another way is a person, and not the broker's to write.
    logins = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["login#*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    assert granted == {
        "dynamodb:GetItem": (people, None),
        "dynamodb:PutItem": (people, logins),
        "dynamodb:UpdateItem": (people, logins),
        "secretsmanager:GetSecretValue": (stack.resources["SigningSecret"].ref, None),
        "ssm:GetParametersByPath": (f"{catalogue}/functions", None),
        "sts:AssumeRole": (lent, None),
        "sts:TagSession": (lent, None),
        "sts:SetSourceIdentity": (lent, None),
        "logs:CreateLogStream": (logs, None),
        "logs:PutLogEvents": (logs, None),
    }


# Every policy


def test_no_policy_allows_whatever_there_is(stack: Stack):
    for statement in all_statements(stack):
        assert statement["Effect"] == "Allow"
        assert {"NotAction", "NotResource"}.isdisjoint(statement)
        assert not any("*" in action for action in as_list(statement["Action"]))
        for resource in as_list(statement["Resource"]):
            # What is inside a log group is written as its ARN and `:*`.
            assert "*" not in resource.removesuffix(":*")


def test_no_role_has_a_policy_that_somebody_else_writes(stack: Stack):
    for role in stack.of_type("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties
    assert not stack.of_type("AWS::IAM::ManagedPolicy")


def test_each_function_has_a_role_of_its_own_that_only_lambda_assumes(stack: Stack):
    roles = {role.attributes["Arn"]: role for role in stack.of_type("AWS::IAM::Role")}
    functions = stack.of_type("AWS::Lambda::Function")

    used = [roles[function.properties["Role"]] for function in functions]

    assert len({role.logical_id for role in used}) == len(functions) == 4
    for role in used:
        assert role.properties["AssumeRolePolicyDocument"]["Statement"] == [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]


# The catalogue


def test_the_catalogue_lists_every_function_url_and_nothing_else(stack: Stack):
    entries = {
        one.properties["Name"]: json.loads(one.properties["Value"])
        for one in stack.of_type("AWS::SSM::Parameter")
    }

    assert {
        name: (entry["Arn"], entry["FuncUrl"], entry["InvokeMode"])
        for name, entry in entries.items()
    } == {
        f"/aikagi/trial/functions/{one.name}": (
            one.arn,
            one.url.attributes["FunctionUrl"],
            one.url.properties["InvokeMode"],
        )
        for one in published(stack)
    }


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("hello", ["everyone"]),
        ("report", ["research"]),
        ("summarise", ["everyone"]),
    ],
)
def test_an_entry_says_who_may_call_and_for_how_long(
    stack: Stack, name: str, groups: list[str]
):
    entry = _entry(stack, name)

    assert sorted(entry) == [
        "Arn",
        "Description",
        "FuncUrl",
        "Groups",
        "InvokeMode",
        "MaxDurationSeconds",
        "Title",
    ]
    assert entry["Groups"] == groups
    assert entry["MaxDurationSeconds"] == 3600


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
            "ExposeHeaders": ["date", "x-amzn-requestid", "x-amzn-errortype"],
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
        "AIKAGI_CATALOGUE_PATH": "/aikagi/trial/functions",
        "AIKAGI_ALLOWED_ORIGINS": "",
        "AIKAGI_TOKEN_ISSUER": "trial",
        "AIKAGI_LOGIN_LIFETIME_SECONDS": "604800",
        "AIKAGI_LOGIN_IDLE_SECONDS": "43200",
        "AIKAGI_DOCS": "true",
        "AIKAGI_LOG_LEVEL": "INFO",
    }


def test_a_function_is_told_which_role_to_believe_and_nothing_else(stack: Stack):
    believed = {"AIKAGI_INVOKE_ROLE_NAME": stack.resources["InvokeRole"].ref}
    streams = {
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
        "AWS_LWA_INVOKE_MODE": "response_stream",
        "AWS_LWA_PORT": "8080",
    }

    assert {
        one.name: one.function.properties["Environment"]["Variables"]
        for one in published(stack)
    } == {
        "hello": believed,
        "report": believed,
        "summarise": {**believed, "AIKAGI_TASK": "summarise", **streams},
    }


def test_the_docs_and_the_log_level_are_the_operators_choice():
    variables = _variables(deployed(Docs="false", LogLevel="DEBUG"), "BrokerFunction")

    assert variables["AIKAGI_DOCS"] == "false"
    assert variables["AIKAGI_LOG_LEVEL"] == "DEBUG"


def test_every_function_runs_code_that_is_there_on_the_runtime_we_test(stack: Stack):
    for function in stack.of_type("AWS::Lambda::Function"):
        module, name = entry_point(function)
        source = stack.code[function.logical_id] / f"{module.replace('.', '/')}.py"
        # A handler is written as a function, or made by one.
        assert re.search(
            rf"^(def {name}\(|{name} = )", source.read_text(), re.MULTILINE
        )
        assert function.properties["Runtime"] == "python3.13"
        assert function.properties["Architectures"] == ["arm64"]


def test_a_function_streams_in_its_url_its_adapter_and_its_package_alike(stack: Stack):
    layer = (
        "arn:aws:lambda:ap-northeast-1:753240598075:layer:LambdaAdapterLayerArm64:27"
    )
    makefile = (FUNCTIONS / "Makefile").read_text()

    for one in published(stack):
        streams = one.url.properties["InvokeMode"] == "RESPONSE_STREAM"
        assert (one.function.properties["Handler"] == "run.sh") == streams
        assert one.function.properties.get("Layers") == ([layer] if streams else None)
        assert (f"\nbuild-{one.function.logical_id}:" in makefile) == streams
    assert os.access(FUNCTIONS / "run.sh", os.X_OK)


def test_a_stream_may_take_all_the_time_there_is(stack: Stack):
    assert stack.resources["SummariseFunction"].properties["Timeout"] == 900


def test_the_broker_gives_up_before_its_api_does(stack: Stack):
    assert stack.resources["BrokerFunction"].properties["Timeout"] < 30


@pytest.mark.parametrize(
    ("parameter", "limited", "free"),
    [
        (
            "BrokerConcurrency",
            {"BrokerFunction"},
            {"HelloFunction", "ReportFunction", "SummariseFunction"},
        ),
        (
            "FunctionConcurrency",
            {"HelloFunction", "ReportFunction", "SummariseFunction"},
            {"BrokerFunction"},
        ),
    ],
)
def test_concurrency_is_reserved_on_request_only(
    stack: Stack, parameter: str, limited: set[str], free: set[str]
):
    chosen = deployed(**{parameter: "0"})

    reserved = "ReservedConcurrentExecutions"
    for name in limited:
        assert chosen.resources[name].properties[reserved] == "0"
        assert reserved not in stack.resources[name].properties
    for name in free:
        assert reserved not in chosen.resources[name].properties


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


def test_every_function_writes_a_log_of_its_own_that_ends(stack: Stack):
    groups = {group.ref: group for group in stack.of_type("AWS::Logs::LogGroup")}
    roles = {role.attributes["Arn"]: role for role in stack.of_type("AWS::IAM::Role")}
    functions = stack.of_type("AWS::Lambda::Function")

    used = [groups[one.properties["LoggingConfig"]["LogGroup"]] for one in functions]

    assert len({group.ref for group in used}) == len(functions)
    for function, group in zip(functions, used, strict=True):
        statements = policies_of(stack, roles[function.properties["Role"]])["own"]
        assert {
            "Sid": "Log",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": group.attributes["Arn"],
        } in statements


def test_a_function_behind_a_url_may_write_its_log_and_nothing_else(stack: Stack):
    roles = {role.attributes["Arn"]: role for role in stack.of_type("AWS::IAM::Role")}

    for one in published(stack):
        policies = policies_of(stack, roles[one.function.properties["Role"]])
        [statement] = [each for policy in policies.values() for each in policy]
        assert statement["Sid"] == "Log"


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
    variables = stack.resources["SummariseFunction"].properties["Environment"]
    named = variables["Variables"]["AIKAGI_SUMMARISE_MODEL_ID"]
    assert named == parameters["SummariseModelId"]


def test_without_a_name_no_model_is_asked_whatever_arns_there_are():
    stack = deployed(SummariseModelArns=PROFILE)

    variables = stack.resources["SummariseFunction"].properties["Environment"]
    assert "ask-model" not in policies_of(stack, stack.resources["SummariseRole"])
    assert "AIKAGI_SUMMARISE_MODEL_ID" not in variables["Variables"]


def test_every_log_is_kept_as_long_as_the_operator_says():
    for group in deployed(LogRetentionDays="30").of_type("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == "30"


# Names and addresses


def test_two_stacks_stand_side_by_side():
    named = {
        (one.logical_id, name): value
        for one in deployed(name="second").resources.values()
        for name, value in one.properties.items()
        if name in NAMES
    }

    assert ("HelloEntry", "Name") in named
    assert all("second" in value for value in named.values()), named


def test_the_outputs_say_where_everything_is(stack: Stack):
    assert stack.outputs == {
        "GrantApiUrl": API,
        "HelloUrl": stack.resources["HelloFunctionUrl"].attributes["FunctionUrl"],
        "ReportUrl": stack.resources["ReportFunctionUrl"].attributes["FunctionUrl"],
        "SummariseUrl": stack.resources["SummariseFunctionUrl"].attributes[
            "FunctionUrl"
        ],
        "UsersTableName": stack.resources["UsersTable"].ref,
        "CataloguePath": "/aikagi/trial/functions",
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
    [condition] = [
        statement["Condition"]
        for statement in _trust(stack)
        if action in as_list(statement["Action"])
    ]
    return dict(condition)


def _entry(stack: Stack, name: str) -> dict[str, Any]:
    entry = stack.resources[f"{name.title()}Entry"].properties["Value"]
    return dict(json.loads(entry))


def _variables(stack: Stack, logical_id: str) -> dict[str, str]:
    properties = stack.resources[logical_id].properties
    return dict(properties["Environment"]["Variables"])
