"""Clients that others wrote, against a running stack."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from tests.aws_caller import Person
from tests.soak.cases import CASES, Case, Grant
from tests.soak.client_table import version_of
from tests.soak.clients import AT_HAND, CLIENTS, missing
from tests.soak.scale import TIMES
from tests.stack import Stack

# A "+" in a query is a plus to AWS. botocore and requests-aws4auth sign it bare, and
# aws4fetch as a space. (smithy is given parsed queries: it never sends one.)
_PLUS: Final = frozenset({"query, bare +"})
_FAULTS: Final = {
    "botocore": _PLUS,
    "requests-aws4auth": _PLUS,
    "aws4fetch": _PLUS,
    # It sends a space of a presigned query as "+", and signs %20.
    "aws4fetch, presigned": _PLUS | {"query, %20"},
    # 7.88 signs a path as it stands instead of escaping it once more, and a query in
    # the order and form in which it was typed.
    "curl": _PLUS
    | {"path, space", "path, Unicode", "path, %2F", "path, (!'*)"}
    | {"query, unsorted", "query, repeated", "query, no value"},
}


@pytest.fixture(scope="module")
def grant(stack: Stack) -> Grant:
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])
    return Grant.read(alice.grant("hello"))


def cases_for(client: str) -> tuple[Case, ...]:
    """A presigned URL is for requests without a body."""
    presigned = client.endswith("presigned")
    return tuple(case for case in CASES if not (presigned and case.body))


@pytest.mark.parametrize("client", CLIENTS if TIMES else AT_HAND)
def test_what_a_client_signs_is_accepted_but_for_its_known_faults(
    client: str, grant: Grant, record_property: Callable[[str, object], None]
):
    skip_without(client)
    cases = cases_for(client)

    statuses = CLIENTS[client](grant, cases)

    by_case = {case.name: status for case, status in zip(cases, statuses, strict=True)}
    title = f"{client} {version_of(client)}"
    record_property("soak-client", json.dumps([title, by_case]))
    assert set(statuses) <= {200, 403}, by_case
    refused = {name for name, status in by_case.items() if status == 403}
    faults = _FAULTS.get(client, frozenset())
    if client == "curl" and " 7.88." not in title:
        assert refused <= faults
    else:
        assert refused == faults


@pytest.mark.parametrize("client", CLIENTS if TIMES else AT_HAND)
def test_a_client_with_another_secret_is_refused(client: str, grant: Grant):
    skip_without(client)
    forger = replace(grant, secret_access_key=grant.secret_access_key[::-1])
    plain = CASES[:1]

    statuses = CLIENTS[client](grant, plain) + CLIENTS[client](forger, plain)

    assert statuses == [200, 403]


def skip_without(client: str) -> None:
    reason = missing(client)
    if reason:
        pytest.skip(f"{client} was NOT tried: {reason}")
