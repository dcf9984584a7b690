"""What members of a request must look like, and how AWS says that they do not."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from aikagi_emulator.aws.errors import AwsError


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    r"""A string type of AWS's models: its length, and its pattern as AWS spells it.

    ``fits`` is that pattern in Python: Java's ``\w`` is ASCII, Python's is not, and
    ``re`` has no ``\p``.
    """

    shortest: int
    longest: int
    pattern: str
    fits: Callable[[str], object]


_TAG_SIGNS: Final = frozenset("_.:/=+-@")


def _tag_text(text: str) -> bool:
    return all(c in _TAG_SIGNS or unicodedata.category(c)[0] in "LZN" for c in text)


# Read from botocore's model of STS, sts/2011-06-15.
SESSION_NAME: Final = Grammar(
    shortest=2,
    longest=64,
    pattern=r"[\w+=,.@-]*",
    fits=re.compile(r"[A-Za-z0-9_+=,.@-]*").fullmatch,
)
EXTERNAL_ID: Final = Grammar(
    shortest=2,
    longest=1224,
    pattern=r"[\w+=,.@:\/-]*",
    fits=re.compile(r"[A-Za-z0-9_+=,.@:/-]*").fullmatch,
)
ROLE_ARN: Final = Grammar(
    shortest=20,
    longest=2048,
    pattern=r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD]+",
    fits=re.compile("[\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd]+").fullmatch,
)
TAG_KEY: Final = Grammar(
    shortest=1,
    longest=128,
    pattern=r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    fits=_tag_text,
)
TAG_VALUE: Final = Grammar(
    shortest=0,
    longest=256,
    pattern=r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    fits=_tag_text,
)
# The model has no maximum any more; the service's text still says 2,048 characters.
SESSION_POLICY: Final = Grammar(
    shortest=1,
    longest=2048,
    pattern=r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    fits=re.compile("[\t\n\r\u0020-\u00ff]+").fullmatch,
)

# Read from botocore's model of IAM, iam/2010-05-08.
ARN: Final = Grammar(shortest=20, longest=2048, pattern="", fits=lambda _: True)
POLICY_DOCUMENT: Final = Grammar(
    shortest=1,
    longest=131072,
    pattern=SESSION_POLICY.pattern,
    fits=SESSION_POLICY.fits,
)
ROLE_NAME: Final = Grammar(
    shortest=1,
    longest=64,
    pattern=r"[\w+=,.@-]+",
    fits=re.compile(r"[A-Za-z0-9_+=,.@-]+").fullmatch,
)
VERSION_ID: Final = Grammar(
    shortest=2,
    longest=128,
    pattern=r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
    fits=re.compile(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?").fullmatch,
)


@final
class Violations:
    """Collects what is wrong with a request: AWS tells all of it at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def text(self, member: str, value: str | None, grammar: Grammar) -> str:
        """Check a required member and hand it back."""
        if value is None:
            self._add(member, None, "not be null")
            return ""
        shortest, longest = grammar.shortest, grammar.longest
        if len(value) < shortest:
            rule = f"have length greater than or equal to {shortest}"
            self._add(member, value, rule)
        if len(value) > longest:
            self._add(member, value, f"have length less than or equal to {longest}")
        if not grammar.fits(value):
            rule = f"satisfy regular expression pattern: {grammar.pattern}"
            self._add(member, value, rule)
        return value

    def optional(self, member: str, value: str | None, grammar: Grammar) -> str | None:
        return None if value is None else self.text(member, value, grammar)

    def number(self, member: str, value: int, *, least: int, most: int) -> int:
        if value < least:
            rule = f"have value greater than or equal to {least}"
            self._add(member, str(value), rule)
        if value > most:
            rule = f"have value less than or equal to {most}"
            self._add(member, str(value), rule)
        return value

    def count(self, member: str, count: int, *, most: int) -> None:
        if count > most:
            rule = f"have length less than or equal to {most}"
            self._add(member, f"[{count} members]", rule)

    def settle(self) -> None:
        """Raise a ``ValidationError`` with everything found, if anything was."""
        if not self._found:
            return
        plural = "" if len(self._found) == 1 else "s"
        head = f"{len(self._found)} validation error{plural} detected: "
        raise AwsError("ValidationError", head + "; ".join(self._found))

    def _add(self, member: str, value: str | None, rule: str) -> None:
        shown = "null" if value is None else f"'{value}'"
        where = f"Value {shown} at '{member}'"
        self._found.append(f"{where} failed to satisfy constraint: Member must {rule}")
