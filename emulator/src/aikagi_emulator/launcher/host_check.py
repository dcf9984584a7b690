"""Requests for a name that is not this machine's own are misdirected.

A page on the internet whose name has been made to lead to 127.0.0.1 (DNS rebinding) is
of the same origin as the stack, to a browser. Its requests still name its own host.
"""

import ipaddress
import json
import re
from typing import Final, final

from aikagi_emulator.urls.asgi import ASGIApp, Receive, Scope, Send

_MISDIRECTED: Final = 421
"""RFC 9110, section 15.5.20."""


_HOST: Final = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]+))(?::[0-9]*)?")
"""RFC 9110, section 7.2: a host, an IPv6 address in brackets, and perhaps a port."""


@final
class HostCheck:
    """Answers 421 to requests for other hosts than loopback."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_loopback(_host(scope)):
            await self._application(scope, receive, send)
            return
        text = "This answers for 127.0.0.1, localhost and names below localhost alone."
        body = json.dumps({"Message": text}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send(
            {"type": "http.response.start", "status": _MISDIRECTED, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})


def is_loopback(host: str) -> bool:
    """Whether the value of a ``Host`` header is an address or a name of loopback."""
    found = _HOST.fullmatch(host)
    name = (found[1] or found[2]).lower().removesuffix(".") if found else ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _host(scope: Scope) -> str:
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    return hosts[0].decode("latin-1") if len(hosts) == 1 else ""
