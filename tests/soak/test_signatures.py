"""SigV4 by volume: what an honest signer sends is accepted, whatever else is not."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from emulator.tests.sigv4.signing import FOREVER, NOW, SESSION, accepted
from tests.soak.mutations import mutations
from tests.soak.random_requests import a_request
from tests.soak.reporting import Report
from tests.soak.scale import SEED, amount, source

ELSEWHERE: list[dict[str, Any]] = [
    {"service": "execute-api"},
    {"region": "us-east-1"},
    {"now": NOW + timedelta(days=7, minutes=6)},
    {"now": NOW - timedelta(minutes=5, seconds=1)},
    {"keys": []},
    {"keys": [replace(key, secret_access_key="guessed") for key in (SESSION, FOREVER)]},
    {"keys": [replace(key, session_token="another") for key in (SESSION, FOREVER)]},
]
AT_ONCE = 60
"""Requests of one test, so that several processes can share the work."""


@pytest.mark.parametrize("batch", range(amount(60, 6000) // AT_ONCE))
def test_a_random_request_is_accepted_and_nothing_near_it(batch: int, report: Report):
    tried: Counter[str] = Counter()
    for number in range(batch * AT_ONCE, (batch + 1) * AT_ONCE):
        request = a_request(source(number))
        assert accepted(request) in (SESSION, FOREVER), (SEED, number)
        tried["accepted as sent"] += 1

        for what, mutated in mutations(request, source(-number)):
            assert is_refused(mutated), (SEED, number, what, mutated)
            tried[f"refused with another {what}"] += 1

    for what, number in tried.items():
        # "path, letter" is counted with the other paths.
        report({f"signed requests, {what.partition(',')[0]}": number})


@pytest.mark.parametrize("batch", range(amount(60, 600) // AT_ONCE))
def test_a_random_request_is_accepted_here_and_now_only(batch: int):
    for number in range(batch * AT_ONCE, (batch + 1) * AT_ONCE):
        request = a_request(source(number))

        assert not is_refused(request), (SEED, number)
        for wrong in ELSEWHERE:
            assert is_refused(request, **wrong), (SEED, number, wrong)


def is_refused(request: Request, **elsewhere: Any) -> bool:
    try:
        accepted(request, **elsewhere)
    except SignatureRefusedError:
        return True
    return False
