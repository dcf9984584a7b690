"""What runs at the forge: the same targets as here, with no more rights than needed."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / ".github" / "workflows"
WORKFLOWS: Final = sorted(FOLDER.glob("*"))

_PINNED: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
_OF_OTHERS: Final = {"pull_request_target", "workflow_run", "issue_comment"}
"""Events that run with the repository's own rights what others have written."""


def read(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes `on` for a boolean.
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {**workflow, "on": workflow[True]}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def lines(path: Path, word: str) -> list[str]:
    return re.findall(rf"^\s*(?:- )?{word}: (.*)$", path.read_text(), re.MULTILINE)


pytestmark = pytest.mark.parametrize(
    "path", WORKFLOWS, ids=[path.name for path in WORKFLOWS]
)


def test_every_action_is_pinned_to_a_commit_and_says_its_version(path: Path):
    used = lines(path, "uses")

    assert len(used) == sum("uses" in step for step in steps(read(path))) > 0
    for action in used:
        assert _PINNED.fullmatch(action), action


def test_it_may_read_the_repository_and_nothing_else(path: Path):
    workflow = read(path)

    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())
    assert "secrets." not in path.read_text()


def test_no_checkout_leaves_its_token_behind(path: Path):
    checkouts = [
        step
        for step in steps(read(path))
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert checkouts
    for step in checkouts:
        assert step["with"] == {"persist-credentials": False}


def test_what_others_propose_runs_without_rights(path: Path):
    assert not _OF_OTHERS & set(read(path)["on"])


def test_every_job_ends_by_itself_and_a_newer_push_ends_an_older_run(path: Path):
    workflow = read(path)

    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60
        # A label such as ubuntu-latest is another machine one day.
        assert re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])


def test_it_runs_targets_of_make_and_no_commands_of_its_own(path: Path):
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z -]+)?:", makefile(), re.MULTILINE))

    commands = [step["run"] for step in steps(read(path)) if "run" in step]

    assert commands
    for command in commands:
        make, target = command.split()
        assert make == "make"
        assert target in targets


def makefile() -> str:
    return (ROOT / "Makefile").read_text()


def test_it_runs_all_that_a_change_has_to_pass(path: Path):
    here = re.findall(r"^make (\w+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)

    assert {"check", "test"} <= set(here)
    for target in here:
        assert f"make {target}" in lines(path, "run")


def test_it_tests_every_python_that_is_supported(path: Path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = re.findall(r":: (3\.\d+)'", str(project["classifiers"]))

    matrix = read(path)["jobs"]["test"]["strategy"]["matrix"]

    assert matrix == {"python": supported}
