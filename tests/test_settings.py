from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from app.settings import Settings, settings_from_environment

NEEDED = {
    "AWS_REGION": "eu-west-1",
    "AIKAGI_USERS_TABLE": "users",
    "AIKAGI_SIGNING_SECRET_ARN": "arn:secret",
    "AIKAGI_CATALOGUE_PATH": "/aikagi/test/functions",
    "AIKAGI_ISSUERS_PATH": "/aikagi/test/issuers",
    "AIKAGI_INVOKE_ROLE_ARN": "arn:aws:iam::123456789012:role/a-role",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_six_names_are_enough(environment: pytest.MonkeyPatch):
    settings = settings_from_environment()

    assert settings.users_table == "users"
    assert settings.allowed_origins == ()
    assert settings.docs is True
    assert settings.local_issuers is False
    assert settings.token_lifetime_seconds == 900
    assert settings.login_lifetime_seconds == 7 * 24 * 3600
    assert settings.login_idle_seconds == 12 * 3600


@pytest.mark.parametrize("name", NEEDED)
def test_each_of_them_is_missed_by_name(environment: pytest.MonkeyPatch, name: str):
    environment.delenv(name)

    with pytest.raises(SystemExit, match=f"{name}: Field required"):
        settings_from_environment()


@pytest.mark.parametrize(
    "name", ["AIKAGI_LOGIN_LIFETIME_SECONDS", "AIKAGI_LOGIN_IDLE_SECONDS"]
)
def test_a_login_lasts_a_quarter_of_an_hour_to_ninety_days(
    environment: pytest.MonkeyPatch, name: str
):
    for seconds in ("900", "7776000"):
        environment.setenv(name, seconds)
        settings_from_environment()
    for seconds in ("899", "7776001", "soon"):
        environment.setenv(name, seconds)
        with pytest.raises(SystemExit, match=name):
            settings_from_environment()


def test_origins_are_a_list_with_commas(environment: pytest.MonkeyPatch):
    environment.setenv("AIKAGI_ALLOWED_ORIGINS", "https://a.example, http://b:8080,")

    assert Settings().allowed_origins == ("https://a.example", "http://b:8080")


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.example",
        "https://a.example:444",
        "http://a.example:443",
        "https://xn--bcher-kva.example",
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "https://my_desk.a-b.example:65535",
    ],
)
def test_what_browsers_send_as_an_origin_is_one(
    environment: pytest.MonkeyPatch, origin: str
):
    environment.setenv("AIKAGI_ALLOWED_ORIGINS", origin)

    assert Settings().allowed_origins == (origin,)


def test_a_password_in_what_is_no_origin_is_not_shown(environment: pytest.MonkeyPatch):
    environment.setenv("AIKAGI_ALLOWED_ORIGINS", "https://user:s3cret@a.example")

    with pytest.raises(SystemExit) as caught:
        settings_from_environment()

    assert "AIKAGI_ALLOWED_ORIGINS" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_is_no_role_stops_the_start(environment: pytest.MonkeyPatch):
    name = "AIKAGI_INVOKE_ROLE_ARN"
    environment.setenv(name, "arn:aws:iam::123456789012:role/a-path/a-role")
    settings_from_environment()
    for wrong in ("a-role", "arn:aws:iam::123456789012:user/alice"):
        environment.setenv(name, wrong)
        with pytest.raises(SystemExit, match=name):
            settings_from_environment()


def test_what_is_no_path_of_roles_stops_the_start(environment: pytest.MonkeyPatch):
    name = "AIKAGI_INVOKE_ROLE_PATH"
    assert settings_from_environment().invoke_role_path is None
    environment.setenv(name, "/aikagi/prod/")
    assert settings_from_environment().invoke_role_path == "/aikagi/prod/"
    for wrong in ("", "/", "aikagi/prod/", "/aikagi/prod", "//", "/" + "a" * 511 + "/"):
        environment.setenv(name, wrong)
        with pytest.raises(SystemExit, match=name):
            settings_from_environment()


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
        pytest.param("https://a.example;script-src", id="a directive of CSP"),
        pytest.param("https://a.example'", id="a quote"),
        pytest.param("https://a b.example", id="a space"),
        pytest.param("https://a.example\nhttps://b.example", id="two lines"),
        pytest.param("https://A.example", id="capitals, which no browser sends"),
        pytest.param("https://a.example:443", id="the usual port, likewise"),
        pytest.param("http://a.example:80", id="that of http"),
        pytest.param("https://a.example:0", id="no port"),
        pytest.param("https://a.example:65536", id="beyond all ports"),
        pytest.param("https://a.example:", id="a port left out"),
        pytest.param("https://a..example", id="an empty label"),
        pytest.param("https://-a.example", id="a label that begins with a hyphen"),
        pytest.param("https://b\u00fccher.example", id="not in Punycode"),
        pytest.param("https://[::1", id="half an address"),
        pytest.param("https://[0::1]", id="an address not as browsers write it"),
        pytest.param("https://a.example?", id="a query"),
        pytest.param("https://a.example#", id="a fragment"),
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


