import pytest

from aikagi_emulator.sigv4 import Request
from aikagi_emulator.sigv4.canonical import (
    canonical_headers,
    canonical_path,
    canonical_query,
    canonical_request,
    decoded_query,
    without_secrets,
)

EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def a_request(*headers: tuple[str, str]) -> Request:
    return Request(method="GET", raw_path="/", raw_query="", headers=headers, body=b"")


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        pytest.param("/", "/", id="root"),
        pytest.param("//", "/", id="two slashes"),
        pytest.param("/a//b", "/a/b", id="doubled slash"),
        pytest.param("/a/", "/a/", id="closing slash"),
        pytest.param("//a//", "/a/", id="slashes everywhere"),
        pytest.param("/a/./b", "/a/b", id="dot"),
        pytest.param("/./", "/", id="only a dot"),
        pytest.param("/a/b/../c", "/a/c", id="dots"),
        pytest.param("/a/..", "/", id="dots at the end"),
        pytest.param("/../../a", "/a", id="dots above the root"),
        pytest.param("/a%20b", "/a%2520b", id="encoded twice"),
        pytest.param("/a%2Fb", "/a%252Fb", id="an encoded slash is no slash"),
        pytest.param("/a%2fb", "/a%252fb", id="escapes keep their case"),
        pytest.param("/%2e%2e/a", "/%252e%252e/a", id="encoded dots are no dots"),
        pytest.param("/(!'*)", "/%28%21%27%2A%29", id="sub-delimiters"),
        pytest.param("/~a-b_c.d", "/~a-b_c.d", id="unreserved"),
    ],
)
def test_a_path_is_normalised_and_encoded_again(raw: str, canonical: str):
    assert canonical_path(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("b=2&a=1", "a=1&b=2", id="sorted by name"),
        pytest.param("a=2&a=1&a=", "a=&a=1&a=2", id="then by value"),
        pytest.param("a-b=1&a=2", "a=2&a-b=1", id="a name before its extension"),
        pytest.param("b=1&B=2", "B=2&b=1", id="capitals first"),
        pytest.param("%C3%A9=1&z=2", "%C3%A9=1&z=2", id="sorted as encoded"),
        pytest.param("a", "a=", id="no equals sign"),
        pytest.param("=a", "=a", id="no name"),
        pytest.param("a=1&&b=2&", "a=1&b=2", id="empty pieces"),
        pytest.param("a=b=c", "a=b%3Dc", id="equals sign in a value"),
        pytest.param("a=b+c", "a=b%2Bc", id="a plus is a plus"),
        pytest.param("a=b%20c", "a=b%20c", id="%20 is a space"),
        pytest.param("a=(!'*)", "a=%28%21%27%2A%29", id="sub-delimiters"),
        pytest.param("a=%7e%41%c3%a9", "a=~A%C3%A9", id="encoded in one way"),
        pytest.param("a=%26%3D", "a=%26%3D", id="encoded separators stay"),
        pytest.param("a=/?:@", "a=%2F%3F%3A%40", id="what a query may hold bare"),
    ],
)
def test_a_query_is_decoded_encoded_and_sorted(raw: str, canonical: str):
    assert canonical_query(decoded_query(raw)) == canonical


def test_repeated_headers_are_joined_in_order_and_spaces_collapsed():
    request = a_request(
        ("x-b", "  two   words \t here "), ("x-a", "2"), ("x-b", "z"), ("x-b", "a")
    )

    lines = canonical_headers(request, ("x-a", "x-b"))

    assert lines == "x-a:2\nx-b:two words here,z,a\n"


def test_the_bytes_of_a_letter_are_not_taken_for_a_space():
    utf8 = "\N{LATIN SMALL LETTER A WITH GRAVE}".encode().decode("latin-1")

    lines = canonical_headers(a_request(("x-a", f"voil{utf8} tout")), ("x-a",))

    assert lines == f"x-a:voil{utf8} tout\n"


def test_a_canonical_request_has_six_parts():
    request = a_request(("host", "h"), ("x-a", "1"))

    canonical = canonical_request(request, ((b"q", b"1"),), ("host", "x-a"), EMPTY_HASH)

    assert canonical == f"GET\n/\nq=1\nhost:h\nx-a:1\n\nhost;x-a\n{EMPTY_HASH}"


def test_a_log_shows_a_canonical_request_without_its_secrets():
    canonical = (
        "GET\n/\nX-Amz-Security-Token=tok&a=1\nauthorization:b&c\ncookie:d&e\nhost:h\n"
        "x-amz-security-token:tok&en\n\nhost\nhash"
    )

    shown = without_secrets(canonical)

    assert shown == (
        "GET\n/\nX-Amz-Security-Token=(hidden)&a=1\nauthorization:(hidden)\n"
        "cookie:(hidden)\nhost:h\nx-amz-security-token:(hidden)\n\nhost\nhash"
    )


def test_a_log_shows_only_the_beginning_of_a_huge_request():
    assert len(without_secrets("a" * 1_000_000)) == 4096
