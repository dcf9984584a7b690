"""What is deployed with one thing wrong is found by the check that is about it.

One of them, chosen by ``AIKAGI_SEED``; `make soak` tries them all.
"""

import json
import random
import re
from pathlib import Path
from typing import Final

import pytest

from deployment.smoke.plan import CHECKS
from tests.deployment.smoke.misconfigurations import (
    MISCONFIGURATIONS,
    Misconfiguration,
    Template,
    deployed,
    networks,
)
from tests.deployment.smoke.running import STACK_NAME, run_as_operator
from tests.soak.scale import SEED, amount
from tests.stack import ROOT

CHOSEN: Final = random.Random(SEED).sample(  # noqa: S311 - reproducible, not secret
    MISCONFIGURATIONS, min(len(MISCONFIGURATIONS), amount(1, len(MISCONFIGURATIONS)))
)


@pytest.mark.parametrize("wrong", CHOSEN, ids=lambda wrong: wrong.name)
def test_one_thing_wrong_fails_the_checks_about_it_and_no_others(
    wrong: Misconfiguration, tmp_path: Path
):
    with deployed(tmp_path, wrong.edit) as stack:
        done = run_as_operator(stack)

    assert done.named("failed") == wrong.failed
    assert done.code == 1


@pytest.mark.skipif(len(CHOSEN) < len(MISCONFIGURATIONS), reason="`make soak` tries it")
def test_the_template_as_these_are_made_of_it_passes(tmp_path: Path):
    with deployed(tmp_path) as stack:
        done = run_as_operator(stack)

    assert (done.code, done.named("failed")) == (0, set())


@pytest.mark.skipif(len(CHOSEN) < len(MISCONFIGURATIONS), reason="`make soak` tries it")
def test_functions_of_another_stack_and_with_networks_are_called(tmp_path: Path):
    beside = {"orders": ROOT / "docs" / "another-stack.yaml"}
    with deployed(tmp_path, networks("127.0.0.0/8"), stacks=beside) as stack:
        done = run_as_operator(stack, "--no-wait")

    assert done.named("failed") == set()
    assert {"source-networks", "role-path"} <= done.named("passed")


@pytest.mark.skipif(len(CHOSEN) < len(MISCONFIGURATIONS), reason="`make soak` tries it")
def test_the_policy_of_the_page_is_all_that_an_operator_needs(tmp_path: Path):
    with deployed(tmp_path, with_operator_of_the_page) as stack:
        operator = stack.operator_client("sts")
        whole = run_as_operator(stack, "--no-wait")
        session = operator.assume_role(
            RoleArn=stack.outputs["OperatorOfThePage"], RoleSessionName="smoke"
        )["Credentials"]
        done = run_as_operator(
            stack,
            "--no-wait",
            environment={
                **stack.operator,
                "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
                "AWS_SESSION_TOKEN": session["SessionToken"],
            },
        )

    assert done.named("failed") == set()
    assert done.named("passed") == whole.named("passed")


def with_operator_of_the_page(template: Template) -> None:
    """Give the stack a role with the policy that ``docs/smoke.md`` shows."""
    page = (ROOT / "docs" / "smoke.md").read_text()
    (policy,) = re.findall(r'(?s)```json\n(\{\n  "Version".*?)```', page)
    policy = policy.replace("stack/aikagi/", f"stack/{STACK_NAME}/")
    policy = policy.replace("/aikagi/aikagi/", f"/aikagi/{STACK_NAME}/")
    policy = policy.replace("role/aikagi-", f"role/{STACK_NAME}-")
    template["Resources"]["OperatorOfThePage"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Ref": "AWS::AccountId"}},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "Policies": [{"PolicyName": "look", "PolicyDocument": json.loads(policy)}],
        },
    }
    arn = {"Fn::GetAtt": ["OperatorOfThePage", "Arn"]}
    template["Outputs"]["OperatorOfThePage"] = {"Value": arn}


def test_there_are_ten_at_least_and_each_is_found_by_a_step_there_is():
    names = {check.name for check in CHECKS}

    assert len(MISCONFIGURATIONS) >= 10
    assert all(wrong.failed and wrong.failed <= names for wrong in MISCONFIGURATIONS)
