"""What a template may say of a web process, read without one."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from aikagi_emulator.runtime.readiness import Readiness
from aikagi_emulator.runtime.reserved_port import ReservedPort
from aikagi_emulator.runtime.web_process import WebProcess
from emulator.tests.runtime.web import ADAPTER

WRAPPED = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"}


def test_a_function_without_the_adapter_is_no_web_process():
    assert WebProcess.of({"AWS_LWA_PORT": "8080"}, ()) is None


def test_the_adapters_own_defaults_hold():
    web = WebProcess.of({**WRAPPED, "PORT": "8080", "AWS_LWA_PORT": "8080"}, [ADAPTER])

    assert web == WebProcess(
        wrapper=None,
        streams=False,
        readiness_path="/",
        healthy=frozenset(range(100, 500)),
    )


def test_the_template_says_otherwise():
    web = WebProcess.of(
        {
            **WRAPPED,
            "AWS_LWA_INVOKE_MODE": "RESPONSE_STREAM",
            "AWS_LWA_READINESS_CHECK_PATH": "/healthz",
            "AWS_LWA_READINESS_CHECK_HEALTHY_STATUS": "200-202, 404",
        },
        ["arn:aws:lambda:eu-west-1:1:layer:other:1", ADAPTER],
    )

    assert web == WebProcess(
        wrapper=None,
        streams=True,
        readiness_path="/healthz",
        healthy=frozenset({200, 201, 202, 404}),
    )


@pytest.mark.parametrize(
    ("variables", "layers", "said"),
    [
        pytest.param(
            {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/other"}, [ADAPTER], "/opt/other", id="it"
        ),
        pytest.param({}, [], "LambdaAdapter", id="no layer"),
        pytest.param({}, ["arn:x:layer:other:1"], "LambdaAdapter", id="another layer"),
        pytest.param(
            {"AWS_LWA_ENABLE_COMPRESSION": "true"},
            [ADAPTER],
            "AWS_LWA_ENABLE_COMPRESSION",
            id="not modelled",
        ),
        pytest.param({"AWS_LWA_INVOKE_MODE": "x"}, [ADAPTER], "not x", id="mode"),
        pytest.param(
            {"AWS_LWA_READINESS_CHECK_PROTOCOL": "udp"}, [ADAPTER], "udp", id="protocol"
        ),
        pytest.param(
            {"AWS_LWA_READINESS_CHECK_PATH": "a"}, [ADAPTER], "'a'", id="path"
        ),
        pytest.param(
            {"AWS_LWA_READINESS_CHECK_HEALTHY_STATUS": "2xx"},
            [ADAPTER],
            "2xx",
            id="status",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(
    variables: Mapping[str, str], layers: list[str], said: str
):
    with pytest.raises(ValueError, match=said):
        WebProcess.of({**WRAPPED, **variables}, layers)


def test_a_program_of_a_layer_starts_the_process(tmp_path: Path):
    (tmp_path / "start").touch(mode=0o755)
    (tmp_path / "read-only").touch(mode=0o644)

    web = WebProcess.of(
        {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/start"}, [ADAPTER], [tmp_path]
    )

    assert web is not None
    assert web.wrapper == tmp_path / "start"
    for wrapper in ("/opt/read-only", "/opt/another", "/bin/start", "start"):
        with pytest.raises(ValueError, match=f"{wrapper} is not modelled"):
            WebProcess.of({"AWS_LAMBDA_EXEC_WRAPPER": wrapper}, [ADAPTER], [tmp_path])


def test_a_process_is_ready_when_its_status_is_healthy_and_not_before():
    statuses = [500, 404, 204]
    asked: list[bytes] = []
    seen: list[str] = []
    readings: list[Readiness] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if len(statuses) == 1:
            seen.append(readings[0].problem)
        writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 0\r\n\r\n" % statuses.pop(0))
        writer.close()

    async def scenario() -> None:
        reserved = ReservedPort()
        web = WebProcess(
            streams=True, readiness_path="/healthz?a=1", healthy=frozenset({204})
        )
        readiness = Readiness(reserved.number, web)
        readings.append(readiness)
        waiting = asyncio.create_task(readiness.wait())
        # Only while the port is reserved and nobody listens is it refused so.
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", reserved.number)
        async with await asyncio.start_server(serve, "127.0.0.1", reserved.number):
            reserved.release()
            await waiting

    asyncio.run(scenario())

    assert statuses == []
    assert "the last time the status was 404" in seen[0]
    assert [line.split(b"\r\n")[0] for line in asked] == [
        b"GET /healthz?a=1 HTTP/1.1"
    ] * 3


def test_a_connection_may_be_enough():
    async def scenario() -> None:
        web = WebProcess(streams=True, readiness_path=None, healthy=frozenset())
        reserved = ReservedPort()
        waiting = asyncio.create_task(Readiness(reserved.number, web).wait())
        async with await asyncio.start_server(
            lambda _, writer: writer.close(), "127.0.0.1", reserved.number
        ):
            await waiting
            reserved.release()

    asyncio.run(scenario())
    tcp = {**WRAPPED, "AWS_LWA_READINESS_CHECK_PROTOCOL": "TCP"}
    web = WebProcess.of(tcp, [ADAPTER])
    assert web is not None
    assert web.readiness_path is None
