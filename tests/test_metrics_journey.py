"""What the log says of a broker as Lambda runs it, also while STS throttles it.

By its handler in a process of its own, at the AWS of the running stack.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.embedded_metric_format import data_of, is_metrics, is_taken_now, sums
from tests.stack import ROOT, Stack, clean_environment

NAMESPACE = "Aikagi/journey"
REQUESTS = """
import json, sys
from app.lambda_handler import handler
from tests.http_api_events import http_api_event

FORM = {"content-type": "application/x-www-form-urlencoded"}

def ask(number, path, headers, body):
    event = http_api_event("POST", path, headers=headers, body=body.encode())
    event["requestContext"]["requestId"] = f"request-{number}"
    return handler(event, None)

def log_in(number, username, password):
    form = f"username={username}&password={password}"
    return ask(number, "/auth/login", FORM, form)

token = json.loads(log_in(1, "alice", "wonderland-1865")["body"])["access_token"]
statuses = [log_in(2, "nobody", "wonderland-1865")["statusCode"]]
sent = {"authorization": f"Bearer {token}", "content-type": "application/json"}
for number, function in enumerate(("hello", "hello", "hello", "unheard-of"), 3):
    wanted = json.dumps({"FunctionName": function})
    statuses.append(ask(number, "/grant", sent, wanted)["statusCode"])
print(json.dumps(statuses), file=sys.stderr)
"""


def run(
    stack: Stack, program: str, initialization: str
) -> subprocess.CompletedProcess[str]:
    lambdas = {
        "AIKAGI_METRICS_NAMESPACE": NAMESPACE,
        "AIKAGI_LOG_LEVEL": "ERROR",
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(**{**stack.variables(), **lambdas}, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def ran(stack: Stack) -> Iterator[subprocess.CompletedProcess[str]]:
    """Let STS throttle three tries: both of the first grant, one of the second."""
    stack.controls.add_faults(
        {"Service": "sts", "Action": "AssumeRole", "Fault": "Throttling", "Times": 3}
    )
    yield run(stack, REQUESTS, "on-demand")
    stack.controls.reset()


@pytest.fixture(scope="module")
def lines(ran: subprocess.CompletedProcess[str]) -> list[str]:
    return ran.stdout.splitlines()


def test_the_journey_goes_as_it_is_meant_to(ran: subprocess.CompletedProcess[str]):
    assert json.loads(ran.stderr.splitlines()[-1]) == [400, 503, 200, 200, 403]


def test_cloudwatch_counts_what_has_happened(lines: list[str]):
    found = sums(lines)

    assert found.pop(("StsLatency",)) > 0
    assert 0 < found.pop(("PackedPolicySize",)) < 100
    assert found == {
        ("ColdStarts",): 1,
        ("Logins",): 1,
        ("Refusals",): 2,
        ("Refusals", "unknown-user"): 1,
        ("Refusals", "no-such-function"): 1,
        ("Faults",): 1,
        ("Faults", "sessions-unavailable"): 1,
        ("StsThrottles",): 3,
        ("Grants",): 2,
        ("ReusedSessions",): 1,
    }


def test_each_line_of_metrics_is_of_now_and_of_the_namespace(lines: list[str]):
    found = [datum for line in filter(is_metrics, lines) for datum in data_of(line)]

    assert {datum.namespace for datum in found} == {NAMESPACE}
    assert all(map(is_taken_now, found))


def test_the_audit_comes_first_and_each_request_has_one_line_of_either(
    lines: list[str],
):
    first, *pairs = map(json.loads, lines)

    assert first["ColdStarts"] == 1
    assert [(audit["Event"], of(measured)) for audit, measured in by_two(pairs)] == [
        ("Login", {"Logins"}),
        ("LoginRefused", {"Refusals"}),
        ("GrantRefused", {"StsThrottles", "StsLatency", "Faults"}),
        ("Grant", {*NEW, "StsThrottles"}),
        ("Grant", {"Grants", "ReusedSessions"}),
        ("GrantRefused", {"Refusals"}),
    ]
    for number, (audit, measured) in enumerate(by_two(pairs), 1):
        assert audit["RequestId"] == measured["RequestId"] == f"request-{number}"
        assert measured.get("RefusalReason") == audit.get("Reason")


def test_metrics_name_the_function_of_a_grant_and_nobody(lines: list[str]):
    measured = [json.loads(line) for line in filter(is_metrics, lines)]

    assert [line["FunctionName"] for line in measured if "Grants" in line] == [
        "hello",
        "hello",
    ]
    assert "alice" not in str(measured)


def test_a_process_that_is_begun_before_somebody_asks_is_no_cold_start(stack: Stack):
    done = run(stack, "import app.lambda_handler", "provisioned-concurrency")

    assert done.stdout == ""


NEW = ("StsLatency", "PackedPolicySize", "Grants", "ReusedSessions")
"""Of a grant with a session of its own."""


def of(measured: dict[str, Any]) -> set[str]:
    """Give the names of the metrics in a line."""
    return {datum.name for datum in data_of(json.dumps(measured))}


def by_two(lines: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return list(zip(lines[::2], lines[1::2], strict=True))
