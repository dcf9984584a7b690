"""``/auth``: log in, and see who the broker thinks you are.

OAuth's endpoints speak OAuth's snake_case (RFC 6749, section 4.3).
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.domain.errors import (
    LoginRefusedError,
    SigningKeyUnavailableError,
    TokenRejectedError,
    TooBusyError,
    UsersUnavailableError,
)
from app.web.bodies import UNREADABLE, FormRoute
from app.web.dependencies import BrokerDep, CurrentUser
from app.web.openapi import problems

router = APIRouter(prefix="/auth", tags=["login"], route_class=FormRoute)


class LoginForm(BaseModel):
    """OAuth2's password form. The last three fields are accepted and ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Annotated[str, Field(min_length=1, max_length=256, examples=["alice"])]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    grant_type: Literal["password"] = "password"
    scope: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")


class LoginResponse(BaseModel):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Seconds", examples=[900])]


class MeResponse(BaseModel):
    """``session_name`` is how AWS and the called function will know you."""

    issuer: Annotated[str, Field(examples=["local"])]
    subject: Annotated[str, Field(examples=["alice"])]
    groups: Annotated[list[str], Field(examples=[["everyone", "research"]])]
    session_name: Annotated[str, Field(examples=["local+alice"])]


@router.post(
    "/login",
    summary="Log in",
    responses=problems(
        LoginRefusedError,
        TooBusyError,
        UsersUnavailableError,
        SigningKeyUnavailableError,
        unreadable=UNREADABLE,
    ),
)
def login(form: Annotated[LoginForm, Form()], broker: BrokerDep) -> LoginResponse:
    """Trade a username and a password for an access token."""
    token = broker.login(form.username, form.password.get_secret_value())
    return LoginResponse(
        access_token=token.text, expires_in=int(token.lifetime.total_seconds())
    )


@router.get(
    "/me",
    summary="See who you are",
    responses=problems(
        TokenRejectedError, UsersUnavailableError, SigningKeyUnavailableError
    ),
)
async def me(user: CurrentUser) -> MeResponse:
    """Tell who the broker thinks you are, as of now."""
    return MeResponse(
        issuer=user.identity.issuer,
        subject=user.identity.subject,
        groups=sorted(user.groups),
        session_name=user.identity.session_name,
    )
