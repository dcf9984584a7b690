"""What counts as one and the same word."""

import pytest

from summary.words import words_of


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        pytest.param("Walls, WALL; walled!", {"wall": 3.0}, id="endings and capitals"),
        pytest.param("It is what it was.", {}, id="words that say little"),
        pytest.param("the mayor\u2019s keys", {"mayor": 1.0, "key": 1.0}, id="whose"),
        pytest.param("\uff37\uff21\uff2c\uff2c wall", {"wall": 2.0}, id="wide letters"),
        pytest.param("防波堤", {"防波": 1.0, "波堤": 1.0}, id="pairs of kanji"),
        pytest.param("\uff77\uff70", {"キー": 1.0}, id="narrow katakana"),
        pytest.param("鍵です", {"鍵": 1.0, "です": 0.2}, id="hiragana says little"),
    ],
)
def test_a_sentence_is_about_its_words(sentence: str, words: dict[str, float]):
    assert words_of(sentence) == words
