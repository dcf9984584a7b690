"""AWS: one ASGI application for all services."""

import asyncio
import logging
import traceback
from collections.abc import Mapping
from typing import Final, final
from urllib.parse import parse_qs

from aikagi_emulator.aws import query, refusal_reason
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.faults import (
    QUERY_SERVICES,
    Fault,
    Faults,
    Kind,
    error_of,
    malformed,
)
from aikagi_emulator.aws.wire import (
    Answer,
    Service,
    drop_connection,
    read_body,
    request_of,
    write,
)
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from aikagi_emulator.urls.asgi import Receive, Scope, Send

_log: Final = logging.getLogger(__name__)

_SCOPE_PARTS: Final = 5
"""Key id, day, Region, service, ``aws4_request``."""


@final
class Endpoint:
    """Hands each request to the service it is for; the wire never sees a traceback.

    ``services`` are by signing name, ``targets`` lead from what stands before the dot
    in ``X-Amz-Target`` to signing names. ``faults`` come before every check and
    never let anything through that would be refused without them.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        *,
        targets: Mapping[str, str],
        faults: Faults | None = None,
    ) -> None:
        self._services = services
        self._targets = targets
        self._faults = Faults() if faults is None else faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await read_body(receive)
        except AwsError as error:
            await write(send, query.failure(error))
            return
        if body is None:
            return
        request, source_ip = request_of(scope, body), scope["client"][0]
        if self._faults:
            fault = self._faults.take(*self._asked(request))
            if fault is not None and await self._show(fault, scope, receive, send):
                return
        # In a thread: policies and moto would hold up every other request.
        await write(send, await asyncio.to_thread(self._answer, request, source_ip))

    def _answer(self, request: Request, source_ip: str) -> Answer:
        name = self._service_name(request)
        service = self._services.get(name)
        if service is None:
            error = _no_service(name)
            refusal_reason.note(error.why)
            _log.info("refused %s: %s", name or "an unsigned request", error.why)
            return query.failure(error)
        try:
            return service.answer(request, source_ip=source_ip)
        except SignatureRefusedError as refused:
            error = service.unsigned(refused)
        except AwsError as refused:
            error = refused
        except Exception as fault:  # noqa: BLE001 - it must not end the stack
            # Its words may quote the request, so only its kind and place are told.
            where = "".join(traceback.format_tb(fault.__traceback__))
            _log.error("%s failed: %s\n%s", name, type(fault).__name__, where)
            text = "The request processing has failed because of an unknown error."
            return service.refusal(AwsError("InternalFailure", text, status=500))
        refusal_reason.note(error.why)
        _log.info("refused %s: %s: %s", name, error.code, error.why)
        return service.refusal(error)

    def _asked(self, request: Request) -> tuple[str, str]:
        """The service and the operation, as far as an unchecked request tells them."""
        name = self._service_name(request)
        if name not in QUERY_SERVICES:
            target = dict(request.headers).get("x-amz-target", "")
            return name, target.partition(".")[2]
        try:
            return name, query.parameters_of(request).get("Action", "")
        except AwsError:
            return name, ""

    async def _show(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> bool:
        """Whether that was the answer; after a slow one the right one follows."""
        _log.info("%s: %s, as asked for", fault.service, fault.kind)
        match fault.kind:
            case Kind.SLOW:
                await asyncio.sleep(fault.seconds)
                return False
            case Kind.DROPPED_CONNECTION:
                await drop_connection(scope, receive)
            case Kind.MALFORMED:
                await write(send, malformed(fault.service))
            case _:
                error = error_of(fault)
                refusal_reason.note(error.why)
                await write(send, self._services[fault.service].refusal(error))
        return True

    def _service_name(self, request: Request) -> str:
        """The service by what is asked; by what the signature says where that is open.

        A target wins over the signature's scope, so that a signature for another
        service is refused by the service that was asked.
        """
        headers = dict(request.headers)
        target = headers.get("x-amz-target", "").partition(".")[0]
        if target in self._targets:
            return self._targets[target]
        return _signed_service(headers.get("authorization", ""), request.raw_query)


def _signed_service(authorization: str, raw_query: str) -> str:
    credential = authorization.partition("Credential=")[2].partition(",")[0]
    if not credential:
        credential = parse_qs(raw_query).get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    return parts[3] if len(parts) == _SCOPE_PARTS else ""


def _no_service(name: str) -> AwsError:
    if name:
        return not_modelled(f"the service {name!r}")
    text = "Request is missing Authentication Token"
    return AwsError("MissingAuthenticationToken", text, status=403)
