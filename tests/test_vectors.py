"""Each vector is read by the tests of both clients."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.vector_files import READ, load, reads, topics

CLIENTS: Final = {"python": "aikagi", "browser": "browser"}
"""The folders of their tests."""


def read_by(folder: str) -> Iterator[tuple[str, str]]:
    """Give topic and id of each vector that a test in the folder runs for."""
    here = Path(__file__).parent
    for path in sorted((here / folder).rglob("test_*.py")):
        names = path.relative_to(here.parent).with_suffix("").parts
        for test in vars(importlib.import_module(".".join(names))).values():
            topic, ids = getattr(test, READ, ("", []))
            yield from ((topic, vector_id) for vector_id in ids)


def unread(client: str) -> set[tuple[str, str]]:
    """Give the vectors that are for this client, and that no test of it runs for."""
    wanted = {
        (topic, vector["id"])
        for topic in topics()
        for vector in load(topic)
        if vector.get("only", client) == client
    }
    return wanted - set(read_by(CLIENTS[client]))


@pytest.mark.parametrize("client", CLIENTS)
def test_both_clients_read_every_vector(client: str):
    assert unread(client) == set()


def test_a_vector_that_one_client_leaves_out_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(CLIENTS, "python", "domain")

    assert {topic for topic, _ in unread("python")} == set(topics())
    assert unread("browser") == set()


@pytest.mark.parametrize("topic", topics())
def test_a_vector_is_found_by_its_id(topic: str):
    ids = [vector["id"] for vector in load(topic)]

    assert len(ids) == len(set(ids)) > 0


def test_a_test_runs_for_all_vectors_that_it_wants():
    @reads("requests", lambda vector: "body" in vector)
    def test(vector: object) -> None: ...

    _, ids = getattr(test, READ)
    assert ids == [vector["id"] for vector in load("requests") if "body" in vector]
