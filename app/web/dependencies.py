"""What a route may ask for by type."""

import re
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from starlette.requests import HTTPConnection
from typing_extensions import override

from app.broker import Broker
from app.domain.credentials import Source
from app.domain.errors import TokenRejectedError
from app.domain.identity import User

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._~+/-]+=*)")
"""RFC 6750, section 2.1. No comma fits it, so two merged headers never do."""


class _StrictBearer(OAuth2PasswordBearer):
    """The token of the one Authorization header: of no query, form or cookie."""

    @override
    async def __call__(self, request: HTTPConnection) -> str:
        headers = request.headers.getlist("authorization")
        bearer = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
        if bearer is None:
            raise TokenRejectedError
        return bearer[1]


_token = _StrictBearer(
    tokenUrl="auth/login",
    scheme_name="login",
    description="The access token that `POST /auth/login` returned.",
)


async def _broker(request: Request) -> Broker:
    return cast("Broker", request.app.state.broker)


async def _source(request: Request) -> Source:
    # The socket, or API Gateway's sourceIp through Mangum. Never a header: anybody
    # can invent X-Forwarded-For.
    address = request.client.host if request.client else "unknown"
    return Source(address=address, request_id=request.state.request_id)


BrokerDep = Annotated[Broker, Depends(_broker)]

SourceDep = Annotated[Source, Depends(_source)]


def _current_user(broker: BrokerDep, token: Annotated[str, Depends(_token)]) -> User:
    return broker.identify(token)


CurrentUser = Annotated[User, Depends(_current_user)]
"""The caller, verified and still known. A route without it is public."""
