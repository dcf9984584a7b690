import json

import pytest

from aikagi_emulator.aws import assume_role
from aikagi_emulator.aws.errors import AwsError
from emulator.tests.aws.small_stack import INVOKE, allow, policy

PLAIN = {
    "Action": "AssumeRole",
    "Version": "2011-06-15",
    "RoleArn": INVOKE,
    "RoleSessionName": "local+alice",
}
NAME_PATTERN = r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
TAG_PATTERN = (
    r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]"
)


def tags(*pairs: tuple[str, str]) -> dict[str, str]:
    return {
        name: text
        for number, (key, value) in enumerate(pairs, start=1)
        for name, text in (
            (f"Tags.member.{number}.Key", key),
            (f"Tags.member.{number}.Value", value),
        )
    }


def refusal(**changes: str | None) -> AwsError:
    parameters = {**PLAIN, **changes}
    with pytest.raises(AwsError) as caught:
        assume_role.read({k: v for k, v in parameters.items() if v is not None})
    return caught.value


def test_the_least_request_lasts_an_hour():
    asked = assume_role.read(PLAIN)

    assert asked.role_arn == INVOKE
    assert asked.session_name == "local+alice"
    assert asked.seconds == 3600
    assert asked.tags == {}
    assert asked.policy is None
    assert asked.source_identity is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"RoleSessionName": "ab"}, id="shortest name"),
        pytest.param({"RoleSessionName": "a" * 64}, id="longest name"),
        pytest.param({"RoleSessionName": "aZ09_+=,.@-"}, id="every sign"),
        pytest.param({"SourceIdentity": "local+alice"}, id="source identity"),
        pytest.param({"ExternalId": "a:b/c"}, id="external id"),
        pytest.param({"DurationSeconds": "900"}, id="shortest"),
        pytest.param({"DurationSeconds": "43200"}, id="longest"),
        pytest.param(tags(("k" * 128, "v" * 256)), id="longest tag"),
        pytest.param(tags(("k", "")), id="empty value"),
        pytest.param(tags(("部署", "研究 開発_.:/=+-@")), id="letters of any script"),
        pytest.param(tags(*((f"k{n}", "v") for n in range(50))), id="fifty tags"),
        pytest.param({"Tags": "", "PolicyArns": ""}, id="empty lists of an SDK"),
        pytest.param(
            {**tags(("Team", "a")), "TransitiveTagKeys.member.1": "team"},
            id="a transitive key in another case",
        ),
        pytest.param(
            {"Policy": json.dumps(policy(allow("s3:*", "*"))).ljust(2048)},
            id="longest policy",
        ),
    ],
)
def test_what_aws_accepts_is_accepted(changes: dict[str, str]):
    asked = assume_role.read({**PLAIN, **changes})

    assert asked.role_arn == INVOKE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"RoleSessionName": None},
            "1 validation error detected: Value null at 'roleSessionName' failed to "
            "satisfy constraint: Member must not be null",
            id="no name",
        ),
        pytest.param(
            {"RoleSessionName": "a"},
            "1 validation error detected: Value 'a' at 'roleSessionName' failed to "
            "satisfy constraint: Member must have length greater than or equal to 2",
            id="short name",
        ),
        pytest.param(
            {"RoleSessionName": "a" * 65},
            f"1 validation error detected: Value '{'a' * 65}' at 'roleSessionName' "
            "failed to satisfy constraint: Member must have length less than or equal "
            "to 64",
            id="long name",
        ),
        pytest.param(
            {"RoleSessionName": "auth0|abc"},
            "1 validation error detected: Value 'auth0|abc' at 'roleSessionName' "
            f"failed to satisfy constraint: {NAME_PATTERN}",
            id="a pipe in the name",
        ),
        pytest.param(
            {"RoleSessionName": "né"},
            "1 validation error detected: Value 'né' at 'roleSessionName' "
            f"failed to satisfy constraint: {NAME_PATTERN}",
            id="a letter beyond ASCII",
        ),
        pytest.param(
            {"RoleSessionName": "alice\n"},
            "1 validation error detected: Value 'alice\n' at 'roleSessionName' "
            f"failed to satisfy constraint: {NAME_PATTERN}",
            id="a line end",
        ),
        pytest.param(
            {"SourceIdentity": "aws:alice"},
            "1 validation error detected: Value 'aws:alice' at 'sourceIdentity' "
            f"failed to satisfy constraint: {NAME_PATTERN}",
            id="a reserved source identity",
        ),
        pytest.param(
            {"SourceIdentity": ""},
            "1 validation error detected: Value '' at 'sourceIdentity' failed to "
            "satisfy constraint: Member must have length greater than or equal to 2",
            id="an empty source identity",
        ),
        pytest.param(
            {"DurationSeconds": "899"},
            "1 validation error detected: Value '899' at 'durationSeconds' failed to "
            "satisfy constraint: Member must have value greater than or equal to 900",
            id="too short",
        ),
        pytest.param(
            {"DurationSeconds": "43201"},
            "1 validation error detected: Value '43201' at 'durationSeconds' failed to "
            "satisfy constraint: Member must have value less than or equal to 43200",
            id="too long",
        ),
        pytest.param(
            tags(("a|b", "v")),
            "1 validation error detected: Value 'a|b' at 'tags.1.member.key' failed to "
            f"satisfy constraint: {TAG_PATTERN}+",
            id="a bad key",
        ),
        pytest.param(
            tags(("a", "v"), ("b", "é!")),
            "1 validation error detected: Value 'é!' at 'tags.2.member.value' failed "
            f"to satisfy constraint: {TAG_PATTERN}*",
            id="a bad value",
        ),
        pytest.param(
            {"Tags.member.1.Key": "a"},
            "1 validation error detected: Value null at 'tags.1.member.value' failed "
            "to satisfy constraint: Member must not be null",
            id="a tag without a value",
        ),
        pytest.param(
            tags(*((f"k{n}", "v") for n in range(51))),
            "1 validation error detected: Value '[51 members]' at 'tags' failed to "
            "satisfy constraint: Member must have length less than or equal to 50",
            id="fifty-one tags",
        ),
        pytest.param(
            {"RoleSessionName": "a", "DurationSeconds": "1"},
            "2 validation errors detected: Value 'a' at 'roleSessionName' failed to "
            "satisfy constraint: Member must have length greater than or equal to 2; "
            "Value '1' at 'durationSeconds' failed to satisfy constraint: Member must "
            "have value greater than or equal to 900",
            id="two at once",
        ),
        pytest.param(
            {"RoleArn": "arn:aws:iam::123456789012:user/alice"},
            "arn:aws:iam::123456789012:user/alice is invalid",
            id="not a role",
        ),
    ],
)
def test_a_member_that_breaks_its_grammar_is_named(
    changes: dict[str, str | None], message: str
):
    error = refusal(**changes)

    assert (error.code, error.status, error.message) == (
        "ValidationError",
        400,
        message,
    )


