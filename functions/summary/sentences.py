"""Where sentences begin and end."""

import re
from collections.abc import Iterator
from typing import Final, TypeAlias
from unicodedata import combining, east_asian_width

from summary.scripts import HIRAGANA, KANJI, KATAKANA
from summary.words import SAY_LITTLE

Span: TypeAlias = tuple[int, int]
"""Start and end in the text."""

LONGEST: Final = 600
"""Characters: what runs on is cut."""

_STRETCH: Final = 65_536
"""Characters looked through at once: whoever waits hears something meanwhile."""

_LINE: Final = re.compile("[^\n\r\v\f\x85\u2028\u2029]+")
_OWN_LINE: Final = re.compile(
    r"\s*(?:[-*+\u2022\u2023\u25aa\u25cf\u25a0\u25c6\u30fb\u203b>#|]|\(?\d{1,3}[.)]\s)"
)
_HEADING: Final = re.compile(r"\s*#")
_TWO_ENDS: Final = re.compile("\r\n?|[^\r]")
_WRAPPED: Final = 40
"""Columns: a line as wide as this may be broken off where the paper ended."""

_CLOSING: Final = "\"'\u2019\u201d)\\]}\u00bb\u300d\u300f\uff09\u3011\u3015\u3009\u300b"
_END: Final = re.compile(
    # What is said within brackets is one piece of the sentence that quotes it.
    "(?P<quoted>\u300c[^\u300c\u300d]{0,200}\u300d|\u300e[^\u300e\u300f]{0,200}\u300f)"
    # Marks that need no space after them.
    f"|[。！？．｡؟۔।॥።]+[{_CLOSING}]*"
    # Marks that do, unless Japanese follows.
    f"|(?<![.!?\u2026])[.!?\u2026]++[{_CLOSING}]*+"
    f"(?=\\s|\\Z|(?<![.\u2026])[{KANJI}{KATAKANA}{HIRAGANA}])"
)
_GOES_ON: Final = re.compile(f"[{HIRAGANA}\u3001\uff0c,]")
_ENDED: Final = re.compile(f"[。！？．｡؟۔।॥።!?.\u2026][{_CLOSING}]*\\Z")
_FEW: Final = 20
"""Characters: no abbreviation is longer."""

_BEFORE: Final = re.compile(r"[\w.\u2019'-]{1,20}\Z")
_NEXT: Final = re.compile(rf"\s*[{_CLOSING}(\[\u201c\u2018]*(\w{{1,20}})")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_ABBREVIATED: Final = frozenset(
    """
    mr mrs ms dr prof rev hon gen col lt sgt capt st mt jr sr vs cf al etc approx dept
    est fig figs eq sec ch vol no nos pp ed eds inc ltd co corp jan feb mar apr jun jul
    aug sep sept oct nov dec univ ave blvd rd min max incl excl
    """.split()  # noqa: SIM905
)
_CUT: Final = re.compile(r"[;:,\u3001\uff0c\uff1b\uff1a]\s*|\s+")
_LETTER: Final = re.compile(r"[^\W_]")


def spans(text: str) -> Iterator[Span]:
    """Yield the sentences, none empty, and none without a letter or a figure.

    A text that has neither is one sentence, whatever it begins with.
    """
    found = False
    for span in pieces(text):
        if says_something(text, span):
            yield span
            found = True
    if not found:
        yield next(pieces(text))


def pieces(text: str) -> Iterator[Span]:
    """Yield the sentences, and all between them that says nothing."""
    for block in _blocks(text):
        for stretch in _cut_up(text, block, longest=_STRETCH):
            for sentence in _ends(text, stretch):
                yield from _cut_up(text, sentence, longest=LONGEST)


def says_something(text: str, span: Span) -> bool:
    """Tell whether there is a letter or a figure. Lines and ornaments have none."""
    return bool(_LETTER.search(text, *span))


def is_ended(text: str, span: Span) -> bool:
    """Tell a sentence from a heading."""
    start, end = span
    return bool(_ENDED.search(text, max(start, end - _FEW), end))


def _blocks(text: str) -> Iterator[Span]:
    """Yield what no sentence leaves: paragraphs, headings, points of a list."""
    start = end = 0
    open_line = ""
    for found in _LINE.finditer(text):
        line = found[0]
        if line.isspace():
            open_line = ""
            continue
        if end - start > _STRETCH or not _continues(
            open_line, text[end : found.start()], line
        ):
            if end:
                yield start, end
            start = found.start()
        end = found.end()
        open_line = "" if _HEADING.match(line) else line
    if end:
        yield start, end


def _continues(last: str, between: str, line: str) -> bool:
    """Tell whether a line goes on where the last one was broken off."""
    if not last or len(_TWO_ENDS.findall(between)) > 1 or _OWN_LINE.match(line):
        return False
    return _columns(last) >= _WRAPPED or line.lstrip()[:1].islower()


def _columns(line: str) -> int:
    if len(line) >= _WRAPPED:
        return len(line)
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in line)


def _ends(text: str, stretch: Span) -> Iterator[Span]:
    begun, end = stretch
    for mark in _END.finditer(text, begun, end):
        if _is_end(text, mark, begun, end):
            yield begun, mark.end()
            begun = mark.end()
    yield begun, end


def _is_end(text: str, mark: re.Match[str], begun: int, end: int) -> bool:
    written, after = mark[0], text[mark.end() : mark.end() + 1]
    closed = written[-1] not in ".!?\u2026。！？．｡"
    if closed and _GOES_ON.match(after):
        return False
    if mark["quoted"]:
        return bool(_ENDED.search(written[:-1]))
    if written[0] not in ".!?\u2026":
        return not (written == "．" and after.isdigit())
    following = _NEXT.match(text, mark.end(), end)
    word = following[1] if following else ""
    if written == ".":
        said = text[max(begun, mark.start() - _FEW) : mark.start()]
        return not _is_short_for(said, word)
    return not (word[:1].islower() and (closed or written[0] in ".\u2026"))


def _is_short_for(said: str, following: str) -> bool:
    """Tell whether the full stop after ``said`` is part of an abbreviation."""
    found = _BEFORE.search(said)
    word = found[0] if found else ""
    starts = following[:1].isupper() and following.lower() in SAY_LITTLE
    if word.lower() in _ABBREVIATED or _INITIALS.fullmatch(word):
        return bool(following) and not starts
    # The number of a point, or of a chapter.
    return word.isdigit() and said.strip() == word


def _cut_up(text: str, span: Span, *, longest: int) -> Iterator[Span]:
    start, end = span
    while end - start > longest:
        cut = _cut(text, start, longest)
        yield from _stripped(text, start, cut)
        start = cut
    yield from _stripped(text, start, end)


def _cut(text: str, start: int, longest: int) -> int:
    """Cut behind the last comma or space of the second half, or else anywhere."""
    half, cut = start + longest // 2, start + longest
    for found in _CUT.finditer(text, half, cut):
        cut = found.end()
    while cut > half and _belongs_to_the_last(text[cut]):
        cut -= 1
    return cut


def _belongs_to_the_last(character: str) -> bool:
    return combining(character) > 0 or character in "\u200d\ufe0e\ufe0f"


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
