"""Where passwords, tokens and credentials may be sent."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aikagi.errors import AddressError

_NOWHERE: Final = urlsplit("")


def is_loopback(host: str) -> bool:
    """Tell whether the host is this machine, by its name or an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(url: str) -> bool:
    """Tell whether nobody on the way can read what is sent there."""
    return _is_private(_parts(url))


def require_private(url: str) -> None:
    """Raise ``AddressError`` where somebody on the way could read what is sent."""
    if not is_private(url):
        raise AddressError(
            f"Nothing is sent to {_without_password(url)}: it is neither https:// "
            "nor on this machine"
        )


def base_url(text: str) -> str:
    """Give the broker's root as it is used, with a slash at its end.

    Raises ``AddressError`` where a password would travel unencrypted.
    """
    parts = _parts(text)
    if not _is_private(parts):
        raise AddressError(
            f"{_without_password(text)} is no address of a broker: it begins with "
            "https://, or with http:// on this machine alone"
        )
    if parts.username or parts.query or parts.fragment:
        raise AddressError("The address of a broker ends with its path")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _parts(url: str) -> SplitResult:
    """Split a URL; one that cannot be read is nowhere."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read, it is checked
    except ValueError:
        return _NOWHERE
    # Others find another host in these.
    is_clear = parts.netloc.isprintable() and not {" ", "\\"} & set(parts.netloc)
    return parts if is_clear else _NOWHERE


def _is_private(parts: SplitResult) -> bool:
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (
        parts.scheme == "http" and is_loopback(parts.hostname)
    )


def _without_password(url: str) -> str:
    scheme, slashes, rest = url.rpartition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"
