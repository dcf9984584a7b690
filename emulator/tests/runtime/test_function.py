from pathlib import Path

import pytest

from aikagi_emulator.runtime import FunctionSpec


def a_function(**variables: str) -> FunctionSpec:
    return FunctionSpec(
        name="hello",
        arn="arn:aws:lambda:ap-northeast-1:123456789012:function:hello",
        folder=Path(),
        handler="code.handler",
        variables=variables,
    )


def test_a_template_may_set_variables_but_not_those_lambda_sets():
    assert a_function(TZ="Asia/Tokyo").variables == {"TZ": "Asia/Tokyo"}
    with pytest.raises(ValueError, match="hello: Lambda sets AWS_REGION, _HANDLER"):
        a_function(TZ="Asia/Tokyo", _HANDLER="x", AWS_REGION="y")


def test_its_region_is_that_of_its_arn():
    assert a_function().region == "ap-northeast-1"


def test_variables_which_may_be_secrets_stay_out_of_its_repr():
    assert "kettle" not in repr(a_function(PASSWORD="kettle"))
