"""What ``Accept-Encoding`` asks for, by RFC 9110 section 12.5.3."""

import pytest

from app.web.content_coding import preferred


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        pytest.param(None, "identity", id="no header"),
        pytest.param("", "identity", id="an empty one"),
        pytest.param("gzip", "gzip", id="gzip"),
        pytest.param("GZip", "gzip", id="any case"),
        pytest.param("x-gzip", "gzip", id="its old name"),
        pytest.param("gzip, deflate, br, zstd", "gzip", id="a browser's"),
        pytest.param("br", "identity", id="another"),
        pytest.param("gzipped", "identity", id="a longer name"),
        pytest.param("*", "gzip", id="anything"),
        pytest.param("gzip;q=0.001", "gzip", id="least, and listed"),
        pytest.param("gzip;q=0", "identity", id="refused"),
        pytest.param("gzip;q=0.000", "identity", id="refused in three decimals"),
        pytest.param("gzip ; Q=0", "identity", id="refused with a space"),
        pytest.param("*, gzip;q=0", "identity", id="anything but gzip"),
        pytest.param("br, *;q=0.1", "gzip", id="anything else"),
        pytest.param("gzip;q=0.5, identity", "identity", id="identity before gzip"),
        pytest.param("gzip;q=0.5, identity;q=0.5", "gzip", id="alike"),
        pytest.param("identity;q=0, gzip", "gzip", id="gzip, not identity"),
        pytest.param("*;q=0, gzip", "gzip", id="only gzip"),
        pytest.param("*;q=0, identity;q=0.2", "identity", id="only identity"),
        pytest.param("identity;q=0", None, id="not identity, and nothing else named"),
        pytest.param("*;q=0", None, id="nothing"),
        pytest.param("gzip;q=0, identity;q=0", None, id="neither"),
        pytest.param("gzip;q=2", "identity", id="no weight"),
        pytest.param("gzip;level=9", "identity", id="no parameter of a coding"),
        pytest.param("gzip;q=", "identity", id="a weight without a number"),
        pytest.param(", ,gzip,", "gzip", id="empty elements"),
    ],
)
def test_the_best_acceptable_coding_is_chosen(accepted: str | None, coding: str | None):
    assert preferred(accepted, ["gzip", "identity"]) == coding


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        pytest.param("gzip", "identity", id="gzip"),
        pytest.param("gzip, identity;q=0", None, id="not identity"),
    ],
)
def test_only_what_is_available_is_chosen(accepted: str, coding: str | None):
    assert preferred(accepted, ["identity"]) == coding
