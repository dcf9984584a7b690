import asyncio
import http.client
import json
from asyncio import Future
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from aikagi_emulator.runtime import FunctionFailedError, InitFailedError
from aikagi_emulator.runtime.runtime_api import Invocation, RuntimeApi
from emulator.tests.runtime.running import PATIENCE

ARN = "arn:aws:lambda:ap-northeast-1:123456789012:function:hello"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
PREFIX = "/2018-06-01/runtime/"

Asked = tuple[int, dict[str, str], bytes]
Ask = Callable[..., Awaitable[Asked]]


def serve(scenario: Callable[[RuntimeApi, Ask], Awaitable[None]]) -> None:
    async def run() -> None:
        api = RuntimeApi(ARN, log=print)
        address = await api.open()

        def ask(method: str, path: str, body: bytes = b"") -> Asked:
            connection = http.client.HTTPConnection(address, timeout=PATIENCE)
            connection.request(method, PREFIX + path, body or None)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            body = answer.read()
            connection.close()
            return answer.status, headers, body

        try:
            await scenario(api, lambda *args: asyncio.to_thread(ask, *args))
        finally:
            await api.close()

    asyncio.run(run())


def offer(api: RuntimeApi, request_id: str = "1") -> Future[bytes]:
    return api.offer(Invocation(request_id=request_id, payload=b"{}", deadline=NOON))


def test_an_invocation_arrives_with_the_headers_of_lambda():
    async def scenario(api: RuntimeApi, ask: Ask) -> None:
        offer(api)
        status, headers, body = await ask("GET", "invocation/next")

        trace_id = headers.pop("lambda-runtime-trace-id")
        assert trace_id.startswith(f"Root=1-{int(NOON.timestamp()):08x}-")
        assert (status, body) == (HTTPStatus.OK, b"{}")
        assert headers == {
            "content-type": "application/json",
            "content-length": "2",
            "lambda-runtime-aws-request-id": "1",
            "lambda-runtime-deadline-ms": str(int(NOON.timestamp()) * 1000),
            "lambda-runtime-invoked-function-arn": ARN,
        }

    serve(scenario)


def test_only_the_current_invocation_is_answered_and_only_once():
    async def scenario(api: RuntimeApi, ask: Ask) -> None:
        answered = offer(api, "1")
        stranger, _, problem = await ask("POST", "invocation/2/response", b"[]")
        first, _, _ = await ask("POST", "invocation/1/response", b"{}")
        again, _, _ = await ask("POST", "invocation/1/response", b"[]")

        assert (stranger, first, again) == (400, 202, 400)
        assert json.loads(problem)["errorType"] == "InvalidRequestID"
        assert await answered == b"{}"

    serve(scenario)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        pytest.param(
            b'{"errorType": "KeyError", "errorMessage": "x"}', "KeyError: x", id="whole"
        ),
        pytest.param(b"[]", "Unknown: ", id="not an object"),
        pytest.param(b"{", "Unknown: ", id="not JSON"),
    ],
)
def test_an_error_is_told_from_an_answer(report: bytes, said: str):
    async def scenario(api: RuntimeApi, ask: Ask) -> None:
        answered = offer(api)
        status, _, _ = await ask("POST", "invocation/1/error", report)

        assert status == HTTPStatus.ACCEPTED
        with pytest.raises(FunctionFailedError) as caught:
            await answered
        assert str(caught.value) == said

    serve(scenario)


def test_asking_for_work_means_the_code_is_loaded_and_a_report_that_it_is_not():
    async def loads(api: RuntimeApi, ask: Ask) -> None:
        offer(api)
        await ask("GET", "invocation/next")
        await ask("POST", "init/error", b'{"errorType": "late"}')
        await api.ready

    async def fails(api: RuntimeApi, ask: Ask) -> None:
        report = b'{"errorType": "ImportError", "errorMessage": "x"}'
        status, _, _ = await ask("POST", "init/error", report)
        assert status == HTTPStatus.ACCEPTED
        with pytest.raises(InitFailedError, match="ImportError: x"):
            await api.ready

    serve(loads)
    serve(fails)


def test_there_is_nothing_else():
    async def scenario(api: RuntimeApi, ask: Ask) -> None:
        status, _, _ = await ask("GET", "restore/next")
        assert status == HTTPStatus.NOT_FOUND

    serve(scenario)
