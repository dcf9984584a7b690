from dataclasses import replace
from typing import Any

import pytest

from aikagi_emulator.template import Addresses, TemplateError
from aikagi_emulator.template.resources import (
    Identified,
    ResourceContext,
    StackContext,
    identify,
)

ACCOUNT = "ap-northeast-1:123456789012"


@pytest.fixture
def place(addresses: Addresses) -> ResourceContext:
    site = StackContext(
        stack="local",
        region="ap-northeast-1",
        account="123456789012",
        addresses=addresses,
    )
    return ResourceContext(site=site, logical_id="Thing", position=lambda: 1)


@pytest.mark.parametrize(
    ("type_", "properties", "ref", "attributes"),
    [
        pytest.param(
            "AWS::Lambda::Function",
            {"FunctionName": "f"},
            "f",
            {"Arn": f"arn:aws:lambda:{ACCOUNT}:function:f"},
            id="function",
        ),
        pytest.param(
            "AWS::Lambda::Url",
            {"TargetFunctionArn": "f"},
            f"arn:aws:lambda:{ACCOUNT}:function:f",
            {
                "FunctionArn": f"arn:aws:lambda:{ACCOUNT}:function:f",
                "FunctionUrl": "http://127.0.0.1:8102/",
            },
            id="URL of a function by name",
        ),
        pytest.param(
            "AWS::Lambda::Url",
            {"TargetFunctionArn": "arn:aws:lambda:x:1:function:f"},
            "arn:aws:lambda:x:1:function:f",
            {
                "FunctionArn": "arn:aws:lambda:x:1:function:f",
                "FunctionUrl": "http://127.0.0.1:8102/",
            },
            id="URL of a function by ARN",
        ),
        pytest.param(
            "AWS::DynamoDB::Table",
            {"TableName": "t"},
            "t",
            {"Arn": f"arn:aws:dynamodb:{ACCOUNT}:table/t"},
            id="table",
        ),
        pytest.param(
            "AWS::Logs::LogGroup",
            {"LogGroupName": "/g"},
            "/g",
            {"Arn": f"arn:aws:logs:{ACCOUNT}:log-group:/g:*"},
            id="log group, whose ARN names what is inside",
        ),
        pytest.param(
            "AWS::IAM::ManagedPolicy",
            {"ManagedPolicyName": "p", "Path": "/a/"},
            "arn:aws:iam::123456789012:policy/a/p",
            {"PolicyArn": "arn:aws:iam::123456789012:policy/a/p"},
            id="managed policy",
        ),
        pytest.param(
            "AWS::Lambda::Version",
            {"FunctionName": "f"},
            f"arn:aws:lambda:{ACCOUNT}:function:f:1",
            {"FunctionArn": f"arn:aws:lambda:{ACCOUNT}:function:f:1", "Version": "1"},
            id="version",
        ),
        pytest.param(
            "AWS::Lambda::Alias",
            {"FunctionName": "f", "Name": "live"},
            f"arn:aws:lambda:{ACCOUNT}:function:f:live",
            {"AliasArn": f"arn:aws:lambda:{ACCOUNT}:function:f:live"},
            id="alias",
        ),
        pytest.param(
            "AWS::Lambda::LayerVersion",
            {"LayerName": "l"},
            f"arn:aws:lambda:{ACCOUNT}:layer:l:1",
            {"LayerVersionArn": f"arn:aws:lambda:{ACCOUNT}:layer:l:1"},
            id="layer",
        ),
        pytest.param(
            "AWS::Lambda::Url",
            {"TargetFunctionArn": "f", "Qualifier": "live"},
            f"arn:aws:lambda:{ACCOUNT}:function:f:live",
            {
                "FunctionArn": f"arn:aws:lambda:{ACCOUNT}:function:f:live",
                "FunctionUrl": "http://127.0.0.1:8102/",
            },
            id="URL of an alias",
        ),
        pytest.param(
            "AWS::SSM::Parameter",
            {"Name": "/a/b", "Type": "String", "Value": "v"},
            "/a/b",
            {"Type": "String", "Value": "v"},
            id="parameter",
        ),
        pytest.param(
            "AWS::ApiGatewayV2::Stage",
            {"StageName": "$default"},
            "$default",
            {},
            id="stage",
        ),
    ],
)
def test_ref_and_attributes_are_what_aws_returns(
    place: ResourceContext,
    type_: str,
    properties: dict[str, Any],
    ref: str,
    attributes: dict[str, str],
):
    assert identify(type_, properties, place) == Identified(
        ref=ref, attributes=attributes
    )


def test_a_role_has_its_path_in_its_arn_and_an_id_of_its_own(place: ResourceContext):
    role = identify("AWS::IAM::Role", {"RoleName": "r", "Path": "/a/"}, place)

    assert role.ref == "r"
    assert role.attributes["Arn"] == "arn:aws:iam::123456789012:role/a/r"
    assert role.attributes["RoleId"].startswith("AROA")
    assert len(role.attributes["RoleId"]) == 21


def test_an_api_answers_at_its_own_address_unless_it_leads_to_an_application(
    place: ResourceContext,
):
    def endpoint(*leads: str) -> object:
        api = identify("AWS::ApiGatewayV2::Api", an_api(*leads), application)
        assert api.attributes.keys() == {"ApiId", "ApiEndpoint"}
        assert api.attributes["ApiId"] == api.ref
        return api.attributes["ApiEndpoint"]

    arn = f"arn:aws:lambda:{ACCOUNT}:function:f"
    application = replace(place, applications=lambda: {arn: "http://127.0.0.1:8000"})

    own = "http://127.0.0.1:8002"
    assert (endpoint(), endpoint(f"{arn}2")) == (own, own)
    assert endpoint(f"{arn}2", arn) == "http://127.0.0.1:8000"
    assert endpoint(f"{arn}:live") == "http://127.0.0.1:8000"


