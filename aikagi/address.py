"""Where a broker may be."""

from typing import Final
from urllib.parse import urlsplit

from aikagi.errors import AddressError

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def base_url(text: str) -> str:
    """Give the broker's root as it is used, with a slash at its end.

    Raises ``AddressError`` where a password would travel unencrypted.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # read, it is checked
    except ValueError:
        parts = urlsplit("")
    if not (parts.scheme == "https" and parts.hostname) and not (
        parts.scheme == "http" and parts.hostname in _LOOPBACK
    ):
        raise AddressError(
            f"{text} is no address of a broker: it begins with https://, "
            "or with http:// on this machine alone"
        )
    if parts.username or parts.query or parts.fragment:
        raise AddressError("The address of a broker ends with its path")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"
