"""The Python client makes of refusals what the vectors say."""

from collections.abc import Iterator

import pytest

from aikagi.commands.exit_codes import ExitCode, exit_code_of
from aikagi.refusals import classify_refusal
from tests.aikagi.loopback import Loopback, running
from tests.aikagi.scripted_requests import check
from tests.vector_files import Vector, bytes_of, for_client, reads


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    yield from running()


@reads("refusals", lambda vector: vector.get("only") != "browser")
def test_a_refusal_is_an_error_and_what_is_safe_is_repeated(
    loopback: Loopback, vector: Vector
):
    raised = check(loopback, vector)

    code = exit_code_of(raised) if raised else ExitCode.DONE
    assert code == for_client(vector, "python")["exit"]


@reads("refusals", lambda vector: vector.get("cause") is not None)
def test_a_refusal_has_the_cause_that_a_diagnosis_names(vector: Vector):
    answer = vector["function_answers"][-1]
    text = b"".join(map(bytes_of, answer["chunks"])).decode()

    refusal = classify_refusal(answer["status"], answer["headers"], text)

    assert refusal.cause == vector["cause"]
