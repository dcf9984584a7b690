"""What a route may ask for by type."""

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Final, TypeVar, cast

from anyio import move_on_after
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import OAuth2PasswordBearer
from starlette.requests import HTTPConnection
from typing_extensions import override

from app.broker import Broker
from app.domain.credentials import Source
from app.domain.errors import (
    IssuerKeysUnavailableError,
    IssuersUnavailableError,
    ProblemError,
    SigningKeyUnavailableError,
    TokenRejectedError,
    UsersUnavailableError,
)
from app.domain.identity import User
from app.web.login_pool import LoginPool

T = TypeVar("T")

_LONGEST_WAIT: Final = 4
"""Seconds for each thing that is being read: more than fetching keys may take."""

_MOST_WAITS: Final = 2
"""An issuer's first token waits for the list of issuers, then for its keys."""

_TOKEN: Final = r"([A-Za-z0-9._~+/-]+=*)"  # noqa: S105 - a pattern
"""RFC 6750, section 2.1. No comma fits it, so two merged headers never do."""

_BEARER: Final = re.compile(f"[Bb][Ee][Aa][Rr][Ee][Rr] {_TOKEN}")
_BARE: Final = re.compile(f"(?:[Bb][Ee][Aa][Rr][Ee][Rr] )?{_TOKEN}")


class _StrictBearer(OAuth2PasswordBearer):
    """The token of the one Authorization header: of no query, form or cookie."""

    def __init__(self, shape: re.Pattern[str]) -> None:
        super().__init__(
            tokenUrl="auth/login",
            refreshUrl="auth/refresh",
            scheme_name="login",
            description="The access token that `POST /auth/login` returned, or the "
            "token that an issuer of this deployment gave.",
        )
        self._shape = shape

    @override
    async def __call__(self, request: HTTPConnection) -> str:
        headers = request.headers.getlist("authorization")
        bearer = self._shape.fullmatch(headers[0]) if len(headers) == 1 else None
        if bearer is None:
            raise TokenRejectedError(presented=any(map(_is_bearer, headers)))
        return bearer[1]


def _is_bearer(header: str) -> bool:
    return header.partition(" ")[0].lower() == "bearer"


async def _broker(request: Request) -> Broker:
    return cast("Broker", request.app.state.broker)


async def _login_pool(request: Request) -> LoginPool:
    return cast("LoginPool", request.app.state.login_pool)


async def _source(request: Request) -> Source:
    # The socket, or API Gateway's sourceIp through Mangum. Never a header: anybody
    # can invent X-Forwarded-For.
    address = request.client.host if request.client else "unknown"
    return Source(address=address, request_id=request.state.request_id)


BrokerDep = Annotated[Broker, Depends(_broker)]

LoginPoolDep = Annotated[LoginPool, Depends(_login_pool)]

SourceDep = Annotated[Source, Depends(_source)]


_bearer: Final = _StrictBearer(_BEARER)

BearerToken = Annotated[str, Depends(_bearer)]
"""The access token as it was sent: nobody has checked it yet."""

_BareToken = Annotated[str, Depends(_StrictBearer(_BARE))]


async def when_ready(do: Callable[[], T]) -> T:
    """Do it in a worker thread, and again once what was missing has been read.

    Meanwhile no worker thread is taken: an issuer whose keys arrive slowly holds up
    its own people, and nobody else.
    """
    for _ in range(_MOST_WAITS):
        try:
            return await run_in_threadpool(do)
        except ProblemError as error:
            if error.pending is None:
                raise
            with move_on_after(_LONGEST_WAIT):
                await asyncio.wrap_future(error.pending)
    return await run_in_threadpool(do)


async def authenticate(request: Request) -> None:
    """Find the caller before anything else of the request is looked at."""
    broker, token = await _broker(request), await _bearer(request)
    request.state.user = await when_ready(lambda: broker.identify(token))


async def _current_user(
    request: Request, broker: BrokerDep, token: BearerToken
) -> User:
    # A route that reads a body has found out before it did.
    known: User | None = getattr(request.state, "user", None)
    if known is not None:
        return known
    return await when_ready(lambda: broker.identify(token))


async def _sdk_user(broker: BrokerDep, token: _BareToken) -> User:
    return await when_ready(lambda: broker.identify(token))


CurrentUser = Annotated[User, Depends(_current_user)]
"""The caller, verified and still known. A route without it is public."""

CURRENT_USER_FAILURES: Final[tuple[type[ProblemError], ...]] = (
    TokenRejectedError,
    UsersUnavailableError,
    SigningKeyUnavailableError,
    IssuersUnavailableError,
    IssuerKeysUnavailableError,
)
"""How a route may fail that knows its caller, or ends a login."""

SdkUser = Annotated[User, Depends(_sdk_user)]
"""The same, where the token may stand bare: SDKs send a token file as it is."""
