import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typing_extensions import override

from aikagi_emulator.launcher.announce import (
    announcement,
    operator_snippet,
    shell_snippet,
)
from aikagi_emulator.launcher.running import Running
from aikagi_emulator.launcher.seed import DEMO_USERS


def running(**changes: Any) -> Running:
    told: dict[str, Any] = {
        "broker": "http://127.0.0.1:8000",
        "endpoint": "http://127.0.0.1:8100",
        "region": "ap-northeast-1",
        "functions": {"hello": "http://127.0.0.1:8101/"},
        "users": DEMO_USERS,
        "env": {},
        "operator_env": {},
    }
    return Running(**{**told, **changes})


def test_addresses_logins_and_a_line_to_paste_are_told():
    text = announcement(running(), operator_env=Path("operator.env"))

    for expected in (
        "http://127.0.0.1:8000/\n",
        "http://127.0.0.1:8100\n",
        "hello  http://127.0.0.1:8101/\n",
        "alice / wonderland-1865  (everyone, research)",
        "bob / bricklayer-1999  (everyone)",
        "curl --aws-sigv4 aws:amz:ap-northeast-1:lambda",
    ):
        assert expected in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_without_functions_there_is_nothing_to_paste():
    text = announcement(running(functions={}), operator_env=Path("operator.env"))

    assert "curl" not in text
    assert "alice" in text


def test_without_a_broker_the_operator_is_who_calls():
    text = announcement(
        running(broker=None, users=()), operator_env=Path("/a folder/operator.env")
    )

    assert "page" not in text
    assert "Log in" not in text
    assert "AWS    http://127.0.0.1:8100\n" in text
    assert ". '/a folder/operator.env'; curl --aws-sigv4" in text


class Handler(BaseHTTPRequestHandler):
    """The three requests of the snippet; compact JSON, as the broker answers."""

    seen: ClassVar[list[tuple[str, dict[str, str], str]]] = []

    def _answer(self) -> None:
        size = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.path, headers, self.rfile.read(size).decode()))
        grant = (
            '{"Version":1,"FuncUrl":"http://%s/call","AccessKeyId":"ASIAEXAMPLE",'
            '"SecretAccessKey":"s/e+c","SessionToken":"t/o+k==","Token":"t/o+k=="}'
        )
        bodies = {
            "/auth/login": '{"token_type":"bearer","access_token":"a.b.c"}',
            "/grant": grant % self.headers["host"],
        }
        body = bodies.get(self.path, "called").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - http.server's names

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    Handler.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_lines_work_when_pasted_into_a_shell(origin: str):
    snippet = shell_snippet(
        broker=origin, region="ap-northeast-1", function="hello", user=DEMO_USERS[0]
    )

    done = subprocess.run(
        ["sh"],
        input=snippet,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={"PATH": "/usr/bin:/bin"},
    )

    login, grant, call = Handler.seen
    assert done.stdout == "called\n"
    assert login[2] == ("grant_type=password&username=alice&password=wonderland-1865")
    assert grant[1]["authorization"] == "Bearer a.b.c"
    assert grant[2] == '{"FunctionName": "hello"}'
    assert call[0] == "/call"
    assert call[1]["x-amz-security-token"] == "t/o+k=="
    assert "Credential=ASIAEXAMPLE/" in call[1]["authorization"]
    assert "/ap-northeast-1/lambda/aws4_request" in call[1]["authorization"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_operator_s_lines_work_when_pasted_too(origin: str, tmp_path: Path):
    file = tmp_path / "operator.env"
    file.write_text(
        "AWS_ACCESS_KEY_ID=ASIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=s/e+c\n"
        "AWS_SESSION_TOKEN=t/o+k==\n"
    )
    snippet = operator_snippet(url=f"{origin}/call", region="ap-northeast-1", file=file)

    done = subprocess.run(
        ["sh"],
        input=snippet,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={"PATH": "/usr/bin:/bin"},
    )

    ((path, headers, _),) = Handler.seen
    assert (done.stdout, path) == ("called\n", "/call")
    assert headers["x-amz-security-token"] == "t/o+k=="
    assert "Credential=ASIAEXAMPLE/" in headers["authorization"]
