"""The figures of docs/capacity.md: requests are counted, and tables follow."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
import httpx2
import pytest
from fastapi.testclient import TestClient

from app.adapters import parameters
from app.adapters.principals import REVOCATIONS
from app.bootstrap import Clients, assemble
from app.settings import Settings
from app.web.application import create_app
from app.web.workers import Threads
from benchmarks import capacity
from benchmarks.capacity import COSTS, Cost, demand, sessions_of
from benchmarks.session_reuse import GRANTS, PEOPLE, sessions_begun
from tests.stack import Stack

_READ_UNIT: Final = 4096
_WRITE_UNIT: Final = 1024
"""Bytes: DynamoDB Developer Guide, "Read and write operations"."""


@dataclass(kw_only=True)
class Counter:
    """What the broker asks of AWS, by the hooks of its own clients."""

    forget: Callable[[], None]
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, clients: Clients) -> None:
        for client in (clients.table, clients.sts, clients.parameters, clients.secrets):
            client.meta.events.register("provide-client-params.*", self._count)

    def _count(self, *, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        with self._lock:
            self.asked.append((model.name, params))

    def cost_of(self, request: Callable[[], object]) -> Cost:
        """Give the cost of a request to a process that remembers no revocations."""
        self.forget()
        return self.cost_at_once(request)

    def cost_at_once(self, request: Callable[[], object]) -> Cost:
        self.asked.clear()
        request()
        reads = [key for name, of in self.asked for key in _keys_read(name, of)]
        names = [name for name, _ in self.asked]
        return Cost(
            reads=len(reads),
            writes=sum(name in {"PutItem", "UpdateItem"} for name in names),
            hottest=reads.count(REVOCATIONS),
            sts=names.count("AssumeRole"),
        )


def _keys_read(operation: str, asked: Mapping[str, Any]) -> Iterator[str]:
    """Each of them costs one read, also where there is no item; all are consistent."""
    if operation == "GetItem":
        assert asked["ConsistentRead"]
        yield asked["Key"]["pk"]["S"]
    if operation == "BatchGetItem":
        for table in asked["RequestItems"].values():
            assert table["ConsistentRead"]
            yield from (key["pk"]["S"] for key in table["Keys"])


@dataclass(frozen=True, kw_only=True)
class Caller:
    stack: Stack
    counter: Counter
    client: TestClient

    def log_in(self, password: str | None = None) -> dict[str, str]:
        form = {
            "username": "bob",
            "password": password or self.stack.users["bob"],
        }
        answered: dict[str, str] = self.client.post("/auth/login", data=form).json()
        return answered

    def ask(
        self, method: str, path: str, tokens: Mapping[str, str], **more: Any
    ) -> Any:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer: httpx2.Response
        answer = self.client.request(method, path, headers=bearer, **more)
        return answer


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Iterator[Caller]:
    """The broker in this process, with the stack's AWS and the broker's permissions."""
    with pytest.MonkeyPatch.context() as patched:
        for name, text in stack.variables().items():
            patched.setenv(name, text)
        made = assemble(Settings(), boto3.session.Session())
        users: Any = made.broker.users
        counter = Counter(forget=users.discard)
        counter.watch(made.clients)
        app = create_app(made.broker, workers=Threads(1), connect_to=())
        with TestClient(app, client=("192.0.2.200", 50_000)) as client:
            yield Caller(stack=stack, counter=counter, client=client)


def test_what_a_request_asks_of_aws_is_as_the_page_says(caller: Caller):
    counted, cost_of = dict[str, Cost](), caller.counter.cost_of
    grant = {"json": {"FunctionName": "hello", "DurationSeconds": 900}}
    counted["login from a new source"] = cost_of(caller.log_in)
    counted["login"] = cost_of(caller.log_in)
    tokens = caller.log_in()
    caller.ask("POST", "/grant", tokens, **grant)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    counted["renewal"] = cost_of(
        lambda: caller.client.post("/auth/refresh", data=form).raise_for_status()
    )
    other = {"json": {"FunctionName": "hello", "DurationSeconds": 901}}
    counted["grant"] = cost_of(
        lambda: caller.ask("POST", "/grant", tokens, **other).raise_for_status()
    )
    counted["grant, reused"] = cost_of(
        lambda: caller.ask("POST", "/grant", tokens, **other).raise_for_status()
    )
    counted["list of functions"] = cost_of(
        lambda: caller.ask("GET", "/functions", tokens).raise_for_status()
    )
    counted["logout"] = cost_of(
        lambda: caller.ask("POST", "/auth/logout", tokens).raise_for_status()
    )
    with TestClient(caller.client.app, client=("192.0.2.201", 50_000)) as stranger:
        guess = {"username": "bob", "password": "a-guess-1865"}
        counted["wrong password"] = cost_of(
            lambda: stranger.post("/auth/login", data=guess)
        )

    assert counted == dict(COSTS)


def test_what_was_revoked_is_read_once_for_the_requests_of_a_moment(caller: Caller):
    tokens, counter = caller.log_in(), caller.counter

    def ask_twice() -> None:
        for _ in range(2):
            caller.ask("GET", "/auth/me", tokens).raise_for_status()

    # Where the second comes a second later, it is read again: then try once more.
    costs = [counter.cost_of(ask_twice) for _ in range(5)]

    assert Cost(reads=3, hottest=1) in costs


def test_every_item_is_read_and_written_for_one_unit(caller: Caller):
    caller.log_in()
    operator = boto3.client(
        "dynamodb",
        endpoint_url=caller.stack.endpoint,
        region_name=caller.stack.region,
        **_keys_of(caller.stack.operator),
    )
    table = caller.stack.variables()["AIKAGI_USERS_TABLE"]
    items = operator.scan(TableName=table)["Items"]

    kinds = {item["pk"]["S"].partition("#")[0] for item in items}
    assert kinds >= {"principal", "login", "limit", "seen"}
    for item in items:
        written = item["pk"]["S"].startswith(("login#", "limit#", "seen#"))
        assert size_of(item) <= (_WRITE_UNIT if written else _READ_UNIT), item["pk"]


def _keys_of(variables: Mapping[str, str]) -> dict[str, Any]:
    return {
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
        "aws_session_token": variables.get("AWS_SESSION_TOKEN"),
    }


def size_of(item: Mapping[str, Any]) -> int:
    """Count no less than DynamoDB does: names and values in UTF-8, and a few more."""
    return len(json.dumps(item, ensure_ascii=False).encode())


def test_the_page_has_the_tables_that_the_program_makes():
    text = capacity.PAGE.read_text(encoding="utf-8")

    assert capacity.page_with_tables(text) == text


def test_a_page_without_a_place_for_a_table_is_refused():
    with pytest.raises(ValueError, match="no place for the table"):
        capacity.page_with_tables("nothing")


def test_what_the_program_knows_of_the_broker_is_so():
    assert parameters.FRESH.total_seconds() == capacity.READ_AGAIN
    lifetime = Settings.model_fields["token_lifetime_seconds"].default
    assert lifetime == capacity.TOKEN_SECONDS


@pytest.mark.parametrize("processes", [1, 50])
@pytest.mark.parametrize("seconds", [900, 3600])
def test_the_formula_of_reuse_is_near_to_what_is_counted(processes: int, seconds: int):
    hours = 1
    rate = GRANTS / PEOPLE / (hours * 3600) / processes

    counted = sessions_begun(processes=processes, hours=hours, seconds=seconds)

    assert sessions_of(GRANTS, life=seconds, rate=rate) == pytest.approx(
        counted, rel=0.06
    )


def test_ten_times_as_many_people_ask_ten_times_as_much():
    few, many = (demand(capacity.SHORT, people) for people in (100_000, 1_000_000))

    for name in ("requests", "sts", "reads", "writes", "hottest", "environments"):
        assert getattr(many, name) == pytest.approx(10 * getattr(few, name))
