"""``python -m app.admin revoke`` and ``users disable``: end access that was granted."""

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from app.adapters.audit import to_json
from app.admin.bootstrap import build_user_administration
from app.admin.errors import UsageError
from app.admin.exit_codes import ExitCode, exit_code_of
from app.admin.output import echo, echo_error, name_of, report_about
from app.admin.parsers import PROGRAM, Commands, add_issuer, add_parser
from app.admin.places import (
    RevocationPlaces,
    add_revocation_places,
    local_function_urls,
    revocation_places,
    table_name,
)
from app.admin.revocation.build import Built, build_revoker
from app.admin.revocation.entries import Entries, ends_at
from app.admin.revocation.revoker import InForce, Revocation, Revoker, Target
from app.admin.revocation.targets import Everyone, Person, SingleGrant
from app.admin.users import identity_of
from app.domain.audit import RevocationRecord, RevocationUndoneRecord
from app.domain.identity import Identity

_GRANT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_LONGEST_WAIT: Final = 600
_USUAL_WAIT: Final = 120


def add_revoke(commands: Commands) -> None:
    added = add_parser(
        commands,
        "revoke",
        "end logins, tokens and AWS sessions of somebody, who can log in anew",
        "revoke carol",
    )
    whose = added.add_mutually_exclusive_group(required=True)
    whose.add_argument(
        "username",
        metavar="USERNAME",
        nargs="?",
        help="of this user, or subject of another issuer",
    )
    whose.add_argument(
        "--grant",
        metavar="ID",
        help="only the session that began with this grant (SessionGrantId)",
    )
    whose.add_argument("--everyone", action="store_true", help="of everybody")
    whose.add_argument(
        "--list", action="store_true", help="only say what is in force, and until when"
    )
    add_issuer(added)
    added.add_argument(
        "--removed",
        action="store_true",
        help="of a user who was removed: there is nobody of that name any more",
    )
    added.add_argument(
        "--undo",
        action="store_true",
        help="let sessions of theirs be used again; logins and tokens stay ended",
    )
    _add_proof(added)
    add_revocation_places(added)
    added.set_defaults(run=_revoke)


def add_disable(commands: Commands) -> None:
    added = add_parser(
        commands,
        "disable",
        "keep somebody out from their next request on, and end what they have",
        "users disable carol",
    )
    added.add_argument("username", metavar="USERNAME")
    add_issuer(added)
    added.add_argument(
        "--no-revoke",
        action="store_true",
        help="let AWS sessions of theirs go on to their end, within the hour",
    )
    _add_proof(added)
    add_revocation_places(added)
    added.set_defaults(run=_disable)


def _add_proof(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-proof", action="store_true", help="do not wait until AWS refuses"
    )
    parser.add_argument(
        "--function",
        metavar="NAME",
        help="which function is called (by GET, as nobody) to see whether AWS refuses; "
        "else the first of the catalogue that does not stream",
    )
    parser.add_argument(
        "--wait",
        type=_wait_option,
        default=_USUAL_WAIT,
        metavar="SECONDS",
        help=f"how long that may take; {_USUAL_WAIT} unless it says otherwise",
    )


def _wait_option(text: str) -> int:
    seconds = int(text) if re.fullmatch("[0-9]{1,4}", text) else 0
    if not 1 <= seconds <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"from 1 to {_LONGEST_WAIT} seconds")
    return seconds


def _revoke(options: argparse.Namespace) -> ExitCode | None:
    places = _required_places(options)
    if options.list:
        return _list(_built(places).revoker, options)
    target, whose = _target(options)
    if options.undo:
        return _undo(places, target, whose, options)
    return _carry_out(places, target, whose, options)


def _disable(options: argparse.Namespace) -> ExitCode | None:
    """Keep somebody out in any case, and say so where that is all."""
    identity, places = _identity(options), revocation_places(options)
    if places is not None and not options.no_revoke:
        target = Person(identity=identity, disable=True)
        return _carry_out(places, target, name_of(identity), options)
    users = build_user_administration(table_name(options))
    users.set_disabled(identity, disabled=True)
    done = (
        f"{name_of(identity)} is kept out and logged out. AWS sessions made before go "
        "on to their end, within the hour"
    )
    if options.no_revoke:
        report_about(identity, f"{done}.", as_json=options.json)
        return None
    echo_error(
        f"{done}: name the policy that ends them, by --policy (the stack's output "
        "RevocationPolicyArn), or say --no-revoke."
    )
    return ExitCode.NOT_DONE


def _carry_out(
    places: RevocationPlaces, target: Target, whose: str, options: argparse.Namespace
) -> ExitCode | None:
    built = _built(places)
    proof = None if options.no_proof else built.proof(options.function)
    done = built.revoker.revoke(target, proof, wait=options.wait)
    is_kept_out = isinstance(target, Person) and target.disable
    if options.json:
        for record in _records(done, target, _operator(built)):
            echo(json.dumps(to_json(record)))
    else:
        for line in _lines(done, target, whose, is_kept_out=is_kept_out):
            echo(line)
    return _report_failures(done, whose)


