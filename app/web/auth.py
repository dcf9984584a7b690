"""``/auth``: log in, stay so, log out, and see who the broker thinks you are.

OAuth's endpoints speak OAuth's snake_case (RFC 6749, sections 4.3 and 6).
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.domain.credentials import TokenPair
from app.domain.errors import (
    IssuersUnavailableError,
    LoginEndedError,
    LoginNotOursError,
    LoginRefusedError,
    SigningKeyUnavailableError,
    TooBusyError,
    UsersUnavailableError,
)
from app.domain.issuers import Issuer, SendToken
from app.web.dependencies import (
    CURRENT_USER_FAILURES,
    BearerToken,
    BrokerDep,
    CurrentUser,
    LoginPoolDep,
    when_ready,
)
from app.web.oauth import TokenRoute, refusals
from app.web.openapi import problems

token_endpoints = APIRouter(prefix="/auth", tags=["login"], route_class=TokenRoute)
router = APIRouter(prefix="/auth", tags=["login"])

_ISSUER: Final = "https://login.example.com"


class LoginForm(BaseModel):
    """OAuth2's password form (RFC 6749, section 4.3.2).

    The last three fields are ignored, as is any other that is not known.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    username: Annotated[str, Field(min_length=1, max_length=256, examples=["alice"])]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    grant_type: Literal["password"] = "password"
    scope: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")


class RefreshForm(BaseModel):
    """RFC 6749, section 6.

    The last three fields are ignored, as is any other that is not known.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    grant_type: Literal["refresh_token"]
    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=256)]
    scope: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")


class TokenResponse(BaseModel):
    """RFC 6749, section 5.1, and how long the refresh token is good for."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Seconds", examples=[900])]
    refresh_token: Annotated[
        str, Field(description="For one renewal: the answer to it holds the next")
    ]
    refresh_token_expires_in: Annotated[
        int, Field(description="Seconds", examples=[43200])
    ]

    @classmethod
    def reveal(cls, pair: TokenPair) -> Self:
        """Write both tokens out. Nothing else in the broker does."""
        return cls(
            access_token=pair.access.text,
            expires_in=int(pair.access.lifetime.total_seconds()),
            refresh_token=pair.refresh.text,
            refresh_token_expires_in=int(pair.refresh.lifetime.total_seconds()),
        )


class MeResponse(BaseModel):
    """``session_name`` is how AWS and the called function will know you."""

    issuer: Annotated[str, Field(examples=["local"])]
    subject: Annotated[str, Field(examples=["alice"])]
    groups: Annotated[list[str], Field(examples=[["everyone", "research"]])]
    session_name: Annotated[str, Field(examples=["local+alice"])]


class IssuerResponse(BaseModel):
    """OpenID Connect's words; the issuer's own metadata has the rest."""

    name: Annotated[str, Field(description="The alias that stands in session names")]
    title: str
    issuer: Annotated[
        str, Field(description="URL below which its metadata are", examples=[_ISSUER])
    ]
    client_id: Annotated[str, Field(description="Of a public client")]
    scopes: list[str]
    send_token: Annotated[
        SendToken, Field(description="Which token of the sign-in the broker takes")
    ]

    @classmethod
    def each_of(cls, issuers: Iterable[Issuer]) -> list[Self]:
        return [
            cls(
                name=issuer.alias,
                title=issuer.title,
                issuer=issuer.url,
                client_id=issuer.sign_in.client_id,
                scopes=list(issuer.sign_in.scopes),
                send_token=issuer.sign_in.send_token,
            )
            for issuer in issuers
            if issuer.sign_in
        ]


class IssuersResponse(BaseModel):
    issuers: list[IssuerResponse]


@token_endpoints.post(
    "/login",
    summary="Log in",
    responses=refusals(
        LoginRefusedError,
        TooBusyError,
        UsersUnavailableError,
        SigningKeyUnavailableError,
    ),
)
async def login(
    form: Annotated[LoginForm, Form()], broker: BrokerDep, pool: LoginPoolDep
) -> TokenResponse:
    """Trade a username and a password for an access token and what renews it."""
    password = form.password.get_secret_value()
    pair = await pool.run(lambda: broker.login(form.username, password))
    return TokenResponse.reveal(pair)


@token_endpoints.post(
    "/refresh",
    summary="Stay logged in",
    responses=refusals(
        LoginEndedError, UsersUnavailableError, SigningKeyUnavailableError
    ),
)
def refresh(form: Annotated[RefreshForm, Form()], broker: BrokerDep) -> TokenResponse:
    """Trade a refresh token for a new pair; the old one can be used no more.

    Presented again within ten seconds it gives the same successor: an answer may be
    lost. Presented again later it ends the login, for somebody else may have it.
    """
    return TokenResponse.reveal(broker.refresh(form.refresh_token.get_secret_value()))


@router.post(
    "/logout",
    summary="Log out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(*CURRENT_USER_FAILURES, LoginNotOursError),
)
async def logout(token: BearerToken, broker: BrokerDep) -> None:
    """End the login this access token comes from: it can be renewed no more.

    The access token itself lasts to its end. Of another issuer's token there is no
    login here that could end: its issuer has it.
    """
    await when_ready(lambda: broker.logout(token))


@router.get(
    "/issuers",
    summary="List the issuers you can sign in through",
    responses=problems(IssuersUnavailableError),
)
async def issuers(broker: BrokerDep) -> IssuersResponse:
    """List them by name, with what a public client of theirs needs to know.

    Their tokens, and those of issuers that are not listed because nobody signs in
    through them, are taken wherever the broker's own access tokens are.
    """
    found = await when_ready(broker.sign_in_issuers)
    return IssuersResponse(issuers=IssuerResponse.each_of(found))


@router.get(
    "/me",
    summary="See who you are",
    responses=problems(*CURRENT_USER_FAILURES),
)
async def me(user: CurrentUser) -> MeResponse:
    """Tell who the broker thinks you are, as of now."""
    return MeResponse(
        issuer=user.identity.issuer,
        subject=user.identity.subject,
        groups=sorted(user.groups),
        session_name=user.identity.session_name,
    )
