import pytest

from aikagi_emulator.runtime import FunctionCrashedError
from aikagi_emulator.urls import Cors
from emulator.tests.urls.fakes import CORS, ORIGIN, a_url, ask

ELSEWHERE = "http://127.0.0.1:8001"
PREFLIGHT = {"access-control-request-method": "POST"}


def allowed(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {k: v for k, v in headers if k.startswith("access-control-")}


def test_a_preflight_is_answered_unsigned_and_from_the_configuration():
    answer = ask(a_url(cors=CORS), "OPTIONS", headers={**PREFLIGHT, "origin": ORIGIN})

    assert (answer.status, answer.body) == (200, b"")
    assert answer.all("vary") == ["Origin"]
    assert allowed(answer.headers) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization,content-type",
        "access-control-expose-headers": "date,x-amzn-requestid",
        "access-control-max-age": "300",
    }


@pytest.mark.parametrize(
    "origin",
    [
        ELSEWHERE,
        "http://127.0.0.1:80001",
        "http://127.0.0.1:8000/",
        "HTTP://127.0.0.1:8000",
        "null",
        "",
    ],
)
def test_a_preflight_from_another_origin_is_told_nothing(origin: str):
    answer = ask(a_url(cors=CORS), "OPTIONS", headers={**PREFLIGHT, "origin": origin})

    assert allowed(answer.headers) == {}
    assert answer.all("vary") == ["Origin"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": ORIGIN}, id="no method asked for"),
        pytest.param(PREFLIGHT, id="no origin"),
    ],
)
def test_another_options_request_needs_a_signature(headers: dict[str, str]):
    url = a_url(cors=CORS)

    refused = ask(url, "OPTIONS", headers=headers)
    admitted = ask(url, "OPTIONS", headers={**headers, "authorization": "alice"})

    assert (refused.status, admitted.status) == (403, 200)


def test_without_a_configuration_a_preflight_is_an_ordinary_request():
    headers = {**PREFLIGHT, "origin": ORIGIN}

    assert ask(a_url(), "OPTIONS", headers=headers).status == 403
    assert ask(a_url(auth_type="NONE"), "OPTIONS", headers=headers).json()["version"]


def fail(event: object) -> object:
    raise FunctionCrashedError


@pytest.mark.parametrize(
    ("headers", "handler", "status"),
    [
        pytest.param({"authorization": "alice"}, str, 200, id="answered"),
        pytest.param({}, str, 403, id="refused"),
        pytest.param({"authorization": "alice"}, fail, 502, id="crashed"),
    ],
)
def test_every_answer_may_be_read_by_an_allowed_origin_and_by_no_other(
    headers: dict[str, str], handler: type, status: int
):
    url = a_url(handler, cors=CORS)

    seen = ask(url, headers={**headers, "origin": ORIGIN})
    hidden = ask(url, headers={**headers, "origin": ELSEWHERE})

    assert (seen.status, hidden.status) == (status, status)
    assert allowed(seen.headers) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-expose-headers": "date,x-amzn-requestid",
    }
    assert allowed(hidden.headers) == {}
    assert seen.all("vary") == hidden.all("vary") == ["Origin"]


def test_without_a_configuration_no_answer_speaks_of_origins():
    answer = ask(a_url(auth_type="NONE"), headers={"origin": ORIGIN})

    assert allowed(answer.headers) == {}
    assert answer.all("vary") == []


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        pytest.param(
            False, {"access-control-allow-origin": "*"}, id="without credentials"
        ),
        pytest.param(
            True,
            {
                "access-control-allow-origin": ELSEWHERE,
                "access-control-allow-credentials": "true",
            },
            id="with credentials it reflects, as on AWS",
        ),
    ],
)
def test_an_asterisk_allows_any_origin(credentials: bool, expected: dict[str, str]):
    cors = Cors(allow_origins=("*",), allow_credentials=credentials)

    answer = ask(a_url(auth_type="NONE", cors=cors), headers={"origin": ELSEWHERE})

    assert allowed(answer.headers) == expected


def test_a_function_that_does_cors_itself_doubles_the_header():
    def handler(event: object) -> object:
        return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}

    answer = ask(
        a_url(handler, auth_type="NONE", cors=CORS), headers={"origin": ORIGIN}
    )

    assert answer.all("access-control-allow-origin") == [ORIGIN, "*"]


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        pytest.param({"AllowMethods": ["OPTIONS"]}, "6 characters", id="OPTIONS"),
        pytest.param({"AllowMethods": ["GET"] * 7}, "6 entries", id="seven methods"),
        pytest.param({"MaxAge": 86_401}, "MaxAge", id="more than a day"),
        pytest.param({"AllowOrigins": [""]}, "empty", id="empty origin"),
        pytest.param({"AllowOrigins": "*"}, "list", id="not a list"),
        pytest.param({"AllowOrigin": ["*"]}, "AllowOrigin", id="misspelt"),
    ],
)
def test_a_configuration_aws_would_refuse_is_refused(
    properties: dict[str, object], said: str
):
    with pytest.raises(ValueError, match=said):
        Cors.from_properties(properties)


def test_a_configuration_is_read_from_the_template():
    properties = {
        "AllowOrigins": [ORIGIN],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["authorization", "content-type"],
        "ExposeHeaders": ["date", "x-amzn-requestid"],
        "MaxAge": 300,
    }

    assert Cors.from_properties(properties) == CORS
