import socket

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import Ports, claim, origin, ports_from


def test_every_port_counts_from_the_first():
    ports = Ports(first=8000)

    assert (ports.first, ports.endpoint) == (8000, 8100)
    assert [ports.function(index) for index in range(2)] == [8101, 8102]
    assert [ports.http_api(index) for index in (0, 98)] == [8001, 8099]
    assert origin(ports.endpoint) == "http://127.0.0.1:8100"


def test_there_is_room_for_ninety_nine_http_apis():
    with pytest.raises(LaunchError, match="more than 99 HTTP APIs"):
        Ports(first=8000).http_api(99)


@pytest.mark.parametrize("text", ["8000", "1", "65434"])
def test_a_port_is_read_from_text(text: str):
    assert ports_from(text, variable="SMALL_PORT").first == int(text)


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "8000 ", "http", "8e3", "٨٠٠٠", "65435", "9" * 5000]
)
def test_what_is_no_port_is_told_so(text: str):
    with pytest.raises(LaunchError, match="set SMALL_PORT to a number from 1 to"):
        ports_from(text, variable="SMALL_PORT")


def test_a_taken_port_is_named_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(LaunchError) as caught:
            Ports(first=8000, variable="SMALL_PORT").claim(port)

    assert str(caught.value).startswith(
        f"Port {port} is taken. SMALL_PORT=8000 uses 8000, 8100 for AWS, and from 8101 "
    )
    assert caught.value.exit_code == 2
    claim(port).close()


def test_a_claimed_port_accepts_at_once_on_loopback_only():
    with claim(0) as claimed:
        host, port = claimed.getsockname()

        socket.create_connection((host, port)).close()

    assert host == "127.0.0.1"


def test_all_ports_are_claimed_or_none():
    ports = Ports(first=8000)
    with socket.create_server(("127.0.0.1", 0)) as taken, claim(0) as other:
        free, busy = other.getsockname()[1], taken.getsockname()[1]
        other.close()

        with pytest.raises(LaunchError, match=f"Port {busy} is taken"):
            ports.claim(free, busy)

    for claimed in ports.claim(free, busy):
        claimed.close()
