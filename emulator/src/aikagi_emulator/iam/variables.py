"""Texts of a policy that hold variables and wildcards.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, final

from aikagi_emulator.iam.context import Facts
from aikagi_emulator.iam.errors import PolicyError, quoted

Runs: TypeAlias = tuple[tuple[str, bool], ...]
"""Pieces of text; the flag says that ``*`` and ``?`` in one are only characters."""

_ARN_FIELDS: Final = 6
_REFERENCE: Final = re.compile(r"\$\{([^{}$',]*|\$)(?:,\s*'([^']*)'\s*)?\}")
_KEY: Final = re.compile("[A-Za-z0-9-]+:.+", re.DOTALL)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    key: str
    default: str | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """``source`` is the text as the policy has it, for explanations."""

    source: str
    parts: tuple[tuple[str, bool] | Variable, ...]

    @classmethod
    def plain(cls, text: str) -> "Template":
        """A text in which nothing is special."""
        return cls(source=text, parts=((text, True),))

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Raises ``PolicyError`` for a ``${`` that begins no variable."""
        parts: list[tuple[str, bool] | Variable] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            parts.append((_outside(text[end : found.start()]), False))
            parts.append(_referred(found[0], found[1].strip(), found[2]))
            end = found.end()
        parts.append((_outside(text[end:]), False))
        return cls(
            source=text, parts=tuple(part for part in parts if part != ("", False))
        )

    @property
    def has_variables(self) -> bool:
        return any(isinstance(part, Variable) for part in self.parts)

    def resolve(self, facts: Facts) -> Runs | None:
        """Fill the variables in; None where one has neither value nor default.

        A multivalued key cannot be a variable. Wildcards in a value are not wild.
        """
        runs: list[tuple[str, bool]] = []
        for part in self.parts:
            if not isinstance(part, Variable):
                runs.append(part)
                continue
            value = facts.get(part.key, part.default)
            if not isinstance(value, str):
                return None
            runs.append((value, True))
        return tuple(runs)


def text_of(runs: Runs) -> str:
    return "".join(text for text, _ in runs)


def matches(runs: Runs, value: str) -> bool:
    """Whether ``value`` is like ``runs``: ``*`` any characters, ``?`` exactly one.

    What stands between two stars is sought once, from the left, and kept: the leftmost
    place is always as good as any later one.
    """
    first, *others = _chunks(runs)
    if not first.stands_at(0, value):
        return False
    if not others:
        return len(value) == first.length
    *between, last = others
    start, end = first.length, len(value) - last.length
    for chunk in between:
        found = chunk.find(value, start)
        if found < 0:
            return False
        start = found + chunk.length
    return start <= end and last.stands_at(end, value)


def arn_fields(runs: Runs) -> tuple[Runs, ...] | None:
    """The six parts of an ARN, the last with its colons; None if there are fewer."""
    fields: list[list[tuple[str, bool]]] = [[]]
    for text, literal in runs:
        first, *rest = text.split(":", _ARN_FIELDS - len(fields))
        fields[-1].append((first, literal))
        fields.extend([(piece, literal)] for piece in rest)
    return tuple(map(tuple, fields)) if len(fields) == _ARN_FIELDS else None


def _outside(text: str) -> str:
    if "${" in text:
        start = quoted(text[text.index("${") :])
        msg = f"{start} begins no variable: ${{key}} or ${{key, 'default'}}"
        raise PolicyError(msg)
    return text


def _referred(whole: str, key: str, default: str | None) -> tuple[str, bool] | Variable:
    if key in ("*", "?", "$") and default is None:
        return key, True
    if not _KEY.fullmatch(key):
        msg = f"{quoted(whole)} names no condition key, such as aws:PrincipalTag/user"
        raise PolicyError(msg)
    return Variable(key=key.lower(), default=default)


@final
@dataclass(frozen=True, slots=True)
class _Chunk:
    """What stands between two stars. ``wild`` is None where no ``?`` is in it."""

    text: str
    wild: re.Pattern[str] | None

    @property
    def length(self) -> int:
        return len(self.text)

    def find(self, value: str, start: int) -> int:
        if self.wild is None:
            return value.find(self.text, start)
        found = self.wild.search(value, start)
        return found.start() if found else -1

    def stands_at(self, position: int, value: str) -> bool:
        if self.wild is None:
            return value.startswith(self.text, position)
        return self.wild.match(value, position) is not None


@lru_cache(maxsize=4096)
def _chunks(runs: Runs) -> tuple[_Chunk, ...]:
    between: list[list[tuple[str, bool]]] = [[]]
    for text, literal in runs:
        first, *others = [text] if literal else text.split("*")
        between[-1].append((first, literal))
        between.extend([(other, literal)] for other in others)
    return tuple(_chunk(tuple(pieces)) for pieces in between)


def _chunk(pieces: Runs) -> _Chunk:
    text = text_of(pieces)
    if not any("?" in piece and not literal for piece, literal in pieces):
        return _Chunk(text, None)
    pattern = "".join(
        re.escape(piece) if literal else ".".join(map(re.escape, piece.split("?")))
        for piece, literal in pieces
    )
    return _Chunk(text, re.compile(pattern, re.DOTALL))
