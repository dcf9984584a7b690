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
    LoginLimitedError,
    LoginNotOursError,
    LoginRefusedError,
    NewPasswordRefusedError,
    PasswordChangeRequiredError,
    SigningKeyUnavailableError,
    TooBusyError,
    UsersUnavailableError,
)
from app.domain.issuers import Issuer, SendToken, SignIn
from app.web.dependencies import (
    CURRENT_USER_FAILURES,
    BearerContext,
    Context,
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


class PasswordForm(BaseModel):
    """Who one is, and another password than that.

    Sizes are those of a login's form; what else a password has to be is said in words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Annotated[str, Field(min_length=1, max_length=256, examples=["alice"])]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    new_password: Annotated[
        SecretStr,
        Field(
            min_length=1,
            max_length=1024,
            description="8 to 1,024 bytes of UTF-8, exactly as typed",
        ),
    ]


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
    def of(cls, issuer: Issuer, sign_in: SignIn) -> Self:
        return cls(
            name=issuer.alias,
            title=issuer.title,
            issuer=issuer.url,
            client_id=sign_in.client_id,
            scopes=list(sign_in.scopes),
            send_token=sign_in.send_token,
        )


class IssuersResponse(BaseModel):
    issuers: list[IssuerResponse]

    @classmethod
    def of(cls, issuers: Iterable[Issuer]) -> Self:
        listed = [(issuer, issuer.sign_in) for issuer in issuers]
        return cls(
            issuers=[
                IssuerResponse.of(issuer, sign_in)
                for issuer, sign_in in listed
                if sign_in is not None
            ]
        )


@token_endpoints.post(
    "/login",
    summary="Log in",
    responses=refusals(
        LoginRefusedError,
        LoginLimitedError,
        PasswordChangeRequiredError,
        TooBusyError,
        UsersUnavailableError,
        SigningKeyUnavailableError,
    ),
)
async def login(
    form: Annotated[LoginForm, Form()],
    context: Context,
) -> TokenResponse:
    """Trade a username and a password for an access token and what renews it.

    After ten failures from one address a wait is asked for (429): a second, then twice
    as long each time, up to half a minute.
    """
    password = form.password.get_secret_value()
    pair = await context.login_pool.run(
        lambda: context.broker.login(form.username, password, context.source)
    )
    return TokenResponse.reveal(pair)


@token_endpoints.post(
    "/password",
    summary="Change your password",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(
        LoginRefusedError,
        LoginLimitedError,
        NewPasswordRefusedError,
        TooBusyError,
        UsersUnavailableError,
        has_grant_type=False,
    ),
)
async def change_password(
    form: Annotated[PasswordForm, Form()],
    context: Context,
) -> None:
    """Replace a password by another; the old one says who you are.

    Logins begun before can be renewed no more. No access token is needed: a password
    that was given for once has to be changed before there is any.
    """
    password = form.password.get_secret_value()
    new_password = form.new_password.get_secret_value()
    await context.login_pool.run(
        lambda: context.broker.change_password(
            form.username, password, new_password, context.source
        )
    )


@token_endpoints.post(
    "/refresh",
    summary="Stay logged in",
    responses=refusals(
        LoginEndedError, UsersUnavailableError, SigningKeyUnavailableError
    ),
)
async def refresh(
    form: Annotated[RefreshForm, Form()],
    context: Context,
) -> TokenResponse:
    """Trade a refresh token for a new pair; the old one can be used no more.

    Presented again within ten seconds it gives the same successor: an answer may be
    lost. Presented again later it ends the login, for somebody else may have it.
    """
    token = form.refresh_token.get_secret_value()
    pair = await context.run(lambda broker: broker.refresh(token, context.source))
    return TokenResponse.reveal(pair)


@router.post(
    "/logout",
    summary="Log out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(*CURRENT_USER_FAILURES, LoginNotOursError),
)
async def logout(context: BearerContext) -> None:
    """End the login this access token comes from: it can be renewed no more.

    The access token itself lasts to its end. Of another issuer's token there is no
    login here that could end: its issuer has it.
    """
    await context.run(lambda broker: broker.logout(context.bearer, context.source))


@router.get(
    "/issuers",
    summary="List the issuers you can sign in through",
    responses=problems(IssuersUnavailableError),
)
async def issuers(context: Context) -> IssuersResponse:
    """List them by name, with what a public client of theirs needs to know.

    Their tokens, and those of issuers that are not listed because nobody signs in
    through them, are taken wherever the broker's own access tokens are.
    """
    found = await when_ready(context.broker.sign_in_issuers)
    return IssuersResponse.of(found)


@router.get(
    "/me",
    summary="See who you are",
    responses=problems(*CURRENT_USER_FAILURES),
)
async def me(context: BearerContext) -> MeResponse:
    """Tell who the broker thinks you are, as of now."""
    user = await context.run(lambda broker: broker.identify(context.bearer))
    return MeResponse(
        issuer=user.identity.issuer,
        subject=user.identity.subject,
        groups=sorted(user.groups),
        session_name=user.identity.session_name,
    )
