import base64
import hashlib

import pytest

from aikagi_function.caller import Caller, caller_from, decode_session_name

ROLE = "trial-InvokeRole-9892E8B0AD"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"
PREFIX = f"arn:aws:sts::123456789012:assumed-role/{ROLE}"
DIGEST = f"=={base64.b32encode(hashlib.sha256(b'x').digest()).decode()[:32]}"


def caller_of(arn: str, *, role: str = ROLE_ARN) -> Caller | None:
    iam = {"userArn": arn, "accessKey": "ASIAEXAMPLE"}
    return caller_from(iam, invoke_role_arn=role)


def test_a_session_of_the_invoke_role_is_its_person():
    assert caller_of(f"{PREFIX}/local+alice") == Caller(
        issuer="local",
        subject="alice",
        session_name="local+alice",
        access_key_id="ASIAEXAMPLE",
    )


def test_another_partition_of_aws_is_aws():
    arn = PREFIX.replace("arn:aws:", "arn:aws-us-gov:") + "/local+alice"
    role = ROLE_ARN.replace("arn:aws:", "arn:aws-us-gov:")

    caller = caller_of(arn, role=role)

    assert caller is not None
    assert caller.subject == "alice"
    assert caller_of(arn) is None


@pytest.mark.parametrize("path", ["", "aikagi/prod/", "a/b/c!~/"])
def test_the_path_of_a_role_is_not_in_the_arn_of_its_sessions(path: str):
    role = f"arn:aws:iam::123456789012:role/{path}{ROLE}"

    assert caller_of(f"{PREFIX}/local+alice", role=role) is not None
    assert caller_of(f"{PREFIX}/{path}x", role=role) is None


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param(
            "arn:aws:sts::123456789012:assumed-role/Other/local+alice", id="other role"
        ),
        pytest.param(
            f"arn:aws:sts::123456789012:assumed-role/{ROLE}X/local+alice",
            id="role that begins the same",
        ),
        pytest.param(
            f"arn:aws:sts::123456789012:assumed-role/X{ROLE}/local+alice",
            id="role that ends the same",
        ),
        pytest.param(
            f"arn:aws:sts::123456789012:assumed-role/{ROLE.lower()}/local+alice",
            id="role in other case",
        ),
        pytest.param(
            f"arn:aws:sts::123456789012:federated-user/{ROLE}/local+alice",
            id="federated user",
        ),
        pytest.param(f"arn:aws:iam::123456789012:user/{ROLE}/local+alice", id="user"),
        pytest.param("arn:aws:iam::123456789012:root", id="root"),
        pytest.param(
            f"arn:aws:sts::12345678901:assumed-role/{ROLE}/local+alice", id="account"
        ),
        pytest.param(
            f"arn:aws:sts::210987654321:assumed-role/{ROLE}/local+alice",
            id="a role of that name in another account",
        ),
        pytest.param(f"x {PREFIX}/local+alice", id="something before"),
        pytest.param(f"{PREFIX}/local+alice\n", id="a line end"),
        pytest.param(f"{PREFIX}/x/local+alice", id="a role within"),
        pytest.param(f"{PREFIX}/local", id="a session that is no person"),
        pytest.param(f"{PREFIX}/", id="no session"),
        pytest.param("", id="nothing"),
    ],
)
def test_any_other_principal_proves_nobody(arn: str, caplog: pytest.LogCaptureFixture):
    assert caller_of(arn) is None
    assert caplog.text.count("caller is None: ") == 1


def test_a_caller_who_is_believed_leaves_no_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
):
    assert caller_of(f"{PREFIX}/local+alice") is not None
    assert not caplog.records


@pytest.mark.parametrize(
    ("iam", "role", "reason"),
    [
        pytest.param(
            {"userArn": f"{PREFIX}/local+alice", "accessKey": "A"},
            "",
            "AIKAGI_INVOKE_ROLE_ARN is not the ARN of a role",
            id="no role to believe",
        ),
        pytest.param(
            {"userArn": f"{PREFIX}/local+alice", "accessKey": "A"},
            ROLE,
            "AIKAGI_INVOKE_ROLE_ARN is not the ARN of a role",
            id="the name of a role",
        ),
        pytest.param({}, ROLE_ARN, "AuthType of the function URL", id="no authorizer"),
        pytest.param(
            {"userArn": f"{PREFIX}/local+alice", "accessKey": "A"},
            ROLE_ARN.replace(ROLE, "another-role"),
            "not signed by a session of the role another-role",
            id="another role",
        ),
        pytest.param(
            {"userArn": f"{PREFIX}/somebody", "accessKey": "A"},
            ROLE_ARN,
            "session name",
            id="no name of the broker's",
        ),
    ],
)
def test_the_log_says_why_nobody_is_believed(
    iam: dict[str, str], role: str, reason: str, caplog: pytest.LogCaptureFixture
):
    assert caller_from(iam, invoke_role_arn=role) is None

    [line] = caplog.messages
    assert reason in line
    assert "alice" not in line


