"""Why somebody would get a grant, or would not, as table and catalogue are now.

The rules are the broker's own, as is what reads the table, the catalogue and the
entries of issuers. What a process holds in memory (the limit of grants) and when a
login ends are not known here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, final

from app.adapters.tokens import issuer_claims
from app.adapters.tokens.rejection import Rejected
from app.admin.errors import UsageError
from app.admin.users import ListedUser
from app.domain.catalogue import Catalogue
from app.domain.errors import (
    CatalogueUnavailableError,
    IssuersUnavailableError,
    ProblemError,
)
from app.domain.explanation import Explanation, RuleResult, explain_grant
from app.domain.identity import FederatedBearer, Identity, User
from app.domain.issuers import ClaimPath, Issuer, Issuers
from app.domain.session import SessionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``about_person`` are the rules before those of a grant.

    Where one of them is not met there is no grant, whatever the explanation says;
    there is none where nothing is known of the person.
    """

    about_person: tuple[RuleResult, ...]
    explanation: Explanation | None

    @property
    def rules(self) -> tuple[RuleResult, ...]:
        return self.about_person + (
            self.explanation.rules if self.explanation is not None else ()
        )

    @property
    def is_granted(self) -> bool:
        return all(rule.is_met for rule in self.rules)


class KnownPeople(Protocol):
    """As the broker has them. Each may raise ``UsersUnavailableError``."""

    def find(self, identity: Identity) -> User | None: ...

    def admit(self, bearer: FederatedBearer) -> User | None: ...


class ListedPeople(Protocol):
    """As an operator has them: disabled ones too."""

    def find(self, identity: Identity) -> ListedUser | None: ...


class CatalogueReader(Protocol):
    """May raise ``CatalogueUnavailableError``."""

    def read(self) -> Catalogue: ...


class IssuerReader(Protocol):
    """May raise ``IssuersUnavailableError``."""

    def read(self) -> Issuers: ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GrantInquiry:
    """Each may raise ``UsersUnavailableError`` and what botocore raises."""

    users: KnownPeople
    administration: ListedPeople
    catalogue: CatalogueReader
    issuers: IssuerReader
    clock: Callable[[], datetime]

    def own_user(self, identity: Identity, asked: SessionRequest) -> Answer:
        """Answer for a user of the broker's own."""
        user = self.users.find(identity)
        if user is not None:
            return self._answer(user, asked, _enabled(user))
        listed = self.administration.find(identity)
        if listed is None:
            detail = f"there is no user {identity.subject}"
            unknown = RuleResult(rule="user", is_met=False, detail=detail)
            return Answer(about_person=(unknown,), explanation=None)
        user = User(
            identity=identity, groups=listed.groups, attributes=listed.attributes
        )
        return self._answer(user, asked, _disabled(user))

    def federated(
        self,
        identity: Identity,
        claims: Mapping[str, Sequence[str]],
        asked: SessionRequest,
    ) -> Answer:
        """Answer for somebody with a token of another issuer that has these claims.

        Of what is not said of the token it is supposed that it is as the entry wants
        it. Raises ``UsageError`` for an issuer or a claim that no entry knows.
        """
        issuer = self._issuer(identity.issuer)
        try:
            bearer = issuer_claims.check(
                _token(issuer, identity.subject, claims, self.clock()),
                issuer,
                self.clock(),
            )
        except Rejected as rejected:
            refused = RuleResult(rule="token", is_met=False, detail=rejected.reason)
            return Answer(about_person=(refused,), explanation=None)
        token = RuleResult(rule="token", is_met=True, detail=_described(bearer))
        user = self.users.admit(bearer)
        if user is not None:
            return self._answer(user, asked, token, _enabled(user))
        user = User(
            identity=identity, groups=bearer.groups, attributes=bearer.attributes
        )
        return self._answer(user, asked, token, _disabled(user))

    def _answer(
        self, user: User, asked: SessionRequest, *about_person: RuleResult
    ) -> Answer:
        try:
            catalogue = self.catalogue.read()
        except CatalogueUnavailableError as error:
            raise _cause(error) from error
        explanation = explain_grant(
            user, catalogue, asked, grant_id="of-the-grant", now=self.clock()
        )
        return Answer(about_person=about_person, explanation=explanation)

    def _issuer(self, alias: str) -> Issuer:
        for issuer in self._read_issuers():
            if issuer.alias == alias:
                return issuer
        raise UsageError(f"There is no issuer {alias} that the broker would take.")

    def _read_issuers(self) -> Issuers:
        try:
            return self.issuers.read()
        except IssuersUnavailableError as error:
            if error.pending is None:
                raise _cause(error) from error
            error.pending.result()
        try:
            return self.issuers.read()
        except IssuersUnavailableError as error:
            raise _cause(error) from error


def _cause(error: ProblemError) -> Exception:
    """Give botocore's own error, of which the command knows what to say."""
    cause = error.__cause__
    return cause if isinstance(cause, Exception) else error


def _enabled(user: User) -> RuleResult:
    detail = f"{user.identity.subject} is not disabled"
    if user.valid_from:
        detail += f"; what was issued before second {user.valid_from} counts no more"
    return RuleResult(rule="user", is_met=True, detail=detail)


def _disabled(user: User) -> RuleResult:
    detail = f"{user.identity.subject} is disabled"
    return RuleResult(rule="user", is_met=False, detail=detail)


def _described(bearer: FederatedBearer) -> str:
    groups = ", ".join(sorted(bearer.groups)) or "no group"
    attributes = "".join(f", {k}={v}" for k, v in bearer.attributes.items())
    return f"gives {groups}{attributes}"


def _token(
    issuer: Issuer, subject: str, given: Mapping[str, Sequence[str]], now: datetime
) -> dict[str, Any]:
    """Make the claims of a token that is as the entry wants it, but for ``given``."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer.url,
        "aud": sorted(issuer.audiences),
        "iat": issued,
        "exp": issued + int(issuer.longest_life.total_seconds()),
        **issuer.required_claims,
    }
    if issuer.client_id_claim is not None:
        _put(claims, issuer.client_id_claim, min(issuer.audiences))
    _put(claims, issuer.subject_claim, subject)
    paths = {".".join(path): path for path in _paths(issuer)}
    for name, values in given.items():
        if name not in paths:
            known = ", ".join(sorted(paths)) or "none"
            raise UsageError(
                f"The entry of {issuer.alias} reads no claim {name}. It reads: {known}."
            )
        typed = [_typed(value, issuer.required_claims.get(name)) for value in values]
        _put(claims, paths[name], typed[0] if len(typed) == 1 else typed)
    return claims


def _paths(issuer: Issuer) -> list[ClaimPath]:
    named: list[ClaimPath] = [(name,) for name in issuer.required_claims]
    named += [attribute.claim for attribute in issuer.attributes]
    return named + ([issuer.groups_claim] if issuer.groups_claim is not None else [])


def _typed(text: str, expected: object) -> object:
    """Read ``true`` and numbers where the entry wants such a value."""
    if expected is None or isinstance(expected, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(claims: dict[str, Any], path: ClaimPath, value: object) -> None:
    *outer, last = path
    for name in outer:
        claims = claims.setdefault(name, {})
    claims[last] = value
