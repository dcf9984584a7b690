import pytest

from events import Progress
from summary import EmptyTextError, summarise


@pytest.mark.parametrize("text", ["", " \n\t\u3000"])
def test_there_is_no_summary_of_nothing(text: str):
    with pytest.raises(EmptyTextError):
        next(summarise(text))


def test_there_is_one_of_anything_else():
    assert isinstance(next(summarise("A key.")), Progress)
