"""Where a sentence ends."""

import pytest

from summary.sentences import LONGEST, spans


def sentences_of(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
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
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]):
    assert sentences_of(text) == sentences


def test_what_runs_on_is_cut_between_words():
    text = "and so on, " * 200

    pieces = sentences_of(text)

    assert all(len(piece) <= LONGEST for piece in pieces)
    assert " ".join(pieces) == text.strip()


def test_a_letter_keeps_its_accent_where_a_text_is_cut():
    pieces = sentences_of("a" + "e\u0301" * LONGEST)

    assert [piece[0] for piece in pieces[1:]] == ["e"] * (len(pieces) - 1)


def test_lines_of_marks_are_no_sentences():
    assert sentences_of("One.\n* * *\n-----\nTwo.") == ["One.", "Two."]
