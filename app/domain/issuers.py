"""Issuers besides the broker itself: whose tokens are accepted, and what they mean."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias, final

ClaimPath: TypeAlias = tuple[str, ...]
"""Names of members, from the outside in: ``("realm_access", "roles")``."""


class SendToken(StrEnum):
    """Which token of a sign-in our page and command line send to the broker."""

    ID_TOKEN = "id_token"  # noqa: S105 - OpenID Connect's name of it
    ACCESS_TOKEN = "access_token"  # noqa: S105 - likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How people sign in through an issuer (OpenID Connect), with a public client.

    ``origins`` are all that a page has to reach for it, the issuer's own first.
    """

    client_id: str
    scopes: tuple[str, ...]
    send_token: SendToken
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAttribute:
    """A claim that becomes the attribute ``name`` of whoever has it.

    Where there are ``allowed_values``, another value makes none.
    """

    name: str
    claim: ClaimPath
    allowed_values: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Somebody whose tokens are accepted, under which conditions, and for whom.

    ``url`` is the claim ``iss`` of its tokens, exactly. ``client_id_claim`` stands in
    for the claim ``aud`` where its tokens have none. ``groups`` are the broker's
    groups for each value of the claim; nobody is in any other. ``sign_in`` is None
    where tokens come about in another way. Of ``attributes`` the most important is the
    first.
    """

    alias: str
    title: str
    url: str
    audiences: frozenset[str]
    client_id_claim: ClaimPath | None
    required_claims: Mapping[str, str | int | bool]
    algorithms: frozenset[str]
    jwks_uri: str | None
    longest_life: timedelta
    subject_claim: ClaimPath
    groups_claim: ClaimPath | None
    groups: Mapping[str, frozenset[str]]
    sign_in: SignIn | None
    attributes: tuple[ClaimAttribute, ...] = ()

    def groups_for(self, values: Iterable[str]) -> frozenset[str]:
        """Give the broker's groups for the values of the token's claim."""
        nothing: frozenset[str] = frozenset()
        return nothing.union(*(self.groups.get(value, nothing) for value in values))


@final
class Issuers:
    """All of them, in the order of their aliases. No two have the same URL."""

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        ordered = sorted(issuers, key=lambda issuer: issuer.alias)
        self._by_url = {issuer.url: issuer for issuer in ordered}

    def __iter__(self) -> Iterator[Issuer]:
        return iter(self._by_url.values())

    def find(self, url: str) -> Issuer | None:
        """Return the one whose tokens have this ``iss``."""
        return self._by_url.get(url)
