import pytest

from aikagi_emulator.iam import Requester
from aikagi_emulator.iam.principals import Naming, Principals
from emulator.tests.iam.documents import ACCOUNT, BROKER, BROKER_CALLS, BROKER_SESSION

ALICE = Requester(
    arn=f"arn:aws:iam::{ACCOUNT}:user/alice", role_arn=None, account=ACCOUNT
)
LAMBDA = Requester(
    arn="lambda", role_arn=None, account=ACCOUNT, service="lambda.amazonaws.com"
)
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@pytest.mark.parametrize(
    ("element", "requester", "naming"),
    [
        pytest.param({"AWS": BROKER}, BROKER_CALLS, Naming.DIRECT, id="the role"),
        pytest.param(
            {"AWS": BROKER_SESSION}, BROKER_CALLS, Naming.DIRECT, id="the session"
        ),
        pytest.param({"AWS": ALICE.arn}, ALICE, Naming.DIRECT, id="the user"),
        pytest.param(
            {"AWS": ["999999999999", BROKER]}, BROKER_CALLS, Naming.DIRECT, id="a list"
        ),
        pytest.param(
            {"AWS": [ROOT, BROKER]}, BROKER_CALLS, Naming.DIRECT, id="root and role"
        ),
        pytest.param({"AWS": ROOT}, BROKER_CALLS, Naming.DELEGATED, id="the root"),
        pytest.param({"AWS": ACCOUNT}, ALICE, Naming.DELEGATED, id="the account"),
        pytest.param("*", BROKER_CALLS, Naming.DELEGATED, id="everyone"),
        pytest.param({"AWS": "*"}, BROKER_CALLS, Naming.DELEGATED, id="every AWS"),
        pytest.param({"AWS": BROKER + "2"}, BROKER_CALLS, Naming.NOT, id="longer"),
        pytest.param(
            {"AWS": BROKER_SESSION + "2"}, BROKER_CALLS, Naming.NOT, id="other session"
        ),
        pytest.param({"AWS": BROKER}, ALICE, Naming.NOT, id="a user is no role"),
        pytest.param({"AWS": "999999999999"}, ALICE, Naming.NOT, id="other account"),
        pytest.param(
            {"Service": "lambda.amazonaws.com"}, LAMBDA, Naming.DIRECT, id="service"
        ),
        pytest.param(
            {"Service": "ec2.amazonaws.com"}, LAMBDA, Naming.NOT, id="other service"
        ),
        pytest.param(
            {"Service": "lambda.amazonaws.com"}, ALICE, Naming.NOT, id="no service"
        ),
        pytest.param({"AWS": ACCOUNT}, LAMBDA, Naming.NOT, id="no account's service"),
        pytest.param("*", LAMBDA, Naming.NOT, id="everyone is no service"),
        pytest.param(
            {"Federated": "accounts.google.com"}, ALICE, Naming.NOT, id="federated"
        ),
    ],
)
def test_a_caller_is_named_or_not(
    element: object, requester: Requester, naming: Naming
):
    assert Principals.parse(element).naming(requester) is naming


@pytest.mark.parametrize(
    ("listed", "requester", "exempt"),
    [
        pytest.param(
            [BROKER_SESSION, BROKER, ROOT], BROKER_CALLS, True, id="all three"
        ),
        pytest.param([BROKER_SESSION, BROKER], BROKER_CALLS, False, id="no account"),
        pytest.param([BROKER, ROOT], BROKER_CALLS, False, id="no session"),
        pytest.param([BROKER_SESSION, ROOT], BROKER_CALLS, False, id="no role"),
        pytest.param([ALICE.arn, ACCOUNT], ALICE, True, id="user and account"),
        pytest.param([ALICE.arn], ALICE, False, id="user alone"),
        pytest.param(["*"], ALICE, True, id="everyone"),
        pytest.param(["*"], LAMBDA, False, id="everyone is no service"),
    ],
)
def test_a_caller_is_exempt_when_every_part_of_it_is_listed(
    listed: list[str],
    requester: Requester,
    exempt: bool,
):
    assert Principals.parse({"AWS": listed}).exempt(requester) is exempt


def test_a_service_is_exempt_by_its_name():
    assert Principals.parse({"Service": "lambda.amazonaws.com"}).exempt(LAMBDA)
    assert not Principals.parse({"Service": "ec2.amazonaws.com"}).exempt(LAMBDA)
