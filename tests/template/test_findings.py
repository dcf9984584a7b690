"""What becomes of what checkov finds, and of what is said to stay."""

import json
from typing import Any

import pytest

from tests.template.findings import (
    Finding,
    declined,
    read_report,
    sentences,
)
from tests.template.stacks import TEMPLATE

FOUND = Finding(
    check="CKV_AWS_1",
    name="Ensure it is so",
    template="template.yaml",
    resource="AWS::DynamoDB::Table.UsersTable",
)


def report(**changed: Any) -> str:
    failed = {
        "check_id": "CKV_AWS_1",
        "check_name": "Ensure it is so",
        "file_path": "/template.json",
        "resource": "AWS::DynamoDB::Table.UsersTable",
    }
    whole = {
        "results": {"failed_checks": [failed]},
        "summary": {"passed": 3, "failed": 1, "parsing_errors": 0},
    }
    return json.dumps({**whole, **changed})


def test_a_finding_without_a_reason_is_told_of_by_what_it_is_about():
    [sentence] = sentences([FOUND], {})

    assert sentence.startswith("template.yaml: UsersTable: CKV_AWS_1, Ensure it is so.")
    assert list(sentences([FOUND], {"CKV_AWS_1": "Because."})) == []


def test_an_empty_reason_is_none():
    assert len(list(sentences([FOUND], {"CKV_AWS_1": " \n"}))) == 1


def test_a_reason_for_what_is_found_no_longer_is_told_of():
    reasons = {"CKV_AWS_1": "Because.", "CKV_AWS_2": "Because."}

    [sentence] = sentences([FOUND], reasons)

    assert "CKV_AWS_2 is found no longer" in sentence


def test_a_report_is_read_with_the_names_that_the_author_knows():
    assert read_report(report(), "", [TEMPLATE]) == [FOUND]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none at all"),
        pytest.param("Traceback", id="one that is no JSON"),
        pytest.param(report(summary={"passed": 3, "parsing_errors": 1}), id="unread"),
        pytest.param(report(summary={"passed": 0, "parsing_errors": 0}), id="empty"),
        # What checkov writes where there is nothing that it knows.
        pytest.param('{"passed": 0, "failed": 0, "parsing_errors": 0}', id="nothing"),
    ],
)
def test_a_report_of_nothing_does_not_pass(text: str):
    with pytest.raises(ValueError, match="checkov"):
        read_report(text, "", [TEMPLATE])


def test_every_reason_is_a_sentence():
    assert declined()
    for check, reason in declined().items():
        assert check.startswith("CKV")
        assert reason.strip().endswith(".")
        assert len(reason.split()) > 10
