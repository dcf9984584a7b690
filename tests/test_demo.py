"""That the demo users arrive is seen in the journeys, which log in as them."""

import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from app.admin import demo
from app.admin.demo import DEMO_USERS, announcement, shell_snippet
from tests.loopback_server import LoopbackServer, RequestHandler

RUNNING = {
    "Broker": "http://127.0.0.1:8000",
    "Endpoint": "http://127.0.0.1:8100",
    "Region": "ap-northeast-1",
    "Functions": {"hello": "http://127.0.0.1:8101/"},
}


def test_logins_and_a_line_to_paste_are_told():
    text = announcement(RUNNING)

    for expected in (
        "alice / wonderland-1865  (everyone, research)",
        "bob / bricklayer-1999  (everyone)",
        "curl --aws-sigv4 aws:amz:ap-northeast-1:lambda",
        """ -d '{"FunctionName": "hello"}')""",
    ):
        assert expected in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_without_functions_there_is_nothing_to_paste():
    text = announcement({**RUNNING, "Functions": {}})

    assert "curl" not in text
    assert "alice" in text


def test_a_table_that_is_not_there_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    free_port: Callable[[], int],
):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(RUNNING)))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "example")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AIKAGI_USERS_TABLE", "users")

    assert demo.main() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("The demo users cannot be added: Could not connect")


class Handler(RequestHandler):
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


@pytest.fixture
def origin() -> Iterator[str]:
    Handler.seen.clear()
    with LoopbackServer(Handler) as server:
        yield server.origin


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
