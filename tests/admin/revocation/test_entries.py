"""What a policy of revocations says to the emulator's IAM, and how it shrinks."""

import itertools
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from aikagi_emulator.iam import Layers, Policy, decide
from app.adapters.tokens.claims import LEEWAY
from app.admin.revocation.document import LONGEST, document_of, fits
from app.admin.revocation.entries import (
    LONGEST_PROOF,
    LONGEST_SESSION,
    Entries,
    ends_at,
    fitted,
)
from app.admin.revocation.revoker import CUT_OFF_MARGIN
from app.domain.identity import Identity

NOON = 1_764_417_600
CALL = "lambda:InvokeFunctionUrl"
THROUGH_IT = "lambda:InvokeFunction"
FUNCTION = "arn:aws:lambda:ap-northeast-1:123456789012:function:hello"
EVERYTHING = Policy.identity(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    },
    name="everything",
)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A session that somebody holds."""

    who: Identity
    issued: int
    grant_id: str = "a-grant"

    def is_refused(self, entries: Entries, action: str = CALL) -> bool:
        policy = Policy.identity(document_of(entries), name="revocations")
        context = {
            "aws:SourceIdentity": self.who.session_name,
            "aws:PrincipalTag/issued": str(self.issued),
            "aws:PrincipalTag/grant": self.grant_id,
        }
        layers = Layers(identity=(EVERYTHING, policy))
        return not decide(action, FUNCTION, context, layers).allowed


def person(name: str, issuer: str = "local") -> Identity:
    return Identity(issuer=issuer, subject=name)


ALICE, BOB = person("alice"), person("bob")


def people(count: int, *, cut_offs: Iterable[int]) -> Entries:
    moments = itertools.cycle(cut_offs)
    return Entries(
        people={person(f"person{number:04}"): next(moments) for number in range(count)}
    )


@pytest.mark.parametrize("action", [CALL, THROUGH_IT])
def test_sessions_of_somebody_from_before_are_refused_and_no_others(action: str):
    entries = Entries().with_person(ALICE, NOON)

    assert Held(who=ALICE, issued=NOON - 1).is_refused(entries, action)
    assert not Held(who=ALICE, issued=NOON).is_refused(entries, action)
    assert not Held(who=BOB, issued=NOON - 1).is_refused(entries, action)
    assert not Held(who=person("alice", "corp"), issued=0).is_refused(entries, action)


def test_a_person_whose_name_does_not_fit_is_refused_by_its_digest():
    long = person("x" * 200, "corp")

    assert Held(who=long, issued=0).is_refused(Entries().with_person(long, NOON))


def test_sessions_of_a_grant_are_refused_and_no_others():
    entries = Entries().with_grant("one", NOON)

    assert Held(who=ALICE, issued=NOON, grant_id="one").is_refused(entries)
    assert not Held(who=ALICE, issued=NOON, grant_id="two").is_refused(entries)


def test_everybody_s_sessions_from_before_are_refused_and_later_ones_are_not():
    entries = Entries().with_everyone(NOON)

    assert Held(who=ALICE, issued=NOON - 1).is_refused(entries)
    assert not Held(who=ALICE, issued=NOON).is_refused(entries)


def test_what_is_revoked_of_nobody_is_the_template_s_own_document():
    entries = Entries().with_person(ALICE, NOON)

    assert document_of(entries.without_person(ALICE)) == document_of(Entries())
    assert not Held(who=ALICE, issued=0).is_refused(Entries())


def test_undoing_everybody_leaves_what_was_revoked_of_somebody():
    entries = (
        Entries()
        .with_person(ALICE, NOON)
        .with_grant("one", NOON)
        .with_everyone(NOON + 60)
    )

    undone = entries.at(NOON).without_everyone()

    assert Held(who=ALICE, issued=NOON - 1).is_refused(undone)
    assert Held(who=BOB, issued=NOON - 1, grant_id="one").is_refused(undone)
    assert not Held(who=BOB, issued=NOON - 1).is_refused(undone)


def test_a_second_cut_off_is_never_an_earlier_one():
    entries = Entries().with_person(ALICE, NOON).with_person(ALICE, NOON - 60)
    both = Entries().with_everyone(NOON).with_everyone(NOON - 60)

    assert entries.people == {ALICE: NOON}
    assert both.everyone == NOON


def test_entries_stay_as_long_as_a_session_can_and_no_longer():
    entries = Entries(
        everyone=NOON,
        people={ALICE: NOON},
        grants={"one": NOON},
        proofs={"two": NOON},
    )

    assert ends_at(NOON) > NOON + LONGEST_SESSION
    assert entries.at(ends_at(NOON) - 1) == Entries(
        everyone=NOON, people={ALICE: NOON}, grants={"one": NOON}
    )
    assert entries.at(ends_at(NOON)) == Entries()
    assert entries.at(NOON + LONGEST_PROOF - 1) == entries


def test_a_hundred_and_fifty_people_with_one_cut_off_have_room():
    entries = people(150, cut_offs=[NOON])

    assert fits(entries)
    assert fitted(entries, fits) is entries


def test_the_longest_document_has_no_more_characters_than_iam_takes():
    size = next(n for n in range(1, 1000) if not fits(people(n, cut_offs=[NOON])))
    document = document_of(people(size - 1, cut_offs=[NOON]))

    assert LONGEST - 100 < len(document) <= LONGEST == 6144
    assert "".join(document.split()) == document


def test_people_share_the_later_of_the_nearest_cut_offs_where_there_is_no_room():
    near, nearer, far = NOON, NOON + 5, NOON + 1800
    entries = people(140, cut_offs=[near, nearer, far, *range(NOON + 100, NOON + 120)])
    assert not fits(entries)

    less = fitted(entries, fits)

    assert fits(less)
    assert not less.everyone
    assert less.people.keys() == entries.people.keys()
    # Never less, and the few seconds that there were between the nearest more.
    raised = {who: less.people[who] - at for who, at in entries.people.items()}
    assert min(raised.values()) == 0 < max(raised.values()) < 30
    assert {less.people[who] for who, at in entries.people.items() if at == far} == {
        far
    }


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(people(400, cut_offs=[NOON, NOON + 60]), id="people"),
        pytest.param(
            Entries(grants={f"{number:032}": NOON for number in range(400)}),
            id="grants",
        ),
        pytest.param(
            Entries(
                people={ALICE: NOON},
                proofs={f"{number:032}": NOON + number for number in range(400)},
            ),
            id="proofs",
        ),
    ],
)
def test_a_cut_off_for_all_is_the_last_resort(entries: Entries):
    less = fitted(entries, fits)

    assert fits(less)
    assert less.everyone == entries.latest
    assert len(less.proofs) == min(1, len(entries.proofs))
    assert set(less.proofs) <= {f"{399:032}"}


def test_whoever_was_refused_is_refused_in_less_room_as_well():
    """Whatever there is: people, grants and cut-offs by chance."""
    chance = random.Random(1865)  # noqa: S311 - the same cases in every run, no secret
    for _ in range(40):
        entries = people(
            chance.randrange(1, 300),
            cut_offs=[NOON + chance.randrange(3000) for _ in range(40)],
        )
        for number in range(chance.randrange(60)):
            entries = entries.with_grant(f"{number:032}", NOON + chance.randrange(3000))

        less = fitted(entries, fits)

        assert fits(less)
        for who, at in chance.sample(sorted(entries.people.items(), key=str), k=1):
            assert Held(who=who, issued=at - 1).is_refused(less)
        for grant, at in chance.sample(
            sorted(entries.grants.items()), k=min(1, len(entries.grants))
        ):
            assert Held(who=ALICE, issued=at - 1, grant_id=grant).is_refused(less)


def test_a_cut_off_is_no_further_away_than_the_broker_takes_tokens_for():
    """Else whoever logs in again at once would have to wait for it."""
    assert timedelta(seconds=1 + CUT_OFF_MARGIN) <= LEEWAY


def test_a_document_is_the_same_in_whatever_order_it_came_about():
    one = Entries().with_person(ALICE, NOON).with_person(BOB, NOON)
    other = Entries().with_person(BOB, NOON).with_person(ALICE, NOON)

    assert document_of(one) == document_of(other)
    assert len(json.loads(document_of(one))["Statement"]) == 1
