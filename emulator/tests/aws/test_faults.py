"""What a real client makes of each fault, and that it finds its way back."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
)
from botocore.parsers import ResponseParserError

from aikagi_emulator.aws import AwsEndpoint, Endpoint, Fault, Faults, Kind, Session
from emulator.tests.aws.small_stack import INVOKE, POLICY, Client

READS = {
    "dynamodb": ("Scan", {"TableName": "users"}),
    "iam": ("GetPolicy", {"PolicyArn": POLICY}),
    "secretsmanager": ("GetSecretValue", {"SecretId": "signing"}),
    "ssm": ("GetParameter", {"Name": "/aikagi/functions/f01"}),
    "sts": ("GetCallerIdentity", {}),
}


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def read(
    client_of: Callable[..., Client],
    aws: AwsEndpoint,
    serve: Callable[[Endpoint], str],
    operator: Session,
    faults: Faults,
) -> Callable[[str], Mapping[str, Any]]:
    """Calls one operation of a service, once."""
    origin = serve(aws.endpoint(faults=faults))
    connect = partial(client_of, endpoint_url=origin)

    def call(service: str) -> Any:
        client = connect(service, operator)
        operation, arguments = READS[service]
        return client._make_api_call(operation, arguments)

    return call


@pytest.mark.parametrize(
    ("service", "kind", "said"),
    [
        pytest.param("sts", Kind.THROTTLING, ("Throttling", 400), id="sts throttles"),
        pytest.param("iam", Kind.THROTTLING, ("Throttling", 400), id="iam throttles"),
        pytest.param("iam", Kind.ACCESS_DENIED, ("AccessDenied", 403), id="iam denies"),
        pytest.param("iam", Kind.INTERNAL_ERROR, ("ServiceFailure", 500), id="iam"),
        pytest.param("sts", Kind.ACCESS_DENIED, ("AccessDenied", 403), id="sts denies"),
        pytest.param("sts", Kind.INTERNAL_ERROR, ("InternalFailure", 500), id="sts"),
        pytest.param(
            "dynamodb",
            Kind.THROTTLING,
            ("ThrottlingException", 400),
            id="throttled",
        ),
        pytest.param(
            "dynamodb", Kind.INTERNAL_ERROR, ("InternalServerError", 500), id="table"
        ),
        pytest.param(
            "dynamodb",
            Kind.ACCESS_DENIED,
            ("AccessDeniedException", 400),
            id="no table",
        ),
        pytest.param(
            "secretsmanager", Kind.THROTTLING, ("ThrottlingException", 400), id="secret"
        ),
        pytest.param(
            "secretsmanager",
            Kind.INTERNAL_ERROR,
            ("InternalServiceError", 500),
            id="secret lost",
        ),
        pytest.param("ssm", Kind.THROTTLING, ("ThrottlingException", 400), id="ssm"),
        pytest.param(
            "ssm", Kind.INTERNAL_ERROR, ("InternalServerError", 500), id="ssm lost"
        ),
    ],
)
def test_an_error_has_its_service_s_own_name_and_passes(
    read: Callable[[str], Mapping[str, Any]],
    faults: Faults,
    service: str,
    kind: Kind,
    said: tuple[str, int],
):
    faults.add(Fault(service=service, kind=kind))

    with pytest.raises(ClientError) as caught:
        read(service)

    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    assert (answer["Error"]["Code"], status) == said
    assert read(service)


def test_a_malformed_answer_of_sts_is_a_success_that_cannot_be_read(
    read: Callable[[str], Mapping[str, Any]], faults: Faults
):
    faults.add(Fault(service="sts", kind=Kind.MALFORMED))

    with pytest.raises(ResponseParserError):
        read("sts")

    assert read("sts")["Arn"]


@pytest.mark.parametrize(
    ("service", "member"),
    [("dynamodb", "Count"), ("secretsmanager", "ARN"), ("ssm", "Parameter")],
)
def test_a_malformed_answer_in_json_is_to_botocore_a_success_with_nothing_in_it(
    read: Callable[[str], Mapping[str, Any]],
    faults: Faults,
    service: str,
    member: str,
):
    faults.add(Fault(service=service, kind=Kind.MALFORMED))

    torn = read(service)

    assert member not in torn
    assert member in read(service)


def test_a_slow_answer_is_the_right_one(
    read: Callable[[str], Mapping[str, Any]], faults: Faults
):
    faults.add(Fault(service="sts", kind=Kind.SLOW, seconds=0.001))

    answer = read("sts")

    assert answer["Arn"] == read("sts")["Arn"]
    assert not faults


def test_packed_policies_can_be_too_large(
    client_of: Callable[..., Client],
    aws: AwsEndpoint,
    serve: Callable[[Endpoint], str],
    broker: Session,
    faults: Faults,
):
    sts = client_of("sts", broker, endpoint_url=serve(aws.endpoint(faults=faults)))
    faults.add(
        Fault(service="sts", action="AssumeRole", kind=Kind.PACKED_POLICY_TOO_LARGE)
    )

    def assume() -> object:
        return sts.assume_role(RoleArn=INVOKE, RoleSessionName="local+alice")

    with pytest.raises(sts.exceptions.PackedPolicyTooLargeException):
        assume()

    assert assume()


def test_a_fault_is_for_its_service_and_action_alone(
    read: Callable[[str], Mapping[str, Any]], faults: Faults
):
    others = [
        Fault(service="sts", action="AssumeRole", kind=Kind.THROTTLING),
        Fault(service="ssm", kind=Kind.THROTTLING),
    ]
    faults.add(*others, Fault(service="sts", kind=Kind.SLOW, seconds=0.001))

    assert read("dynamodb")
    assert read("sts")

    assert list(faults) == others


def test_faults_are_shown_in_order_and_as_often_as_asked():
    faults = Faults()
    twice = Fault(service="sts", kind=Kind.THROTTLING, times=2)
    once = Fault(service="sts", kind=Kind.INTERNAL_ERROR)
    faults.add(twice, once)

    shown = [faults.take("sts", "AssumeRole") for _ in range(4)]

    assert [fault and fault.kind for fault in shown] == [
        Kind.THROTTLING,
        Kind.THROTTLING,
        Kind.INTERNAL_ERROR,
        None,
    ]


def test_a_fault_lets_nobody_in(
    client_of: Callable[..., Client],
    aws: AwsEndpoint,
    serve: Callable[[Endpoint], str],
    operator: Session,
    faults: Faults,
):
    sts = client_of(
        "sts",
        operator,
        endpoint_url=serve(aws.endpoint(faults=faults)),
        aws_secret_access_key="x" * 40,
    )
    faults.add(Fault(service="sts", kind=Kind.SLOW, seconds=0.001))

    with pytest.raises(ClientError) as caught:
        sts.get_caller_identity()

    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
