"""What of botocore's descriptions of AWS ships."""

import json
from typing import Any, Final

import pytest

from lambda_package.trim_botocore import OPERATIONS, trimmed_model
from tests.lambda_package.building import Built
from tests.template.stacks import as_list, deployed, policies_of

_NOT_CALLED: Final = {"sts:TagSession", "sts:SetSourceIdentity"}
"""Permissions of AssumeRole's, and no calls."""

_NEEDS_NO_PERMISSION: Final = {"sts:GetCallerIdentity"}
"""Nor can one be denied. STS API Reference, GetCallerIdentity."""


def test_what_is_left_is_what_the_brokers_role_may_ask_for_and_no_more():
    stack = deployed()
    allowed = {
        action
        for policy in policies_of(stack, stack.resources["BrokerRole"]).values()
        for statement in policy
        for action in as_list(statement["Action"])
        if not action.startswith("logs:")
    }

    assert {
        f"{service}:{operation}"
        for service, operations in OPERATIONS.items()
        for operation in operations
    } - _NEEDS_NO_PERMISSION == allowed - _NOT_CALLED


def test_nothing_else_is_left(built: Built):
    data = built.folder / "BrokerFunction" / "botocore" / "data"

    assert {path.name for path in data.iterdir() if path.is_dir()} == set(OPERATIONS)
    assert not (built.folder / "BrokerFunction" / "boto3" / "data").exists()
    assert sum(path.stat().st_size for path in data.rglob("*.json")) < 200_000


MODEL: Final[dict[str, Any]] = {
    "metadata": {"serviceId": "Example"},
    "documentation": "About all of it",
    "operations": {
        "Get": {
            "input": {"shape": "GetInput"},
            "errors": [{"shape": "NotFound"}],
            "documentation": "About it",
        },
        "Put": {"input": {"shape": "PutInput"}},
    },
    "shapes": {
        "GetInput": {
            "type": "structure",
            "members": {
                "key": {"shape": "Key", "documentation": "About the key"},
                "documentation": {"shape": "Text"},
            },
        },
        "NotFound": {"type": "structure", "members": {}, "exception": True},
        "Key": {"type": "list", "member": {"shape": "Key"}},
        "Text": {"type": "string"},
        "PutInput": {"type": "structure", "members": {"value": {"shape": "Value"}}},
        "Value": {"type": "string"},
    },
}


def test_an_operation_keeps_every_shape_that_it_leads_to():
    trimmed = trimmed_model(MODEL, {"Get"})

    assert trimmed["operations"].keys() == {"Get"}
    assert trimmed["shapes"].keys() == {"GetInput", "NotFound", "Key", "Text"}


def test_words_go_and_members_of_that_name_stay():
    trimmed = trimmed_model(MODEL, {"Get"})

    assert "About" not in json.dumps(trimmed)
    assert "documentation" in trimmed["shapes"]["GetInput"]["members"]


def test_an_operation_that_there_is_not_stops_the_build():
    with pytest.raises(ValueError, match="Example has no Delete"):
        trimmed_model(MODEL, {"Get", "Delete"})
