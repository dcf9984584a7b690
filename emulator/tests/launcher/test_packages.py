"""What a function sees, in processes of its own: its packages, its layers, Lambda's."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.installer import installer_of, pip_of
from aikagi_emulator.launcher.packages import Packages
from aikagi_emulator.runtime import (
    FunctionFailedError,
    FunctionSpec,
    InitFailedError,
    Pool,
)
from aikagi_emulator.template import Stack
from emulator.tests.launcher.wheels import asking_for, write_wheel
from emulator.tests.runtime.running import Latch, Log, ends
from emulator.tests.runtime.web import ADAPTER, event

ARN = "arn:aws:lambda:ap-northeast-1:123456789012:function:hello"
LAYER = "arn:aws:lambda:ap-northeast-1:123456789012:layer:Shared:1"
OTHER_LAYER = LAYER.replace("Shared", "Other")
SHELL = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}

HANDLER = """
import importlib.util, os, shutil, sys

def handler(event, context):
    match event:
        case {"find": names}:
            return [name for name in names if importlib.util.find_spec(name)]
        case {"import": name}:
            return importlib.import_module(name).WORDS
        case {"which": name}:
            return shutil.which(name)
        case _:
            return {"path": sys.path, "python": sys.executable, "prefix": sys.prefix}
"""


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        write_wheel(folder, "greeting", version, f"WORDS = 'greeting {version}'\n")
    return folder


@pytest.fixture
def log() -> Log:
    return Log()


MakeFunction = Callable[..., Pool]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture
def packages(shared: Path) -> Packages:
    return Packages(shared, shell=SHELL)


def none_is_needed() -> Sequence[str]:
    pytest.fail("an installer was asked for")


def write(folder: Path, **files: str) -> Path:
    """Write modules, and requirements where they are given."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        suffix = "txt" if name == "requirements" else "py"
        (folder / f"{name}.{suffix}").write_text(text)
    return folder


def spec_of(folder: Path, **changes: Any) -> FunctionSpec:
    spec = FunctionSpec(
        name="hello", arn=ARN, folder=folder, handler="code.handler", timeout_seconds=30
    )
    return replace(spec, **changes)


def stack_of(
    *, build: str = "python", layers: dict[str, Path] | None = None, **builds: str
) -> Stack:
    named = {LAYER: builds.get("layer", ""), OTHER_LAYER: builds.get("other", "")}
    return Stack(
        name="local",
        region="ap-northeast-1",
        account="123456789012",
        resources={},
        outputs={},
        code={},
        layers=layers or {},
        builds={"hello": build, **named},
    )


@pytest.fixture
def make(packages: Packages, log: Log) -> Iterator[MakeFunction]:
    """Equips functions, and closes their pools."""
    pools: list[Pool] = []

    def equipped(
        spec: FunctionSpec, stack: Stack | None = None, by: Packages = packages
    ) -> Pool:
        pool = Pool(
            asyncio.run(by.equip(spec, stack or stack_of())),
            credentials=dict,
            clock=lambda: datetime.now(UTC),
            log=log,
        )
        pools.append(pool)
        return pool

    yield equipped
    for pool in pools:
        pool.close()


def call(pool: Pool, **event: object) -> Any:
    return json.loads(asyncio.run(pool.invoke(event)))


def required(*names: str) -> set[str]:
    """The distributions of this environment that these require, and they themselves."""
    found: set[str] = set()
    wanted = list(names)
    while wanted:
        name = wanted.pop().lower()
        if name not in found:
            found.add(name)
            lines = [
                line for line in metadata.requires(name) or () if "extra" not in line
            ]
            wanted += [re.split(r"[ ;(<>=!]", line)[0] for line in lines]
    return found


def test_a_function_sees_what_lambda_brings_and_nothing_else_of_what_is_installed(
    make: MakeFunction, tmp_path: Path
):
    installed = metadata.packages_distributions()
    brought = required("boto3", "awslambdaric")
    expected = {
        module
        for module, distributions in installed.items()
        if brought & {name.lower() for name in distributions}
    }
    asked = sorted(name for name in installed if name.isidentifier())

    pool = make(spec_of(write(tmp_path / "code", code=HANDLER)))

    assert {"boto3", "botocore", "urllib3", "dateutil", "awslambdaric"} <= expected
    assert {"moto", "uvicorn", "pytest", "aikagi_emulator", "pip"} <= set(asked)
    assert set(call(pool, find=[*asked, "json"])) == {*expected, "json"}


