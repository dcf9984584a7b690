"""Every weakening of a template is told of, by the name of what was weakened."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from aikagi_emulator.template import Stack
from tests.privileges.matrix import dangerous, matrix_of, tables
from tests.privileges.mutants import Mutant, mutants
from tests.privileges.page import names_of
from tests.privileges.variants import variants
from tests.template.contract import violations
from tests.template.stacks import another_deployed, deployed

STACKS: dict[str, tuple[Callable[[], tuple[Stack, ...]], str | None]] = {
    "the broker's": (lambda: (deployed(), *variants().values()), None),
    "of other functions": (lambda: (another_deployed(),), "trial"),
}
"""The same stack with what parameters allow, of which only that is tried."""

OURS = {"BrokerRole", "InvokeRole", "RevocationRole"}
"""Roles whose conditions each keep a promise; functions bring others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A mutant, and whether something tells of it whatever a page says.

    ``pages`` are the tables of the stack that it is a mutant of.
    """

    mutant: Mutant
    is_told: bool
    pages: Mapping[str, str]


@pytest.fixture(scope="module", params=list(STACKS.values()), ids=list(STACKS))
def tried(request: pytest.FixtureRequest) -> list[Tried]:
    make, broker = request.param
    found: dict[str, Tried] = {}
    for stack in make():
        pages = tables(matrix_of(stack), names_of(stack))
        for mutant in mutants(stack):
            if mutant.what not in found:
                is_told = names_it(mutant, said_of(mutant, broker))
                found[mutant.what] = Tried(mutant=mutant, is_told=is_told, pages=pages)
    return list(found.values())


def test_whatever_is_weakened_is_told_of_by_its_name(tried: list[Tried]):
    """By the contract and the dangers, or else by the page of privileges."""
    silent = [
        one.mutant.what
        for one in tried
        if not one.is_told
        and not names_it(one.mutant, pages_changed(one.mutant, one.pages))
    ]

    assert silent == []
    assert {one.mutant.kind for one in tried} >= {
        *("authentication", "origin", "condition", "action", "resource"),
        *("principal", "boundary"),
    }


def test_no_page_written_anew_lets_a_condition_of_our_roles_go(tried: list[Tried]):
    """Each keeps something from happening that is dangerous whatever a page says."""
    let_go = [
        one.mutant.what
        for one in tried
        if one.mutant.kind == "condition"
        and one.mutant.blamed & OURS
        and not one.mutant.denies
        and not one.is_told
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
