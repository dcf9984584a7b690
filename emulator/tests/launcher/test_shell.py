import os

import pytest

from aikagi_emulator.launcher.shell import forget_aws, variables_in_the_way

FILE = {"AWS_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": "ASIA"}


@pytest.mark.parametrize(
    ("shell", "names"),
    [
        pytest.param({"AWS_REGION": "eu-west-1"}, ["AWS_REGION"], id="another value"),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": "x", "AWS_REGION": "y"},
            ["AWS_ACCESS_KEY_ID", "AWS_REGION"],
            id="two",
        ),
        pytest.param({"AWS_PROFILE": "work"}, ["AWS_PROFILE"], id="a profile"),
        pytest.param(
            {"AWS_ENDPOINT_URL_STS": "https://sts.example"},
            ["AWS_ENDPOINT_URL_STS"],
            id="an endpoint of one service",
        ),
    ],
)
def test_a_variable_that_would_lead_astray_is_named(
    shell: dict[str, str], names: list[str]
):
    assert variables_in_the_way(shell, FILE) == names


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param({}, id="none"),
        pytest.param({"AWS_REGION": "ap-northeast-1"}, id="the same value"),
        pytest.param({"AWS_PAGER": "less"}, id="one that matters to nobody here"),
        pytest.param({"AIKAGI_DOCS": "false", "PATH": "/bin"}, id="not AWS's"),
    ],
)
def test_other_variables_are_not_worth_a_word(shell: dict[str, str]):
    assert variables_in_the_way(shell, {**FILE, "AIKAGI_DOCS": "true"}) == []


def test_this_process_forgets_every_account_it_could_reach():
    environment = {
        "AWS_PROFILE": "work",
        "AWS_SECRET_ACCESS_KEY": "x",
        "MOTO_ACCOUNT_ID": "999999999999",
        "PATH": "/bin",
    }

    forget_aws(environment)

    assert environment == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": "/bin",
    }