def _lines(
    done: Revocation, target: Target, whose: str, *, is_kept_out: bool
) -> Iterator[str]:
    moment = _instant(done.cut_off)
    if isinstance(target, SingleGrant):
        yield f"The broker hands out no more credentials of the session of {whose}."
    else:
        yield f"Logins and tokens of {whose} from before {moment} count no more."
    if is_kept_out:
        yield f"{whose} is kept out until `{PROGRAM} users enable`."
    if done.policy_error is None:
        before = "" if isinstance(target, SingleGrant) else f" from before {moment}"
        yield (
            f"The policy refuses sessions of {whose}{before}, by its version "
            f"{done.version_id}."
        )
    if done.was_foreign:
        yield (
            "The policy was not what the table has on record: a command was "
            "interrupted, or something else wrote it. It was written anew."
        )
    if done.shared:
        names = ", ".join(sorted(map(name_of, done.shared)))
        yield (
            "There was no more room in the policy: a later moment than before counts "
            f"for {names}, who have to log in again."
        )
    if done.is_for_all:
        yield (
            "There was no more room in the policy: logins, tokens and sessions of "
            f"everybody from before {moment} are over, and all have to log in again."
        )
    if done.held_after is not None:
        yield f"It holds: a call was refused {done.held_after:.1f} s later."


def _report_failures(done: Revocation, whose: str) -> ExitCode | None:
    if done.policy_error is not None:
        echo_error(
            f"AWS did not write the policy: {done.policy_error}\n"
            f"By what {whose} had before, nothing new is to be had; AWS sessions from "
            f"before go on until {_instant(ends_at(done.cut_off))} at the latest. "
            "Run it again."
        )
        return exit_code_of(done.policy_error)
    if done.proof_error:
        echo_error(
            f"{done.proof_error}\nIt was written, and was not proved to hold. Run it "
            "again to see."
        )
        return ExitCode.NOT_DONE
    return None


def _undo(
    places: RevocationPlaces, target: Target, whose: str, options: argparse.Namespace
) -> ExitCode | None:
    built = _built(places)
    done = built.revoker.undo(target)
    if done.policy_error is not None:
        echo_error(
            f"AWS did not write the policy: {done.policy_error}\n"
            f"Sessions of {whose} are still refused. Run it again."
        )
        return exit_code_of(done.policy_error)
    if options.json:
        record = RevocationUndoneRecord(
            time=datetime.now(UTC), operator=_operator(built), **_whose(target)
        )
        echo(json.dumps(to_json(record)))
        return None
    echo(
        f"The policy refuses sessions of {whose} no more, by its version "
        f"{done.version_id}."
    )
    if not isinstance(target, SingleGrant):
        echo(f"Logins and tokens of {whose} from before stay ended.")
    return None


def _list(revoker: Revoker, options: argparse.Namespace) -> ExitCode | None:
    found = revoker.in_force()
    rows = list(_rows(found.entries))
    if options.json:
        echo(json.dumps(rows))
    else:
        for row in rows:
            echo("\t".join((row["Whose"], row["From"], row["Until"])))
    if not found.is_written:
        _warn_of_another(found)
        return ExitCode.NOT_DONE
    return None


def _warn_of_another(found: InForce) -> None:
    echo_error(
        f"The policy's version {found.version_id} is not what the table has on record: "
        "a command was interrupted, or something else wrote it. The next revocation "
        "writes it anew."
    )


def _rows(entries: Entries) -> Iterator[dict[str, str]]:
    """Give everything in force: whose, from before when, and until when it counts."""
    moments = [
        *([("everyone", entries.everyone)] if entries.everyone else []),
        *sorted((name_of(who), at) for who, at in entries.people.items()),
        *sorted((f"grant {grant}", at) for grant, at in entries.grants.items()),
    ]
    for whose, at in moments:
        yield {"Whose": whose, "From": _instant(at), "Until": _instant(ends_at(at))}


def _target(options: argparse.Namespace) -> tuple[Target, str]:
    if options.everyone:
        return Everyone(), "everybody"
    if options.grant is not None:
        if not _GRANT_ID.fullmatch(options.grant):
            raise UsageError("A grant's id is up to 64 letters, digits and hyphens.")
        return SingleGrant(grant_id=options.grant), f"the grant {options.grant}"
    identity = _identity(options)
    return Person(identity=identity, removed=options.removed), name_of(identity)


def _identity(options: argparse.Namespace) -> Identity:
    return identity_of(options.issuer, options.username)


def _required_places(options: argparse.Namespace) -> RevocationPlaces:
    places = revocation_places(options)
    if places is None:
        raise UsageError(
            "Name the policy: --policy (the stack's output RevocationPolicyArn), or "
            "--local."
        )
    return places


def _built(places: RevocationPlaces) -> Built:
    return build_revoker(
        places, local_function_urls=local_function_urls(), report=echo_error
    )


def _records(
    done: Revocation, target: Target, operator: str
) -> Iterator[RevocationRecord]:
    """Give the audit's records: of whom it was meant for, and of whom else it hit."""
    key, other = (*done.proof_keys, None, None)[:2]
    record = RevocationRecord(
        time=datetime.now(UTC),
        operator=operator,
        **_whose(target),
        valid_from=done.cut_off,
        expiration=datetime.fromtimestamp(ends_at(done.cut_off), UTC),
        policy_version=done.version_id or None,
        proof_access_key_id=key,
        compared_access_key_id=other,
        held_after_seconds=None if done.held_after is None else ceil(done.held_after),
    )
    yield record
    also = replace(record, proof_access_key_id=None, compared_access_key_id=None)
    also = replace(also, grant_id=None, held_after_seconds=None)
    for who, cut_off in done.shared.items():
        yield replace(also, identity=who, valid_from=cut_off)
    if done.is_for_all:
        yield replace(also, identity=None, everyone=True)


def _whose(target: Target) -> dict[str, Any]:
    match target:
        case Person():
            return {"identity": target.identity}
        case SingleGrant():
            return {"grant_id": target.grant_id}
        case _:
            return {"everyone": True}


def _operator(built: Built) -> str:
    """Name whoever types this; that it is not known hinders nothing."""
    try:
        return built.operator()
    except (BotoCoreError, ClientError):
        return "unknown"


def _instant(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
