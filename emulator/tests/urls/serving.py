"""A function URL behind a real server."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import uvicorn

from aikagi_emulator.runtime import FunctionSpec, Pool
from aikagi_emulator.urls import FunctionUrl, UrlSettings
from emulator.tests.runtime.running import PATIENCE, Log
from emulator.tests.urls.fakes import ALICE, ARN, CORS, ByName


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def serving(
    spec: FunctionSpec, log: Log, *, invoke_mode: str = "BUFFERED"
) -> Iterator[int]:
    """Serve the function in a thread, and say on which port."""
    pool = Pool(spec, credentials=dict, clock=now, log=log)
    with (
        contextlib.closing(pool),
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        number: int = listening.getsockname()[1]
        settings = UrlSettings(
            function_arn=ARN,
            url=f"http://127.0.0.1:{number}/",
            auth_type="AWS_IAM",
            invoke_mode=invoke_mode,
            cors=CORS,
        )
        url = FunctionUrl(settings, gate=ByName(ALICE), pool=pool, clock=now, log=log)
        config = uvicorn.Config(
            url, http="h11", log_config=None, proxy_headers=False, ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield number
        server.should_exit = True
        thread.join(PATIENCE)
