from datetime import UTC, datetime, timedelta, timezone

import pytest

from aikagi_emulator.sigv4.timestamps import basic_format, parse_basic, parse_http

MOMENT = datetime(2015, 8, 30, 12, 36, 1, tzinfo=UTC)


def test_the_basic_format_is_read_and_written():
    assert parse_basic("20150830T123601Z") == MOMENT
    assert basic_format(MOMENT) == "20150830T123601Z"


def test_a_time_is_written_in_utc():
    tokyo = timezone(timedelta(hours=9))

    assert basic_format(MOMENT.astimezone(tokyo)) == "20150830T123601Z"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("20150230T000000Z", id="30 February"),
        pytest.param("20150830T246060Z", id="hour 24"),
        pytest.param("20150830T123660Z", id="leap second"),
        pytest.param("00000101T000000Z", id="year nought"),
        pytest.param("20150830T123601", id="no zone"),
        pytest.param("20150830T123601Z\n", id="newline"),
        pytest.param("2015-08-30T12:36:01Z", id="extended format"),
        pytest.param("\N{ARABIC-INDIC DIGIT TWO}0150830T123601Z", id="Arabic digit"),
        pytest.param("", id="empty"),
    ],
)
def test_a_time_that_does_not_exist_is_none(text: str):
    assert parse_basic(text) is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
def test_a_date_of_http_is_read(zone: str):
    assert parse_http(f"Sun, 30 Aug 2015 12:36:01 {zone}") == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Sun, 30 Aug 2015 12:36:01 +0900", id="elsewhere"),
        pytest.param("Sun, 31 Jun 2015 12:36:01 GMT", id="31 June"),
        pytest.param("Sun, 30 Aux 2015 12:36:01 GMT", id="no month"),
        pytest.param("Sunday, 30-Aug-15 12:36:01 GMT", id="obsolete form"),
    ],
)
def test_another_date_is_none(text: str):
    assert parse_http(text) is None
