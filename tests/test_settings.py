import pytest
from pydantic import ValidationError

from app.settings import Settings

NEEDED = {
    "AIKAGI_USERS_TABLE": "users",
    "AIKAGI_SIGNING_SECRET_ARN": "arn:secret",
    "AIKAGI_CATALOGUE_PATH": "/aikagi/test/functions",
    "AIKAGI_INVOKE_ROLE_ARN": "arn:role",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_four_names_are_enough(environment: pytest.MonkeyPatch):
    settings = Settings()

    assert settings.users_table == "users"
    assert settings.allowed_origins == ()
    assert settings.docs is True
    assert settings.token_lifetime_seconds == 900


@pytest.mark.parametrize("name", NEEDED)
def test_each_of_them_is_missed_by_name(environment: pytest.MonkeyPatch, name: str):
    environment.delenv(name)

    with pytest.raises(ValidationError, match=name.removeprefix("AIKAGI_").lower()):
        Settings()


def test_origins_are_a_list_with_commas(environment: pytest.MonkeyPatch):
    environment.setenv("AIKAGI_ALLOWED_ORIGINS", "https://a.example, http://b:8080,")

    assert Settings().allowed_origins == ("https://a.example", "http://b:8080")


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param("*", id="anybody"),
        pytest.param("https://*.example", id="many"),
        pytest.param("https://a.example/", id="a path"),
        pytest.param("a.example", id="no scheme"),
        pytest.param("ftp://a.example", id="another scheme"),
        pytest.param("https://user@a.example", id="a user"),
        pytest.param("null", id="null"),
    ],
)
def test_what_is_no_origin_stops_the_start(
    environment: pytest.MonkeyPatch, origins: str
):
    environment.setenv("AIKAGI_ALLOWED_ORIGINS", origins)

    with pytest.raises(ValidationError, match="allowed_origins"):
        Settings()


def test_local_function_urls_are_on_loopback_only(environment: pytest.MonkeyPatch):
    environment.setenv("AIKAGI_LOCAL_FUNCTION_URLS", "http://127.0.0.1:8101")
    assert Settings().local_function_urls == ("http://127.0.0.1:8101",)

    environment.setenv("AIKAGI_LOCAL_FUNCTION_URLS", "http://192.0.2.1:8101")
    with pytest.raises(ValidationError, match="local_function_urls"):
        Settings()
