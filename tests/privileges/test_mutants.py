"""Every weakening of a template is told of, by the name of what was weakened."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from aikagi_emulator.template import Stack
from tests.privileges.matrix import dangerous, matrix_of, tables
from tests.privileges.mutants import Mutant, mutants
from tests.privileges.page import RIGHTS_BY_PARAMETERS, names_of
from tests.template.contract import violations
from tests.template.stacks import another_deployed, deployed

STACKS = {
    "the broker's": (lambda: deployed(**RIGHTS_BY_PARAMETERS[0]), None),
    "of other functions": (another_deployed, "trial"),
}
OURS = {"BrokerRole", "InvokeRole", "RevocationRole"}
"""Roles whose conditions each keep a promise; functions bring others."""


@pytest.mark.parametrize(("make", "broker"), STACKS.values(), ids=STACKS)
def test_whatever_is_weakened_is_told_of_by_its_name(
    make: Callable[[], Stack], broker: str | None
):
    stack = make()
    before = tables(matrix_of(stack), names_of(stack))

    silent, kinds = [], Counter[str]()
    for mutant in mutants(stack):
        kinds[mutant.kind] += 1
        if not any(names_it(mutant, said) for said in told(mutant, broker, before)):
            silent.append(mutant.what)

    assert silent == []
    assert {kind for kind, count in kinds.items() if count} >= {
        *("authentication", "origin", "condition", "action", "resource"),
        *("principal", "boundary"),
    }


@pytest.mark.parametrize(("make", "broker"), STACKS.values(), ids=STACKS)
def test_no_page_written_anew_lets_a_condition_of_our_roles_go(
    make: Callable[[], Stack], broker: str | None
):
    """Each keeps something from happening that is dangerous whatever a page says."""
    let_go = [
        mutant.what
        for mutant in mutants(make())
        if mutant.kind == "condition" and mutant.blamed & OURS and not mutant.denies
        if not any(names_it(mutant, said) for said in for_good(mutant, broker))
    ]

    assert let_go == []


def for_good(mutant: Mutant, broker: str | None) -> Iterator[str]:
    yield from violations(mutant.stack, broker=broker)
    yield from dangerous(matrix_of(mutant.stack, mutant.holders))


def told(mutant: Mutant, broker: str | None, before: dict[str, str]) -> Iterator[str]:
    """Yield what `make check` and the tests say, the cheapest first."""
    yield from violations(mutant.stack, broker=broker)
    matrix = matrix_of(mutant.stack, mutant.holders)
    yield from dangerous(matrix)
    for holder, text in tables(matrix, names_of(mutant.stack)).items():
        if before[holder] != text:
            yield f"{holder}: docs/privileges.md says otherwise."


def names_it(mutant: Mutant, sentence: str) -> bool:
    return any(re.match(rf"{name}\b", sentence) for name in mutant.blamed)
