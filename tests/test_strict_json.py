from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import strict_json
from app.strict_json import NotStrictJSONError


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": [1, -2.5e3, "x", true, null]}', {"a": [1, -2500.0, "x", True, None]}),
        (b'"[[[[[[[[[[[[[[[[[[[["', "[" * 20),
        (rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        (b"[" * 16 + b"]" * 16, [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]),
        (b"99999999999999999999", 99999999999999999999),
    ],
)
def test_json_is_read(data: bytes, value: object):
    assert strict_json.loads(data) == value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b'{"a": 1, "a": 2}', "the same member twice", id="twice"),
        pytest.param(b'[{"a": 1, "a": 1}]', "the same member twice", id="twice inside"),
        pytest.param(b"NaN", "NaN", id="nan"),
        pytest.param(b"[-Infinity]", "Infinity", id="infinity"),
        pytest.param(b"1e999", "out of range", id="too large a float"),
        pytest.param(b"1" * 21, "more than 20", id="too many digits"),
        pytest.param(b"0." + b"1" * 20, "more than 20", id="too many decimals"),
        pytest.param(b"[" * 17 + b"]" * 17, "deeper than 16", id="too deep"),
        pytest.param(b"[" * 100_000, "deeper than 16", id="far too deep"),
        pytest.param(rb'"\ud800"', "UTF-8", id="half a pair"),
        pytest.param(b'"\xff"', "UTF-8", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="a byte order mark"),
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"{} {}", "not JSON", id="two texts"),
        pytest.param(b"{'a': 1}", "not JSON", id="single quotes"),
    ],
)
def test_what_only_a_lenient_reader_takes_is_refused(data: bytes, why: str):
    with pytest.raises(NotStrictJSONError, match=why):
        strict_json.loads(data)


@given(st.binary() | st.text('[]{}",:\\u0d8 1eN').map(str.encode))
def test_nothing_raises_anything_else(data: bytes):
    with suppress(NotStrictJSONError):
        strict_json.loads(data)


def test_a_refusal_does_not_repeat_what_was_read():
    with pytest.raises(NotStrictJSONError) as caught:
        strict_json.loads(b'{"password": "hunter22" "hunter23"}')

    assert "hunter2" not in str(caught.value)