def test_what_lambda_brings_works(make: MakeFunction, tmp_path: Path):
    code = "import boto3\nfrom importlib.metadata import version\n"
    code += "def handler(event, context):\n"
    code += "    boto3.client('sts', region_name='eu-west-1')\n"
    code += "    return version('boto3')\n"

    pool = make(spec_of(write(tmp_path / "code", code=code)))

    assert call(pool) == metadata.version("boto3")


@pytest.mark.parametrize("import_", ["import moto", "from uvicorn import run"])
def test_an_import_of_what_the_function_does_not_ship_fails_and_says_what_to_do(
    make: MakeFunction, tmp_path: Path, log: Log, import_: str
):
    folder = write(tmp_path / "code", code=f"{import_}\n{HANDLER}")
    pool = make(spec_of(folder))
    name = import_.split()[1]

    with pytest.raises(InitFailedError, match=f"No module named '{name}'"):
        call(pool)

    (hint,) = [line for _, line in log.lines if line.startswith("Neither")]
    assert hint == (
        f"Neither Lambda's Python nor a layer of this function brings {name!r}: put "
        f"its package into {folder}/requirements.txt, and the call that follows has it."
    )


def test_an_import_in_a_call_is_told_so_too(
    make: MakeFunction, tmp_path: Path, log: Log
):
    pool = make(spec_of(write(tmp_path / "code", code=HANDLER)))

    for _ in range(2):
        with pytest.raises(FunctionFailedError, match="No module named 'moto'"):
            call(pool, **{"import": "moto"})
    log.wait_for("ModuleNotFoundError: No module named 'moto'", times=2)

    hints = [line for _, line in log.lines if line.startswith("Neither")]
    assert len(hints) == 1
    assert "brings 'moto': put its package into" in hints[0]


@pytest.mark.parametrize("import_", ["import json.none", "import code.none, os"])
def test_a_module_of_python_s_or_the_function_s_own_is_no_package(
    make: MakeFunction, tmp_path: Path, log: Log, import_: str
):
    pool = make(spec_of(write(tmp_path / "code", code=f"{import_}\n{HANDLER}")))

    with pytest.raises(InitFailedError, match="No module named"):
        call(pool)

    assert not any(line.startswith("Neither") for _, line in log.lines)


def with_uv() -> Sequence[str]:
    return installer_of(SHELL)


def with_pip() -> Sequence[str]:
    return pip_of(sys.executable)


@pytest.mark.parametrize("installer", [with_uv, with_pip])
def test_packages_of_its_requirements_are_installed_for_a_function(
    make: MakeFunction,
    tmp_path: Path,
    wheels: Path,
    installer: Callable[[], Sequence[str]],
):
    packages = Packages(tmp_path / "packages", shell=SHELL, installer=installer)
    folder = write(
        tmp_path / "code",
        code=HANDLER,
        # A module of the function's own that is called as the installer's.
        pip="raise SystemExit('this is no pip')\n",
        requirements=asking_for("greeting", wheels=wheels),
    )

    pool = make(spec_of(folder), by=packages)

    assert call(pool, **{"import": "greeting"}) == "greeting 2.0"


def test_two_functions_have_different_versions_of_a_package(
    make: MakeFunction, tmp_path: Path, wheels: Path
):
    pools = [
        make(
            spec_of(
                write(
                    tmp_path / version,
                    code=HANDLER,
                    requirements=asking_for(f"greeting=={version}", wheels=wheels),
                )
            )
        )
        for version in ("1.0", "2.0")
    ]

    seen = [call(pool, **{"import": "greeting"}) for pool in pools]

    assert seen == ["greeting 1.0", "greeting 2.0"]


