"""Which characters are whose, as the inside of a pattern's brackets."""

from typing import Final

KANJI: Final = (
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Ideographs, and the marks that stand for one: 々 〆 〇."""

HIRAGANA: Final = "\u3041-\u3096\u309d\u309e"
KATAKANA: Final = "\u30a1-\u30fa\u30fc-\u30fe\uff66-\uff9f"
"""With the long sound that only words in katakana have, and the narrow forms."""