def an_api(*functions: str) -> dict[str, Any]:
    """An HTTP API as SAM writes it, with a route to each function."""
    path = "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions"
    return {
        "Body": {
            "paths": {
                f"/{number}": {
                    "get": {
                        "x-amazon-apigateway-integration": {
                            "uri": f"{path}/{function}/invocations"
                        }
                    }
                }
                for number, function in enumerate(functions)
            }
        }
    }


def test_the_arn_of_a_secret_ends_in_six_characters_of_its_own(place: ResourceContext):
    secret = identify("AWS::SecretsManager::Secret", {"Name": "s"}, place)

    arn, _, suffix = secret.ref.rpartition("-")
    assert arn == f"arn:aws:secretsmanager:{ACCOUNT}:secret:s"
    assert len(suffix) == 6
    assert secret.attributes == {"Id": secret.ref}


def test_a_saved_query_has_an_id_and_can_be_read(place: ResourceContext):
    query = identify("AWS::Logs::QueryDefinition", {"QueryString": "x"}, place)

    assert query.ref == query.attributes["QueryDefinitionId"]
    assert query == identify("AWS::Logs::QueryDefinition", {}, place)


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::DynamoDB::Table",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::IAM::RolePolicy",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
    ],
)
def test_what_has_no_name_gets_the_same_one_every_time(
    place: ResourceContext, type_: str
):
    name = identify(type_, {}, place).ref

    assert name == identify(type_, {}, place).ref
    assert name.startswith("local-Thing-")
    assert len(name) == len("local-Thing-") + 12


def test_a_long_logical_id_still_gives_a_name_that_aws_would_take(
    place: ResourceContext,
):
    long = ResourceContext(site=place.site, logical_id="L" * 200, position=lambda: 0)
    longer = ResourceContext(site=place.site, logical_id="L" * 201, position=lambda: 0)

    assert len(long.physical_name()) == 64
    assert long.physical_name() != longer.physical_name()


@pytest.mark.parametrize(
    ("stack", "logical_id", "begins"),
    [
        ("trial", "Thing", "trial-Thing-"),
        ("s" * 60, "Thing", f"{'s' * 45}-Thing-"),
        ("s" * 60, "T" * 26, f"{'s' * 24}-{'T' * 26}-"),
        ("s" * 60, "T" * 60, f"{'s' * 24}-{'T' * 26}-"),
        ("trial", "T" * 60, f"trial-{'T' * 45}-"),
    ],
)
def test_a_long_name_is_cut_in_the_stack_s_before_the_logical_id(
    place: ResourceContext, stack: str, logical_id: str, begins: str
):
    site = replace(place.site, stack=stack)
    context = ResourceContext(site=site, logical_id=logical_id, position=lambda: 0)

    name = context.physical_name()

    assert name.startswith(begins)
    assert len(name) == len(begins) + 12 <= 64
    table = identify("AWS::DynamoDB::Table", {}, context).ref
    assert table.startswith(f"{stack}-{logical_id}-")


@pytest.mark.parametrize(
    ("type_", "properties", "complaint"),
    [
        pytest.param(
            "AWS::S3::Bucket", {}, "AWS::S3::Bucket is not a type", id="unknown type"
        ),
        pytest.param(
            "AWS::Lambda::Functoin", {}, "Functoin is not a type", id="misspelt type"
        ),
        pytest.param(
            "AWS::Lambda::Alias",
            {"FunctionName": "f", "Name": "live", "RoutingConfig": {"a": 1}},
            "its RoutingConfig is not",
            id="shifting alias",
        ),
        pytest.param(
            "AWS::DynamoDB::Table", {"ResourcePolicy": {}}, "its ResourceP", id="policy"
        ),
        pytest.param(
            "AWS::ApiGatewayV2::DomainName",
            {"DomainName": "a.example", "MutualTlsAuthentication": {}},
            "its MutualTlsAuthentication is not",
            id="a domain that asks for certificates",
        ),
        pytest.param(
            "AWS::Lambda::Url", {}, "nothing stands where", id="URL of nothing"
        ),
        pytest.param(
            "AWS::SSM::Parameter",
            {"Name": "/a", "Type": "StringList", "Value": "v"},
            "its Type is StringList",
            id="parameter of another type",
        ),
        pytest.param(
            "AWS::DynamoDB::Table", {"TableName": ["t"]}, "a list stands", id="odd name"
        ),
    ],
)
def test_what_is_not_modelled_is_refused(
    place: ResourceContext, type_: str, properties: dict[str, Any], complaint: str
):
    with pytest.raises(TemplateError, match=complaint):
        identify(type_, properties, place)


@pytest.mark.parametrize(
    "properties",
    [
        {"Principal": "apigateway.amazonaws.com"},
        {"Principal": "events.amazonaws.com"},
        {"Principal": "*", "FunctionUrlAuthType": "NONE"},
        {"Principal": "*", "InvokedViaFunctionUrl": True},
    ],
)
def test_services_and_public_urls_may_call_a_function(
    place: ResourceContext, properties: dict[str, Any]
):
    properties["FunctionName"] = "f"

    assert identify("AWS::Lambda::Permission", properties, place).attributes == {}


@pytest.mark.parametrize(
    "principal",
    ["*", "123456789012", "apigateway.amazonaws.com.evil", None],
)
def test_anybody_else_who_may_call_a_function_stops_the_load(
    place: ResourceContext, principal: str | None
):
    properties = {"FunctionName": "f", "Principal": principal}

    with pytest.raises(TemplateError, match="does not model function resource polic"):
        identify("AWS::Lambda::Permission", properties, place)
