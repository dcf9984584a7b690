"""Failed attempts to log in and sources of logins, in the table beside the people."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, final

from app.adapters import aws
from app.adapters.table import Change, Item, Table
from app.domain.errors import UsersUnavailableError
from app.domain.limits import (
    HOUR,
    REMEMBERED_FOR,
    Attempt,
    Counter,
    History,
    Tally,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_TRIES: Final = 5
"""Writes for one failure, while others change the same counter.

It takes two where the first of an hour race, and one more where the free ones end.
"""

_NOW: Final = timedelta(0)


@final
class AttemptTable:
    """Satisfies ``password_checks.AttemptStore``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, attempt: Attempt) -> History:
        counters = {_counter(counter): counter for counter in attempt.counters}
        seen = _seen(attempt)
        found = self._table.read_all(
            [seen, *counters],
            lambda items: {key: _read(item) for key, item in items.items()},
        )
        return History(
            seen_at=found.pop(seen, _Found()).seen_at,
            tallies={
                counters[key]: item.tally
                for key, item in found.items()
                if item.tally is not None
            },
        )

    def count(self, counter: Counter, tally: Tally | None, now: datetime) -> timedelta:
        for _ in range(_TRIES):
            wait = counter.wait(tally, now)
            if wait > _NOW:
                return wait
            found = self._try_to_count(counter, tally, now)
            if found is None:
                return _NOW
            tally = found.tally
        raise UsersUnavailableError(retry_after_seconds=aws.SOON)

    def take_back(self, counter: Counter) -> None:
        change = Change(
            added={"failures": -1},
            condition="failures > :none",
            compared={"none": {"N": "0"}},
        )
        self._table.change_or_read(_key(counter), change, _read)

    def forget(self, counter: Counter) -> None:
        self._table.update(
            _key(counter), {"failures": {"N": "0"}}, condition="attribute_exists(pk)"
        )

    def note_login(self, attempt: Attempt, now: datetime) -> None:
        self._table.update(
            {"pk": {"S": _seen(attempt)}},
            {"seen_at": _instant(now), "expires": _seconds(now + REMEMBERED_FOR)},
            condition="(attribute_not_exists(seen_at) OR seen_at < :seen_at)",
        )

    def _try_to_count(
        self, counter: Counter, tally: Tally | None, now: datetime
    ) -> "_Found | None":
        """Write what follows from ``tally``, or give the item where it has changed."""
        return self._table.change_or_read(
            _key(counter), _change(counter, tally, now), _read
        )


def _change(counter: Counter, tally: Tally | None, now: datetime) -> Change:
    if tally is None or tally.is_over(now):
        return _first(tally, now)
    began: Item = {"began": _instant(tally.began_at)}
    if tally.failures < counter.limit.free:
        # Whoever else counts at this moment needs not be waited for.
        condition = "began_at = :began AND failures < :free"
        compared: Item = {"free": {"N": str(counter.limit.free)}}
    else:
        # The pause after so many failures is over, for one attempt alone.
        condition = "began_at = :began AND failures = :before"
        compared = {"before": {"N": str(tally.failures)}}
    return Change(
        set={"failed_at": _instant(now)},
        added={"failures": 1},
        condition=condition,
        compared={**began, **compared},
    )


def _first(tally: Tally | None, now: datetime) -> Change:
    condition, compared = "attribute_not_exists(pk)", {}
    if tally is not None:
        condition = f"({condition} OR began_at = :before)"
        compared = {"before": _instant(tally.began_at)}
    return Change(
        set={
            "failures": {"N": "1"},
            "began_at": _instant(now),
            "failed_at": _instant(now),
            "expires": _seconds(now + HOUR),
        },
        condition=condition,
        compared=compared,
    )


def _counter(counter: Counter) -> str:
    return f"limit#{counter.limit.label}#{counter.of}"


def _seen(attempt: Attempt) -> str:
    return f"seen#{attempt.source}#{attempt.person}"


def _key(counter: Counter) -> Item:
    return {"pk": {"S": _counter(counter)}}


class _Found:
    """An item of either kind."""

    def __init__(
        self, *, seen_at: datetime | None = None, tally: Tally | None = None
    ) -> None:
        self.seen_at = seen_at
        self.tally = tally


def _read(item: Mapping[str, Any]) -> _Found:
    """Read an item, or none. What is not as we wrote it raises, and lets nobody try."""
    if not item:
        return _Found()
    if item["pk"]["S"].startswith("seen#"):
        return _Found(seen_at=datetime.fromisoformat(item["seen_at"]["S"]))
    return _Found(tally=_tally(item))


def _tally(item: Mapping[str, Any]) -> Tally:
    return Tally(
        failures=int(item["failures"]["N"]),
        began_at=datetime.fromisoformat(item["began_at"]["S"]),
        failed_at=datetime.fromisoformat(item["failed_at"]["S"]),
    )


def _instant(moment: datetime) -> "AttributeValueTypeDef":
    return {"S": moment.isoformat(timespec="milliseconds")}


def _seconds(moment: datetime) -> "AttributeValueTypeDef":
    """Since 1970, as DynamoDB's time to live reads them."""
    return {"N": str(int(moment.timestamp()))}
