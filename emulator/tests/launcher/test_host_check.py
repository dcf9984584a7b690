import asyncio
from typing import Any

import pytest

from aikagi_emulator.launcher.host_check import HostCheck


def status_for(*hosts: str) -> int:
    sent: list[Any] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host.encode("latin-1")) for host in hosts]
    scope = {"type": "http", "headers": headers}
    asyncio.run(HostCheck(application)(scope, None, send))  # type: ignore[arg-type]  # nothing is received
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8101",
        "127.0.0.1",
        "127.8.9.10:80",
        "localhost:8101",
        "LOCALHOST.",
        "hello.localhost:8101",
        "[::1]:8101",
    ],
)
def test_a_host_of_loopback_is_answered(host: str):
    assert status_for(host) == 200


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example:8101"],
        ["127.0.0.1.evil.example"],
        ["localhost.evil.example"],
        ["evil.example:127.0.0.1"],
        ["notlocalhost"],
        ["192.168.1.1"],
        ["[2001:db8::1]:80"],
        ["[::1].evil.example"],
        [""],
        [],
        ["127.0.0.1", "evil.example"],
    ],
)
def test_any_other_host_is_misdirected(hosts: list[str]):
    assert status_for(*hosts) == 421
