"""The stacks to ask about: both templates, and each with what a parameter allows."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from aikagi_emulator.template import Stack, declared_parameters
from tests.template.stacks import TEMPLATE, another_deployed, deployed

_DECLARED: Final = declared_parameters(TEMPLATE)

RIGHTS_BY_PARAMETERS: Final[tuple[Mapping[str, str], ...]] = tuple(
    parameters
    for parameters in (
        {"SummariseModelId": "amazon.nova-lite-v1:0"},
        {
            "SummariseModelId": "apac.amazon.nova-lite-v1:0",
            "SummariseModelArns": "arn:aws:bedrock:ap-southeast-2::foundation-model/x",
        },
        {"BrokerPrincipal": "ecs-tasks.amazonaws.com"},
        {"BrokerPrincipal": "pods.eks.amazonaws.com"},
        {"BrokerPrincipal": "arn:aws:iam::123456789012:role/of-a-machine"},
    )
    if parameters.keys() <= _DECLARED
)
"""Parameters by which somebody may do more than without them."""


@cache
def variants() -> dict[str, Stack]:
    """Return the broker's stack with each of these, by what to call it."""
    return {
        " and ".join(f"`{name}={value}`" for name, value in parameters.items()): (
            deployed(**parameters)
        )
        for parameters in RIGHTS_BY_PARAMETERS
    }


@cache
def stacks() -> tuple[Stack, ...]:
    """Return all of them, and the stack of other functions."""
    return (deployed(), *variants().values(), another_deployed())
