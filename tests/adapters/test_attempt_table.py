"""Counters in a DynamoDB that works: what is written, at once, and by nobody twice."""

import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

import pytest

from app.adapters.attempt_table import AttemptTable
from app.adapters.table import Table, connect
from app.domain.errors import UsersUnavailableError
from app.domain.limits import Attempt, Counter, History, Tally
from tests.fakes import NOON, AttemptsInMemory
from tests.scripted_aws import Answer, ScriptedAws
from tests.working_table import NAME, WorkingTable

MOMENT: Final = NOON.replace(microsecond=123000)
"""As the table has it: in milliseconds."""
SECOND: Final = timedelta(seconds=1)
NOTHING: Final = timedelta(0)
ATTEMPT: Final = Attempt.of("local", "alice", "2001:db8::1")
PAIR, SOURCE, PERSON = ATTEMPT.counters
COST: Final = {"TableName": NAME, "CapacityUnits": 1.0}
RACERS: Final = 24


@pytest.fixture(scope="module")
def made() -> WorkingTable:
    return WorkingTable()


@pytest.fixture
def working(made: WorkingTable, script: ScriptedAws) -> Iterator[WorkingTable]:
    made.clear()
    script.will_ask(made.answer)
    yield made
    made.clear()


@pytest.fixture
def attempts(script: ScriptedAws) -> AttemptTable:
    return AttemptTable(Table(connect(script.session()), name=NAME))


@pytest.mark.usefixtures("working")
def test_what_was_counted_and_noted_is_read_in_one_request(
    attempts: AttemptTable, script: ScriptedAws
):
    assert attempts.read(ATTEMPT) == History()
    later = MOMENT + SECOND
    for counter in ATTEMPT.counters:
        assert attempts.count(counter, None, MOMENT) == NOTHING
    known = attempts.read(ATTEMPT)
    attempts.count(PAIR, known.tallies[PAIR], later)
    attempts.note_login(ATTEMPT, later)

    once = Tally(failures=1, began_at=MOMENT, failed_at=MOMENT)
    assert attempts.read(ATTEMPT) == History(
        seen_at=later,
        tallies={
            PAIR: Tally(failures=2, began_at=MOMENT, failed_at=later),
            SOURCE: once,
            PERSON: once,
        },
    )
    request: dict[str, Any] = json.loads(script.requests[-1].body)
    [asked] = request["RequestItems"].values()
    assert asked["ConsistentRead"] is True
    assert len(asked["Keys"]) == 4
    assert attempts.read(Attempt.of("local", "bob", "2001:db9::1")) == History()


def test_items_go_by_themselves_and_hold_no_name(
    attempts: AttemptTable, working: WorkingTable
):
    for counter in ATTEMPT.counters:
        attempts.count(counter, None, MOMENT)
    attempts.note_login(ATTEMPT, MOMENT)

    expires = {item["pk"]["S"]: int(item["expires"]["N"]) for item in working.items()}
    noon, person = int(MOMENT.timestamp()), ATTEMPT.person
    assert expires == {
        f"limit#pair#2001:db8::/64#{person}": noon + 3600,
        "limit#source#2001:db8::/64": noon + 3600,
        f"limit#person#{person}": noon + 3600,
        f"seen#2001:db8::/64#{person}": noon + 31 * 86400,
    }
    assert "alice" not in str(working.items())


@pytest.mark.usefixtures("working")
def test_a_later_login_is_not_replaced_by_an_earlier_one(attempts: AttemptTable):
    attempts.note_login(ATTEMPT, MOMENT)
    attempts.note_login(ATTEMPT, MOMENT + SECOND)
    attempts.note_login(ATTEMPT, MOMENT)

    assert attempts.read(ATTEMPT).seen_at == MOMENT + SECOND


@pytest.mark.usefixtures("working")
def test_it_counts_as_the_store_in_memory_does(attempts: AttemptTable):
    """Hours, pauses, successes: whatever comes, in any order."""
    chance, memory, now = random.Random(20261129), AttemptsInMemory(), MOMENT  # noqa: S311 - the same every time
    for _ in range(120):
        counter = chance.choice(ATTEMPT.counters)
        tally = attempts.read(ATTEMPT).tallies.get(counter)
        match chance.randrange(12):
            case 0 if tally is not None:
                attempts.forget(counter)
                memory.forget(counter)
            case 1 if tally is not None and tally.failures:
                attempts.take_back(counter)
                memory.take_back(counter)
            case 2:
                now += chance.choice([30 * SECOND, 1000 * SECOND, 3600 * SECOND])
            case _:
                # What was read may be of before; the outcome is of now.
                stale = chance.choice([tally, tally, None])
                waits = [
                    store.count(counter, stale, now) for store in (attempts, memory)
                ]
                assert waits[0] == waits[1]
    assert attempts.read(ATTEMPT) == memory.read(ATTEMPT)


@pytest.mark.usefixtures("working")
def test_what_is_not_there_is_neither_taken_back_nor_forgotten(attempts: AttemptTable):
    attempts.take_back(PAIR)
    attempts.forget(PAIR)
    assert attempts.read(ATTEMPT) == History()

    attempts.count(PAIR, None, MOMENT)
    for _ in range(3):
        attempts.take_back(PAIR)
    assert attempts.read(ATTEMPT).tallies[PAIR].failures == 0


