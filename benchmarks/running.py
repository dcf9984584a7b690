"""Measurements of one running stack."""

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import boto3

from app.adapters.passwords import OWASP
from benchmarks.caller import Connection, per_second
from benchmarks.measure import Comparison
from benchmarks.serving import serving
from tests.aws_caller import Person, sign
from tests.stack import Stack

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def compare_all(stack: Stack) -> Iterator[str]:
    yield str(login(stack))
    yield str(renewal(stack))
    yield str(grant(stack))
    yield str(assume_role(stack))
    yield from function_call(stack)


def login(stack: Stack) -> Comparison:
    connection, password = Connection(stack.broker), stack.users["alice"]
    form = urlencode({"username": "alice", "password": password}).encode()
    stored = OWASP.hash(password)
    return Comparison.of(
        "login",
        lambda: connection.post("/auth/login", form, _FORM),
        "one argon2 verification",
        lambda: OWASP.verify(stored, password),
        rounds=40,
    )


def renewal(stack: Stack) -> Comparison:
    connection = Connection(stack.broker)
    held = Person.log_in(stack.broker, "alice", stack.users["alice"]).refresh_token
    table, key = stack.variables()["AIKAGI_USERS_TABLE"], {"pk": {"S": "login#bare"}}
    dynamodb = client(stack, "dynamodb")

    def renew() -> None:
        nonlocal held
        form = urlencode({"grant_type": "refresh_token", "refresh_token": held})
        held = connection.post("/auth/refresh", form.encode(), _FORM)["refresh_token"]

    def directly() -> None:
        for read in (key, {"pk": {"S": "principal#local#alice"}}):
            dynamodb.get_item(TableName=table, Key=read, ConsistentRead=True)
        dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET a = :a",
            ExpressionAttributeValues={":a": {"S": "1"}},
        )

    return Comparison.of(
        "renewal of a login",
        renew,
        "two GetItem and UpdateItem by boto3",
        directly,
        rounds=80,
    )


def grant(stack: Stack) -> Comparison:
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])
    connection, body = Connection(stack.broker), b'{"FunctionName": "hello"}'
    headers = {
        "Authorization": f"Bearer {alice.token}",
        "Content-Type": "application/json",
    }
    variables = stack.variables()
    dynamodb, sts = client(stack, "dynamodb"), client(stack, "sts")

    def directly() -> None:
        dynamodb.get_item(
            TableName=variables["AIKAGI_USERS_TABLE"],
            Key={"pk": {"S": "principal#local#alice"}},
            ConsistentRead=True,
        )
        assume(sts, variables["AIKAGI_INVOKE_ROLE_ARN"])

    # Below what a person may ask for in a minute.
    return Comparison.of(
        "grant",
        lambda: connection.post("/grant", body, headers),
        "GetItem and AssumeRole by boto3",
        directly,
        rounds=80,
    )


def assume_role(stack: Stack) -> Comparison:
    sts, role = client(stack, "sts"), stack.variables()["AIKAGI_INVOKE_ROLE_ARN"]
    return Comparison.of(
        "AssumeRole",
        lambda: assume(sts, role),
        "GetCallerIdentity",
        sts.get_caller_identity,
        rounds=200,
    )


def assume(sts: Any, role: str) -> None:  # noqa: ANN401 - boto3 makes its clients' types
    tags = {
        "issuer": "local",
        "user": "alice",
        "function": "hello",
        "issued": "1700000000",
        "grant": "00000000-0000-4000-8000-000000000000",
    }
    statement = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    sts.assume_role(
        RoleArn=role,
        RoleSessionName="local+alice",
        SourceIdentity="local+alice",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        DurationSeconds=900,
    )


def client(stack: Stack, service: str) -> Any:  # noqa: ANN401 - as above
    variables = stack.variables()
    return boto3.client(  # type: ignore[call-overload] # any service
        service,
        endpoint_url=stack.endpoint,
        region_name=stack.region,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
    )


def function_call(stack: Stack) -> Iterator[str]:
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])
    grant = alice.grant("hello")
    call = sign(grant)
    with serving("benchmarks.constant:application") as origin:
        connection, bare = Connection(grant["FuncUrl"]), Connection(origin)
        yield str(
            Comparison.of(
                "warm call of a function URL",
                lambda: connection.send(call),
                "a constant by the same server",
                lambda: bare.send(call),
                rounds=500,
            )
        )
        same = cycle([call])
        rate = per_second((next(same) for _ in range(1000)), at_once=4)
        yield f"calls of one function              {rate:8.0f} /s  on four connections"