def test_functions_with_the_same_requirements_share_an_installation(
    make: MakeFunction, tmp_path: Path, wheels: Path
):
    folder = tmp_path / "packages"
    text = asking_for("greeting==1.0", wheels=wheels)
    first, second = (
        write(tmp_path / name, code=HANDLER, requirements=text) for name in "ab"
    )
    make(spec_of(first), by=Packages(folder, shell=SHELL))

    again = Packages(folder, shell=SHELL, installer=none_is_needed)

    seen = call(make(spec_of(second), by=again), **{"import": "greeting"})
    assert seen == "greeting 1.0"


@pytest.mark.parametrize("text", [None, "", "# none yet\n", "--no-index\n"])
def test_no_installer_runs_where_nothing_is_named(
    make: MakeFunction, tmp_path: Path, text: str | None
):
    folder = write(tmp_path / "code", code=HANDLER)
    if text is not None:
        (folder / "requirements.txt").write_text(text)
    packages = Packages(tmp_path / "packages", shell=SHELL, installer=none_is_needed)

    assert call(make(spec_of(folder), by=packages), find=["boto3"]) == ["boto3"]


@pytest.mark.parametrize("installer", [with_uv, with_pip])
def test_what_cannot_be_installed_is_said_in_the_installer_s_words_and_leaves_nothing(
    tmp_path: Path, wheels: Path, installer: Callable[[], Sequence[str]]
):
    text = asking_for("greeting==3.0", wheels=wheels)
    folder = write(tmp_path / "code", code=HANDLER, requirements=text)
    packages = Packages(tmp_path / "packages", shell=SHELL, installer=installer)

    with pytest.raises(LaunchError) as caught:
        asyncio.run(packages.equip(spec_of(folder), stack_of()))

    said = str(caught.value)
    assert said.startswith(f"{folder / 'requirements.txt'} cannot be installed:\n")
    assert "greeting==3.0" in said
    assert not list((tmp_path / "packages").iterdir())


def test_an_installer_that_is_not_there_is_a_sentence(tmp_path: Path, wheels: Path):
    text = asking_for("greeting", wheels=wheels)
    folder = write(tmp_path / "code", requirements=text)
    packages = Packages(tmp_path, shell=SHELL, installer=lambda: ["/no/such/program"])

    with pytest.raises(LaunchError, match="cannot be installed"):
        asyncio.run(packages.equip(spec_of(folder), stack_of()))


def test_an_installation_that_is_given_up_ends_and_leaves_nothing(
    tmp_path: Path, wheels: Path
):
    latch, number = Latch(tmp_path / "latch"), tmp_path / "pid"
    slow = tmp_path / "slow"
    slow.write_text(
        f"#!/bin/sh\necho $$ > {number}\nread word < {latch.path}\nsleep 600\n"
    )
    slow.chmod(0o755)
    text = asking_for("greeting", wheels=wheels)
    folder = write(tmp_path / "code", requirements=text)
    packages = Packages(tmp_path / "made", shell=SHELL, installer=lambda: [str(slow)])

    async def give_up() -> None:
        installing = asyncio.create_task(packages.equip(spec_of(folder), stack_of()))
        await asyncio.to_thread(latch.release)
        installing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await installing

    asyncio.run(give_up())

    assert ends(int(number.read_text()), within=0)
    assert not list((tmp_path / "made").iterdir())


def test_a_layer_s_own_requirements_are_installed_where_the_layer_is_built(
    make: MakeFunction, tmp_path: Path, wheels: Path, caplog: pytest.LogCaptureFixture
):
    folder = write(tmp_path / "code", code=HANDLER)
    text = asking_for("greeting==1.0", wheels=wheels)
    layer = write(tmp_path / "layer", requirements=text)
    write(layer / "python", shared="WORDS = 'of the layer'\n")
    spec = spec_of(folder, layers=(LAYER,), layer_folders=(layer,))

    built, unbuilt = (
        make(spec, stack_of(layers={LAYER: layer}, layer=build))
        for build in ("makefile", "")
    )

    names = ["greeting", "shared"]
    assert call(built, find=names) == names
    assert call(unbuilt, find=names) == ["shared"]
    assert f"{layer / 'requirements.txt'} is not installed: sam build" in caplog.text


