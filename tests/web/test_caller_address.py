"""The caller's address: of the connection, and of what trusted proxies wrote."""

import ipaddress
from collections.abc import Collection

import pytest
from fastapi.testclient import TestClient

from app.broker import Broker
from app.web.application import create_app
from app.web.caller_address import Network, caller_address
from tests.fakes import RecordingAudit, a_bearer

PROXIES = ("192.0.2.10", "198.18.0.0/15", "2001:db8:cafe::/48")


def networks(*named: str) -> tuple[Network, ...]:
    return tuple(map(ipaddress.ip_network, named))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param("203.0.113.7", [], "203.0.113.7", id="nobody between"),
        pytest.param("192.0.2.10", [], "192.0.2.10", id="the proxy itself"),
        pytest.param("192.0.2.10", ["203.0.113.7"], "203.0.113.7", id="one proxy"),
        pytest.param("198.19.255.1", ["203.0.113.7"], "203.0.113.7", id="of a network"),
        pytest.param(
            "192.0.2.10", ["203.0.113.7, 198.18.0.1"], "203.0.113.7", id="two proxies"
        ),
        pytest.param(
            "192.0.2.10", ["203.0.113.7", "198.18.0.1"], "203.0.113.7", id="two headers"
        ),
        pytest.param(
            "192.0.2.10",
            ["203.0.113.7,192.0.2.10"],
            "203.0.113.7",
            id="itself, as API Gateway writes it",
        ),
        pytest.param(
            "192.0.2.10", ["198.18.0.2,198.18.0.1"], "198.18.0.2", id="proxies alone"
        ),
        # What a caller invents stands on the left of what a proxy wrote.
        pytest.param(
            "192.0.2.10", ["10.0.0.1, 203.0.113.7"], "203.0.113.7", id="invented"
        ),
        pytest.param(
            "192.0.2.10",
            ["192.0.2.10", "203.0.113.7"],
            "203.0.113.7",
            id="invented, a proxy's",
        ),
        pytest.param(
            "192.0.2.10",
            ["1.1.1.1, 198.18.0.9, 203.0.113.7, 198.18.0.1"],
            "203.0.113.7",
            id="invented, as if from further proxies",
        ),
        pytest.param("203.0.113.7", ["1.1.1.1"], "203.0.113.7", id="not from a proxy"),
        pytest.param("192.0.2.11", ["1.1.1.1"], "192.0.2.11", id="the next address"),
        pytest.param("198.20.0.1", ["1.1.1.1"], "198.20.0.1", id="the next network"),
        # Ways of writing
        pytest.param(
            "192.0.2.10", ["203.0.113.7:4711"], "203.0.113.7", id="with a port"
        ),
        pytest.param(
            "192.0.2.10", ["[2001:db8::1]:4711"], "2001:db8::1", id="IPv6 with a port"
        ),
        pytest.param("192.0.2.10", ["[2001:db8::1]"], "2001:db8::1", id="in brackets"),
        pytest.param("192.0.2.10", ["2001:DB8:0::1"], "2001:db8::1", id="IPv6"),
        pytest.param(
            "2001:db8:cafe::1", ["2001:db8::1"], "2001:db8::1", id="an IPv6 proxy"
        ),
        pytest.param(
            "::ffff:192.0.2.10", ["203.0.113.7"], "203.0.113.7", id="a socket of both"
        ),
        pytest.param("::ffff:203.0.113.7", [], "203.0.113.7", id="and its peer"),
        pytest.param(
            "192.0.2.10", ["::ffff:203.0.113.7"], "203.0.113.7", id="mapped, written"
        ),
        pytest.param(
            "192.0.2.10", ["\t203.0.113.7 \t"], "203.0.113.7", id="white space"
        ),
        # What is no address leaves the request where it was last known to be.
        *(
            pytest.param("192.0.2.10", [garbage], "192.0.2.10", id=garbage or "empty")
            for garbage in (
                *("", ",", "unknown", "_hidden", "localhost", "203.0.113.7;"),
                *("203.0.113", "203.0.113.777", "0203.0.113.7", "203.0.113.7:"),
                *("203.0.113.7:123456", "203.0.113.7/32", "[203.0.113.7]x"),
                *("[2001:db8::1", "2001:db8::1]", "fe80::1%eth0", "2001:db8:::1"),
                *("\uff12.0.113.7", "203.0.113.7\u00a0", "for=203.0.113.7", "1" * 50),
            )
        ),
        pytest.param(
            "192.0.2.10", ["203.0.113.7, unknown"], "192.0.2.10", id="beyond garbage"
        ),
        pytest.param(
            "192.0.2.10", ["203.0.113.7,"], "192.0.2.10", id="beyond an empty hop"
        ),
        # Connections without an address
        pytest.param(None, ["203.0.113.7"], "unknown", id="a Unix socket"),
        pytest.param("a-test", ["203.0.113.7"], "a-test", id="of no address"),
    ],
)
def test_hops_are_believed_as_far_as_trusted_proxies_wrote_them(
    peer: str | None, forwarded: list[str], address: str
):
    assert caller_address(peer, forwarded, networks(*PROXIES)) == address


@pytest.mark.parametrize("peer", ["203.0.113.7", "127.0.0.1", "10.0.0.1", "::1"])
def test_nobody_is_believed_unless_they_are_named(peer: str):
    assert caller_address(peer, ["1.1.1.1"], ()) == peer
    assert caller_address(peer, ["1.1.1.1"], networks(peer)) == "1.1.1.1"


FORWARDED = [
    ("X-Forwarded-For", "192.0.2.99"),
    ("X-Forwarded-For", "198.51.100.1"),
    ("X-Real-IP", "192.0.2.98"),
    ("Forwarded", "for=192.0.2.97"),
]


@pytest.mark.parametrize(
    ("trusted", "recorded"),
    [
        pytest.param((), "203.0.113.7", id="no proxy"),
        pytest.param(("203.0.113.0/24",), "198.51.100.1", id="the peer's network"),
        pytest.param(("198.51.100.1",), "203.0.113.7", id="another proxy"),
    ],
)
def test_the_audit_has_the_address_that_proxies_are_believed_to_tell(
    broker: Broker, audit: RecordingAudit, trusted: Collection[str], recorded: str
):
    app = create_app(broker, trusted_proxies=networks(*trusted))
    token = broker.tokens.mint(a_bearer("alice")).text

    with TestClient(app, client=("203.0.113.7", 50000)) as client:
        answer = client.post(
            "/grant",
            json={"FunctionName": "hello"},
            headers=[("Authorization", f"Bearer {token}"), *FORWARDED],
        )

    assert answer.status_code == 200
    [grant] = audit.grants
    assert grant.source.address == recorded
