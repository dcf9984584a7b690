import random
import string

import pytest

from app.adapters.tokens.secret_strength import WeakSecretError, refuse_weak
from tests.fakes import SECRET


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(b"", id="none"),
        pytest.param(SECRET[:31], id="31 bytes"),
        pytest.param(b"a" * 64, id="one letter"),
        pytest.param(
            b"aaaeaaiaaoaeeaeiaeoaieaiiaioaoeaoiaooeeeieeoeiieioeoieooiiioiooo",
            id="four letters, each three of them once",
        ),
        pytest.param(b"password1" * 8, id="few letters, repeated"),
        pytest.param(b"0123456789" * 4, id="digits in order, repeated"),
        pytest.param(
            string.ascii_lowercase.encode() + b"0123456789", id="the alphabet"
        ),
        pytest.param(string.ascii_uppercase.encode()[::-1] + b"987654", id="backwards"),
        pytest.param(b"acegikmoqsuwybdfhjlnprtvxz135792468", id="every second letter"),
        pytest.param(b"aBcDeFgHiJkLmNoPqRsTuVwXyZ012345", id="in changing case"),
        pytest.param(b"qwertyuiopasdfghjklzxcvbnm123456", id="along a keyboard"),
        pytest.param(b"poiuytrewqlkjhgfdsamnbvcxz654321", id="and back"),
        pytest.param(b"wonderland1865" * 3, id="one word, repeated"),
        pytest.param(bytes(range(64)), id="bytes in order"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(secret: bytes):
    with pytest.raises(WeakSecretError) as caught:
        refuse_weak(secret)

    assert not secret or secret.decode() not in str(caught.value)


@pytest.mark.parametrize(
    ("alphabet", "length"),
    [
        pytest.param(string.hexdigits[:16], 32, id="128 bits in hexadecimal"),
        pytest.param(string.ascii_letters + string.digits, 64, id="the template's"),
        pytest.param(string.ascii_letters + "0123456789-_", 43, id="base64url"),
    ],
)
def test_what_was_generated_is_taken(alphabet: str, length: int):
    source = random.Random(1865)  # noqa: S311 - a failure can be repeated

    for _ in range(2000):
        refuse_weak("".join(source.choices(alphabet, k=length)).encode())
