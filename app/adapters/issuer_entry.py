"""Read the entry of one issuer. It decides who people are, so nothing is guessed."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic import model_validator as validator

from app.adapters import parameters
from app.adapters.parameters import EntryRefusedError
from app.domain.identity import LOCAL, is_alias, is_attribute
from app.domain.issuers import ClaimAttribute, ClaimPath, Issuer, SendToken, SignIn

VERSION: Final = 1
"""Of the shape of an entry, which says so in ``Version`` or not at all."""

_HOST: Final = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_ORIGIN: Final = rf"https://{_HOST}(?::[1-9][0-9]{{0,4}})?"
_LOOPBACK: Final = r"http://(?:127\.0\.0\.1|localhost)(?::[1-9][0-9]{0,4})?"
_PATH: Final = r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,400})?"
_QUERY: Final = r"(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{1,400})?"

Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
Path: TypeAlias = Annotated[list[Name], Field(min_length=1, max_length=8)]
"""A claim within others. One name with a full stop or a slash is still one name."""

Claim: TypeAlias = Name | Path
Group: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]
Value: TypeAlias = Annotated[str, Field(min_length=1, max_length=512)]
_SendToken = Annotated[SendToken, Field(strict=False)]
# Named apart: inside the model its field has that name, and a value.

Scope: TypeAlias = Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,200}$")]
"""RFC 6749, section 3.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerRules:
    """What an entry may say.

    ``own`` is the ``iss`` of the broker's own tokens, which no entry may claim. With
    ``on_loopback`` an issuer may be on this machine, over http: never on AWS.
    """

    own: str
    on_loopback: bool = False


class _Attribute(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    Name: str
    Claim: Claim
    AllowedValues: Annotated[list[str], Field(min_length=1, max_length=100)] | None = (
        None
    )

    @validator(mode="after")
    def _can_be_a_tag(self) -> Self:
        if not is_attribute(self.Name, ""):
            msg = "its Name is not 1 to 63 of a-z, 0-9 and _.-, a letter first"
            raise ValueError(msg)
        wrong = [v for v in self.AllowedValues or () if not is_attribute(self.Name, v)]
        if wrong:
            msg = "AllowedValues are no tags: letters, digits, spaces and _.:/=+-@"
            raise ValueError(msg)
        return self


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    Version: Annotated[int, Field(ge=1)] = VERSION
    Title: Annotated[str, Field(min_length=1, max_length=200)]
    Issuer: str
    Audiences: Annotated[list[Value], Field(min_length=1)]
    ClientIdClaim: Claim | None = None
    RequiredClaims: dict[Name, StrictStr | StrictBool | StrictInt] = {}
    Algorithms: Annotated[list[Literal["RS256", "ES256"]], Field(min_length=1)]
    JwksUri: str | None = None
    MaxTokenSeconds: Annotated[int, Field(ge=60, le=86400)]
    SubjectClaim: Claim = "sub"
    GroupsClaim: Claim | None = None
    Groups: dict[Value, list[Group]] = {}
    Attributes: Annotated[list[_Attribute], Field(max_length=20)] = []
    SignIn: bool = False
    ClientId: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    Scopes: list[Scope] = []
    SendToken: _SendToken | None = None
    ConnectOrigins: Annotated[list[str], Field(max_length=10)] = []

    @validator(mode="after")
    def _is_complete(self) -> Self:
        if self.Groups and self.GroupsClaim is None:
            msg = "Groups needs GroupsClaim: the claim whose values it maps"
            raise ValueError(msg)
        names = [attribute.Name for attribute in self.Attributes]
        if len(set(names)) < len(names):
            msg = "two Attributes have one Name"
            raise ValueError(msg)
        if self.SignIn:
            self._can_sign_in()
        return self

    def _can_sign_in(self) -> None:
        if self.ClientId is None or self.SendToken is None:
            msg = "SignIn needs ClientId and SendToken"
            raise ValueError(msg)
        if self.SendToken == "id_token" and "openid" not in self.Scopes:
            msg = "without the scope openid there is no id_token to send"
            raise ValueError(msg)


def read_issuer(alias: str, text: str, rules: IssuerRules) -> Issuer:
    """Make an issuer of the entry ``alias``. Raises ``EntryRefusedError``."""
    if not is_alias(alias) or alias == LOCAL:
        msg = (
            "its name is not 1 to 29 of a-z, 0-9 and -, a letter first, and other than "
            f"{LOCAL}, which the broker's own users have"
        )
        raise EntryRefusedError(msg)
    entry = parameters.parse(_Entry, text, version=VERSION)
    _check_addresses(entry, rules)
    return Issuer(
        alias=alias,
        title=entry.Title,
        url=entry.Issuer,
        audiences=frozenset(entry.Audiences),
        client_id_claim=_path(entry.ClientIdClaim) if entry.ClientIdClaim else None,
        required_claims=entry.RequiredClaims,
        algorithms=frozenset(entry.Algorithms),
        jwks_uri=entry.JwksUri,
        longest_life=timedelta(seconds=entry.MaxTokenSeconds),
        subject_claim=_path(entry.SubjectClaim),
        groups_claim=_path(entry.GroupsClaim) if entry.GroupsClaim else None,
        groups={value: frozenset(groups) for value, groups in entry.Groups.items()},
        sign_in=_sign_in(entry),
        attributes=tuple(
            ClaimAttribute(
                name=attribute.Name,
                claim=_path(attribute.Claim),
                allowed_values=None
                if attribute.AllowedValues is None
                else frozenset(attribute.AllowedValues),
            )
            for attribute in entry.Attributes
        ),
    )


def is_address(url: str, *, on_loopback: bool) -> bool:
    """Tell whether keys may be fetched from ``url``: https, and nothing odd in it."""
    return _matches(url, _PATH + _QUERY, on_loopback=on_loopback)


def _check_addresses(entry: _Entry, rules: IssuerRules) -> None:
    local = rules.on_loopback
    # OpenID Connect Discovery 1.0, section 2: no query and no fragment.
    if entry.Issuer == rules.own or not _matches(
        entry.Issuer, _PATH, on_loopback=local
    ):
        msg = "its Issuer is not an https URL without query and fragment"
        raise EntryRefusedError(msg)
    if entry.JwksUri is not None and not is_address(entry.JwksUri, on_loopback=local):
        msg = "its JwksUri is not an https URL"
        raise EntryRefusedError(msg)
    if not all(_matches(origin, on_loopback=local) for origin in entry.ConnectOrigins):
        msg = "its ConnectOrigins are not all https origins, without a final slash"
        raise EntryRefusedError(msg)


def _matches(url: str, rest: str = "", *, on_loopback: bool) -> bool:
    origin = f"(?:{_ORIGIN}|{_LOOPBACK})" if on_loopback else _ORIGIN
    return re.fullmatch(origin + rest, url) is not None


def _path(claim: str | list[str]) -> ClaimPath:
    return (claim,) if isinstance(claim, str) else tuple(claim)


def _sign_in(entry: _Entry) -> SignIn | None:
    if not entry.SignIn or entry.ClientId is None or entry.SendToken is None:
        return None
    parts = urlsplit(entry.Issuer)
    own = f"{parts.scheme}://{parts.netloc}"
    return SignIn(
        client_id=entry.ClientId,
        scopes=tuple(entry.Scopes),
        send_token=entry.SendToken,
        origins=tuple(dict.fromkeys([own, *entry.ConnectOrigins])),
    )
