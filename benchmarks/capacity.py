"""How far each quota of AWS reaches: the tables of docs/capacity.md.

``python -m benchmarks.capacity`` writes them into the page. What a request asks of AWS
is counted by ``tests/test_capacity.py``, which makes such requests and compares.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.adapters.users import REMEMBERED_FOR
from app.session_reuse import LEAST_LEFT

PAGE: Final = Path(__file__).parents[1] / "docs" / "capacity.md"

HOUR: Final = 3600

# Quotas, each of one account and one Region unless it says something else.

STS_PER_SECOND: Final = 600
"""AssumeRole and all other calls of STS together. Secondary sources say so and AWS's
documents do not; AWS re:Post: it cannot be raised."""

PARTITION_READS: Final = 3_000
"""Read units of a partition of DynamoDB, and so of one item, in a second: Developer
Guide, "Best practices for designing and using partition keys"."""

PARTITION_WRITES: Final = 1_000
"""Write units likewise."""

TABLE_READS: Final = 40_000
"""Read units of a table on demand in a second, unless AWS raises it: Developer Guide,
"Service, account, and table quotas"."""

TABLE_WRITES: Final = 40_000
"""Write units likewise."""

PARAMETER_READS: Final = 40
"""GetParametersByPath in a second, together with GetParameter and GetParameters: AWS
General Reference, "Systems Manager endpoints and quotas"."""

PARAMETER_READS_AT_MOST: Final = 100
"""The same with Parameter Store's higher throughput, which is paid for."""

PARAMETERS_IN_ANSWER: Final = 10
"""GetParametersByPath's MaxResults: Systems Manager API Reference."""

SECRET_READS: Final = 10_000
"""GetSecretValue and DescribeSecret in a second: Secrets Manager User Guide, quotas."""

LAMBDA_CONCURRENCY: Final = 1_000
"""Environments of all functions at once. New accounts have fewer; AWS raises it to tens
of thousands: Lambda Developer Guide, quotas."""

API_REQUESTS: Final = 10_000
"""Requests of all APIs of API Gateway in a second, unless AWS raises it: API Gateway
Developer Guide, quotas."""

TEMPLATE_REQUESTS: Final = 50
"""``ThrottlingRate`` of the template, unless it is given."""

# How the broker works.

READ_AGAIN: Final = 30
"""Seconds from which on a process that is used reads catalogue and issuers again:
``FRESH`` in app/adapters/parameters.py."""

SECRET_READ_AGAIN: Final = 300
"""The same of the signing secret."""

REVOCATIONS_READ_AGAIN: Final = REMEMBERED_FOR.total_seconds()
"""The same of what was revoked of everybody, at the next request after that."""

REUSED_FOR: Final = 1 - LEAST_LEFT
"""The part of a session's life for which it is handed out again."""

RENEWED_AFTER: Final = 0.8
"""The part of its life after which our clients replace a token or a grant."""

TOKEN_SECONDS: Final = 900
"""How long an access token is good."""

# What nobody could measure here: a broker on Lambda, with AWS's own latency.

GRANT_SECONDS: Final = 0.1
LOGIN_SECONDS: Final = 0.2
OTHER_SECONDS: Final = 0.05
"""Of an environment, for each: two or three calls of AWS, and for a login the check of
the password. Assumed; the log has the true ones (REPORT, Duration)."""

LINE_BYTES: Final = 1_500
"""Of all logs together for a request: an audit line of about a thousand characters, a
line of the API, Lambda's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one request asks of AWS.

    ``reads`` and ``writes`` are DynamoDB's units: a consistent read of an item of up to
    4 KB, a write of one of up to 1 KB. ``hottest`` of the reads are of the one item
    that everybody's requests read.
    """

    reads: int = 0
    writes: int = 0
    hottest: int = 0
    sts: int = 0


