"""What the users table has of revocations, which one command at a time writes.

Two items. ``revocations`` is what the broker reads with every user, so it is small:
from when tokens count, and which grants are over. ``revocation-policy`` is what the
policy says, and which command is writing it: IAM has no write with a condition.
"""

from collections.abc import Callable, Collection, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, final

from app.adapters.principals import REVOCATIONS, key_of
from app.adapters.table import Change, Item, Table
from app.admin.revocation.entries import Entries
from app.domain.identity import LOCAL, Identity

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

POLICY: Final[Item] = {"pk": {"S": "revocation-policy"}}
_EVERYBODY: Final[Item] = {"pk": {"S": REVOCATIONS}}

LEASE_SECONDS: Final = 150
"""How long nobody else writes after a command was killed while it did."""

_IS_EARLIER: Final = "(attribute_not_exists(valid_from) OR valid_from < :valid_from)"


class LeaseLostError(Exception):
    """Another command writes by now: this one took too long."""


class Ended(Enum):
    """What became of somebody's logins and tokens."""

    ENDED = auto()
    NOT_THERE = auto()


@final
class Journal:
    """Each may raise ``UsersUnavailableError``."""

    def __init__(self, table: Table, *, new_id: Callable[[], str]) -> None:
        self._table = table
        self._new_id = new_id

    def read(self) -> Entries:
        """Return what the policy was to say when it was written last."""
        return self._table.read(POLICY, _entries) or Entries()

    def take_lease(self, now: float) -> str | None:
        """Return what proves it, or None while another command has it."""
        lease = self._new_id()
        taken = self._table.update(
            POLICY,
            {
                "lease": {"S": lease},
                "lease_until": {"N": str(int(now) + LEASE_SECONDS)},
            },
            condition="(attribute_not_exists(lease) OR lease_until < :now)",
            compared={"now": {"N": str(int(now))}},
        )
        return lease if taken else None

    def record(self, lease: str, entries: Entries) -> None:
        """Write what the policy is to say. Raises ``LeaseLostError``."""
        people = {
            f"{who.issuer}#{who.subject}": at for who, at in entries.people.items()
        }
        if not self._table.update(
            POLICY,
            {
                "everyone": {"N": str(entries.everyone)},
                "people": _moments(people),
                "grants": _moments(entries.grants),
                "proofs": _moments(entries.proofs),
            },
            condition="lease = :lease",
            compared={"lease": {"S": lease}},
        ):
            raise LeaseLostError

    def give_up_lease(self, lease: str) -> None:
        """Let others write. It may be another's by now."""
        self._table.update(
            POLICY,
            {},
            removed=("lease", "lease_until"),
            condition="lease = :lease",
            compared={"lease": {"S": lease}},
        )

    def end_logins(
        self, who: Identity, valid_from: int, *, disable: bool = False
    ) -> Ended:
        """End what somebody has from before, and keep them out as well if asked to.

        A later ``valid_from`` that is there already stays. Nobody of another issuer has
        to be in the table.
        """
        changes: dict[str, AttributeValueTypeDef] = {
            "credentials_version": {"S": self._new_id()},
            **({"disabled": {"BOOL": True}} if disable else {}),
        }
        present = "attribute_exists(pk) AND " if who.issuer == LOCAL else ""
        change = Change(
            set={**changes, "valid_from": {"N": str(valid_from)}},
            condition=present + _IS_EARLIER,
        )
        as_it_is = self._table.change_or_read(key_of(who), change, dict)
        if as_it_is is None:
            return Ended.ENDED
        if not as_it_is:
            return Ended.NOT_THERE
        ended = self._table.update(
            key_of(who), changes, condition="attribute_exists(pk)"
        )
        return Ended.ENDED if ended else Ended.NOT_THERE

    def end_everybodys_logins(self, valid_from: int) -> None:
        """A later moment that is there already stays."""
        self._table.update(
            _EVERYBODY,
            {"valid_from": {"N": str(valid_from)}},
            condition=_IS_EARLIER,
        )

    def end_grants(self, grant_ids: Collection[str]) -> None:
        """Write the grants that are over, all of them."""
        listed: Item = {"grants": {"SS": sorted(grant_ids)}} if grant_ids else {}
        self._table.update(
            _EVERYBODY,
            listed,
            removed=() if grant_ids else ("grants",),
            condition="(attribute_exists(pk) OR attribute_not_exists(pk))",
        )


def _entries(item: Mapping[str, Any]) -> Entries:
    return Entries(
        everyone=int(item.get("everyone", {"N": "0"})["N"]),
        people={
            Identity(issuer=issuer, subject=subject): at
            for key, at in _read_moments(item, "people").items()
            for issuer, _, subject in [key.partition("#")]
        },
        grants=_read_moments(item, "grants"),
        proofs=_read_moments(item, "proofs"),
    )


def _moments(moments: Mapping[str, int]) -> "AttributeValueTypeDef":
    return {"M": {name: {"N": str(at)} for name, at in moments.items()}}


def _read_moments(item: Mapping[str, Any], name: str) -> dict[str, int]:
    found = item.get(name, {"M": {}})["M"]
    return {key: int(value["N"]) for key, value in found.items()}
