"""Tokens of a real provider, its keys, and what happens to both: rotation, outage."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from aikagi.issuer import Issuer as ListedIssuer
from aikagi.issuer_login import IssuerLogins
from aikagi.openid import OpenId
from app.adapters.issuer_entry import IssuerRules, read_issuer
from app.adapters.tokens import IssuerTokens, RemoteKeys, compact
from app.adapters.tokens.rejection import Rejected
from app.adapters.tokens.remote_keys import FRESH, INTERVAL, USABLE
from app.domain.errors import IssuerKeysUnavailableError
from tests.fakes import Clock, FixedIssuers
from tests.node import require_packages
from tests.provider.person import Visitor
from tests.provider.server import ALICE, Provider, ProviderSettings

LIFETIME: Final = 86_400
"""Seconds: the longest that an entry may allow."""

REDIRECT_URI: Final = "http://127.0.0.1:7/"

Check = Callable[[str], str]


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Start a provider that no other test has, for it is restarted."""
    require_packages("provider")
    with Provider(ProviderSettings(lifetime=LIFETIME)) as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def check(provider: Provider, clock: Clock) -> Check:
    """Give the subject of a token, waiting for keys where a request would."""
    entry = json.dumps(provider.entry(MaxTokenSeconds=LIFETIME))
    issuer = read_issuer("laptop", entry, IssuerRules(own="own", on_loopback=True))
    keys = RemoteKeys(on_loopback=True, clock=clock)
    tokens = IssuerTokens(FixedIssuers(issuer), keys, clock=clock)

    def check_it(token: str) -> str:
        try:
            return tokens.check(compact.split(token)).identity.subject
        except IssuerKeysUnavailableError as unavailable:
            if unavailable.pending is None:
                raise
            unavailable.pending.result(30)
        return tokens.check(compact.split(token)).identity.subject

    return check_it


def sign_in(provider: Provider) -> str:
    """Give a token that alice has from the provider."""

    def visit(address: str) -> Mapping[str, str]:
        return dict(parse_qsl(urlsplit(visitor.sign_in(address)).query))

    with (
        Visitor(provider.issuer, ALICE) as visitor,
        httpx2.Client(trust_env=False) as client,
    ):
        logins = IssuerLogins(OpenId(client), time.time)
        issuer = ListedIssuer.from_json(provider.listed())
        return logins.by_browser(issuer, REDIRECT_URI, visit).access_token


def test_a_provider_that_has_other_keys_is_asked_again(
    provider: Provider, clock: Clock, check: Check
):
    before = sign_in(provider)
    assert check(before) == ALICE.sub
    provider.restart()
    after = sign_in(provider)

    with pytest.raises(Rejected, match="unknown-key"):
        check(after)  # so soon it is not asked again

    clock.advance(seconds=INTERVAL.total_seconds())
    assert check(after) == ALICE.sub
    with pytest.raises(Rejected, match="unknown-key"):
        check(before)


def test_a_provider_that_is_away_keeps_nobody_out_for_a_day(
    provider: Provider, clock: Clock, check: Check
):
    token = sign_in(provider)
    assert check(token) == ALICE.sub
    provider.stop()

    clock.advance(seconds=FRESH.total_seconds() + 1)
    assert check(token) == ALICE.sub

    clock.advance(seconds=(USABLE - FRESH).total_seconds())
    with pytest.raises(IssuerKeysUnavailableError):
        check(token)
