"""A domain name of the operator's own, and the address that it stands beside."""

import re
from functools import cache
from typing import Final

import pytest

from aikagi_emulator.template import Stack, TemplateError
from tests.template import stacks
from tests.template.stacks import API, another_deployed, published, translated

DOMAIN: Final = "broker.example.com"
PAGE: Final = f"https://{DOMAIN}"
CERTIFICATE: Final = (
    "arn:aws:acm:ap-northeast-1:123456789012:certificate/"
    "11111111-2222-3333-4444-555555555555"
)
ZONE: Final = "Z0123456789ABCDEFGHIJ"
NAMED: Final = {"DomainName": DOMAIN, "CertificateArn": CERTIFICATE}
ALONE: Final = {**NAMED, "DisableExecuteApiEndpoint": "true"}

_STAGE: Final = "AWS::ApiGatewayV2::Stage"

CASES: Final = (
    pytest.param({}, [API], id="no domain"),
    pytest.param(NAMED, [PAGE, API], id="a domain beside the address"),
    pytest.param(ALONE, [PAGE], id="a domain alone"),
    pytest.param(
        {"DisableExecuteApiEndpoint": "true"},
        [API],
        id="nothing but the address, which cannot be switched off then",
    ),
    pytest.param(
        {"CertificateArn": CERTIFICATE, "HostedZoneId": ZONE},
        [API],
        id="what belongs to a domain, and none",
    ),
)
"""What is given, and where the page is then: the first is the one to hand out."""


@cache
def deployed(**parameters: str) -> Stack:
    return stacks.deployed(**parameters)


@pytest.mark.parametrize("others", ["", "https://a.example,http://localhost:5173"])
@pytest.mark.parametrize(("given", "pages"), CASES)
def test_every_function_is_open_to_the_page_wherever_it_is_and_to_no_more(
    given: dict[str, str], pages: list[str], others: str
):
    stack = deployed(**given, **({"AllowedOrigins": others} if others else {}))

    expected = [*pages, *(others.split(",") if others else [])]
    assert published(stack)
    for function in published(stack):
        assert function.url.properties["Cors"]["AllowOrigins"] == expected


@pytest.mark.parametrize(("given", "pages"), CASES)
def test_functions_of_another_stack_are_open_to_the_page_that_is_handed_out(
    given: dict[str, str], pages: list[str]
):
    outputs = deployed(**given).outputs
    another = another_deployed(GrantApiUrl=outputs["GrantApiUrl"])

    assert outputs["GrantApiUrl"] == pages[0]
    for function in published(another):
        assert function.url.properties["Cors"]["AllowOrigins"] == [pages[0]]


@pytest.mark.parametrize(("given", "pages"), CASES)
def test_the_address_of_api_gateway_answers_unless_it_is_switched_off(
    given: dict[str, str], pages: list[str]
):
    api = deployed(**given).resources["HttpApi"].properties

    (server,) = api["Body"]["servers"]
    assert server["x-amazon-apigateway-endpoint-configuration"] == {
        "disableExecuteApiEndpoint": API not in pages
    }


def test_a_domain_leads_to_the_stage_that_the_broker_answers_at():
    stack = deployed(**NAMED)

    domain = stack.resources["Domain"].properties
    assert domain == {
        "DomainName": DOMAIN,
        "DomainNameConfigurations": [
            {
                "CertificateArn": CERTIFICATE,
                "EndpointType": "REGIONAL",
                "SecurityPolicy": "TLS_1_2",
            }
        ],
    }
    # What it maps is not looked at by the emulator.
    mapping = translated()["Resources"]["DomainMapping"]["Properties"]
    stages = [resource.logical_id for resource in stack.of_type(_STAGE)]
    assert mapping == {
        "ApiId": {"Ref": "HttpApi"},
        "DomainName": {"Ref": "Domain"},
        "Stage": {"Ref": stages[0]},
    }


def test_a_domain_without_a_certificate_is_refused_by_api_gateway_and_not_left_out():
    domain = deployed(DomainName=DOMAIN).resources["Domain"].properties

    (configuration,) = domain["DomainNameConfigurations"]
    assert "CertificateArn" not in configuration


def test_the_record_of_the_domain_is_made_where_its_zone_is_named():
    resources = deployed(**NAMED, HostedZoneId=ZONE).resources

    assert "DomainRecord" in resources
    record = translated()["Resources"]["DomainRecord"]["Properties"]
    assert record == {
        "HostedZoneId": {"Ref": "HostedZoneId"},
        "Name": {"Ref": "DomainName"},
        "Type": "A",
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]},
            "HostedZoneId": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]},
        },
    }


def test_without_a_zone_an_output_says_to_what_the_record_leads():
    stack = deployed(**NAMED)

    assert "DomainRecord" not in stack.resources
    assert "DomainTarget" in stack.outputs


def test_without_a_domain_there_is_nothing_of_one():
    stack = deployed()

    assert "DomainTarget" not in stack.outputs
    assert _of_domains(stack) == set()
    assert _of_domains(deployed(**NAMED, HostedZoneId=ZONE)) == {
        "Domain",
        "DomainMapping",
        "DomainRecord",
    }


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        pytest.param("DomainName", "https://broker.example.com", id="a URL"),
        pytest.param("DomainName", "broker.example.com/", id="with a slash"),
        pytest.param("DomainName", "Broker.example.com", id="in capitals"),
        pytest.param("DomainName", "*.example.com", id="a wildcard"),
        pytest.param("DomainName", "localhost", id="one label"),
        pytest.param("DomainName", "a.example,b.example", id="two"),
        pytest.param("DomainName", "192.0.2.1", id="an address"),
        pytest.param("CertificateArn", "broker.example.com", id="no ARN"),
        pytest.param(
            "CertificateArn",
            "arn:aws:iam::123456789012:server-certificate/broker",
            id="a certificate of IAM",
        ),
        pytest.param("HostedZoneId", "/hostedzone/Z1", id="the path of a zone"),
        pytest.param("HostedZoneId", "example.com", id="the name of a zone"),
        pytest.param("DisableExecuteApiEndpoint", "yes", id="neither true nor false"),
    ],
)
def test_what_is_no_domain_is_refused_before_anything_is_made(
    parameter: str, value: str
):
    with pytest.raises(TemplateError, match=f"Parameter {parameter} cannot be"):
        deployed(**{parameter: value})


def test_a_name_of_any_depth_and_an_international_one_are_taken():
    for name in ("a.io", "broker.eu.example.co.uk", "xn--r8jz45g.xn--zckzah"):
        assert deployed(**{**NAMED, "DomainName": name}).outputs["GrantApiUrl"] == (
            f"https://{name}"
        )


def _of_domains(stack: Stack) -> set[str]:
    types = re.compile("AWS::(ApiGatewayV2::(DomainName|ApiMapping)|Route53::.*)")
    return {
        resource.logical_id
        for resource in stack.resources.values()
        if types.fullmatch(resource.type)
    }