def test_a_layer_that_sam_builds_for_python_is_a_folder_of_modules(
    make: MakeFunction, tmp_path: Path, wheels: Path
):
    folder = write(tmp_path / "code", code=HANDLER)
    layer = write(
        tmp_path / "layer",
        shared="WORDS = 'of the layer'\n",
        requirements=asking_for("greeting==1.0", wheels=wheels),
    )
    spec = spec_of(folder, layers=(LAYER,), layer_folders=(layer,))

    pool = make(spec, stack_of(layers={LAYER: layer}, layer="python3.13"))

    assert call(pool, find=["shared", "greeting"]) == ["shared", "greeting"]


def test_modules_are_found_in_the_order_of_lambda(
    make: MakeFunction, tmp_path: Path, wheels: Path
):
    """Code, packages, PYTHONPATH, layers, and what Python and Lambda bring."""
    own, theirs, early, late = (tmp_path / name for name in ("code", "b", "c", "d"))
    version = "lib/python{}.{}/site-packages".format(*sys.version_info[:2])
    for folder, names in (
        (own, ["one"]),
        (theirs, ["one", "greeting", "three"]),
        (early / "python", ["one", "three", "four", "five"]),
        (late / "python", ["three", "four"]),
        (early / "python" / version, ["four", "six"]),
        (late / "python", ["boto3"]),
    ):
        write(folder, **{name: f"WORDS = {str(folder)!r}\n" for name in names})
    text = asking_for("greeting==1.0", wheels=wheels)
    write(own, code=HANDLER, requirements=text)
    spec = spec_of(
        own,
        variables={"PYTHONPATH": str(theirs)},
        layers=(LAYER, OTHER_LAYER),
        layer_folders=(early, late),
    )

    pool = make(spec, stack_of(layers={LAYER: early, OTHER_LAYER: late}))

    found = {
        name: call(pool, **{"import": name})
        for name in ("one", "greeting", "three", "four", "five", "six", "boto3")
    }
    assert found == {
        "one": str(own),
        "greeting": "greeting 1.0",
        "three": str(theirs),
        # site-packages of any layer come before python of any.
        "four": str(early / "python" / version),
        "five": str(early / "python"),
        "six": str(early / "python" / version),
        "boto3": str(late / "python"),
    }


def test_programs_of_the_emulator_s_environment_are_not_on_the_path(
    make: MakeFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{here}:{os.environ['PATH']}")
    pool = make(spec_of(write(tmp_path / "code", code=HANDLER)))

    found = call(pool)

    assert call(pool, which="python") == found["python"]
    assert Path(found["python"]).parent != here
    assert (here / "pytest").exists()
    assert call(pool, which="pytest") != str(here / "pytest")
    assert call(pool, which="sh") is not None


SERVER = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())

http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
START = """#!/bin/sh
# As the examples of the Lambda Web Adapter do.
export PYTHONPATH=$PYTHONPATH:/opt/python:$LAMBDA_RUNTIME_DIR
exec python -m {server} "served by $(python -c 'import boto3; print(boto3.__name__)')"
"""


def test_a_web_process_runs_the_server_that_its_layer_brings_and_no_other(
    make: MakeFunction, tmp_path: Path, wheels: Path, log: Log
):
    write_wheel(wheels, "server", "1.0", SERVER)
    text = asking_for("server", wheels=wheels)
    layer = write(tmp_path / "layer", requirements=text)
    stack = stack_of(layers={LAYER: layer}, layer="makefile")
    pools = []
    for server in ("server", "uvicorn"):
        folder = write(tmp_path / server)
        (folder / "run.sh").write_text(START.format(server=server))
        (folder / "run.sh").chmod(0o755)
        spec = spec_of(
            folder,
            handler="run.sh",
            layers=(LAYER, ADAPTER),
            layer_folders=(layer,),
            variables={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"},
        )
        pools.append(make(spec, stack))
    good, bad = pools

    answer = json.loads(asyncio.run(good.invoke(event())))
    with pytest.raises(InitFailedError):
        asyncio.run(bad.invoke(event()))

    assert answer["body"] == "served by boto3"
    log.wait_for("nor a layer of this function brings 'uvicorn': put its package into")
