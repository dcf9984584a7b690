"""The broker as its image starts it, without a container, and a proxy before it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, final

import httpx2
import pytest

from tests.container.containerfile import PATH, ROOT, WITH_PACKAGES, only, stages
from tests.container.nginx_setup import find_nginx, is_required
from tests.loopback_server import LoopbackServer, RequestHandler
from tests.stack import Stack, clean_environment

NGINX: Final = ROOT / "docs" / "container" / "nginx.conf"

PROXY: Final = "127.0.0.9"
"""The address that the proxy calls from, which nobody else has."""

TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx has folders for, of its own or where it is told."""

PATIENCE: Final = 30.0
"""Seconds, beside much else."""

_ANSWERS: Final = "Application startup complete"
_STARTED: Final = re.compile(r"Started server process \[(\d+)\]")
_LISTENING: Final = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
_READ_ONLY: Final = 'mount -o remount,bind,ro / && exec "$@"'


def until(is_so: Callable[[], bool], what: str) -> None:
    """Look until it is so; there is nothing that could be waited for."""
    ends = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends, f"not within {PATIENCE} s: {what}"
        time.sleep(0.01)


def command_of_image(*, workers: int) -> list[str]:
    """Give the image's command, with a free port of loopback in place of its own."""
    last = stages(PATH.read_text())[-1]
    python, *words = only(last, "ENTRYPOINT").command
    assert python == "python"
    return [
        *(interpreter(), *words, "--host", "127.0.0.1", "--port", "0"),
        # A test stops a worker for a while, which is not to be killed for it.
        *("--workers", str(workers), "--timeout-worker-healthcheck", "60"),
    ]


def interpreter() -> str:
    """Give the Python of the image: a bare one, or with packages to stand for its."""
    return WITH_PACKAGES or sys.executable


@cache
def may_have_read_only_files() -> bool:
    """Whether this machine lets us have a file system where nothing can be written."""
    if shutil.which("unshare") is None:
        return False
    tried = [*_with_read_only_files(), "true"]
    return subprocess.run(tried, check=False, capture_output=True).returncode == 0


def _with_read_only_files() -> list[str]:
    apart = ["unshare", "--mount"]
    if os.geteuid() != 0:
        apart += ["--user", "--map-root-user"]
    return [*apart, "/bin/sh", "-c", _READ_ONLY, "sh"]


@contextmanager
def container_credentials(stack: Stack, folder: Path) -> Iterator[dict[str, str]]:
    """Hand out those of the broker's role, as ECS and EKS Pod Identity do.

    Gives the variables that lead there. Fails where nobody has asked.
    """
    given, token = stack.variables(), "a-token-of-the-pod"
    credentials = {
        "AccessKeyId": given["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": given["AWS_SECRET_ACCESS_KEY"],
        "Token": given["AWS_SESSION_TOKEN"],
        "Expiration": "2099-01-01T00:00:00Z",
    }
    asked = threading.Event()

    @final
    class Handler(RequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - http.server's name
            is_right = self.headers["Authorization"] == token
            body = json.dumps(credentials if is_right else {}).encode()
            self.send_response(200 if is_right else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            asked.set()

    (folder / "token").write_text(token)
    with LoopbackServer(Handler) as server:
        yield {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.origin}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(folder / "token"),
        }
    assert asked.is_set(), "nobody asked for the container's credentials"


@dataclass(kw_only=True)
class Container:
    """The broker's processes; ``log`` and ``audit`` are files that they write."""

    process: "subprocess.Popen[bytes]"
    log: Path
    audit: Path
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The process ids of those that are there, the oldest first."""
        started = [int(pid) for pid in _STARTED.findall(self.log.read_text())]
        return [pid for pid in started if _state(pid) not in {"", "Z", "X"}]

    def audited(self, event: str) -> list[dict[str, Any]]:
        """Give the audit lines of an event, the first first."""
        lines = map(json.loads, self.audit.read_text().splitlines())
        return [line for line in lines if line["Event"] == event]

    def kill(self, worker: int) -> int:
        """Kill a worker, wait until another answers in its place, and give that."""
        there = set(self.workers)
        answered = self.log.read_text().count(_ANSWERS)
        os.kill(worker, signal.SIGKILL)
        until(
            lambda: self.log.read_text().count(_ANSWERS) > answered,
            f"another worker answers in the place of {worker}",
        )
        [new] = set(self.workers) - there
        return new

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Let one worker answer, and the others do nothing meanwhile."""
        others = [pid for pid in self.workers if pid != worker]
        try:
            for pid in others:
                os.kill(pid, signal.SIGSTOP)
            until(
                lambda: {_state(pid) for pid in others} <= {"T"}, "the others stopped"
            )
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    """Give the state of a process as a letter: proc_pid_stat(5)."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


@contextmanager
def running_container(
    stack: Stack, image: Path, folder: Path, *, workers: int
) -> Iterator[Container]:
    """Start what ``image`` holds, as its container would, and end it.

    Its settings are those of the stack's broker.
    """
    folder.mkdir(exist_ok=True)
    log, audit = folder / "log", folder / "audit"
    command = command_of_image(workers=workers)
    if may_have_read_only_files():
        command = [*_with_read_only_files(), *command]
    settings = {
        name: value
        for name, value in stack.variables().items()
        if name not in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        and name != "AWS_SESSION_TOKEN"
    }
    with (
        container_credentials(stack, folder) as credentials,
        log.open("wb") as errors,
        audit.open("wb") as output,
    ):
        process = subprocess.Popen(
            command,
            cwd=image,
            env={
                **clean_environment(**settings, **credentials),
                "AIKAGI_TRUSTED_PROXIES": PROXY,
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHON_CPU_COUNT": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        container = Container(process=process, log=log, audit=audit)
        try:
            until(
                lambda: process.poll() is not None or _is_complete(log, workers),
                "the container has started",
            )
            found = _LISTENING.search(log.read_text())
            assert found, log.read_text()
            container.port = int(found[1])
            yield container
        finally:
            _end(process)


def _is_complete(log: Path, workers: int) -> bool:
    text = log.read_text()
    return text.count(_ANSWERS) >= workers and _LISTENING.search(text) is not None


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running_proxy(container: Container, folder: Path) -> Iterator[str]:
    """Start the nginx of the documents before it; give its origin.

    Skips the test where there is none, and fails it in CI.
    """
    program = find_nginx()
    if program is None:
        if is_required():
            pytest.fail("there is no nginx")
        pytest.skip("there is no nginx: the proxy was NOT tried")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    folder.mkdir()
    (folder / "nginx.conf").write_text(_nginx_conf(container, folder, port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"),
                *("-g", f"daemon off; pid {folder}/pid;"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            until(
                lambda: process.poll() is not None or _listens(port),
                "the proxy has started",
            )
            assert process.poll() is None, (folder / "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _nginx_conf(container: Container, folder: Path, port: int) -> str:
    text = NGINX.read_text()
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    for before, after in (
        ("listen 8080;", f"listen 127.0.0.1:{port};\nproxy_bind {PROXY};"),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{container.port};"),
        ("access_log off;", f"access_log off;\n{temporary}"),
        ("worker_processes auto;", "worker_processes 1;"),
    ):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def client(origin: str, *, address: str = "127.0.0.1") -> httpx2.Client:
    """Give a client that calls from ``address``, one of loopback."""
    transport = httpx2.HTTPTransport(local_address=address)
    return httpx2.Client(base_url=origin, transport=transport, timeout=PATIENCE)
