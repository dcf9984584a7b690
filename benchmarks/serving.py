"""A server of this very interpreter for one ASGI application."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stack import ROOT, clean_environment


@contextmanager
def serving(application: str) -> Iterator[str]:
    """Serve ``module:name`` and give its address."""
    with socket.socket() as finding:
        finding.bind(("127.0.0.1", 0))
        port = finding.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", application]
    command += ["--port", str(port), "--http", "h11", "--loop", "asyncio"]
    command += ["--no-access-log", "--lifespan", "off"]
    environment = clean_environment(
        PYTHONPATH=os.pathsep.join(
            map(str, (ROOT, ROOT / "functions", ROOT / "functions/layer/python"))
        )
    )
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            for line in process.stderr or ():
                if "Uvicorn running" in line:
                    break
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