def race(attempts: AttemptTable, counter: Counter, tally: Tally | None) -> list[bool]:
    """Count at one moment, all knowing the same; tell who was counted."""
    together = threading.Barrier(RACERS)

    def count(_: int) -> bool:
        together.wait(10)
        return attempts.count(counter, tally, MOMENT) == NOTHING

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(count, range(RACERS)))


@pytest.mark.parametrize(
    ("counter", "failures", "passed"),
    [
        pytest.param(PAIR, 0, 10, id="a pair from nothing"),
        pytest.param(PAIR, 7, 3, id="a pair that has failed before"),
        pytest.param(PAIR, 12, 1, id="a pair whose pause is over"),
        pytest.param(SOURCE, 80, 20, id="a source"),
        pytest.param(PERSON, 100, 0, id="a person with none left"),
    ],
)
def test_in_a_race_no_more_pass_than_the_limit_allows(
    attempts: AttemptTable,
    working: WorkingTable,
    counter: Counter,
    failures: int,
    passed: int,
):
    tally = None
    if failures:
        attempts.count(counter, None, MOMENT - 60 * SECOND)
        [item] = working.items()
        working.put({**item, "failures": {"N": str(failures)}})
        tally = attempts.read(ATTEMPT).tallies[counter]

    assert race(attempts, counter, tally).count(True) == passed

    counted = attempts.read(ATTEMPT).tallies[counter]
    assert counted.failures == failures + passed


@pytest.mark.usefixtures("working")
def test_an_hour_that_is_over_begins_once_in_a_race(attempts: AttemptTable):
    attempts.count(PAIR, None, MOMENT - 3600 * SECOND)
    before = attempts.read(ATTEMPT).tallies[PAIR]

    assert race(attempts, PAIR, before).count(True) == 10

    counted = attempts.read(ATTEMPT).tallies[PAIR]
    assert (counted.failures, counted.began_at) == (10, MOMENT)


OPERATIONS: Final[dict[str, tuple[Any, ...]]] = {
    "read": (ATTEMPT,),
    "count": (PAIR, None, MOMENT),
    "take_back": (PAIR,),
    "forget": (PAIR,),
    "note_login": (ATTEMPT, MOMENT),
}


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        pytest.param(Answer.error("AccessDeniedException"), None, id="not allowed"),
        pytest.param(
            Answer.error("ProvisionedThroughputExceededException"), 2, id="throttled"
        ),
        pytest.param(Answer.error("InternalServerError", 500), 2, id="theirs"),
        pytest.param(Answer.hang_up(), 2, id="hung up"),
        pytest.param(Answer(body=b"{"), None, id="garbage"),
        pytest.param(Answer.json({}), None, id="empty"),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_table_that_does_not_answer_is_never_no_limit(
    attempts: AttemptTable,
    script: ScriptedAws,
    operation: str,
    answer: Answer,
    retry_after: int | None,
):
    script.will(answer)

    with pytest.raises(UsersUnavailableError) as caught:
        getattr(attempts, operation)(*OPERATIONS[operation])

    assert caught.value.retry_after_seconds == retry_after


def batch(*items: object, unprocessed: object = None) -> Answer:
    return Answer.json(
        {
            "Responses": {NAME: items},
            "UnprocessedKeys": unprocessed or {},
            "ConsumedCapacity": [COST],
        }
    )


def test_a_part_of_an_answer_is_none(attempts: AttemptTable, script: ScriptedAws):
    keys = {NAME: {"Keys": [{"pk": {"S": "limit#person#x"}}]}}
    script.will(batch(unprocessed=keys))

    with pytest.raises(UsersUnavailableError) as caught:
        attempts.read(ATTEMPT)
    assert caught.value.retry_after_seconds == 2

    script.will(batch())
    assert attempts.read(ATTEMPT) == History()


@pytest.mark.parametrize("missing", ["failures", "began_at", "failed_at"])
def test_a_counter_that_is_not_as_we_write_it_lets_nobody_try(
    attempts: AttemptTable, working: WorkingTable, missing: str
):
    attempts.count(PAIR, None, MOMENT)
    [item] = working.items()
    for changed in ({**item, missing: {"S": "x"}}, {**item, missing: {"NULL": True}}):
        working.put(changed)
        with pytest.raises(UsersUnavailableError):
            attempts.read(ATTEMPT)
        with pytest.raises(UsersUnavailableError):
            attempts.count(PAIR, None, MOMENT)


def test_a_note_that_is_not_as_we_write_it_lets_nobody_try(
    attempts: AttemptTable, working: WorkingTable
):
    attempts.note_login(ATTEMPT, MOMENT)
    [item] = working.items()
    working.put({**item, "seen_at": {"N": "1"}})

    with pytest.raises(UsersUnavailableError):
        attempts.read(ATTEMPT)


def test_a_counter_that_always_changes_is_given_up(
    attempts: AttemptTable, script: ScriptedAws
):
    """As where a hundred writers are each time faster; and never taken for a yes."""
    item = {
        "pk": {"S": "limit#pair#x"},
        "failures": {"N": "1"},
        "began_at": {"S": MOMENT.isoformat()},
        "failed_at": {"S": MOMENT.isoformat()},
    }
    script.will(
        Answer.json(
            {
                "__type": "ConditionalCheckFailedException",
                "message": "no",
                "Item": item,
            },
            400,
        )
    )

    with pytest.raises(UsersUnavailableError) as caught:
        attempts.count(PAIR, None, MOMENT)
    assert caught.value.retry_after_seconds == 2
