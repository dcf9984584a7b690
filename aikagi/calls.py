"""One call of a function, as its events come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, final

import httpx2

from aikagi.errors import (
    AddressError,
    EndedEarlyError,
    FunctionError,
    UnreachableError,
)
from aikagi.events import RawEvent, Result, TaskEvent, is_known, parse_event
from aikagi.http_client import LONGEST, within
from aikagi.streams import decoded, read_events
from aikagi.transport import reason_of

_LONGEST_ERROR_TEXT: Final = 65_536
"""Characters of an error's text that are kept."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""WHATWG, Fetch, section 2.2.6."""

_WITHOUT_BODY: Final = frozenset({204, 205, 304})
"""WHATWG, Fetch, section 2.2.6, but for those that are no answer of a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """How an answer began."""

    status: int
    headers: Mapping[str, str] = field(repr=False)

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-amzn-requestid")


@final
class Call:
    """Iterate over it, once; the request is sent when the first event is asked for.

    Leaving early closes the connection: the function goes on to its end all the same,
    and is billed for it. ``head`` is there from the first event on.
    """

    def __init__(
        self,
        client: httpx2.Client,
        request: httpx2.Request,
        auth: httpx2.Auth,
        *,
        timeout: float = LONGEST,
    ) -> None:
        self._client = client
        self._request = request
        self._auth = auth
        self._timeout = timeout
        self.head: ResponseHead | None = None

    def __iter__(self) -> Iterator[TaskEvent]:
        """Give the events; a task's own failure is raised as ``TaskError``.

        Raises:
            FunctionError: the URL answered with 400 or above.
            UnreachableError: there was no answer.
            EndedEarlyError, MalformedError: it broke off, or was not as it said.
            BrokerError, AddressError: there were no credentials for it.
        """
        for raw in self.raw_events():
            event = parse_event(raw, self.head.request_id if self.head else None)
            if event is not None:
                yield event

    def raw_events(self, *, whole: bool = True) -> Iterator[RawEvent]:
        """Give the events as they came: each a JSON object, unknown ones too.

        Without ``whole`` no result holds a text or bytes, of whatever length: text is
        in events of type ``output`` alone, bytes in the ``value`` of events of type
        ``bytes``, and so is JSON that is too long for one result. Raises what iterating
        does, but for ``TaskError``.
        """
        answer = self._begin()
        count = 0
        try:
            if answer.status_code in _WITHOUT_BODY:
                yield {"type": "result", "value": None}
                return
            content_type = answer.headers.get("content-type", "")
            for raw in read_events(answer.iter_bytes(), content_type, whole=whole):
                yield raw
                count += is_known(raw)
        except httpx2.TimeoutException as error:
            raise EndedEarlyError(count, reason_of(error)) from error
        except httpx2.HTTPError as error:
            raise EndedEarlyError(count) from error
        finally:
            answer.close()

    def result(self) -> Any:  # noqa: ANN401 - any JSON, or bytes
        """Wait for the end and give the result's value; raises as iterating does."""
        value = None
        for event in self:
            if isinstance(event, Result):
                value = event.value
        return value

    def _begin(self) -> httpx2.Response:
        self._request.extensions.update(within(self._timeout))
        try:
            answer = self._client.send(
                self._request, auth=self._auth, stream=True, follow_redirects=False
            )
        except httpx2.HTTPError as error:
            raise UnreachableError("function", reason_of(error)) from error
        self.head = ResponseHead(status=answer.status_code, headers=answer.headers)
        if answer.status_code in _REDIRECTS:
            answer.close()
            raise AddressError("The function redirects, and credentials do not follow")
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise _failure(answer)
        return answer


def _failure(answer: httpx2.Response) -> FunctionError:
    text = ""
    is_truncated = True
    content_type = answer.headers.get("content-type", "")
    try:
        for piece in decoded(answer.iter_bytes(), content_type):
            text += piece
            if len(text) > _LONGEST_ERROR_TEXT:
                break
        else:
            is_truncated = False
    except httpx2.HTTPError:
        pass  # what came of it is shown
    finally:
        answer.close()
    return FunctionError(
        answer.status_code,
        text[:_LONGEST_ERROR_TEXT],
        is_truncated=is_truncated,
        request_id=answer.headers.get("x-amzn-requestid"),
        error_type=answer.headers.get("x-amzn-errortype"),
    )
