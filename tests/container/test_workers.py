"""Two workers behind a proxy, by the image's own command.

Which worker answers is decided by stopping the other: both wait at one socket.
"""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.aws_caller import Person, sign
from tests.container.containerfile import PATH, WITH_PACKAGES, build, only, stages
from tests.container.running import (
    PROXY,
    Container,
    client,
    may_have_read_only_files,
    running_container,
    running_proxy,
    until,
)
from tests.stack import ROOT, Stack, clean_environment

FORGED = "198.51.100.9"


@dataclass(frozen=True, kw_only=True)
class Home:
    stack: Stack
    container: Container
    proxy: str

    def log_in(
        self, name: str, password: str | None = None, *, address: str = "127.0.0.1"
    ) -> httpx2.Response:
        form = {"username": name, "password": password or self.stack.users[name]}
        with client(self.proxy, address=address) as calling:
            return calling.post("/auth/login", data=form)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "image"
    build(folder)
    return folder


@pytest.fixture(scope="module")
def home(
    stack: Stack, image: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("running")
    with (
        running_container(stack, image, folder / "container", workers=2) as container,
        running_proxy(container, folder / "proxy") as proxy,
    ):
        yield Home(stack=stack, container=container, proxy=proxy)


def test_a_login_at_one_worker_is_good_at_the_other(home: Home):
    one, other = home.container.workers
    with home.container.only(one):
        alice = Person.holding(home.proxy, home.log_in("alice"))
    with home.container.only(other):
        granted = alice.grant("hello")
        renewed = alice.renew()
    with home.container.only(one):
        again = Person.holding(home.proxy, renewed)
        repeated = alice.renew()
        asked = again.ask(FunctionName="report")

    assert sign(granted).send().json()["caller"] == {
        "issuer": "local",
        "subject": "alice",
    }
    assert renewed.status_code == 200
    # The answer to a renewal may be lost; for ten seconds it is the same at any worker.
    assert repeated.json()["refresh_token"] == again.refresh_token
    assert asked.status_code == 200


def test_a_spent_refresh_token_ends_the_login_at_every_worker(home: Home):
    one, other = home.container.workers
    first = Person.holding(home.proxy, home.log_in("bob"))
    with home.container.only(one):
        second = Person.holding(home.proxy, first.renew())
    with home.container.only(other):
        third = Person.holding(home.proxy, second.renew())
        refused = first.renew()
    with home.container.only(one):
        ended = third.renew()

    assert refused.status_code == ended.status_code == 400


def test_the_proxy_is_believed_and_whoever_else_writes_the_header_is_not(home: Home):
    forged = {"X-Forwarded-For": FORGED}
    form = {"username": "bob", "password": home.stack.users["bob"]}
    with client(home.proxy, address="127.0.0.7") as through:
        honest = through.post("/auth/login", data=form)
        forging = through.post("/auth/login", data=form, headers=forged)
    sources = [honest, forging]
    # uvicorn itself would believe what comes from 127.0.0.1, unless told otherwise.
    for address in ("127.0.0.1", "127.0.0.5"):
        with client(home.container.origin, address=address) as directly:
            sources.append(directly.post("/auth/login", data=form, headers=forged))
    with client(home.container.origin, address=PROXY) as as_proxy:
        sources.append(as_proxy.post("/auth/login", data=form, headers=forged))

    assert {answer.status_code for answer in sources} == {200}
    by_request = {
        line["RequestId"]: line["SourceIp"] for line in home.container.audited("Login")
    }
    assert [by_request[answer.headers["X-Request-Id"]] for answer in sources] == [
        "127.0.0.7",
        "127.0.0.7",
        "127.0.0.1",
        "127.0.0.5",
        FORGED,
    ]


def test_failures_at_one_worker_limit_the_other(home: Home):
    one, other = home.container.workers
    guesser, elsewhere = "127.0.0.21", "127.0.0.22"
    with home.container.only(one):
        guesses = [
            home.log_in("bob", "a-guess-1865", address=guesser).status_code
            for _ in range(10)
        ]
    with home.container.only(other):
        limited = home.log_in("bob", address=guesser).status_code
        not_limited = home.log_in("bob", address=elsewhere).status_code

    assert guesses == [400] * 10
    assert limited == 429
    assert not_limited == 200


def test_a_worker_that_is_killed_is_replaced_and_the_other_goes_on(home: Home):
    alice = Person.holding(home.proxy, home.log_in("alice"))
    killed, spared = home.container.workers
    ended, statuses = threading.Event(), list[int]()

    def call() -> None:
        with client(home.proxy) as calling:
            while not ended.is_set():
                asked = calling.get(
                    "/auth/me", headers={"Authorization": f"Bearer {alice.token}"}
                )
                statuses.append(asked.status_code)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        until(lambda: len(statuses) > 20, "some requests")
        new = home.container.kill(killed)
        before = len(statuses)
        until(lambda: len(statuses) > before + 20, "some requests more")
    finally:
        ended.set()
        for caller in callers:
            caller.join()

    assert home.container.workers == [spared, new]
    # What the killed one had in hand is lost, one request of each caller at most.
    assert set(statuses) <= {200, 502}
    assert statuses.count(502) <= len(callers)
    assert 502 not in statuses[before:]


def test_a_rotation_logs_nobody_out_whichever_worker_has_read_it(home: Home):
    """The one that was replaced has read the new key, and the older one has not."""
    before = Person.holding(home.proxy, home.log_in("alice"))
    older, killed = home.container.workers
    rotated = rotate(home.stack)
    newer = home.container.kill(killed)
    with home.container.only(newer):
        after = Person.holding(home.proxy, home.log_in("alice"))
        signed_later = token_of_new_key(home.stack)
        with client(home.proxy) as calling:
            known = calling.get("/auth/me", headers=bearer(signed_later))

    assert known.status_code == 200
    assert rotated != before.refresh_token.split(".")[1]
    for worker in (older, newer):
        with home.container.only(worker):
            for person in (before, after):
                assert person.ask(FunctionName="hello").status_code == 200


@pytest.mark.skipif(not WITH_PACKAGES, reason="it takes half a minute: make container")
def test_a_new_key_is_known_to_a_worker_that_had_read_the_secret_before(home: Home):
    """An unknown key has the secret read at once, if not in the last 30 seconds."""
    rotate(home.stack)
    token = token_of_new_key(home.stack)
    for worker in home.container.workers:
        with home.container.only(worker), client(home.proxy) as calling:
            ends = time.monotonic() + 60
            while calling.get("/auth/me", headers=bearer(token)).status_code != 200:
                assert time.monotonic() < ends


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def rotate(stack: Stack) -> str:
    """Rotate the secret as an operator does; give the id of the new key."""
    done = subprocess.run(
        [sys.executable, "-m", "app.admin", "keys", "rotate", "--json"],
        cwd=ROOT,
        env=clean_environment(**stack.operator),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return str(json.loads(done.stdout)["Added"])


def token_of_new_key(stack: Stack) -> str:
    """Mint alice's token as a broker does once the new key signs, ten minutes later."""
    done = subprocess.run(
        [sys.executable, "-c", _MINT],
        cwd=ROOT,
        env=clean_environment(**stack.variables(), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


_MINT = """
from datetime import UTC, datetime, timedelta
from app.adapters import aws, signing_secret
from app.adapters.tokens import AccessTokens, SigningKeys
from app.domain.identity import Bearer, Identity
from app.settings import settings_from_environment

settings, now = settings_from_environment(), datetime.now(UTC)
keys = SigningKeys(
    signing_secret.connect(aws.new_session()),
    secret_arn=settings.signing_secret_arn,
    clock=lambda: datetime.now(UTC) + timedelta(minutes=11),
)
tokens = AccessTokens(
    keys,
    issuer=settings.token_issuer,
    lifetime=timedelta(seconds=settings.token_lifetime_seconds),
    clock=lambda: now,
    new_id=lambda: "an-id",
)
print(tokens.mint(Bearer(
    identity=Identity(issuer="local", subject="alice"),
    login_id="a" * 32,
    issued_at=now,
    login_ends_at=now + timedelta(hours=1),
)).text, end="")
"""


def test_the_health_check_of_the_image_tells_whether_it_answers(home: Home):
    answering, silent = home.container.port, unused_port()

    assert is_healthy(answering)
    assert not is_healthy(silent)


def is_healthy(port: int) -> bool:
    last = stages(PATH.read_text())[-1]
    interpreter, option, program = only(last, "HEALTHCHECK").command
    assert interpreter == "python"
    assert program.count(" 8000,") == 1
    checked = subprocess.run(
        [sys.executable, option, program.replace(" 8000,", f" {port},")],
        env=clean_environment(HTTP_PROXY="http://127.0.0.1:9"),
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=30,
    )
    return checked.returncode == 0


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_nothing_is_written_where_it_runs(home: Home):
    if not may_have_read_only_files():
        pytest.skip("this machine lets nobody have a read-only file system: NOT tried")

    for worker in home.container.workers:
        mounted = Path(f"/proc/{worker}/mountinfo").read_text().splitlines()
        # proc_pid_mountinfo(5): the fifth is where, the sixth how.
        [options] = {line.split()[5] for line in mounted if line.split()[4] == "/"}
        assert "ro" in options.split(",")


def test_a_request_in_hand_is_finished_before_the_end(
    stack: Stack, image: Path, tmp_path: Path
):
    with running_container(stack, image, tmp_path, workers=1) as container:
        bob = Person.log_in(container.origin, "bob", stack.users["bob"])
        stack.controls.add_faults(
            {"Service": "sts", "Action": "AssumeRole", "Fault": "Slow", "Seconds": 1}
        )
        answers: list[httpx2.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(bob.ask(FunctionName="hello"))
        )
        asking.start()
        until(lambda: not stack.controls.faults(), "the grant asks STS")
        container.process.terminate()
        asking.join()

        # Having ended in order, uvicorn ends by the signal that it was sent.
        assert container.process.wait(30) == -signal.SIGTERM
        assert answers[0].status_code == 200
        assert len(container.audited("Grant")) == 1
        with pytest.raises(httpx2.ConnectError):
            bob.ask(FunctionName="hello")
