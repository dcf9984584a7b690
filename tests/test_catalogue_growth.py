"""A thousand functions and a thousand groups, against ten of each.

Reading the catalogue is work for each entry, and happens behind the answers. A grant by
name costs the same whatever else there is; so does whether somebody is in a group.
"""

import json
from typing import Any, Final, cast

import pytest

from app.adapters.catalogue import SsmCatalogue
from app.adapters.catalogue_entry import EntryRules
from app.domain.catalogue import Catalogue, Function
from app.domain.identity import User
from app.domain.session import (
    SessionRequest,
    choose_function,
    functions_for,
    may_call,
    plan_session,
)
from app.web.functions import FunctionResponse, FunctionsResponse
from tests.fakes import NOON, ROLE, Clock, a_function, a_user
from tests.growth import Case, Record, as_parameters, assert_linear, measure
from tests.paged_parameters import PagedParameters

PATH: Final = "/aikagi/test/functions"
MANY: Final = 1024
FLAT: Final = 2
"""Eight times as many may cost this much more, of which nothing should be left."""


def catalogue_of(size: int) -> Catalogue:
    """Each function has a group of its own."""
    return Catalogue(a_function(f"f{n}", f"group-{n}") for n in range(size))


def member_of(size: int) -> User:
    return a_user("alice", *(f"group-{n}" for n in range(size)))


def a_grant(catalogue: Catalogue, user: User, name: str | None) -> object:
    function = choose_function(user, catalogue, name)
    return plan_session(user, function, SessionRequest(), grant_id="g", now=NOON)


def entries(size: int) -> dict[str, str]:
    entry = {
        "Title": "t",
        "FuncUrl": "https://a.lambda-url.eu-west-1.on.aws/",
        "InvokeMode": "BUFFERED",
        "Groups": ["g"],
    }
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    return {f"f{n}": json.dumps({**entry, "Arn": f"{arn}{n}"}) for n in range(size)}


def read(client: PagedParameters) -> Catalogue:
    catalogue = SsmCatalogue(
        cast("Any", client), path=PATH, rules=EntryRules(role=ROLE), clock=Clock()
    )
    return catalogue.read()


def listed(made: tuple[User, Catalogue]) -> str:
    user, catalogue = made
    found = [FunctionResponse.of(f) for f in functions_for(user, catalogue)]
    return FunctionsResponse(functions=found).model_dump_json(by_alias=True)


def test_a_thousand_entries_are_a_thousand_functions():
    catalogue = read(PagedParameters(PATH, entries(1000)))

    assert len(list(catalogue)) == 1000
    assert catalogue.find("f999") is not None


ALIKE: Final[list[Case[Any]]] = [
    Case(
        "a grant by name among functions",
        lambda n: (catalogue_of(n), member_of(10), "f7"),
        lambda made: a_grant(*made),
        MANY,
    ),
    Case(
        "a refusal by name among functions",
        catalogue_of,
        lambda catalogue: catalogue.find("nonesuch"),
        MANY,
    ),
    Case(
        "a grant of the one function in reach, without its name",
        lambda n: (catalogue_of(n), a_user("alice", f"group-{n - 1}"), None),
        lambda made: a_grant(*made),
        MANY,
    ),
    Case(
        "listing ten functions among others",
        lambda n: (member_of(10), catalogue_of(n)),
        listed,
        MANY,
    ),
    Case(
        "a grant to a member of groups",
        lambda n: (catalogue_of(10), member_of(n), "f7"),
        lambda made: a_grant(*made),
        MANY,
    ),
    Case(
        "a function of groups",
        lambda n: (
            a_user("alice", "group-1"),
            a_function("f", *(f"group-{i}" for i in range(n))),
        ),
        lambda made: may_call(*made),
        MANY,
    ),
]


@pytest.mark.parametrize("case", as_parameters(ALIKE))
def test_eight_times_as_many_cost_a_grant_nothing(
    case: Case[Any], record_property: Record
):
    for _ in range(5):
        growth = measure(case.name, case.cost(), case.largest, case.largest // 8)
        if growth.ratio < FLAT:
            break

    record_property("growth", str(growth))
    assert growth.ratio < FLAT, str(growth)


LINEAR: Final[list[Case[Any]]] = [
    Case(
        "reading entries",
        lambda n: PagedParameters(PATH, entries(n)),
        read,
        MANY,
    ),
    Case(
        "listing what a member of every group may call",
        lambda n: (member_of(n), catalogue_of(n)),
        listed,
        MANY,
    ),
]


@pytest.mark.parametrize("case", as_parameters(LINEAR))
def test_work_for_each_function_grows_linearly(
    case: Case[Any], record_property: Record
):
    assert_linear(case, record_property)


def test_only_those_within_reach_are_described():
    functions: list[Function] = list(catalogue_of(1000))
    alice = a_user("alice", *(f"group-{n}" for n in range(10)))

    answer = json.loads(listed((alice, Catalogue(functions))))

    assert [entry["Name"] for entry in answer["Functions"]] == [
        f"f{n}" for n in range(10)
    ]
