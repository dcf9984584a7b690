import json
import string

import pytest

from aikagi_emulator.aws.secrets_manager import secret_string


def generated(**wanted: object) -> str:
    value = secret_string({"GenerateSecretString": wanted})
    assert value is not None
    return value


def test_a_secret_has_32_characters_of_every_kind_unless_told_otherwise():
    value = generated()

    assert len(value) == 32
    for kind in (
        string.ascii_lowercase,
        string.ascii_uppercase,
        string.digits,
        string.punctuation,
    ):
        assert set(value) & set(kind)


@pytest.mark.parametrize(
    ("wanted", "never"),
    [
        pytest.param({"ExcludePunctuation": True}, string.punctuation, id="signs"),
        pytest.param({"ExcludePunctuation": "true"}, string.punctuation, id="a text"),
        pytest.param({"ExcludeNumbers": True}, string.digits, id="digits"),
        pytest.param({"ExcludeLowercase": True}, string.ascii_lowercase, id="small"),
        pytest.param({"ExcludeUppercase": True}, string.ascii_uppercase, id="capital"),
        pytest.param({"ExcludeCharacters": "abc/\\"}, "abc/\\", id="characters"),
    ],
)
def test_what_is_excluded_never_appears(wanted: dict[str, object], never: str):
    value = generated(PasswordLength=1000, **wanted)

    assert len(value) == 1000
    assert not set(value) & set(never)


def test_a_space_appears_only_when_asked_for():
    assert " " in generated(PasswordLength=1000, IncludeSpace=True)
    assert " " not in generated(PasswordLength=1000)


def test_a_template_gets_the_password_under_its_key():
    value = generated(
        SecretStringTemplate='{"username": "admin"}',
        GenerateStringKey="password",
        PasswordLength=20,
    )

    parsed = json.loads(value)
    assert parsed.pop("username") == "admin"
    assert [len(password) for password in parsed.values()] == [20]


def test_a_written_secret_is_kept_and_none_is_made_up():
    assert secret_string({"SecretString": "as written"}) == "as written"
    assert secret_string({}) is None


def test_a_secret_without_any_character_to_choose_from_is_refused():
    with pytest.raises(ValueError, match="excludes every character"):
        generated(
            ExcludeLowercase=True,
            ExcludeUppercase=True,
            ExcludeNumbers=True,
            ExcludePunctuation=True,
        )


def test_two_secrets_differ():
    assert generated() != generated()