def test_a_role_name_is_no_pattern():
    arn = "arn:aws:sts::123456789012:assumed-role/aXb/local+alice"

    assert caller_of(arn, role=ROLE_ARN.replace(ROLE, "aXb")) is not None
    assert caller_of(arn, role=ROLE_ARN.replace(ROLE, "a.b")) is None


def test_without_a_role_to_believe_nobody_is_believed():
    arn = "arn:aws:sts::123456789012:assumed-role//local+alice"

    assert caller_of(arn, role="") is None


@pytest.mark.parametrize(
    "iam",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"userArn": f"{PREFIX}/local+alice"}, id="no access key"),
        pytest.param({"userArn": None, "accessKey": "A"}, id="no ARN"),
    ],
)
def test_an_authorizer_that_says_too_little_proves_nobody(iam: dict[str, object]):
    assert caller_from(iam, invoke_role_arn=ROLE_ARN) is None


@pytest.mark.parametrize(
    ("session", "issuer", "subject"),
    [
        pytest.param("local+alice", "local", "alice", id="plain"),
        pytest.param(
            "my-idp2+a.b_c@d-E", "my-idp2", "a.b_c@d-E", id="all that is plain"
        ),
        pytest.param("idp+auth0=7Cabc", "idp", "auth0|abc", id="escaped"),
        pytest.param("idp+a=2Bb", "idp", "a+b", id="a plus"),
        pytest.param("idp+=3D=3Dx", "idp", "==x", id="what a digest begins with"),
        pytest.param("idp+=E5=90=88=E9=8D=B5", "idp", "合鍵", id="beyond ASCII"),
        pytest.param("idp+a=0Ab", "idp", "a\nb", id="a line end"),
        pytest.param(f"idp+{DIGEST}", "idp", DIGEST, id="a digest stays a digest"),
        pytest.param(f"i+{'s' * 62}", "i", "s" * 62, id="as long as may be"),
    ],
)
def test_a_session_name_says_who(session: str, issuer: str, subject: str):
    assert decode_session_name(session) == (issuer, subject)


@pytest.mark.parametrize(
    "session",
    [
        pytest.param("alice", id="no issuer"),
        pytest.param("+alice", id="empty issuer"),
        pytest.param("local+", id="empty subject"),
        pytest.param("a+b+c", id="two pluses"),
        pytest.param("Local+alice", id="issuer in capitals"),
        pytest.param("1ocal+alice", id="issuer that begins with a digit"),
        pytest.param(f"{'a' * 30}+alice", id="issuer too long"),
        pytest.param("idp+a=7cb", id="escape in lower case"),
        pytest.param("idp+=61lice", id="escape that was not needed"),
        pytest.param("idp+a=7", id="half an escape"),
        pytest.param("idp+a=ZZ", id="escape of nothing"),
        pytest.param("idp+a,b", id="character that has an escape"),
        pytest.param("idp+al\u0131ce", id="beyond ASCII, bare"),
        pytest.param("idp+=FF", id="no UTF-8"),
        pytest.param("idp+=C1=A1", id="overlong UTF-8"),
        pytest.param("idp+=ED=A0=80", id="half a character"),
        pytest.param("idp+==SHORT", id="digest too short"),
        pytest.param(f"idp+{DIGEST}A", id="digest too long"),
        pytest.param(f"idp+{DIGEST.lower()}", id="digest in lower case"),
        pytest.param(
            f"idp+{DIGEST.replace('==', '=3D=3D')}", id="subject that reads as a digest"
        ),
        pytest.param(f"i+{'s' * 63}", id="longer than STS allows"),
        pytest.param("local+alice\n", id="a line end"),
    ],
)
def test_what_the_broker_would_never_write_says_nobody(session: str):
    assert decode_session_name(session) is None


def test_a_person_is_issuer_and_subject():
    caller = caller_of(f"{PREFIX}/idp+alice")

    assert caller is not None
    assert caller.identity() == {"issuer": "idp", "subject": "alice"}
