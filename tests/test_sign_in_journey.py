"""From a real provider to a function's URL: the command line, SDKs and Python."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from aikagi import Broker
from tests.provider.person import Visitor, get
from tests.provider.server import (
    ALICE,
    HANAKO,
    STRANGER,
    TERMINAL_CLIENT,
    Person,
    Provider,
)
from tests.stack import ROOT, Stack, clean_environment

Run = Callable[..., str]


def visiting(provider: Provider, person: Person) -> Callable[[str], None]:
    def visit(address: str) -> None:
        with Visitor(provider.issuer, person) as visitor:
            get(visitor.sign_in(address))

    return visit


@pytest.mark.parametrize("client_id", [None, TERMINAL_CLIENT], ids=["ES256", "RS256"])
@pytest.mark.parametrize(
    ("person", "functions", "groups"),
    [
        (ALICE, ["hello", "report", "summarise"], {"everyone", "research"}),
        (HANAKO, ["hello", "summarise"], {"everyone"}),
        (STRANGER, [], set()),
    ],
    ids=["alice", "hanako", "stranger"],
)
def test_who_signs_in_may_call_what_their_groups_may(
    signing_stack: Stack,
    provider: Provider,
    person: Person,
    functions: list[str],
    groups: set[str],
    client_id: str | None,
):
    with Broker(f"{signing_stack.broker}/") as broker:
        visit = visiting(provider, person)
        broker.login_with_issuer("laptop", visit=visit, client_id=client_id)

        me = broker.me()
        assert (me.issuer, me.subject) == ("laptop", person.sub)
        assert set(me.groups) == groups
        assert [entry.name for entry in broker.functions()] == functions
        if functions:
            result = broker.call("hello").result()
            assert result["caller"] == {"issuer": "laptop", "subject": person.sub}


def test_a_local_alice_and_the_issuers_are_two(
    signing_stack: Stack, provider: Provider
):
    with Broker(f"{signing_stack.broker}/") as local:
        local.login("alice", signing_stack.users["alice"])
        with Broker(f"{signing_stack.broker}/") as theirs:
            theirs.login_with_issuer("laptop", visit=visiting(provider, ALICE))

            names = {local.me().session_name, theirs.me().session_name}

    assert names == {"local+alice", "laptop+alice"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command as a process, as alice of the provider's."""
    words = f"{sys.executable} -m tests.provider.browser alice %s"
    environment = {
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "BROWSER": words,
    }

    def run_it(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "aikagi", *arguments],
            cwd=tmp_path,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_it


def test_the_doors_of_sdks_open_with_such_a_login(
    signing_stack: Stack, run: Run, tmp_path: Path, provider: Provider
):
    run("login", f"{signing_stack.broker}/", "--issuer", "laptop")

    whoami = json.loads(run("whoami", "--json"))
    assert whoami["SessionName"] == "laptop+alice"
    given = json.loads(run("credentials", "hello"))
    assert given["AccessKeyId"].startswith("ASIA")
    greeting = json.loads(run("call", "hello"))
    assert greeting["caller"] == {"issuer": "laptop", "subject": "alice"}
    run("token", "--file", "token")
    token = (tmp_path / "token").read_text()
    status, headers, text = get_with(f"{signing_stack.broker}/credentials/hello", token)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(text)["AccessKeyId"].startswith("ASIA")


def get_with(url: str, token: str) -> tuple[int, dict[str, str], str]:
    """Fetch credentials as SDKs do: the token as it stands in the file."""
    answer = httpx2.get(url, headers={"Authorization": token}, trust_env=False)
    return answer.status_code, dict(answer.headers), answer.text
