"""The measurement itself: work that grows too fast is found, linear work is not."""

import math
import re
from typing import Any

import pytest

from tests.growth import Case, as_parameters, assert_linear, check, measure

QUADRATIC: list[Case[Any]] = [
    Case(
        "seeking the end of a string that has none",
        lambda n: '\\"' * n,
        lambda text: re.sub(r'"(?:[^"\\]|\\.)*"', "", text),
    ),
]
LINEAR: list[Case[Any]] = [
    Case("copying", range, list),
    # In a cache of the processor: numbers that stand all over memory cost more.
    Case("sorting", lambda n: list(range(n))[::-1], sorted, largest=16_384),
    Case("what does not depend on its input", lambda _: None, lambda _: None),
    Case("a refusal", lambda n: "x" * n, int, refusal=(ValueError,)),
]


def ignore(_name: str, _value: object) -> None:
    """Record nothing."""


@pytest.mark.parametrize("case", as_parameters(QUADRATIC))
def test_quadratic_work_is_found(case: Case[Any]):
    with pytest.raises(AssertionError, match="times the work for 8 times the input"):
        assert_linear(case, ignore)


@pytest.mark.parametrize("power", [1.5, 2, 3])
def test_work_that_grows_with_a_power_is_found(power: float):
    growth = measure("a power", lambda n, times: times * n**power / 1e6, 800)

    with pytest.raises(AssertionError, match="times the work for 8 times the input"):
        check(growth, ignore)


def test_work_that_grows_with_its_size_and_a_logarithm_passes():
    growth = measure("sorting", lambda n, times: times * n * math.log(n) / 1e6, 800)

    check(growth, ignore)


@pytest.mark.parametrize("case", as_parameters(LINEAR))
def test_linear_work_passes(case: Case[Any]):
    assert_linear(case, ignore)


@pytest.mark.parametrize(
    "disturbances", [[0, 0, 9], [0, 0, 0, 0, 9], [0, 0, 0, 9999], [0, 0, 9, 9999, 9]]
)
def test_a_disturbed_run_does_not_count(disturbances: list[int]):
    left = iter(disturbances)

    growth = measure("disturbed", lambda n, times: (n + next(left, 0)) * times, 800)

    assert growth.ratio == 8


def test_the_message_shows_both_times():
    growth = measure("a square", lambda n, times: times * n**2 / 1e6, 800)

    assert str(growth) == (
        "a square: 64.0 times the work for 8 times the input"
        " (32 in 1.024 ms, 256 in 65.536 ms)"
    )


def test_the_larger_input_is_no_longer_than_the_largest():
    sizes: set[int] = set()
    case = Case("sizes", range, lambda all_: sizes.add(len(all_)), largest=100)

    assert_linear(case, ignore)

    assert max(sizes) == 96
