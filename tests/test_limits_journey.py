"""Guessing at a whole stack, from many addresses by a proxy that it trusts."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import log2
from pathlib import Path
from threading import Barrier
from time import monotonic
from typing import TYPE_CHECKING

import boto3
import httpx2
import pytest
from botocore.exceptions import ClientError

from tests.stack import ROOT, Stack, clean_environment, running_stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GUESSERS = 100


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("limits")
    with running_stack(state, parameters={"TrustedProxies": "127.0.0.1"}) as running:
        yield running


def log_in(
    stack: Stack, username: str, password: str, *, address: str
) -> httpx2.Response:
    return httpx2.post(
        f"{stack.broker}/auth/login",
        data={"username": username, "password": password},
        headers={"X-Forwarded-For": f"127.0.0.2, {address}"},
        timeout=60,
    )


def test_a_stranger_who_guesses_waits_and_nobody_else_does(stack: Stack):
    right = stack.users["alice"]
    home, stranger = "203.0.113.7", "192.0.2.1"
    assert log_in(stack, "alice", right, address=home).status_code == 200

    guesses = [
        log_in(stack, "alice", "not the password", address=stranger).status_code
        for _ in range(10)
    ]
    eleventh = log_in(stack, "alice", right, address=stranger)

    assert guesses == [400] * 10
    assert eleventh.status_code == 429
    assert eleventh.headers["Retry-After"] == "1"
    assert eleventh.json()["type"] == "urn:aikagi:problem:login-limited"
    assert log_in(stack, "alice", right, address=home).status_code == 200
    assert log_in(stack, "bob", stack.users["bob"], address=stranger).status_code == 200


@pytest.mark.parametrize("is_known", [False, True])
def test_a_hundred_guesses_at_one_moment_pass_no_more_than_ten(
    stack: Stack, *, is_known: bool
):
    address = f"192.0.2.{100 + is_known}"
    if is_known:
        right = stack.users["alice"]
        assert log_in(stack, "alice", right, address=address).status_code == 200
    together = Barrier(GUESSERS)

    def guess(n: int) -> int:
        together.wait(30)
        return log_in(stack, "alice", f"guess-{n}-1865", address=address).status_code

    started = monotonic()
    with ThreadPoolExecutor(GUESSERS) as pool:
        said = Counter(pool.map(guess, range(GUESSERS)))
    took = monotonic() - started

    # In this time the first pauses end, of a second, two and four.
    assert 1 <= said[400] <= 10 + int(log2(took + 1))
    # Where more come than are looked at in two seconds, the broker is busy: 503.
    assert said[400] + said[429] + said[503] == GUESSERS


def test_what_is_counted_holds_neither_names_nor_passwords(stack: Stack):
    typed = ("my-Password-1865", "another-secret-1871")
    log_in(stack, *typed, address="192.0.2.50")

    table = dynamodb(stack.operator)
    items = table.scan(TableName=stack.variables()["AIKAGI_USERS_TABLE"])["Items"]

    keys = [item["pk"]["S"] for item in items]
    assert "limit#source#192.0.2.50" in keys
    for secret in (*typed, *map(str.lower, typed)):
        assert secret not in str(items)


def test_the_broker_writes_limits_and_notes_and_no_person(stack: Stack):
    table, variables = stack.variables()["AIKAGI_USERS_TABLE"], stack.variables()
    as_broker = dynamodb(variables)

    def write(key: str) -> None:
        as_broker.put_item(TableName=table, Item={"pk": {"S": key}})

    for key in ("limit#source#192.0.2.77", "seen#192.0.2.77#x"):
        write(key)
    for key in ("principal#local#mallory", "limits#x", "see", "xlimit#x", "LIMIT#x"):
        with pytest.raises(ClientError, match="AccessDenied"):
            write(key)


def dynamodb(variables: dict[str, str]) -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
    )


def test_the_command_line_says_when_to_try_again(stack: Stack, tmp_path: Path):
    now = datetime.now(UTC)
    spent = {
        # Without a header of the proxy, the source is the proxy.
        "pk": {"S": "limit#source#127.0.0.1"},
        "failures": {"N": "100"},
        "began_at": {"S": (now - timedelta(minutes=10)).isoformat()},
        "failed_at": {"S": now.isoformat()},
    }
    dynamodb(stack.operator).put_item(
        TableName=stack.variables()["AIKAGI_USERS_TABLE"], Item=spent
    )

    limited = subprocess.run(
        [
            *(sys.executable, "-m", "aikagi", "login", stack.broker),
            *("--username", "carol", "--password-stdin"),
        ],
        cwd=tmp_path,
        env=clean_environment(
            PYTHONPATH=str(ROOT), XDG_STATE_HOME=str(tmp_path / "state")
        ),
        input="a-guess-1865\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert limited.returncode == 4
    assert limited.stdout == ""
    assert re.fullmatch(
        r"Too many failed attempts to log in; wait before the next \(request [^ ]+\)\. "
        r"Try again in 50 min\.\n",
        limited.stderr,
    )
