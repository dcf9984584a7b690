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
)
from aikagi_emulator.launcher.running import Running


def running(**changes: Any) -> Running:
    members: dict[str, Any] = {
        "application": None,
        "application_name": "",
        "endpoint": "http://127.0.0.1:8100",
        "region": "ap-northeast-1",
        "functions": {"hello": "http://127.0.0.1:8101/"},
        "pages": {},
        "env": {},
        "operator_env": {},
    }
    return Running(**{**members, **changes})


def test_addresses_and_a_line_to_paste_are_told():
    text = announcement(running(), operator_env=Path("/a folder/operator.env"))

    assert "  AWS    http://127.0.0.1:8100\n" in text
    assert "  hello  http://127.0.0.1:8101/\n" in text
    assert ". '/a folder/operator.env'; curl --aws-sigv4" in text


def test_pages_come_first_and_the_project_has_its_own_words():
    stack = running(
        application="http://127.0.0.1:8000",
        pages={"page": "http://127.0.0.1:8000/"},
        announcement="Log in as carol\n",
    )

    text = announcement(stack, operator_env=Path("operator.env"))

    assert text.startswith("\n  page   http://127.0.0.1:8000/\n  AWS  ")
    assert text.endswith("\n\nLog in as carol\n")
    assert "curl" not in text


def test_without_functions_there_is_nothing_to_paste():
    text = announcement(running(functions={}), operator_env=Path("operator.env"))

    assert "curl" not in text


def test_an_http_api_is_called_without_a_signature():
    told = running(
        functions={},
        http_apis={"Api": "http://127.0.0.1:8001/dev/"},
        example="curl -X GET 'http://127.0.0.1:8001/dev/a'",
    )

    text = announcement(told, operator_env=Path("operator.env"))

    assert "  Api  http://127.0.0.1:8001/dev/\n" in text
    assert text.endswith("\ncurl -X GET 'http://127.0.0.1:8001/dev/a'\n")


def test_it_is_said_why_nothing_can_be_called():
    told = running(functions={}, uncallable=("It has no function.",))

    text = announcement(told, operator_env=Path("operator.env"))

    assert text.endswith(
        "Nothing of this template can be called:\nIt has no function.\n"
    )


class Handler(BaseHTTPRequestHandler):
    """Answers everything, and remembers it."""

    seen: ClassVar[list[tuple[str, dict[str, str], str]]] = []

    def _answer(self) -> None:
        size = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.path, headers, self.rfile.read(size).decode()))
        body = b"called"
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
