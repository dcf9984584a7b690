"""What the image is, as docs/container/Containerfile says, and its settings."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from app.settings import Settings
from tests.container.containerfile import (
    PATH,
    ROOT,
    WITH_PACKAGES,
    build,
    only,
    stages,
)
from tests.container.running import NGINX, PATIENCE

STAGES: Final = stages(PATH.read_text())
LAST: Final = STAGES[-1]
PAGE: Final = ROOT / "docs" / "container.md"


def test_every_stage_is_of_the_base_that_somebody_names():
    before, _, _ = PATH.read_text().partition("\nFROM ")

    assert re.findall(r"^ARG .*$", before, re.MULTILINE) == ["ARG BASE"]
    for stage in STAGES:
        assert stage[0].arguments.split()[0] == "${BASE}"


def test_it_runs_as_nobody_in_particular_from_then_on():
    names = [instruction.name for instruction in LAST]

    user, _, group = only(LAST, "USER").arguments.partition(":")
    # Kubernetes compares numbers (runAsNonRoot), and knows no names of an image.
    assert int(user) > 0
    assert int(group) > 0
    assert not {"RUN", "COPY", "ADD"} & set(names[names.index("USER") :])


def test_it_starts_uvicorn_without_a_shell_which_would_not_pass_signals_on():
    command = only(LAST, "ENTRYPOINT").command

    assert command[:4] == ["python", "-m", "uvicorn", "app.main:app"]
    assert "--no-proxy-headers" in command
    assert "CMD" not in {instruction.name for instruction in LAST}


def test_it_ends_before_its_orchestrator_loses_patience():
    """ECS and Kubernetes kill after 30 seconds, unless told otherwise."""
    command = only(LAST, "ENTRYPOINT").command
    graceful = int(command[command.index("--timeout-graceful-shutdown") + 1])

    assert 20 <= graceful < 30


def test_one_port_is_served_exposed_checked_and_asked_by_the_proxy():
    command = only(LAST, "ENTRYPOINT").command
    port = command[command.index("--port") + 1]

    assert only(LAST, "EXPOSE").arguments == port
    assert f"'127.0.0.1', {port}," in only(LAST, "HEALTHCHECK").arguments
    assert f"server 127.0.0.1:{port};" in NGINX.read_text()


def test_packages_are_installed_by_their_digests_and_as_wheels():
    [installs] = [
        instruction.arguments
        for stage in STAGES
        for instruction in stage
        if instruction.name == "RUN" and "install" in instruction.arguments
    ]

    assert "--require-hashes" in installs
    assert "--only-binary :all:" in installs
    assert installs.endswith("-r container.txt")


def test_the_image_has_the_versions_that_are_tested():
    image, tested = pins("container"), pins("local")

    assert pins("runtime").items() <= image.items() <= tested.items()
    assert "uvicorn" in image


def pins(lock: str) -> Mapping[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", text, re.MULTILINE))


def test_the_build_leaves_the_broker_compiled_and_without_its_operator(tmp_path: Path):
    build(tmp_path / "image")

    held = {
        path.relative_to(tmp_path / "image") for path in tmp_path.rglob("image/**/*")
    }
    assert Path("app/main.py") in held
    assert Path("app/web/static/client/session.js") in held
    assert Path("app/admin") not in held
    assert WITH_PACKAGES or {path.parts[0] for path in held} == {"app"}
    compiled = {
        path.parents[1] / f"{path.name.partition('.')[0]}.py"
        for path in held
        if path.suffix == ".pyc"
    }
    assert {path for path in held if path.suffix == ".py"} <= compiled


def test_what_the_build_copies_is_all_that_it_is_sent():
    ignored = (PATH.parent / f"{PATH.name}.dockerignore").read_text().splitlines()
    copied = [
        instruction.arguments.split()[0]
        for instruction in STAGES[0]
        if instruction.name == "COPY"
    ]

    assert ignored[0] == "*"
    assert sorted(copied) == sorted(
        line.removeprefix("!") for line in ignored if line.startswith("!")
    )
    for path in copied:
        assert (ROOT / path).exists()


@pytest.mark.skipif(sys.version_info < (3, 13), reason="PYTHON_CPU_COUNT is of 3.13")
def test_a_worker_checks_one_password_at_a_time_as_the_image_sets_it():
    variables = dict(re.findall(r"(\w+)=(\S+)", only(LAST, "ENV").arguments))
    told = "from app.web.login_pool import half_of_the_processors as n; print(n())"

    asked = subprocess.run(
        [sys.executable, "-c", told],
        cwd=ROOT,
        env={"PYTHON_CPU_COUNT": variables["PYTHON_CPU_COUNT"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert asked.stdout == "1\n"


def test_every_setting_is_explained_with_its_default():
    rows = re.findall(
        r"^\| `((?:AIKAGI|AWS)_\w+)` \| ([^|]+) \|", PAGE.read_text(), re.MULTILINE
    )

    assert dict(rows) == {
        _variable(name): "required" if field.is_required() else _shown(field.default)
        for name, field in Settings.model_fields.items()
    }


def _variable(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"AIKAGI_{name.upper()}"


def _shown(default: object) -> str:
    if default is None or default == ():
        return "empty"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
