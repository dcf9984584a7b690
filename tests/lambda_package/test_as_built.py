"""What ships is what is tried: the packages, run as Lambda would run them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import httpx2
import pytest

from aikagi import Broker, Result
from tests.aws_caller import Person, sign
from tests.lambda_package.building import HERE, Built
from tests.processes import descendants
from tests.stack import Stack, clean_environment

ALICE: Final = {"issuer": "local", "subject": "alice"}

MODULES: Final = """
import json, sys
import app.lambda_handler
ordinary = set(sys.modules)
import app.snapstart
files = {getattr(module, "__file__", None) for module in sys.modules.values()} - {None}
told = {"files": list(files), "ordinary": list(ordinary), "base": sys.base_prefix}
print(json.dumps(told))
"""


def test_somebody_logs_in_gets_a_grant_and_calls(stack_as_built: Stack):
    stack = stack_as_built
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])

    grant = alice.grant("hello")

    assert sign(grant).send().json() == {"message": "hello world", "caller": ALICE}
    assert alice.log_out().status_code == 204


def test_the_broker_asks_aws_all_that_it_ever_does(stack_as_built: Stack):
    """Every operation that is left of botocore's data; bob is nobody else's here."""
    url, old, new = stack_as_built.broker, stack_as_built.users["bob"], "brick-1999-2"
    for _ in range(2):  # the second time from a source that is known
        bob = Person.log_in(url, "bob", old)
    bob = Person.holding(url, bob.renew())
    with httpx2.Client(base_url=url, timeout=30) as asking:
        asking.headers["authorization"] = f"Bearer {bob.token}"
        functions = asking.get("/functions").raise_for_status().json()["Functions"]
        asking.get("/auth/issuers").raise_for_status()
        form = {"username": "bob", "password": old, "new_password": new}
        asking.post("/auth/password", data=form).raise_for_status()

    names = [function["Name"] for function in functions]
    assert sign(Person.log_in(url, "bob", new).grant(names[0])).send().is_success
    assert "report" not in names


def test_a_function_with_packages_of_its_own_streams(stack_as_built: Stack):
    stack = stack_as_built
    with Broker(stack.broker) as broker:
        broker.login("alice", stack.users["alice"])
        text = "A key is lent. Whoever borrows a key says who they are. It rained."

        *_, last = broker.call("summarise", data=text)

    assert isinstance(last, Result)
    assert last.value["caller"] == ALICE


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/docs", "text/html"),
        ("/openapi.json", "application/json"),
        ("/static/aikagi.js", "text/javascript"),
        ("/healthz", "application/json"),
    ],
)
def test_pages_and_files_come_through_the_http_api(
    stack_as_built: Stack, path: str, kind: str
):
    answer = httpx2.get(f"{stack_as_built.broker}{path}", follow_redirects=True)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    # Of API Gateway, and so of no server of the emulator's own.
    assert "apigw-requestid" in answer.headers


def test_a_file_that_is_not_text_arrives_as_it_is(stack_as_built: Stack, built: Built):
    [icon] = (built.folder / "BrokerFunction").rglob("favicon-32x32.png")
    docs = httpx2.get(f"{stack_as_built.broker}/docs")
    [path] = [text for text in docs.text.split('"') if text.endswith(icon.name)]

    assert httpx2.get(urljoin(str(docs.url), path)).content == icon.read_bytes()


def test_what_there_is_not_is_a_problem_and_so_is_a_caller_without_a_token(
    stack_as_built: Stack,
):
    missing = httpx2.get(f"{stack_as_built.broker}/nothing")
    stranger = httpx2.get(f"{stack_as_built.broker}/functions")

    assert (missing.status_code, stranger.status_code) == (404, 401)
    for answer in (missing, stranger):
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_preflight_is_answered_for_an_allowed_origin_and_for_no_other(
    stack_as_built: Stack,
):
    def ask(origin: str) -> httpx2.Response:
        asked = {"origin": origin, "access-control-request-method": "POST"}
        return httpx2.options(f"{stack_as_built.broker}/grant", headers=asked)

    allowed, refused = ask("http://localhost:3000"), ask("https://evil.example")

    name = "access-control-allow-origin"
    assert allowed.headers[name] == "http://localhost:3000"
    assert name not in refused.headers


def test_the_broker_runs_from_its_package_under_the_runtimes_client(
    stack_as_built: Stack, built: Built
):
    httpx2.get(f"{stack_as_built.broker}/healthz")

    running = {
        Path(f"/proc/{process}/cwd").resolve(): process
        for process in descendants(stack_as_built.process.pid)
    }

    process = running[built.folder / "BrokerFunction"]
    command = of_process(process, "cmdline")
    assert command[0] == str(built.python)
    assert command[-2:] == ["awslambdaric", "app.lambda_handler.handler"]
    # Its version is what Lambda would say that it is.
    version = "{}.{}".format(*(sys.version_info if built.name == HERE else (3, 13)))
    told = of_process(process, "environ")
    assert f"AWS_EXECUTION_ENV=AWS_Lambda_python{version}" in told
    # Which the stack does say, where the template asks for another Python.
    told = [line for line in stack_as_built.log if "functions of the runtime" in line]
    assert bool(told) == (built.name == HERE and sys.version_info[:2] != (3, 13))


def of_process(process: int, name: str) -> list[str]:
    return Path(f"/proc/{process}/{name}").read_text().rstrip("\0").split("\0")


def test_the_broker_imports_its_package_and_python_and_nothing_else(
    stack_as_built: Stack, built: Built
):
    package = built.folder / "BrokerFunction"
    done = subprocess.run(
        # Without what is installed beside this Python: the runtime's client.
        [str(built.python), "-S", "-c", MODULES],
        cwd="/",
        env={
            **clean_environment(**stack_as_built.variables()),
            "PYTHONPATH": str(package),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        check=True,
        timeout=60,
    )

    imported: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    files = {Path(file) for file in imported["files"]}
    inside = {file for file in files if file.is_relative_to(package)}
    of_python = {file for file in files if file.is_relative_to(imported["base"])}
    assert len(inside) > 300
    assert files - inside - of_python == set()
    assert [file for file in of_python if "site-packages" in file.parts] == []
    assert "app.snapstart" not in imported["ordinary"], "it is of no use to it"
