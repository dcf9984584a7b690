"""Constraints of entries, where AWS decides about them.

The emulator's function URLs see the loopback address of whoever calls.
"""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from app.domain.session import SessionPlan, SessionRequest, plan_session
from tests.aws_caller import sign
from tests.broker_sessions import assume
from tests.fakes import NOON, a_function, a_user
from tests.stack import Stack
from tests.template.stacks import deployed


@pytest.fixture(scope="module")
def hello() -> tuple[str, str]:
    """The ARNs of a function and of its invoke role, as the emulator names them."""
    resources = deployed(name="local").resources
    return (
        str(resources["HelloFunction"].attributes["Arn"]),
        str(resources["InvokeRole"].attributes["Arn"]),
    )


def planned(arn: str, *networks: str) -> SessionPlan:
    function = replace(
        a_function("hello", "everyone"),
        arn=arn,
        source_networks=tuple(ip_network(network) for network in networks),
    )
    return plan_session(
        a_user("alice", "everyone"), function, SessionRequest(), grant_id="g", now=NOON
    )


@pytest.mark.parametrize(
    ("networks", "status"),
    [
        pytest.param([], 200, id="none"),
        pytest.param(["127.0.0.0/8"], 200, id="the caller's"),
        pytest.param(["127.0.0.1/32"], 200, id="the caller's address"),
        pytest.param(["192.0.2.0/24", "127.0.0.0/8"], 200, id="one of two"),
        pytest.param(["127.0.0.2/32"], 403, id="a neighbour's address"),
        pytest.param(["192.0.2.0/24"], 403, id="another"),
        pytest.param(["::1/128"], 403, id="the other family's alone"),
    ],
)
def test_a_function_is_called_from_its_networks_alone(
    stack: Stack, hello: tuple[str, str], networks: list[str], status: int
):
    function, role = hello
    session = assume(
        stack, role, function="hello", policy=planned(function, *networks).policy
    )

    answer = sign({**session, "FuncUrl": stack.functions["hello"]}).send()

    assert answer.status_code == status
