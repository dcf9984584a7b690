"""What is chosen of a text, and which events are yielded meanwhile."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from summarise.summary import default_sentences
from tests.functions.summarise.extracts import harbour, summary_of

GERMAN = (
    "Der Deich ist gebrochen, und das Wasser steht in der ganzen Unterstadt, sagte ein"
    " Sprecher der Feuerwehr gestern bei uns am Markt."
)


def test_an_english_text_is_summarised_by_what_it_is_about():
    extract = summary_of(harbour("en"))

    said = " ".join(extract.sentences)
    assert extract.summary.language == "en"
    assert "agreed to repair the worst third of the harbour wall" in said
    assert "washed out the ground" in said
    for aside in ("biscuits", "chairs", "ladder", "lights", "objected"):
        assert aside not in said


def test_a_japanese_text_is_summarised_by_what_it_is_about():
    extract = summary_of(harbour("ja"))

    said = "".join(extract.sentences)
    assert extract.summary.language == "ja"
    assert "防波堤の最も傷んだ部分を修理し" in said
    assert "防波堤の三分の一で基礎の土砂が海に流され" in said
    for aside in ("お茶", "椅子", "照明", "梯子", "異議"):
        assert aside not in said


def test_the_theme_wins_over_what_comes_first():
    lead = "Welcome to our little paper. We hope that you slept well. "
    theme = (
        "The mill needs a new water wheel. A new wheel for the mill costs two thousand."
        " Without a wheel the mill cannot turn its stones. The wheel of the mill broke"
        " in the flood. "
    )

    [only] = summary_of(lead + theme + "Thank you for reading.", 1).sentences

    assert "wheel" in only
    assert "mill" in only


def test_what_is_chosen_keeps_its_order():
    text = harbour("en")

    places = [text.index(sentence) for sentence in summary_of(text, 6).sentences]

    assert places == sorted(places)


def test_nothing_is_said_twice():
    said = "The wall of the harbour is failing and must be repaired. "
    also = "The harbour wall is failing, and it must be repaired! "
    other = "The wall protects the fish market behind the harbour. "

    extract = summary_of(said * 3 + also + other + "It rained.", 2)

    assert (
        len(
            [
                sentence
                for sentence in extract.sentences
                if "must be repaired" in sentence
            ]
        )
        == 1
    )


def test_what_says_nearly_the_same_is_chosen_once_however_many_are_wanted():
    text = (
        "The old harbour wall must be repaired before the autumn."
        " Before the autumn the old harbour wall must be repaired!"
        " The fish market floods at every spring tide. Someone brought biscuits."
    )

    assert summary_of(text, 4).summary.sentences == 3


def test_what_is_repeated_is_not_the_theme_for_that():
    text = harbour("en") + "Somebody whistled an old tune. " * 100

    assert "whistled" not in " ".join(summary_of(text, 3).sentences)


def test_a_heading_stands_back_behind_a_sentence():
    text = (
        "Repair of the harbour wall\n\nThe repair of the harbour wall begins soon.\n\n"
        "The harbour is old. It rained. The wall is of stone."
    )

    assert summary_of(text, 1).sentences == [
        "The repair of the harbour wall begins soon."
    ]


@pytest.mark.parametrize("wanted", [1, 2, 7])
def test_as_many_sentences_as_wanted_are_chosen(wanted: int):
    extract = summary_of(harbour("en"), wanted)

    assert len(extract.sentences) == extract.summary.sentences == wanted


def test_no_more_sentences_are_chosen_than_there_are():
    assert summary_of("One wall. Two gates.", 9).summary.sentences == 2


@pytest.mark.parametrize(
    ("of", "chosen"), [(1, 1), (2, 1), (6, 3), (100, 7), (100_000, 12)]
)
def test_a_longer_text_gets_a_longer_summary_but_not_by_much(of: int, chosen: int):
    assert default_sentences(of) == chosen


def test_a_sentence_that_was_wrapped_is_given_in_one_line():
    wrapped = "The wall of the harbour has been failing for many\nyears now. It rained."
    extract = summary_of(wrapped, 1)

    assert extract.sentences == [
        "The wall of the harbour has been failing for many years now."
    ]


def test_japanese_that_was_wrapped_gets_no_space():
    text = (
        "港の防波堤は長い年月のあいだに傷みが進み、いまでは崩れる\nおそれがある。雨。"
    )

    [only] = summary_of(text, 1).sentences

    assert "崩れるおそれがある" in only


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Hello", id="one word"),
        pytest.param("。。。", id="marks alone"),
        pytest.param("\x00", id="a zero byte"),
        pytest.param("Same. " * 400, id="the same again and again"),
        pytest.param("a" * 20_000, id="no space and no end"),
        pytest.param("\U0001f511" * 3_000, id="emoji"),
        pytest.param("שלום עולם. מה שלומך היום?", id="right to left"),
        pytest.param("- one\n- two\n# three\n\n1. four", id="points"),
    ],
)
def test_a_strange_text_has_a_summary_too(text: str):
    extract = summary_of(text)

    assert extract.summary.sentences >= 1
    assert extract.goes_forward


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The wall is failing, and it has to be repaired.", "en"),
        ("防波堤が傷んでいる。", "ja"),
        ("防波堤。", "other"),
        (GERMAN, "other"),
        ("Плотина прорвана.", "other"),
    ],
)
def test_the_language_is_told_by_the_text(text: str, language: str):
    assert summary_of(text).summary.language == language


def test_progress_has_three_steps_and_ends_at_its_total():
    extract = summary_of(harbour("en") * 50)

    steps = list(dict.fromkeys(event.code for event in extract.progress))
    assert steps == ["reading", "ranking", "writing"]
    assert extract.goes_forward
    for step in steps:
        last = [event for event in extract.progress if event.code == step][-1]
        assert last.done == last.total


def test_a_long_text_is_looked_up_from_often():
    extract = summary_of(" ".join(f"Number {n} is here." for n in range(40_000)), 1)

    read = [event for event in extract.progress if event.code == "reading"]
    assert 10 < len(read) < 100


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("A key is lent.\n", id="the same again and again"),
        pytest.param("- \n", id="nothing said"),
        pytest.param("Mr. ", id="no end of a sentence"),
        pytest.param("so it goes\n", id="no end of a line"),
        pytest.param("!", id="one long mark"),
        pytest.param("x", id="one long word"),
        pytest.param("\U0001f511", id="one picture"),
    ],
)
def test_whatever_a_long_text_is_made_of_its_reader_hears_how_far_it_is(piece: str):
    text = piece * (300_000 // len(piece))

    extract = [0, *(e.done for e in summary_of(text).progress if e.code == "reading")]

    assert max(after - before for before, after in pairwise(extract)) < 100_000


def test_the_same_text_has_the_same_summary():
    assert summary_of(harbour("ja")) == summary_of(harbour("ja"))


@given(st.text(min_size=1).filter(str.strip), st.integers(1, 5))
@example("A b. " * 30, 3)
@example("\ufeff「あ」い。", 1)
def test_whatever_the_text_what_is_chosen_stands_in_it(text: str, wanted: int):
    extract = summary_of(text, wanted)

    said = "".join("".join(extract.sentences).split())
    assert extract.summary.sentences <= wanted
    assert extract.goes_forward
    letters = iter("".join(text.split()))
    assert all(letter in letters for letter in said)  # in their order
