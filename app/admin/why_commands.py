"""``python -m app.admin why USER FUNCTION``: each rule, and what would be granted."""

import argparse
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from app.admin.bootstrap import GrantPlaces, build_inquiry
from app.admin.errors import UsageError
from app.admin.exit_codes import ExitCode
from app.admin.output import echo, echo_error
from app.admin.users import identity_of
from app.domain.identity import LOCAL
from app.domain.session import USUAL, SessionPlan, SessionRequest

if TYPE_CHECKING:
    # What reads entries needs packages that no other command does.
    from app.admin.why import Answer

WHAT: Final = "say why somebody may call a function, or may not"
EXAMPLE: Final = "why alice hello --local"

_PLACES: Final = (
    ("table", "AIKAGI_USERS_TABLE", "UsersTableName"),
    ("catalogue", "AIKAGI_CATALOGUE_PATH", "CataloguePath"),
    ("role", "AIKAGI_INVOKE_ROLE_ARN", "InvokeRoleArn"),
    ("issuers", "AIKAGI_ISSUERS_PATH", "IssuersPath"),
)
"""Options, the variables in their place, and the outputs of the stack."""


def add_why_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("username", metavar="USER")
    parser.add_argument("function", metavar="FUNCTION")
    parser.add_argument(
        "--issuer",
        metavar="ALIAS",
        default=LOCAL,
        help="of another issuer: USER is the subject in its tokens",
    )
    parser.add_argument(
        "--claim",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what the issuer's token says, as far as its entry reads it; may be "
        "given several times, for one name too; of a claim within others the names "
        "are joined by full stops",
    )
    parser.add_argument(
        "--duration",
        type=int,
        metavar="SECONDS",
        help="what is asked for; else as much as `POST /grant` gives",
    )
    for option, variable, output in _PLACES:
        parser.add_argument(
            f"--{option}",
            metavar="NAME",
            help=f"the stack's output {output}; else {variable}",
        )
    parser.set_defaults(run=_why)


def _why(options: argparse.Namespace) -> ExitCode:
    with _reports_of_what_is_left_out():
        answer = _ask(options)
    if options.json:
        echo(json.dumps(_to_json(answer)))
    else:
        _print(answer)
    return ExitCode.DONE if answer.is_granted else ExitCode.NOT_DONE


def _ask(options: argparse.Namespace) -> "Answer":
    inquiry = build_inquiry(_places(options))
    identity = identity_of(options.issuer, options.username)
    asked = SessionRequest(
        function_name=options.function,
        duration_seconds=options.duration,
        default_duration=USUAL,
    )
    if identity.issuer != LOCAL:
        return inquiry.federated(identity, _claims(options.claim), asked)
    if options.claim:
        raise UsageError("--claim is of a token: name its issuer by --issuer.")
    return inquiry.own_user(identity, asked)


def _places(options: argparse.Namespace) -> GrantPlaces:
    named = {
        option: getattr(options, option) or os.environ.get(variable, "")
        for option, variable, _ in _PLACES
    }
    for option, _, output in _PLACES:
        is_needed = option != "issuers" or options.issuer != LOCAL
        if is_needed and not named[option]:
            raise UsageError(
                f"Name what is read: --{option} (the stack's output {output}), or "
                "--local."
            )
    return GrantPlaces(
        **named,
        # The template gives both one beginning, /aikagi/<stack>/.
        role_path=os.environ.get("AIKAGI_INVOKE_ROLE_PATH")
        or f"{named['catalogue'].rpartition('/')[0]}/",
        local_origins=tuple(
            filter(None, os.environ.get("AIKAGI_LOCAL_FUNCTION_URLS", "").split(","))
        ),
        local_issuers=os.environ.get("AIKAGI_LOCAL_ISSUERS") == "true",
    )


def _claims(pairs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    claims: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError("A claim is NAME=VALUE.")
        claims.setdefault(name, []).append(value)
    return claims


def _print(answer: "Answer") -> None:
    for rule in answer.rules:
        passed = "passed" if rule.is_met else "failed"
        echo(f"{passed}\t{rule.rule}\t{rule.detail}")
    plan = _plan(answer)
    if plan is None:
        echo("Nothing would be granted.")
        return
    for name, value in _described(plan).items():
        text = value if isinstance(value, str) else json.dumps(value)
        echo(f"granted\t{name}\t{text}")


def _to_json(answer: "Answer") -> dict[str, Any]:
    plan = _plan(answer)
    refusal = answer.explanation.refusal if answer.explanation else None
    return {
        "Granted": plan is not None,
        **({"Reason": refusal.reason} if refusal is not None else {}),
        "Rules": [
            {"Rule": rule.rule, "Passed": rule.is_met, "Detail": rule.detail}
            for rule in answer.rules
        ],
        **({"Grant": _described(plan)} if plan is not None else {}),
    }


def _plan(answer: "Answer") -> SessionPlan | None:
    is_explained = answer.is_granted and answer.explanation is not None
    return answer.explanation.plan if is_explained and answer.explanation else None


def _described(plan: SessionPlan) -> dict[str, Any]:
    """Describe a plan, but for what is another at every grant."""
    tags = {**plan.tags, **dict(plan.claim_tags)}
    return {
        "SessionName": plan.name,
        "RoleArn": plan.function.role_arn,
        "DurationSeconds": int(plan.duration.total_seconds()),
        "Groups": sorted(plan.groups),
        "Tags": {k: v for k, v in tags.items() if k not in {"issued", "grant"}},
        "Policy": json.loads(plan.policy),
    }


class _ToStandardError(logging.Handler):
    @override
    def emit(self, record: logging.LogRecord) -> None:
        echo_error(record.getMessage())


@contextmanager
def _reports_of_what_is_left_out() -> Iterator[None]:
    """Write to standard error what the broker's log says of entries it does not take.

    The loggers are those of ``app.adapters.catalogue`` and ``app.adapters.issuers``.
    """
    handler = _ToStandardError(logging.ERROR)
    loggers = [
        logging.getLogger(f"app.adapters.{name}") for name in ("catalogue", "issuers")
    ]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
