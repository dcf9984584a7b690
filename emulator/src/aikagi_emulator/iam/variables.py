"""Texts of a policy that hold variables and wildcards.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, final

from aikagi_emulator.iam.context import Facts
from aikagi_emulator.iam.errors import PolicyError, shown

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
    """Whether ``value`` is like ``runs``: ``*`` any characters, ``?`` exactly one."""
    return _compiled(runs).fullmatch(value) is not None


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
        start = shown(text[text.index("${") :])
        msg = f"{start} begins no variable: ${{key}} or ${{key, 'default'}}"
        raise PolicyError(msg)
    return text


def _referred(whole: str, key: str, default: str | None) -> tuple[str, bool] | Variable:
    if key in ("*", "?", "$") and default is None:
        return key, True
    if not _KEY.fullmatch(key):
        msg = f"{shown(whole)} names no condition key, such as aws:PrincipalTag/user"
        raise PolicyError(msg)
    return Variable(key=key.lower(), default=default)


@lru_cache(maxsize=4096)
def _compiled(runs: Runs) -> re.Pattern[str]:
    """An expression that needs no time to fail, however many stars there are.

    What follows a star is sought once, from the left, and kept (an atomic group):
    the leftmost place is always as good as any later one.
    """
    chunks = [""]
    for text, literal in runs:
        for character in text:
            if character == "*" and not literal:
                chunks.append("")
            elif character == "?" and not literal:
                chunks[-1] += "."
            else:
                chunks[-1] += re.escape(character)
    if len(chunks) == 1:
        return re.compile(chunks[0], re.DOTALL)
    first, *between, last = chunks
    sought = "".join(f"(?>.*?{chunk})" for chunk in between)
    return re.compile(f"{first}{sought}.*{last}", re.DOTALL)