COSTS: Final[Mapping[str, Cost]] = {
    "login from a new source": Cost(reads=6, writes=8, hottest=1),
    "login": Cost(reads=10, writes=1, hottest=1),
    "wrong password": Cost(reads=6, writes=3, hottest=1),
    "renewal": Cost(reads=3, writes=1, hottest=1),
    "grant": Cost(reads=2, hottest=1, sts=1),
    "grant, reused": Cost(reads=2, hottest=1),
    "list of functions": Cost(reads=2, hottest=1),
    "logout": Cost(writes=1),
}
"""Counted by the tests, with items as small as people's usually are, in a process that
remembers nothing. Within a second after that the reads of the one item are spared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What somebody at work asks in an hour; whoever is idle asks nothing.

    ``functions`` are those in use at once. ``renewed_after`` is after which part of its
    life a grant is replaced.
    """

    name: str
    grant_seconds: int
    renewed_after: float
    functions: int = 1
    logins: float = 1 / 8
    lists: float = 1.0

    def in_an_hour(self) -> Mapping[str, float]:
        grants = HOUR / (self.grant_seconds * self.renewed_after)
        return {
            "login": self.logins,
            "renewal": HOUR / (TOKEN_SECONDS * RENEWED_AFTER),
            "grant": grants * self.functions,
            "list of functions": self.lists,
        }


SHORT: Final = Profile(
    name="grants of 15 minutes", grant_seconds=900, renewed_after=RENEWED_AFTER
)
LONG: Final = Profile(
    name="grants of an hour", grant_seconds=3600, renewed_after=RENEWED_AFTER
)
SDK: Final = Profile(
    name="an hour, renewed by boto3", grant_seconds=3600, renewed_after=0.75, lists=0
)
PROFILES: Final = (SHORT, LONG, SDK)

PEOPLE: Final = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""At work at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What so many people of a profile ask of AWS in a second."""

    people: float
    requests: float
    sts: float
    reads: float
    writes: float
    hottest: float
    environments: float
    parameter_reads: float
    secret_reads: float
    megabytes: float


def demand(profile: Profile, people: float, *, functions: int = 10) -> Demand:
    """Multiply. ``functions`` are those of the catalogue; nobody's grant is reused."""
    hourly = profile.in_an_hour()
    rates = {kind: people * times / HOUR for kind, times in hourly.items()}

    def together(of: Callable[[Cost], int]) -> float:
        return sum(rate * of(COSTS[kind]) for kind, rate in rates.items())

    seconds = {"grant": GRANT_SECONDS, "login": LOGIN_SECONDS}
    environments = sum(
        rate * seconds.get(kind, OTHER_SECONDS) for kind, rate in rates.items()
    )
    requests = sum(rates.values())
    # With each request, or once for all those that one process answers meanwhile.
    processes = max(1.0, environments)
    hottest = min(
        together(lambda cost: cost.hottest), processes / REVOCATIONS_READ_AGAIN
    )
    return Demand(
        people=people,
        requests=requests,
        sts=together(lambda cost: cost.sts),
        reads=together(lambda cost: cost.reads - cost.hottest) + hottest,
        writes=together(lambda cost: cost.writes),
        hottest=hottest,
        environments=environments,
        parameter_reads=environments * parameter_reads(functions) / READ_AGAIN,
        secret_reads=environments / SECRET_READ_AGAIN,
        megabytes=requests * LINE_BYTES / 1e6,
    )


def parameter_reads(functions: int) -> int:
    """Calls for one reading of catalogue and issuers; of issuers there are few."""
    return math.ceil(max(functions, 1) / PARAMETERS_IN_ANSWER) + 1


