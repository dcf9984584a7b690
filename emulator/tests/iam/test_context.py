import pytest

from aikagi_emulator.iam import visible_context
from aikagi_emulator.iam.context import facts_of

EVERYTHING = {
    "sts:RoleSessionName": "local+alice",
    "sts:SourceIdentity": "local+alice",
    "sts:ExternalId": "partner",
    "sts:TransitiveTagKeys": ["user"],
    "aws:TagKeys": ["user"],
    "lambda:FunctionUrlAuthType": "AWS_IAM",
    "lambda:InvokedViaFunctionUrl": "true",
    "aws:SourceIp": "127.0.0.1",
}


@pytest.mark.parametrize(
    ("action", "hidden"),
    [
        (
            "sts:AssumeRole",
            {"lambda:FunctionUrlAuthType", "lambda:InvokedViaFunctionUrl"},
        ),
        (
            "sts:TagSession",
            {
                "sts:ExternalId",
                "sts:RoleSessionName",
                "sts:SourceIdentity",
                "lambda:FunctionUrlAuthType",
                "lambda:InvokedViaFunctionUrl",
            },
        ),
        (
            "sts:SetSourceIdentity",
            {
                "sts:ExternalId",
                "sts:RoleSessionName",
                "sts:TransitiveTagKeys",
                "lambda:FunctionUrlAuthType",
                "lambda:InvokedViaFunctionUrl",
            },
        ),
        ("lambda:InvokeFunctionUrl", {"lambda:InvokedViaFunctionUrl"}),
        ("lambda:InvokeFunction", {"lambda:FunctionUrlAuthType"}),
        ("LAMBDA:invokefunction", {"lambda:FunctionUrlAuthType"}),
    ],
)
def test_an_action_carries_its_own_keys(action: str, hidden: set[str]):
    visible = visible_context(action, EVERYTHING)

    assert EVERYTHING.keys() - visible.keys() == hidden
    assert all(visible[key] == EVERYTHING[key] for key in visible)


def test_a_key_is_hidden_however_it_is_spelled():
    assert visible_context("sts:TagSession", {"STS:roleSessionNAME": "x"}) == {}


def test_facts_are_looked_up_in_lower_case_and_empty_lists_are_absent():
    facts = facts_of({"aws:TagKeys": ["A", "b"], "Aws:X": "", "aws:None": []})

    assert facts == {"aws:tagkeys": ("A", "b"), "aws:x": ""}