def test_a_policy_of_2049_characters_is_too_long():
    error = refusal(Policy="{}".ljust(2049))

    assert error.code == "ValidationError"
    assert error.message.endswith("Member must have length less than or equal to 2048")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            tags(("Team", "a"), ("team", "b")),
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            id="twins",
        ),
        pytest.param(
            tags(("AWS:team", "a")),
            "aws: prefixed tag key names are not allowed for external use.",
            id="a reserved prefix",
        ),
        pytest.param(
            {**tags(("team", "a")), "TransitiveTagKeys.member.1": "unit"},
            "The specified transitive tag key must be included in the requested tags.",
            id="a transitive key without a tag",
        ),
    ],
)
def test_tags_that_contradict_each_other_are_refused(
    changes: dict[str, str], message: str
):
    error = refusal(**changes)

    assert (error.code, error.message) == ("InvalidParameterValue", message)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("not json", id="not JSON"),
        pytest.param('{"Version":"2012-10-17"}', id="no statement"),
        pytest.param(
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*",'
            '"Resource":"*","Condition":{"StringEqual":{"a":"b"}}}]}',
            id="an unknown operator",
        ),
    ],
)
def test_a_session_policy_that_is_not_one_is_malformed(text: str):
    error = refusal(Policy=text)

    assert (error.code, error.status) == ("MalformedPolicyDocument", 400)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param({"PolicyArns.member.1.arn": "arn:x"}, "PolicyArns", id="policies"),
        pytest.param({"SerialNumber": "x", "TokenCode": "1"}, "SerialNumber", id="MFA"),
        pytest.param({"Tags.member.01.Key": "a"}, "Tags", id="an odd number"),
        pytest.param({"Surprise": "1"}, "Surprise", id="something new"),
    ],
)
def test_a_parameter_that_is_not_modelled_is_named(changes: dict[str, str], name: str):
    error = refusal(**changes)

    assert (error.code, error.status) == ("NotImplemented", 501)
    assert f"the parameter {name} of sts:AssumeRole" in error.message


def test_a_session_policy_that_asks_for_what_is_not_modelled_is_told_so():
    asks = policy(allow("lambda:*", "*", Null={"aws:SourceVpce": "true"}))

    error = refusal(Policy=json.dumps(asks))

    assert (error.code, error.status) == ("NotImplemented", 501)
    assert "the condition key aws:SourceVpce" in error.message


def test_a_duration_that_is_no_number_is_refused():
    error = refusal(DurationSeconds="900.0")

    assert error.code == "MalformedInput"
