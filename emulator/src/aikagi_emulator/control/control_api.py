"""``/_emulator/``: where the operator steers the stack, on the endpoint's port."""

import json
import logging
from collections.abc import Mapping
from typing import Any, Final, final

from aikagi_emulator.aws import Faults, OperatorGate, PolicyDelay
from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.wire import Answer, read_body, request_of, write
from aikagi_emulator.control.clock import MovableClock
from aikagi_emulator.control.wire import (
    PREFIX,
    decode_change,
    decode_delay,
    decode_faults,
    encode_clock,
    encode_delay,
    encode_fault,
)
from aikagi_emulator.sigv4 import Request
from aikagi_emulator.urls.asgi import ASGIApp, Receive, Scope, Send

_log: Final = logging.getLogger(__name__)


@final
class ControlApi:
    """Lets the operator in and hands everything else to ``endpoint``.

    AWS has no path that begins so, and what stands here is signed for a service
    that AWS has not: neither can be taken for the other.
    """

    def __init__(
        self,
        endpoint: ASGIApp,
        *,
        gate: OperatorGate,
        clock: MovableClock,
        faults: Faults,
        policy_delay: PolicyDelay,
    ) -> None:
        self._endpoint = endpoint
        self._gate = gate
        self._clock = clock
        self._faults = faults
        self._policy_delay = policy_delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["raw_path"].startswith(PREFIX):
            await self._endpoint(scope, receive, send)
            return
        try:
            body = await read_body(receive)
            if body is None:
                return
            answer = self._answer(request_of(scope, body))
        except AwsError as error:
            _log.info("refused %s: %s", scope["path"], error.why)
            problem = {"Code": error.code, "Message": error.message}
            answer = _json(problem, status=error.status)
        await write(send, answer)

    def _answer(self, request: Request) -> Answer:
        self._gate.admit(request)
        what = request.raw_path.removeprefix(PREFIX.decode())
        match request.method, what:
            case "GET", "clock":
                pass
            case "POST", "clock":
                self._move(_parsed(request.body))
            case "GET", "faults":
                pass
            case "POST", "faults":
                self._add(_parsed(request.body))
            case "DELETE", "faults":
                self._faults.clear()
            case "GET", "policy-delay":
                pass
            case "POST", "policy-delay":
                self._delay(_parsed(request.body))
            case _:
                text = (
                    "There are GET and POST clock and policy-delay; GET, POST and "
                    "DELETE faults."
                )
                raise AwsError("NotFound", text, status=404)
        if what == "clock":
            return _json(encode_clock(self._clock(), self._clock.offset))
        if what == "policy-delay":
            return _json(encode_delay(self._policy_delay()))
        return _json([encode_fault(fault) for fault in self._faults])

    def _move(self, body: object) -> None:
        try:
            change = decode_change(body)
            (self._clock.advance if change.relative else self._clock.set)(change.by)
        except ValueError as error:
            raise _invalid(error) from error
        _log.info("the clock is %s from the real one", self._clock.offset)

    def _delay(self, body: object) -> None:
        try:
            self._policy_delay.set(decode_delay(body))
        except ValueError as error:
            raise _invalid(error) from error

    def _add(self, body: object) -> None:
        try:
            self._faults.add(*decode_faults(body))
        except ValueError as error:
            raise _invalid(error) from error


def _invalid(error: ValueError) -> AwsError:
    return AwsError("ValidationException", f"{error}.")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", "The body is not JSON.") from error


def _json(body: Mapping[str, Any] | list[Any], *, status: int = 200) -> Answer:
    return Answer(
        status=status, content_type="application/json", body=json.dumps(body).encode()
    )
