"""The references in the documents name all that the code has, and nothing else."""

import io
import json
import re
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from aikagi_emulator.template.document import read
from app.adapters.audit import AuditLines
from app.domain.credentials import Grant, Source
from app.domain.session import SessionRequest, plan_session
from app.web.problems import STATUS
from tests.fakes import NOON, Clock, RecordingSessions, a_function, a_user
from tests.routes import methods_by_path
from tests.template.stacks import TEMPLATE

ROOT: Final = Path(__file__).parents[1]

PLAN: Final = plan_session(
    a_user("alice", "everyone"),
    a_function("hello", "everyone"),
    SessionRequest(),
    grant_id="a-grant",
    now=NOON,
)


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


def test_every_member_of_the_audit_line_is_listed():
    stream = io.StringIO()
    credentials = RecordingSessions(Clock()).issue(PLAN)
    AuditLines(stream).granted(
        Grant(plan=PLAN, credentials=credentials, granted_at=NOON),
        Source(address="203.0.113.7", request_id="a-request"),
    )
    section = _section("docs/security.md", "The audit line").partition(". ")[0]

    written = json.loads(stream.getvalue())
    assert re.findall("`([A-Za-z0-9]+)`", section) == list(written)


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
