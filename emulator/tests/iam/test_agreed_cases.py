"""Random policies on which an evaluator of other authors agreed.

``agreed_cases.json`` holds fifty of some thirteen thousand cases of a seeded generator;
"allowed" is what @aws-copilot/iam-simulate 0.1.173 decided about each. It was run
beside the project, once: nothing of it is here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.iam import Layers, Policy, decide

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("agreed_cases.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_decision_is_the_one_agreed_on(case: dict[str, Any]):
    boundary = case["boundary"]
    layers = Layers(
        identity=tuple(
            Policy.identity(policy, name="own") for policy in case["identity"]
        ),
        boundary=boundary and (Policy.identity(boundary, name="boundary"),),
    )

    decision = decide("lambda:InvokeFunction", FUNCTION, case["context"], layers)

    assert decision.allowed is case["allowed"], decision.why
