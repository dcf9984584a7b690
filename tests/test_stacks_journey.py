"""Two stacks in one account: a broker gives credentials for functions of the other.

The emulator starts both, as CloudFormation would have deployed them.
"""

from collections.abc import Iterator, Mapping

import pytest

from aikagi_emulator.template import Stack as Template
from app.admin.commands import main
from tests.aws_caller import Person, sign
from tests.broker_sessions import assume
from tests.stack import ROOT, Stack, running_stack
from tests.template.stacks import ANOTHER_TEMPLATE, another_deployed, deployed

ALICE = {"issuer": "local", "subject": "alice"}

# What another stack says of a function of the broker's.
SHADOW = """
  ShadowEntry:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${BrokerStackName}/functions/%s
      Type: String
      Value: !Sub |
        {
          "Title": "Hello",
          "Arn": "%s",
          "FuncUrl": "${OrdersFunctionUrl.FunctionUrl}",
          "InvokeMode": "BUFFERED",
          "Groups": ["everyone"]%s
        }
"""
# A role that lets its sessions call whatever there is.
WIDE_ROLE = """
  WideRole:
    Type: AWS::IAM::Role
    Properties:
      Path: !Sub /aikagi/${BrokerStackName}/
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: !Ref BrokerRoleArn}
            Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]
      Policies:
        - PolicyName: wide
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: 'lambda:*', Resource: '*'}
"""
OF_A_WIDE_ROLE = ', "RoleArn": "${WideRole.Arn}"'
OF_THEIR_ROLE = ', "RoleArn": "${InvokeRole.Arn}"'


@pytest.fixture(scope="module")
def ours() -> Template:
    return deployed(name="local")


@pytest.fixture(scope="module")
def theirs() -> Template:
    """As the emulator calls them, but for their addresses."""
    return another_deployed(name="reports", broker="local")


@pytest.fixture(scope="module")
def both(ours: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start both once, with entries that name a function which is not theirs."""
    folder = tmp_path_factory.mktemp("stacks")
    (folder / "another-stack").symlink_to(ROOT / "docs" / "another-stack")
    hello = ours.resources["HelloFunction"].attributes["Arn"]
    shadows = [
        SHADOW % ("aa-hello", hello, OF_THEIR_ROLE),
        (SHADOW % ("zz-hello", hello, "")).replace("Shadow", "LateShadow"),
        (SHADOW % ("wide-hello", hello, OF_A_WIDE_ROLE)).replace("Shadow", "Wide"),
        WIDE_ROLE,
    ]
    template = folder / "template.yaml"
    text, own = ANOTHER_TEMPLATE.read_text(), "\n  OrdersEntry:\n"
    template.write_text(text.replace(own, "".join([*shadows, own])))
    with running_stack(folder / "state", stacks={"reports": template}) as stack:
        yield stack


@pytest.fixture(scope="module")
def alice(both: Stack) -> Person:
    return Person.log_in(both.broker, "alice", both.users["alice"])


def at(grant: Mapping[str, str], url: str) -> dict[str, str]:
    return {**grant, "FuncUrl": url}


def test_a_function_of_another_stack_is_granted_and_knows_its_caller(
    both: Stack, alice: Person
):
    grant = alice.grant("orders")

    answer = sign(grant).send()

    assert grant["FuncUrl"] == both.functions["orders"]
    assert (answer.status_code, answer.json()) == (200, {"caller": ALICE, "open": 3})


def test_credentials_of_the_one_stack_open_nothing_of_the_other(
    both: Stack, alice: Person
):
    for name, other in [("hello", "orders"), ("orders", "hello")]:
        grant = alice.grant(name)

        assert sign(grant).send().status_code == 200
        assert sign(at(grant, both.functions[other])).send().status_code == 403


@pytest.mark.parametrize(
    ("role_of", "tag", "opens"),
    [
        ("ours", "hello", {"hello"}),
        ("ours", "orders", set()),
        ("theirs", "orders", {"orders"}),
        ("theirs", "hello", set()),
    ],
)
def test_a_role_opens_functions_of_its_own_stack_whatever_a_session_is_tagged(
    both: Stack,
    role_of: str,
    tag: str,
    opens: set[str],
    request: pytest.FixtureRequest,
):
    """The broker's credentials, and no session policy: what is left is the role's."""
    stack: Template = request.getfixturevalue(role_of)
    role = stack.resources["InvokeRole"].attributes["Arn"]
    session = assume(both, role, function=tag)

    opened = {
        name
        for name in ("hello", "orders")
        if sign(at(session, both.functions[name])).send().status_code == 200
    }

    assert opened == opens


@pytest.mark.parametrize("shadow", ["aa-hello", "zz-hello"])
def test_an_entry_that_names_anothers_function_neither_opens_nor_closes_it(
    both: Stack, alice: Person, shadow: str
):
    forged = alice.grant(shadow)

    assert sign(at(forged, both.functions["hello"])).send().status_code == 403
    assert sign(alice.grant("hello")).send().json()["caller"] == ALICE


def test_the_log_names_the_entries_of_one_function(both: Stack, alice: Person):
    alice.grant("hello")

    lines = [line for line in both.log if "name one function" in line]
    assert lines
    names = "aa-hello, hello, wide-hello, zz-hello"
    assert f"entries {names} of /aikagi/local/functions" in lines[0]


def test_an_access_that_was_ended_is_ended_for_functions_of_another_stack(
    both: Stack, alice: Person, monkeypatch: pytest.MonkeyPatch
):
    grant, other = alice.grant("orders"), alice.grant("hello")
    assert sign(grant).send().status_code == 200
    for name, text in both.operator.items():
        monkeypatch.setenv(name, text)

    policy = both.outputs["RevocationPolicyArn"]
    words = ("--grant", grant["SessionGrantId"], "--policy", policy, "--no-proof")
    assert main(["revoke", *words]) == 0

    assert sign(grant).send().status_code == 403
    assert sign(other).send().status_code == 200
    assert sign(alice.grant("orders")).send().status_code == 200


def test_a_function_believes_nobody_who_comes_by_a_role_of_another_stack(
    both: Stack, alice: Person
):
    """Whoever makes a role that may call it can have it called, and no more."""
    wide = alice.grant("wide-hello")

    answer = sign(at(wide, both.functions["hello"])).send()

    assert (answer.status_code, answer.json()["caller"]) == (200, None)
    # The session's own policy names one function, whatever its role allows.
    assert sign(at(wide, both.functions["orders"])).send().status_code == 403
