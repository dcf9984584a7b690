"""An issuer that people sign in through, and what a login of it stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from aikagi.address import require_private
from aikagi.models import list_in, string_in

ID_TOKEN: Final = "id_token"  # noqa: S105 - OpenID Connect's name of it
ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - OAuth2's name of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One that the broker lists. ``url`` is compared exactly, wherever it stands.

    ``name`` is what the broker calls it. ``send_token`` is ``id_token`` or
    ``access_token``: which of the issuer's tokens the broker takes.
    """

    name: str
    title: str
    url: str
    client_id: str
    scopes: tuple[str, ...]
    send_token: str

    def __post_init__(self) -> None:
        if self.send_token not in {ID_TOKEN, ACCESS_TOKEN}:
            raise TypeError("send_token is neither id_token nor access_token")
        require_private(self.url)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read a member of ``GET /auth/issuers``, or what ``to_json`` gave.

        Raises ``KeyError`` or ``TypeError``, and ``AddressError`` of a URL that
        nothing secret may be sent to.
        """
        return cls(
            name=string_in(value, "name"),
            title=string_in(value, "title"),
            url=string_in(value, "issuer"),
            client_id=string_in(value, "client_id"),
            scopes=tuple(map(str, list_in(value, "scopes"))),
            send_token=string_in(value, "send_token"),
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as the broker did."""
        return {
            "name": self.name,
            "title": self.title,
            "issuer": self.url,
            "client_id": self.client_id,
            "scopes": list(self.scopes),
            "send_token": self.send_token,
        }
