"""What every role of the templates can and cannot do: docs/privileges.md."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import unified_diff
from typing import Any, Final

import pytest

from aikagi_emulator.template import Addresses, Stack
from aikagi_emulator.template.document import read
from aikagi_emulator.template.parameters import values
from aikagi_emulator.template.resolver import Resolver
from aikagi_emulator.template.resources import StackContext
from tests.node import require_packages
from tests.privileges.agreement import differences, distinct, verdicts_of_others
from tests.privileges.dangers import INTENDED
from tests.privileges.independent import NAME
from tests.privileges.matrix import Matrix, dangerous, matrix_of
from tests.privileges.page import PAGE, page
from tests.privileges.requests import GRANTED, Row
from tests.privileges.variants import RIGHTS_BY_PARAMETERS, stacks
from tests.template.stacks import TEMPLATE, deployed, translated

IMPOSSIBLE: Final = ("sts:TagSession", "without aws:TagKeys")
"""Whoever sends tags sends their keys."""

SAMPLE: Final = 200
SEED: Final = 20261129


@pytest.fixture(scope="module")
def loaded() -> tuple[Stack, ...]:
    return stacks()


@pytest.fixture(scope="module")
def matrices(loaded: tuple[Stack, ...]) -> tuple[Matrix, ...]:
    return tuple(map(matrix_of, loaded))


def told(row: Row) -> str:
    return f"{row.holder}: {row.who} {row.ask.action} {row.on} {row.circumstance}"


def test_the_page_is_what_the_program_writes():
    """`make privileges` writes it anew; what differs is what a role may do now."""
    written = PAGE.read_text(encoding="utf-8").splitlines()

    assert list(unified_diff(written, page().splitlines(), n=0, lineterm="")) == []


def test_nobody_may_do_what_is_dangerous(matrices: tuple[Matrix, ...]):
    for matrix in matrices:
        assert matrix.attempts
        assert dangerous(matrix) == []


def test_every_danger_that_is_meant_is_one_that_there_is(matrices: tuple[Matrix, ...]):
    allowed = {
        (row.who, row.ask.action, row.on)
        for matrix in matrices
        for row, is_allowed in matrix.attempts
        if is_allowed
    }

    assert allowed == INTENDED.keys()


def test_nothing_takes_back_what_a_statement_grants(matrices: tuple[Matrix, ...]):
    rights = [
        (told(row), allowed)
        for matrix in matrices
        for row, allowed in matrix.granted
        if row.circumstance == GRANTED and not row.trusts and not row.denies
    ]

    assert rights
    assert [row for row, allowed in rights if not allowed] == []


def test_a_right_ends_where_its_resource_and_its_conditions_do(
    matrices: tuple[Matrix, ...],
):
    beside = [
        (row, allowed)
        for matrix in matrices
        for row, allowed in matrix.granted
        if row.circumstance != GRANTED and not row.optional
    ]

    assert beside
    assert {
        (row.ask.action, row.circumstance) for row, allowed in beside if allowed
    } == {IMPOSSIBLE}


def test_what_is_denied_is_refused_where_it_would_be_granted(
    matrices: tuple[Matrix, ...],
):
    denied = [
        (told(row), allowed)
        for matrix in matrices
        for row, allowed in matrix.granted
        if row.denies
    ]

    assert denied
    assert not any(allowed for _, allowed in denied), denied


def test_another_evaluator_decides_alike(matrices: tuple[Matrix, ...]):
    """Every row of a statement and a sample of dangers; `make check` tries them all."""
    require_packages(NAME)
    judged = distinct(entry for matrix in matrices for entry in matrix.granted)
    dangers = distinct(entry for matrix in matrices for entry in matrix.attempts)
    judged += random.Random(SEED).sample(dangers, SAMPLE)  # noqa: S311 - a choice of tests

    others = verdicts_of_others(judged)

    assert list(differences(judged, others)) == []
    assert any(other.allowed for other in others)
    # And no statement asks for a key that its action does not carry on AWS.
    assert {
        (row.ask.action, key)
        for (row, _), other in zip(judged, others, strict=True)
        if row.statement
        for key in other.ignored
    } == set()


def test_an_evaluator_that_decides_otherwise_or_not_at_all_is_told_of():
    require_packages(NAME)
    [(row, allowed), *_] = matrix_of(deployed(), {"FunctionRole"}).granted
    unknown = replace(row, ask=replace(row.ask, action="logs:Unheard"))
    judged = [(row, not allowed), (unknown, False), (row, allowed)]

    sentences = list(differences(judged, verdicts_of_others(judged)))

    assert [sentence.split(":")[0] for sentence in sentences] == ["FunctionRole"] * 2
    assert "the emulator says no, iam-simulate yes" in sentences[0]
    assert "the emulator says no, iam-simulate invalid.action" in sentences[1]


def test_every_role_is_in_the_matrix_and_every_policy_of_each(
    loaded: tuple[Stack, ...], matrices: tuple[Matrix, ...]
):
    for stack, matrix in zip(loaded, matrices, strict=True):
        asked = {(row.holder, row.ask.action) for row, _ in matrix.granted}
        for role in stack.of_type("AWS::IAM::Role"):
            assert (role.logical_id, "sts:AssumeRole") in asked
        for resource in stack.resources.values():
            for action in actions_in(resource.properties):
                assert any(action == of_row for _, of_row in asked), action


def test_the_role_that_sam_makes_for_a_function_is_in_the_matrix(tmp_path: Any):
    template = tmp_path / "template.yaml"
    (tmp_path / "code").mkdir()
    template.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  HelloFunction:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      {CodeUri: code, Handler: app.handler, Runtime: python3.13, Policies:\n"
        "      [{Version: '2012-10-17', Statement: [{Effect: Allow, Action:\n"
        "      's3:GetObject', Resource: 'arn:aws:s3:::a/*'}]}]}\n"
    )

    matrix = matrix_of(deployed(template))

    [holder] = matrix.holders
    assert holder.logical_id == "HelloFunctionRole"
    assert holder.unread == (
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    assert dangerous(matrix) == []
    granted = [row.ask.action for row, allowed in matrix.granted if allowed]
    assert granted == ["s3:GetObject", "sts:AssumeRole"]


def test_every_condition_of_a_right_is_tried_both_ways():
    """Where a parameter brings a right, RIGHTS_BY_PARAMETERS needs it."""
    ways: dict[str, set[bool]] = {name: set() for name in conditions_of_rights()}
    for parameters in ({}, *RIGHTS_BY_PARAMETERS):
        for name, is_true in truths(parameters).items():
            if name in ways:
                ways[name].add(is_true)

    assert {name for name, found in ways.items() if found != {True, False}} == set()


def truths(parameters: Mapping[str, str]) -> dict[str, bool]:
    """Return what the template's conditions are, with these parameters."""
    document = read(TEMPLATE)
    resolver = Resolver(
        document,
        parameters=values(document["Parameters"], parameters),
        site=StackContext(
            stack="trial",
            region="ap-northeast-1",
            account="123456789012",
            addresses=Addresses(http_api=str, function_url=str),
        ),
    )
    return {name: resolver.condition(name) for name in document["Conditions"]}


def conditions_of_rights() -> set[str]:
    """Return the conditions that decide about a policy or a statement of one."""
    return {
        condition
        for resource in translated()["Resources"].values()
        if resource["Type"].startswith("AWS::IAM::")
        for condition, *branch in branches(resource["Properties"])
        if any(
            isinstance(part, dict) and part.keys() & {"Effect", "PolicyDocument"}
            for part in branch
        )
    }


def branches(part: object) -> Iterator[list[Any]]:
    if isinstance(part, Mapping):
        if "Fn::If" in part:
            yield part["Fn::If"]
        for value in part.values():
            yield from branches(value)
    elif isinstance(part, list):
        for value in part:
            yield from branches(value)


def actions_in(part: object) -> Iterator[str]:
    """Yield each action of any policy in a resource's properties."""
    if isinstance(part, Mapping):
        if "Action" in part and "Effect" in part:
            listed = part["Action"]
            yield from [listed] if isinstance(listed, str) else listed
        for value in part.values():
            yield from actions_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from actions_in(value)
