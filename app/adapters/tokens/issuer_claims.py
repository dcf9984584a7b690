"""The rules about claims of other issuers, as the entry of each states them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.adapters.tokens.claims import check_times, login_end
from app.adapters.tokens.rejection import Rejected
from app.domain.identity import (
    FederatedBearer,
    Identity,
    is_attribute,
    is_subject,
)
from app.domain.issuers import ClaimPath, Issuer

LEEWAY: Final = timedelta(seconds=60)
"""Between our clock and another's. An expiration is an expiration all the same."""

_TYPES: Final = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
"""``typ`` of an ID token or an access token, in small letters; often there is none."""

_REFUSED_CLAIMS: Final = {
    # Whoever presents it has to prove more than that they have it (RFC 8705, 9449).
    "cnf": "sender-constrained",
    # A logout or a security event token (RFC 8417) is nobody's leave to do anything.
    "events": "security-event",
}


def check_type(header: Mapping[str, Any]) -> None:
    """Refuse what is another kind of token by its own words (RFC 8725, 3.11)."""
    declared = header.get("typ")
    if isinstance(declared, str):
        declared = declared.lower()
    elif declared is not None:
        raise Rejected("wrong-type")
    if declared not in _TYPES:
        raise Rejected("wrong-type")


def check(claims: Mapping[str, Any], issuer: Issuer, now: datetime) -> FederatedBearer:
    """Check that all claims are as the entry has it, or raise ``Rejected``.

    That ``iss`` is the issuer's has been seen to: by it the issuer was found.
    """
    times = check_times(claims, issuer.longest_life, now, leeway=LEEWAY)
    for name, reason in _REFUSED_CLAIMS.items():
        if name in claims:
            raise Rejected(reason)
    _check_audience(claims, issuer)
    for name, value in issuer.required_claims.items():
        # With their types: 1 and true are equal to Python.
        if (type(claims.get(name)), claims.get(name)) != (type(value), value):
            raise Rejected("lacks-a-required-claim")
    subject = _at(claims, issuer.subject_claim)
    if not isinstance(subject, str) or not is_subject(subject):
        raise Rejected("no-subject")
    return FederatedBearer(
        identity=Identity(issuer=issuer.alias, subject=subject),
        groups=issuer.groups_for(_groups(claims, issuer)),
        issued_at=times.issued_at,
        login_ends_at=login_end(claims, times),
        attributes=dict(_attributes(claims, issuer)),
    )


def _check_audience(claims: Mapping[str, Any], issuer: Issuer) -> None:
    if issuer.client_id_claim is not None:
        client = _at(claims, issuer.client_id_claim)
        if not isinstance(client, str) or client not in issuer.audiences:
            raise Rejected("wrong-client")
        if "aud" not in claims:
            return
    audiences = list(_texts(claims.get("aud"), "wrong-audience"))
    if issuer.audiences.isdisjoint(audiences):
        raise Rejected("wrong-audience")


def _groups(claims: Mapping[str, Any], issuer: Issuer) -> Iterator[str]:
    if issuer.groups_claim is None:
        return
    _refuse_overage(claims, issuer.groups_claim)
    value = _at(claims, issuer.groups_claim)
    if value is not None:
        yield from _texts(value, "groups-malformed")


def _attributes(claims: Mapping[str, Any], issuer: Issuer) -> Iterator[tuple[str, str]]:
    """Give those whose claim is there, as a text that may be their value.

    Nobody is refused for want of one: what needs an attribute asks for it.
    """
    for attribute in issuer.attributes:
        value, allowed = _at(claims, attribute.claim), attribute.allowed_values
        if not isinstance(value, str) or not is_attribute(attribute.name, value):
            continue
        if allowed is None or value in allowed:
            yield attribute.name, value


def _refuse_overage(claims: Mapping[str, Any], path: ClaimPath) -> None:
    """Refuse a token that holds its groups elsewhere, for they were too many.

    Entra ID puts ``_claim_names`` in their place, or ``hasgroups`` (Microsoft identity
    platform, "Groups overage claim"). Without them somebody would have fewer groups
    than they are in, and nobody would know why.
    """
    elsewhere = claims.get("_claim_names", {})
    is_named = not isinstance(elsewhere, dict) or path[0] in elsewhere
    if is_named or (
        path == ("groups",) and claims.get("hasgroups", False) is not False
    ):
        raise Rejected("groups-overage")


def _texts(value: object, reason: str) -> Iterator[str]:
    """Give the strings of a list, or the one string (RFC 7519, section 4.1.3)."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            raise Rejected(reason)
        yield item


def _at(claims: Mapping[str, Any], path: ClaimPath) -> object:
    """Give the member at ``path``; None where there is none, or one that is null."""
    found: object = claims
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
