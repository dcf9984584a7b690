"""People of an identity provider, from a block in the template to the function URL."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import boto3
import httpx2
import pytest
from botocore.credentials import ContainerProvider
from botocore.exceptions import ClientError

from tests.aws_caller import Person, sign
from tests.issuers.issuing import DISCOVERY, EcKey, IssuerServer, RsaKey, issuer_server
from tests.issuers.test_shapes import BLOCKS, template_with
from tests.stack import Stack, running_stack

KEY: Final = RsaKey.generate("k1")
BLOCK: Final = """
  {name}Issuer:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${{AWS::StackName}}/issuers/{alias}
      Type: String
      Value: |
        {{
          "Title": "{name}", "Issuer": "{url}/{alias}", "Audiences": ["a-client"],
          "Algorithms": ["RS256", "ES256"], "MaxTokenSeconds": 3600,
          "GroupsClaim": ["kubernetes.io", "roles"],
          "Groups": {{"staff": ["everyone"]}},
          "SignIn": true, "ClientId": "a-client", "Scopes": ["openid"],
          "SendToken": "id_token", "ConnectOrigins": ["https://tokens.example.com"]
        }}
"""
LATE: Final = 60
"""Requests of people whose issuer does not answer: more than there are threads."""


@pytest.fixture(scope="module")
def issuer() -> Iterator[IssuerServer]:
    with issuer_server() as running:
        running.publish(KEY.jwk)
        for alias in ("corp", "slow"):
            running.discoverable(f"/{alias}")
        yield running


@pytest.fixture(scope="module")
def federated(
    issuer: IssuerServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("issuers")
    ours = [
        BLOCK.format(name=alias.title(), alias=alias, url=issuer.url)
        for alias in ("corp", "slow")
    ]
    template = template_with(folder, *ours, *BLOCKS.values())
    with running_stack(folder / "state", template=template) as stack:
        yield stack


def token(
    issuer: IssuerServer,
    subject: str = "auth0|5f7",
    *,
    alias: str = "corp",
    key: RsaKey | EcKey = KEY,
    **changes: Any,
) -> str:
    now = int(time.time())
    claims = {
        "iss": f"{issuer.url}/{alias}",
        "aud": ["a-client"],
        "sub": subject,
        "iat": now,
        "exp": now + 600,
        "kubernetes.io": {"roles": ["staff"]},
    }
    return key.token({**claims, **changes})


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    limits = httpx2.Limits(max_connections=LATE + 1)
    with httpx2.Client(timeout=30, limits=limits) as client:
        yield client


def ask(http: httpx2.Client, stack: Stack, text: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {text}"}
    return http.get(f"{stack.broker}/auth/me", headers=headers)


def caller_of(stack: Stack, text: str) -> Any:
    grant = Person(broker=stack.broker, token=text, refresh_token="").grant("hello")
    return sign(grant).send().json()["caller"]


@pytest.mark.parametrize(
    ("subject", "seen"),
    [
        pytest.param("auth0|5f7", "auth0|5f7", id="Auth0's"),
        pytest.param("合鍵", "合鍵", id="Japanese"),
        pytest.param("alice", "alice", id="a namesake of a local user"),
        pytest.param(
            "x" * 200, "==HX5XURG4MRKUR5JWXEUYANJUPIQ6QTLU", id="200 characters"
        ),
    ],
)
def test_somebody_of_an_issuer_is_known_to_the_function(
    federated: Stack, issuer: IssuerServer, subject: str, seen: str
):
    assert caller_of(federated, token(issuer, subject)) == {
        "issuer": "corp",
        "subject": seen,
    }


def test_whoever_is_not_mapped_may_call_nothing(federated: Stack, issuer: IssuerServer):
    changes: Any = {"kubernetes.io": {"roles": ["students"]}}
    nobody = token(issuer, **changes)

    answer = httpx2.get(
        f"{federated.broker}/functions", headers={"Authorization": f"Bearer {nobody}"}
    )

    assert answer.json() == {"Functions": []}
    assert caller_of(federated, token(issuer))["issuer"] == "corp"


def test_an_sdk_sends_a_projected_token_from_its_file(
    federated: Stack, issuer: IssuerServer, tmp_path: Path
):
    projected = tmp_path / "token"
    subject = "system:serviceaccount:prod:reports"
    projected.write_text(token(issuer, subject))
    provider = ContainerProvider(
        environ={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": (
                f"{federated.broker}/credentials/hello"
            ),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(projected),
        }
    )

    found = provider.load()

    assert found is not None
    frozen = found.get_frozen_credentials()
    sts = boto3.client(
        "sts",
        endpoint_url=federated.endpoint,
        region_name=federated.region,
        aws_access_key_id=frozen.access_key,
        aws_secret_access_key=frozen.secret_key,
        aws_session_token=frozen.token,
    )
    arn = sts.get_caller_identity()["Arn"]
    assert arn.endswith("/corp+system=3Aserviceaccount=3Aprod=3Areports")


def test_the_page_learns_whom_it_signs_in_through_and_may_reach_them(
    federated: Stack, issuer: IssuerServer
):
    listed = httpx2.get(f"{federated.broker}/auth/issuers").json()["issuers"]
    policy = httpx2.get(f"{federated.broker}/").headers["Content-Security-Policy"]

    names = [entry["name"] for entry in listed]
    assert names == ["auth0", "cognito", "corp", "entra", "keycloak", "slow"]
    for origin in (issuer.url, "https://tokens.example.com", "https://sso.example.edu"):
        assert f" {origin}" in policy
    # Nobody signs in through it.
    assert "accounts.google.com" not in policy


def test_somebody_disabled_is_out_at_the_next_request(
    federated: Stack, issuer: IssuerServer, http: httpx2.Client
):
    text = token(issuer, "leaving")
    assert ask(http, federated, text).status_code == 200
    operator = federated.operator
    session = boto3.session.Session(
        operator["AWS_ACCESS_KEY_ID"],
        operator["AWS_SECRET_ACCESS_KEY"],
        operator.get("AWS_SESSION_TOKEN"),
        federated.region,
    )
    table = session.client("dynamodb", endpoint_url=federated.endpoint)

    table.put_item(
        TableName=federated.variables()["AIKAGI_USERS_TABLE"],
        Item={
            "pk": {"S": "principal#corp#leaving"},
            "disabled": {"BOOL": True},
            "version": {"N": "2"},
        },
    )

    assert ask(http, federated, text).status_code == 401
    assert ask(http, federated, token(issuer, "staying")).status_code == 200


def test_the_broker_reads_the_paths_of_its_stack_and_no_others(federated: Stack):
    variables = federated.variables()
    session = boto3.session.Session(
        variables["AWS_ACCESS_KEY_ID"],
        variables["AWS_SECRET_ACCESS_KEY"],
        variables["AWS_SESSION_TOKEN"],
        federated.region,
    )
    ssm = session.client("ssm", endpoint_url=federated.endpoint)
    path = variables["AIKAGI_ISSUERS_PATH"]

    assert len(ssm.get_parameters_by_path(Path=path)["Parameters"]) == 10
    for other in (path.rpartition("/")[0], f"{path}/corp", "/"):
        with pytest.raises(ClientError) as caught:
            ssm.get_parameters_by_path(Path=other)
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_an_issuer_that_does_not_answer_delays_nobody_else(
    federated: Stack, issuer: IssuerServer, http: httpx2.Client
):
    known = token(issuer)
    alice = Person.log_in(federated.broker, "alice", federated.users["alice"])
    assert ask(http, federated, known).status_code == 200
    may_answer = threading.Event()
    reached = threading.Event()

    def hold(path: str) -> None:
        if path == f"/slow{DISCOVERY}":
            reached.set()
            may_answer.wait(20)

    issuer.before = hold
    late = token(issuer, alias="slow")
    with ThreadPoolExecutor(LATE) as pool:
        waiting = [pool.submit(ask, http, federated, late) for _ in range(LATE)]
        assert reached.wait(10)

        meanwhile = [ask(http, federated, text) for text in (known, alice.token) * 2]
        # Behind them, the last would be answered when all of them are.
        came_first = not all(future.done() for future in waiting)
        answers = [future.result() for future in waiting]
        may_answer.set()

    assert {answer.status_code for answer in meanwhile} == {200}
    assert came_first
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} <= {"1", "5"}
    assert issuer.asked[f"/slow{DISCOVERY}"] == 1
    code = "urn:aikagi:problem:issuer-keys-unavailable"
    assert {answer.json()["type"] for answer in answers} == {code}


def test_a_grant_to_somebody_of_an_issuer_is_recorded_as_theirs(
    federated: Stack, issuer: IssuerServer
):
    caller_of(federated, token(issuer, "記録される人"))

    federated.stop()
    [line] = [
        line
        for line in federated.log
        if '"Event": "Grant"' in line and "\\u8a18\\u9332" in line
    ]
    assert '"Issuer": "corp"' in line
    assert not any(token(issuer).split(".")[0] in line for line in federated.log)
