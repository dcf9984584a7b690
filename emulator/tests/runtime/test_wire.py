import asyncio
from http import HTTPStatus

import pytest

from aikagi_emulator.runtime.wire import Call, ProtocolError, answer, read_call


class Recorder:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes, /) -> None:
        self.written += data


def read(
    *arriving: bytes, limit: int = 100, writer: Recorder | None = None
) -> Call | None:
    async def scenario() -> Call | None:
        reader = asyncio.StreamReader()
        for piece in arriving:
            reader.feed_data(piece)
        reader.feed_eof()
        return await read_call(reader, writer or Recorder(), limit=limit)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("head", "sent"),
    [
        pytest.param(b"Content-Length: 5", b"hello", id="counted"),
        pytest.param(
            b"Transfer-Encoding: chunked",
            b"3\r\nhel\r\n2;note=x\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
            id="chunked",
        ),
    ],
)
def test_a_body_is_read_whole(head: bytes, sent: bytes):
    call = read(b"POST /a/b HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n" + sent)

    assert call is not None
    assert (call.method, call.target, call.body) == ("POST", "/a/b", b"hello")


@pytest.mark.parametrize(
    ("head", "sent"),
    [
        pytest.param(b"Content-Length: 6", b"hello!", id="counted"),
        pytest.param(
            b"Transfer-Encoding: chunked",
            b"4\r\nhell\r\n2\r\no!\r\n0\r\n\r\n",
            id="chunked",
        ),
    ],
)
def test_a_body_beyond_the_limit_is_read_but_not_kept(head: bytes, sent: bytes):
    message = b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n" + sent

    kept, dropped = read(message, limit=6), read(message, limit=5)

    assert kept is not None
    assert kept.body == b"hello!"
    assert dropped is not None
    assert dropped.body is None


def test_a_client_that_waits_to_be_told_is_told_to_go_on():
    writer = Recorder()

    read(
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        b"x",
        writer=writer,
    )

    assert writer.written == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_the_end_of_the_connection_is_no_call():
    assert read() is None


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET /\r\n\r\n", id="no version"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", id="header"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", id="length"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n1", id="cut short"),
        pytest.param(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", id="chunk"
        ),
        pytest.param(b"GET /" + b"x" * 70_000, id="endless"),
    ],
)
def test_what_no_runtime_client_sends_is_refused(sent: bytes):
    with pytest.raises(ProtocolError):
        read(sent)


def test_an_answer_is_counted():
    writer = Recorder()

    answer(writer, HTTPStatus.ACCEPTED, b"{}", {"X": "y"})

    assert writer.written == (
        b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\nX: y\r\n\r\n{}"
    )