def test_proxies_are_addresses_and_networks_and_there_are_none_by_default(
    environment: pytest.MonkeyPatch,
):
    assert Settings().trusted_proxies == ()

    environment.setenv("AIKAGI_TRUSTED_PROXIES", " 192.0.2.1, 198.18.0.0/15,2001:db8::")

    assert Settings().trusted_proxies == (
        ip_network("192.0.2.1/32"),
        ip_network("198.18.0.0/15"),
        ip_network("2001:db8::/128"),
    )


@pytest.mark.parametrize(
    "proxies",
    [
        pytest.param("*", id="anybody"),
        pytest.param("0.0.0.0/0", id="everybody"),
        pytest.param("2001:db8::/32,::/0", id="everybody over IPv6"),
        pytest.param("proxy.example", id="a name"),
        pytest.param("192.0.2.1:8080", id="a port"),
        pytest.param("192.0.2.1/24", id="an address within a network"),
        pytest.param("192.0.2.1 192.0.2.2", id="no comma"),
        pytest.param("192.0.2.1/33", id="no network"),
    ],
)
def test_what_is_no_proxy_stops_the_start(
    environment: pytest.MonkeyPatch, proxies: str
):
    environment.setenv("AIKAGI_TRUSTED_PROXIES", proxies)

    with pytest.raises(SystemExit, match="AIKAGI_TRUSTED_PROXIES"):
        settings_from_environment()


def test_what_is_wrong_is_listed_with_what_to_do(environment: pytest.MonkeyPatch):
    environment.delenv("AIKAGI_USERS_TABLE")
    environment.setenv("AIKAGI_ALLOWED_ORIGINS", "*")

    with pytest.raises(SystemExit) as caught:
        settings_from_environment()

    said = str(caught.value)
    assert "AIKAGI_USERS_TABLE: Field required" in said
    assert "AIKAGI_ALLOWED_ORIGINS: Value error, '*' is not an origin" in said
    assert ".local/env" in said


@pytest.mark.parametrize("region", ["", "europe", "eu-west-1;", "eu-west-1\n"])
def test_what_is_no_region_stops_the_start(
    environment: pytest.MonkeyPatch, region: str
):
    environment.setenv("AWS_REGION", region)

    with pytest.raises(SystemExit, match="AWS_REGION"):
        settings_from_environment()


@pytest.mark.parametrize("namespace", ["Aikagi/trial", "Aikagi", "a.b_c#d:e/f-1"])
def test_metrics_have_a_namespace(environment: pytest.MonkeyPatch, namespace: str):
    environment.setenv("AIKAGI_METRICS_NAMESPACE", namespace)

    assert settings_from_environment().metrics_namespace == namespace


def test_without_a_namespace_there_are_no_metrics(environment: pytest.MonkeyPatch):
    assert settings_from_environment().metrics_namespace is None

    environment.setenv("AIKAGI_METRICS_NAMESPACE", "")

    assert settings_from_environment().metrics_namespace is None


@pytest.mark.parametrize("namespace", ["AWS/Lambda", "a b", "a\n", "鍵", "a" * 256])
def test_a_namespace_that_cloudwatch_refuses_is_refused(
    environment: pytest.MonkeyPatch, namespace: str
):
    environment.setenv("AIKAGI_METRICS_NAMESPACE", namespace)

    with pytest.raises(SystemExit, match="AIKAGI_METRICS_NAMESPACE"):
        settings_from_environment()
