"""What a route may ask for by type."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar, cast

from anyio import move_on_after
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from fastapi.security.base import SecurityBase

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
from app.domain.identity import AnyBearer
from app.web.caller_address import caller_address
from app.web.login_pool import LoginPool
from app.web.workers import Workers

T = TypeVar("T")

_LONGEST_WAIT: Final = 4
"""Seconds for each thing that is being read: more than fetching keys may take."""

_MOST_WAITS: Final = 2
"""An issuer's first token waits for the list of issuers, then for its keys."""

_TOKEN: Final = r"([A-Za-z0-9._~+/-]+=*)"  # noqa: S105 - a pattern
"""RFC 6750, section 2.1. No comma fits it, so two merged headers never do."""

_BEARER: Final = re.compile(f"[Bb][Ee][Aa][Rr][Ee][Rr] {_TOKEN}")
_BARE: Final = re.compile(f"(?:[Bb][Ee][Aa][Rr][Ee][Rr] )?{_TOKEN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """What a route works with. One dependency: FastAPI takes its time for each."""

    broker: Broker
    workers: Workers
    login_pool: LoginPool
    source: Source

    async def run(self, work: Callable[[Broker], T]) -> T:
        """Let the broker do what waits for AWS."""
        return await self.workers.run(lambda: work(self.broker))


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerRequestContext(RequestContext):
    """The same, of somebody whose token was verified.

    Whether they are known still, ``Broker.identify`` asks.
    """

    bearer: AnyBearer


def _members(request: Request) -> dict[str, Any]:
    """Give those of every context."""
    state = request.app.state
    # The peer is the socket's or, through Mangum, API Gateway's sourceIp.
    address = caller_address(
        request.client.host if request.client else None,
        request.headers.getlist("x-forwarded-for"),
        state.trusted_proxies,
    )
    return {
        "broker": state.broker,
        "workers": state.workers,
        "login_pool": state.login_pool,
        "source": Source(address=address, request_id=request.state.request_id),
    }


async def _context(request: Request) -> RequestContext:
    return RequestContext(**_members(request))


Context = Annotated[RequestContext, Depends(_context)]


class _VerifiedBearer(SecurityBase):
    """Asks for a token in the one Authorization header: in no query, form or cookie."""

    def __init__(self, shape: re.Pattern[str]) -> None:
        described = OAuth2PasswordBearer(
            tokenUrl="auth/login",
            refreshUrl="auth/refresh",
            scheme_name="login",
            description="The access token that `POST /auth/login` returned, or the "
            "token that an issuer of this deployment gave.",
        )
        self.model = described.model
        self.scheme_name = described.scheme_name
        self._shape = shape

    async def __call__(self, request: Request) -> BearerRequestContext:
        # A route that reads a body has found out before it did.
        bearer: AnyBearer | None = getattr(request.state, "bearer", None)
        return BearerRequestContext(
            bearer=bearer or await self.verify(request), **_members(request)
        )

    async def verify(self, request: Request) -> AnyBearer:
        token, broker = self._token(request), _broker(request)
        return await when_ready(lambda: broker.verify(token))

    def _token(self, request: Request) -> str:
        headers = request.headers.getlist("authorization")
        bearer = self._shape.fullmatch(headers[0]) if len(headers) == 1 else None
        if bearer is None:
            raise TokenRejectedError(presented=any(map(_is_bearer, headers)))
        return bearer[1]


def _is_bearer(header: str) -> bool:
    return header.partition(" ")[0].lower() == "bearer"


def _broker(request: Request) -> Broker:
    return cast("Broker", request.app.state.broker)


async def when_ready(do: Callable[[], T]) -> T:
    """Do what never waits, and do it again once what was missing has been read.

    Meanwhile no thread is taken: an issuer whose keys arrive slowly holds up its own
    people, and nobody else.
    """
    for _ in range(_MOST_WAITS):
        try:
            return do()
        except ProblemError as error:
            if error.pending is None:
                raise
            with move_on_after(_LONGEST_WAIT):
                await asyncio.wrap_future(error.pending)
            if not error.pending.done():
                raise
    return do()


_bearer: Final = _VerifiedBearer(_BEARER)


async def authenticate(request: Request) -> None:
    """Verify the token before anything else of the request is looked at."""
    request.state.bearer = await _bearer.verify(request)


BearerContext = Annotated[BearerRequestContext, Depends(_bearer)]
"""A route without it is public."""

CURRENT_USER_FAILURES: Final[tuple[type[ProblemError], ...]] = (
    TokenRejectedError,
    UsersUnavailableError,
    SigningKeyUnavailableError,
    IssuersUnavailableError,
    IssuerKeysUnavailableError,
)
"""How a route may fail that knows its caller, or ends a login."""

SdkBearerContext = Annotated[BearerRequestContext, Depends(_VerifiedBearer(_BARE))]
"""The same, where the token may stand bare: SDKs send a token file as it is."""
