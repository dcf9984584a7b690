"""Every weakening of a template is told of, by the name of what was weakened."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The mutants of a stack, those that something tells of whatever a page says.

    ``pages`` are the tables of the stack as it is.
    """

    mutants: tuple[Mutant, ...]
    told: frozenset[str]
    pages: Mapping[str, str]


@pytest.fixture(scope="module", params=list(STACKS.values()), ids=list(STACKS))
def tried(request: pytest.FixtureRequest) -> Tried:
    make, broker = request.param
    stack = make()
    found = tuple(mutants(stack))
    return Tried(
        mutants=found,
        told=frozenset(
            mutant.what for mutant in found if names_it(mutant, said_of(mutant, broker))
        ),
        pages=tables(matrix_of(stack), names_of(stack)),
    )


def test_whatever_is_weakened_is_told_of_by_its_name(tried: Tried):
    """By the contract and the dangers, or else by the page of privileges."""
    silent = [
        mutant.what
        for mutant in tried.mutants
        if mutant.what not in tried.told
        and not names_it(mutant, pages_changed(mutant, tried.pages))
    ]

    assert silent == []
    assert {mutant.kind for mutant in tried.mutants} >= {
        *("authentication", "origin", "condition", "action", "resource"),
        *("principal", "boundary"),
    }


def test_no_page_written_anew_lets_a_condition_of_our_roles_go(tried: Tried):
    """Each keeps something from happening that is dangerous whatever a page says."""
    let_go = [
        mutant.what
        for mutant in tried.mutants
        if mutant.kind == "condition"
        and mutant.blamed & OURS
        and not mutant.denies
        and mutant.what not in tried.told
    ]

    assert let_go == []


def said_of(mutant: Mutant, broker: str | None) -> Iterator[str]:
    """Yield what `make check` and the tests say, the cheapest first."""
    yield from violations(mutant.stack, broker=broker)
    yield from dangerous(matrix_of(mutant.stack, mutant.holders))


def pages_changed(mutant: Mutant, pages: Mapping[str, str]) -> Iterator[str]:
    """Yield whose tables are others than before."""
    matrix = matrix_of(mutant.stack, mutant.holders)
    for holder, text in tables(matrix, names_of(mutant.stack)).items():
        if pages[holder] != text:
            yield holder


def names_it(mutant: Mutant, sentences: Iterable[str]) -> bool:
    return any(
        re.match(rf"{name}\b", sentence)
        for sentence in sentences
        for name in mutant.blamed
    )