def sessions_of(grants: float, *, life: float, rate: float) -> float:
    """How many sessions STS begins for so many grants that come at random.

    ``rate`` is how many come in a second to one process for one person and function.
    The first begins a session, and whoever comes within ``life * REUSED_FOR`` has it
    too: one in every 1 + rate * life * REUSED_FOR asks STS.
    """
    return grants / (1 + rate * life * REUSED_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    name: str
    most: float
    of: Callable[[Demand], float]

    def people(self, profile: Profile, *, functions: int = 10) -> float:
        """How many may be at work until it is reached."""
        many = PEOPLE[-1]
        return self.most / self.of(demand(profile, many, functions=functions)) * many


LIMITS: Final = (
    Limit(
        name="`ThrottlingRate` as the template has it: 50 requests/s",
        most=TEMPLATE_REQUESTS,
        of=lambda asked: asked.requests,
    ),
    Limit(name="STS: 600 calls/s", most=STS_PER_SECOND, of=lambda asked: asked.sts),
    Limit(
        name="DynamoDB, one item: 3,000 read units/s",
        most=PARTITION_READS,
        of=lambda asked: asked.hottest,
    ),
    Limit(
        name="API Gateway: 10,000 requests/s",
        most=API_REQUESTS,
        of=lambda asked: asked.requests,
    ),
    Limit(
        name="Lambda: 1,000 environments, the broker's alone",
        most=LAMBDA_CONCURRENCY,
        of=lambda asked: asked.environments,
    ),
    Limit(
        name="DynamoDB, the table: 40,000 read units/s",
        most=TABLE_READS,
        of=lambda asked: asked.reads,
    ),
    Limit(
        name="DynamoDB, the table: 40,000 write units/s",
        most=TABLE_WRITES,
        of=lambda asked: asked.writes,
    ),
    Limit(
        name="Parameter Store: 40 calls/s, ten functions",
        most=PARAMETER_READS,
        of=lambda asked: asked.parameter_reads,
    ),
)


def environments_for(functions: int, calls: int) -> int:
    """How many environments may read a catalogue before Parameter Store throttles."""
    return math.floor(calls * READ_AGAIN / parameter_reads(functions))


Rows = Sequence[Sequence[str]]


def costs() -> Rows:
    return [
        ["a request", "read units", "of them of one item", "write units", "STS"],
        *(
            [kind, *map(str, (cost.reads, cost.hottest, cost.writes, cost.sts))]
            for kind, cost in COSTS.items()
        ),
    ]


def demands() -> Rows:
    rows = [
        [
            *("people at work", "requests/s", "STS/s", "read units/s", "of one item"),
            *("write units/s", "environments", "Parameter Store/s", "log, GB in 8 h"),
        ]
    ]
    for people in PEOPLE:
        asked = demand(SHORT, people)
        rows.append(
            [
                f"{people:,}",
                *map(
                    _written,
                    (
                        *(asked.requests, asked.sts, asked.reads, asked.hottest),
                        *(asked.writes, asked.environments, asked.parameter_reads),
                        asked.megabytes * 8 * HOUR / 1000,
                    ),
                ),
            ]
        )
    return rows


def reach() -> Rows:
    return [
        ["limit", *(profile.name for profile in PROFILES)],
        *(
            [limit.name, *(_people(limit.people(profile)) for profile in PROFILES)]
            for limit in LIMITS
        ),
    ]


def stacks() -> Rows:
    """How many accounts and Regions it takes, by what is never raised."""
    rows = [["people at work", *(profile.name for profile in PROFILES)]]
    for people in PEOPLE[-3:]:
        needed = []
        for profile in PROFILES:
            asked = demand(profile, people)
            needed.append(
                max(
                    math.ceil(asked.sts / STS_PER_SECOND),
                    math.ceil(asked.hottest / PARTITION_READS),
                )
            )
        rows.append([f"{people:,}", *map(str, needed)])
    return rows


def catalogues() -> Rows:
    return [
        ["functions", "calls for one reading", "environments at 40/s", "at 100/s"],
        *(
            [
                f"{functions:,}",
                str(parameter_reads(functions)),
                f"{environments_for(functions, PARAMETER_READS):,}",
                f"{environments_for(functions, PARAMETER_READS_AT_MOST):,}",
            ]
            for functions in (10, 100, 300, 1_000)
        ),
    ]


TABLES: Final[Mapping[str, Callable[[], Rows]]] = {
    "costs": costs,
    "demands": demands,
    "reach": reach,
    "stacks": stacks,
    "catalogues": catalogues,
}


def _written(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - two digits


def _people(value: float) -> str:
    """To two digits: what it rests on is not known any better."""
    digits = max(0, math.floor(math.log10(value)) - 1)
    return f"{round(value, -digits):,.0f}"


def _lines(rows: Rows) -> Iterator[str]:
    heading, *others = rows
    yield f"| {' | '.join(heading)} |"
    yield "|---" + "|---:" * (len(heading) - 1) + "|"
    for row in others:
        yield f"| {' | '.join(row)} |"


def page_with_tables(text: str) -> str:
    """Give the page with each table, as it is now, between its two marks."""
    for name, rows in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{PAGE.name} has no place for the table {name}")
        table = "".join(f"{line}\n" for line in _lines(rows()))
        text = f"{before}{begin}{table}{end}{after}"
    return text


def main() -> None:
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), "utf-8")


if __name__ == "__main__":
    main()
