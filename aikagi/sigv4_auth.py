"""An auth class for httpx2 (and, in ``aikagi.httpx_auth``, httpx): call as yourself.

auth = aikagi.SigV4Auth(broker, "hello")
httpx2.post(broker.grant("hello").func_url, json={}, auth=auth)
"""

import time
from collections.abc import AsyncGenerator, Callable, Generator
from http import HTTPStatus
from typing import Any, Protocol

import anyio.to_thread
import httpx2

from aikagi.errors import LoginEndedError
from aikagi.grant import Grant
from aikagi.signing import (
    canonical_target,
    require_same_origin,
    signature_headers,
)


class GrantSource(Protocol):
    """Who has grants: a ``Broker``."""

    def grant(self, function: str, *, refused: Grant | None = None) -> Grant: ...


class SigV4Flow:
    """Signs by the broker's clock, with a grant that is renewed when it is used.

    A request is sent a second time only where Lambda refused the first: then the
    function has not run.
    """

    def __init__(
        self,
        grants: GrantSource,
        function: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._grants = grants
        self._function = function
        self._clock = clock

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:  # noqa: ANN401 - httpx's or httpx2's
        request.read()
        grant = self._grants.grant(self._function)
        if _was_refused((yield self._signed(request, grant))):
            another = self._another(grant)
            yield self._signed(request, another)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:  # noqa: ANN401 - httpx's or httpx2's
        await request.aread()
        grant = await anyio.to_thread.run_sync(self._grants.grant, self._function)
        if _was_refused((yield self._signed(request, grant))):
            another = await anyio.to_thread.run_sync(self._another, grant)
            yield self._signed(request, another)

    def _another(self, refused: Grant) -> Grant:
        """Get a grant in the place of one that Lambda has refused."""
        try:
            return self._grants.grant(self._function, refused=refused)
        except LoginEndedError as error:
            raise LoginEndedError(
                "Your access was ended",
                request_id=error.request_id,
                access_ended=True,
            ) from error

    def _signed(self, request: Any, grant: Grant) -> Any:  # noqa: ANN401 - httpx's or httpx2's
        target = canonical_target(request.url.raw_path.decode("ascii"))
        request.url = request.url.copy_with(raw_path=target.encode("ascii"))
        if request.headers.pop("Transfer-Encoding", None):
            # It came in pieces, and is whole now: it had to be hashed.
            request.headers["Content-Length"] = str(len(request.content))
        url = str(request.url)
        require_same_origin(grant, url)
        request.headers.update(
            signature_headers(
                grant,
                request.method,
                url,
                request.headers,
                request.content,
                now=grant.broker_time(self._clock()),
            )
        )
        return request


def _was_refused(answer: Any) -> bool:  # noqa: ANN401 - httpx's or httpx2's
    """Lambda names its refusals; a function's own 403 is its answer: it has run."""
    refused: bool = answer.status_code == HTTPStatus.FORBIDDEN
    return refused and "x-amzn-errortype" in answer.headers


class SigV4Auth(SigV4Flow, httpx2.Auth):
    """For ``httpx2.Client`` and ``AsyncClient``."""
