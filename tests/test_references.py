"""The references in the documents name all that the code has, and nothing else."""

import re
from pathlib import Path
from typing import Final

import pytest
from fastapi import FastAPI

from aikagi_emulator.template.document import read
from app.admin.audit_schema import members_of
from app.admin.commands import main
from app.domain.audit import RECORDS, AuditRecord, RequestRecord
from app.domain.identity import PasswordRefusal, TokenRefusal
from app.domain.logins import Verdict
from app.domain.metrics import METRICS
from app.domain.session import GrantRefusal, SessionRequest, plan_session
from app.web.problems import STATUS
from tests.embedded_metric_format import data_of
from tests.fakes import NOON, a_function, a_user
from tests.routes import methods_by_path
from tests.template.monitoring import monitoring
from tests.template.stacks import TEMPLATE

ROOT: Final = Path(__file__).parents[1]

PLAN: Final = plan_session(
    a_user("alice", "everyone"),
    a_function("hello", "everyone"),
    SessionRequest(),
    grant_id="a-grant",
    now=NOON,
)

MONITORING: Final = monitoring()


def test_every_problem_is_explained_with_its_status():
    rows = _rows(_section("docs/problems.md", "Problems"), r"`([a-z-]+)` \| (\d{3})")

    assert {code: int(status) for code, status in rows} == {
        error.code: status.value for error, status in STATUS.items()
    }


def test_the_readme_lists_every_route_that_the_description_has(app: FastAPI):
    section = _section("README.md", "How it works")
    listed = _rows(section, r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`[^|]*")

    assert {(method, _without_name(path)) for method, path in listed} - PAGES == {
        (method.upper(), _without_name(path))
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    }


def test_the_readme_lists_only_routes_that_there_are(app: FastAPI):
    routes = methods_by_path(app)

    for method, path in PAGES:
        assert method in routes[path]


def test_every_tag_of_a_session_is_explained():
    section = _section("docs/security.md", "The tags of a session")

    assert re.findall(r"^\| `([a-z.]+)` \|", section, re.MULTILINE) == list(PLAN.tags)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.event)
def test_every_member_of_an_audit_line_is_explained(record: type[AuditRecord]):
    of_request = issubclass(record, RequestRecord)
    sections = ["In every line", *(["In the line of a request"] if of_request else [])]

    explained = [
        name
        for heading in (*sections, record.event)
        for name in re.findall(
            r"^\| `(\w+)` \|", _section("docs/audit.md", heading), re.MULTILINE
        )
    ]
    assert explained == list(members_of(record))


def test_the_documents_explain_every_event_and_no_other():
    text = (ROOT / "docs/audit.md").read_text()

    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == [
        record.event for record in RECORDS
    ]


def test_every_reason_of_a_refusal_is_explained():
    section = _section("docs/audit.md", "Reasons")
    cells = re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)
    explained = re.findall(r"`([a-z-]+)`", " ".join(cells))

    renewed = {Verdict.ROTATE, Verdict.REPEAT}
    refusals = {*PasswordRefusal, *Verdict, *GrantRefusal, *TokenRefusal}
    assert refusals - renewed <= set(explained)


def test_the_schema_of_audit_lines_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str],
):
    assert main(["audit", "schema"]) == 0

    assert capsys.readouterr().out == (ROOT / "docs/audit.schema.json").read_text()


def test_every_metric_is_explained_with_its_unit():
    cells = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (.*) \|$",
        _section("docs/metrics.md", "What is measured"),
        re.MULTILINE,
    )

    filtered = [
        (transformation["MetricName"], transformation["Unit"])
        for filter_ in MONITORING.filters.values()
        for transformation in filter_["MetricTransformations"]
    ]
    own = [(metric.name, str(metric.unit)) for metric in METRICS]
    assert [(name, unit) for name, unit, _ in cells] == own + filtered
    assert {name for name, _, text in cells if text.endswith("; by reason")} == {
        metric.name for metric in METRICS if metric.by_reason
    }


def test_every_alarm_has_a_section_that_says_what_to_do():
    text = (ROOT / "docs/metrics.md").read_text()

    assert re.findall(r"^### (\w+Alarm)$", text, re.MULTILINE) == list(
        MONITORING.alarms
    )
    for alarm in MONITORING.alarms:
        section = _section("docs/metrics.md", alarm)
        for part in ("**When**", "means**", "**Do:**"):
            assert part in " ".join(section.split()), alarm


def test_every_saved_query_is_explained():
    stack = MONITORING.stack
    saved = [
        query.properties["Name"].removeprefix(f"{stack.name}/")
        for query in stack.of_type("AWS::Logs::QueryDefinition")
    ]
    sections = (("docs/audit.md", "Queries"), ("docs/metrics.md", "Queries"))

    assert saved == [
        name
        for section in sections
        for name in re.findall(r"^- `([a-z-]+)`:", _section(*section), re.MULTILINE)
    ]


def test_the_example_of_a_line_of_metrics_is_one_that_cloudwatch_takes():
    [line] = re.findall(
        r"^\{.*_aws.*$", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE
    )

    found = {datum.name for datum in data_of(line)}
    assert found < {metric.name for metric in METRICS}
    assert {"Grants", "StsLatency"} <= found


def test_every_parameter_of_the_template_is_explained():
    section = _section("docs/deploy.md", "Deployment")
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)

    explained = re.findall(r"\w+", " ".join(cells))
    assert sorted(explained) == sorted(read(TEMPLATE)["Parameters"])


PAGES: Final = {("GET", "/")}
"""Addresses for people, which the description of the API leaves out."""


def _section(document: str, heading: str) -> str:
    """Give what stands under a heading, up to the next one."""
    text = (ROOT / document).read_text()
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"{document} has no section {heading!r} any more"
    return found[1]


def _rows(section: str, beginning: str) -> list[tuple[str, str]]:
    """Give the two groups of ``beginning`` in each table row that begins so."""
    return re.findall(rf"^\| {beginning} \|", section, re.MULTILINE)


def _without_name(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
