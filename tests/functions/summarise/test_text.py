"""Where a sentence ends, what counts as one and the same word, which language it is."""

import pytest

from summarise.text import language_of, sentences_of, words_of

GERMAN = (
    "Der Deich ist gebrochen, und das Wasser steht in der ganzen Unterstadt, sagte ein"
    " Sprecher der Feuerwehr gestern bei uns am Markt."
)


def sentences(text: str) -> list[str]:
    return [sentence for _, found in sentences_of(text) for sentence in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One. Two! Three?", ["One.", "Two!", "Three?"], id="marks"),
        pytest.param("Dr. Amsel came.", ["Dr. Amsel came."], id="a title"),
        pytest.param(
            "It costs 4.2 million. It is late.",
            ["It costs 4.2 million.", "It is late."],
            id="a decimal point",
        ),
        pytest.param("J. R. Smith wrote it.", ["J. R. Smith wrote it."], id="initials"),
        pytest.param("Bring keys, i.e. both.", ["Bring keys, i.e. both."], id="i.e."),
        pytest.param(
            "He said “Wait.” She did.", ["He said “Wait.”", "She did."], id="quoted"
        ),
        pytest.param(
            "See https://a.example/b.c for it. Done.",
            ["See https://a.example/b.c for it.", "Done."],
            id="an address",
        ),
        pytest.param("Well... maybe. Yes.", ["Well... maybe.", "Yes."], id="dots"),
        pytest.param(
            "朝だ。昼だ！夜か？", ["朝だ。", "昼だ！", "夜か？"], id="Japanese"
        ),
        pytest.param(
            "彼は「来る。」と言った。雨だ。",
            ["彼は「来る。」と言った。", "雨だ。"],
            id="quoted Japanese",
        ),
        pytest.param("Title\n\nText here.", ["Title", "Text here."], id="a heading"),
        pytest.param("- one\n- two", ["- one", "- two"], id="points"),
        pytest.param(
            "It was wrapped\nin the middle. Yes.",
            ["It was wrapped in the middle.", "Yes."],
            id="a wrapped line",
        ),
        pytest.param(
            "傷みが進み、\nいまでは崩れる\nおそれがある。雨。",
            ["傷みが進み、いまでは崩れるおそれがある。", "雨。"],
            id="wrapped Japanese",
        ),
        pytest.param("One.\n* * *\n-----\nTwo.", ["One.", "Two."], id="ornaments"),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]):
    assert sentences(text) == expected


def test_a_sentence_that_runs_on_is_cut_between_words():
    text = "and so on, " * 200

    pieces = sentences(text)

    assert len(pieces) > 1
    assert all(len(piece) <= 600 for piece in pieces)
    assert " ".join(pieces) == text.strip()


@pytest.mark.parametrize("filler", [" ", "x", "x ", "あ"])
def test_a_sentence_is_whole_wherever_it_stands_in_a_long_text(filler: str):
    sentence = "The wall of the harbour is failing."
    for offset in range(1_960, 2_010):
        text = (filler * offset)[:offset] + "\n\n" + sentence + "\n\n" + filler * 50

        assert sentence in sentences(text)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        pytest.param("Walls, WALL; wall!", {"wall": 3}, id="endings and capitals"),
        pytest.param("repaired repairing", {"repair": 2}, id="long words"),
        pytest.param("It is what it was.", {}, id="words of no meaning"),
        pytest.param("the mayor\u2019s keys", {"mayor": 1, "key": 1}, id="whose"),
        pytest.param("\uff37\uff21\uff2c\uff2c wall", {"wall": 2}, id="wide letters"),
        pytest.param("防波堤", {"防波": 1, "波堤": 1}, id="pairs of kanji"),
        pytest.param("\uff77\uff70", {"キー": 1}, id="narrow katakana"),
        pytest.param("鍵です", {"鍵": 1}, id="hiragana is grammar"),
    ],
)
def test_a_sentence_is_about_its_words(sentence: str, words: dict[str, int]):
    assert words_of(sentence) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The wall is failing, and it has to be repaired.", "en"),
        ("防波堤が傷んでいる。", "ja"),
        ("防波堤。", "other"),
        (GERMAN, "other"),
        ("Плотина прорвана.", "other"),
        ("12.", "other"),
    ],
)
def test_the_language_is_found_by_the_letters_and_words(text: str, language: str):
    assert language_of(text) == language
