"""Policies as documents: parsed whole, or not at all.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn, final

from aikagi_emulator.iam import elements
from aikagi_emulator.iam.errors import PolicyError, naming, quoted
from aikagi_emulator.iam.statement import Statement

_VERSION: Final = "2012-10-17"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy that was understood. ``name`` tells it apart in explanations."""

    name: str
    statements: tuple[Statement, ...]

    @classmethod
    def identity(cls, document: str | Mapping[str, object], *, name: str) -> "Policy":
        """A policy of a role or user, a boundary or a session policy.

        ``document`` is JSON or what JSON would be parsed to. Raises ``PolicyError``.
        """
        return cls(name=name, statements=_statements(document, trust=False))

    @classmethod
    def trust(cls, document: str | Mapping[str, object], *, name: str) -> "Policy":
        """A role's trust policy: with principals, without resources."""
        return cls(name=name, statements=_statements(document, trust=True))


def _statements(document: object, *, trust: bool) -> tuple[Statement, ...]:
    with naming("the policy"):
        whole = _loaded(document) if isinstance(document, str) else document
        body = elements.members(whole, allowed=("Version", "Id", "Statement"))
        _check_version(body)
        if not isinstance(body.get("Id", ""), str):
            msg = "Id is a text"
            raise PolicyError(msg)
        listed = body.get("Statement")
        statements = listed if isinstance(listed, list | tuple) else [listed]
        if not statements:
            msg = "Statement is empty"
            raise PolicyError(msg)
    parsed = tuple(
        _statement(statement, number, trust=trust)
        for number, statement in enumerate(statements, start=1)
    )
    sids = [statement.sid for statement in parsed if statement.sid]
    if len(sids) != len(set(sids)):
        msg = "the policy: each Sid may be given to one statement only"
        raise PolicyError(msg)
    return parsed


def _statement(value: object, number: int, *, trust: bool) -> Statement:
    sid = value.get("Sid") if isinstance(value, Mapping) else None
    with naming(f"statement {number}" + (f" ({quoted(sid)})" if sid else "")):
        body = elements.members(value, allowed=elements.STATEMENT)
        principals, spares = elements.principals(body, trust=trust)
        return Statement(
            number=number,
            sid=elements.sid(body),
            denies=elements.denies(body),
            actions=elements.actions(body, trust=trust),
            resources=elements.resources(body, trust=trust),
            principals=principals,
            spares=spares,
            conditions=elements.conditions(body),
        )


def _check_version(body: Mapping[str, Any]) -> None:
    if "Version" not in body and _has_no_variable(body.get("Statement")):
        # It is of 2008, and means the same: SAM's policy templates are written so.
        return
    if body.get("Version") != _VERSION:
        msg = (
            f'Version must be the text "{_VERSION}", not {quoted(body.get("Version"))}:'
            " without it, variables such as ${aws:username} are only text"
        )
        raise PolicyError(msg)


def _has_no_variable(statement: object) -> bool:
    return statement is not None and "${" not in json.dumps(statement, default=str)


def _loaded(text: str) -> Any:  # noqa: ANN401 - JSON, of which nothing is known yet
    return json.loads(
        text,
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
        parse_float=Decimal,
    )


def _unique(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = f"a member is given twice among {quoted([name for name, _ in pairs])}"
        raise PolicyError(msg)
    return members


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise PolicyError(msg)
