"""Which permissions let an HTTP API call a function."""

from typing import Any

import pytest

from aikagi_emulator.aws import api_may_invoke
from aikagi_emulator.template import Resource, Stack

ACCOUNT = "ap-northeast-1:123456789012"
ARN = f"arn:aws:lambda:{ACCOUNT}:function:f"
SOURCE = "abc123/$default/GET/items/{id}"
SAM_S = {
    "Action": "lambda:InvokeFunction",
    "FunctionName": "f",
    "Principal": "apigateway.amazonaws.com",
    "SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc123/*/GET/items/*",
}


def a_stack(*permissions: dict[str, Any]) -> Stack:
    resources = {
        f"P{number}": Resource(
            logical_id=f"P{number}",
            type="AWS::Lambda::Permission",
            properties=properties,
            ref="p",
            attributes={},
            stack_name="local",
        )
        for number, properties in enumerate(permissions)
    }
    return Stack(
        name="local",
        region="ap-northeast-1",
        account="123456789012",
        resources=resources,
        outputs={},
        code={},
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"FunctionName": ARN},
        {"Action": "lambda:*"},
        {"SourceAccount": "123456789012"},
        {"SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc123/*"},
        {"SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc123/$default/GET/items/?id?"},
    ],
)
def test_a_permission_that_fits_lets_the_route_call(changes: dict[str, str]):
    assert api_may_invoke(a_stack({**SAM_S, **changes}), ARN, source=SOURCE)


def test_a_permission_without_a_source_is_for_every_api():
    anything = {name: value for name, value in SAM_S.items() if name != "SourceArn"}

    assert api_may_invoke(a_stack(anything), ARN, source=SOURCE)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"FunctionName": "g"}, id="another function"),
        pytest.param({"FunctionName": f"{ARN}:live"}, id="an alias"),
        pytest.param({"Action": "lambda:InvokeFunctionUrl"}, id="another action"),
        pytest.param({"Principal": "events.amazonaws.com"}, id="another service"),
        pytest.param({"SourceAccount": "210987654321"}, id="another account"),
        pytest.param({"PrincipalOrgID": "o-1"}, id="an organisation"),
        pytest.param(
            {"SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc124/*"}, id="another API"
        ),
        pytest.param(
            {"SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc123/dev/*"},
            id="another stage",
        ),
        pytest.param(
            {"SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc123/*/POST/items/*"},
            id="another method",
        ),
        pytest.param(
            {"SourceArn": f"arn:aws:execute-api:{ACCOUNT}:abc123/*/GET/names/*"},
            id="another path",
        ),
    ],
)
def test_a_permission_for_something_else_does_not(changes: dict[str, str]):
    assert not api_may_invoke(a_stack({**SAM_S, **changes}), ARN, source=SOURCE)


def test_the_permission_of_an_alias_is_its_own():
    alias = a_stack({**SAM_S, "FunctionName": f"{ARN}:live"})

    assert api_may_invoke(alias, f"{ARN}:live", source=SOURCE)
    assert not api_may_invoke(a_stack(SAM_S), f"{ARN}:live", source=SOURCE)
    assert not api_may_invoke(a_stack(), ARN, source=SOURCE)
