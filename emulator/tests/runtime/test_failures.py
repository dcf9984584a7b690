"""An invocation that gives no answer says which way it failed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.runtime import (
    FunctionCrashedError,
    FunctionFailedError,
    FunctionTimedOutError,
    InitFailedError,
    Pool,
)
from emulator.tests.runtime.running import Log, ends, invoke

MakePool = Callable[..., Pool]


def child_in(log: Log) -> int:
    [child] = [line.split()[1] for _, line in log.lines if line.startswith("child")]
    return int(child)


def test_a_handler_that_raises_keeps_its_environment(make_pool: MakePool, log: Log):
    pool = make_pool()
    before = invoke(pool)

    with pytest.raises(FunctionFailedError) as caught:
        invoke(pool, do="raise")

    assert caught.value.error_type == "KeyError"
    log.wait_for("[ERROR] KeyError: 'kettle'")
    assert invoke(pool)["pid"] == before["pid"]


def test_a_process_that_ends_is_a_crash_ends_its_children_and_is_replaced(
    make_pool: MakePool, log: Log
):
    pool = make_pool()
    before = invoke(pool)

    with pytest.raises(FunctionCrashedError, match="exit status 3"):
        invoke(pool, do="exit")

    log.wait_for("Runtime exited with error: exit status 3")
    assert ends(child_in(log))
    assert invoke(pool)["pid"] != before["pid"]


def test_a_call_beyond_the_timeout_is_killed_with_its_children(
    make_pool: MakePool, log: Log
):
    pool = make_pool(timeout_seconds=2)
    before = invoke(pool)

    with pytest.raises(FunctionTimedOutError):
        invoke(pool, do="hang")

    log.wait_for("Task timed out after 2.00 seconds")
    assert ends(child_in(log))
    assert ends(before["pid"])
    assert invoke(pool)["calls"] == 1


@pytest.mark.parametrize(
    ("code", "handler", "said"),
    [
        pytest.param("1 +", "broken.handler", "UserCodeSyntaxError", id="syntax"),
        pytest.param("1 / 0", "broken.handler", "ZeroDivisionError", id="raises"),
        pytest.param("", "broken.handler", "HandlerNotFound", id="no such handler"),
        pytest.param("", "missing.handler", "ImportModuleError", id="no such module"),
        pytest.param(
            "import os; os._exit(4)", "broken.handler", "status 4", id="exits"
        ),
    ],
)
def test_code_that_cannot_be_loaded_is_told_apart_and_can_be_mended(
    make_pool: MakePool, tmp_path: Path, code: str, handler: str, said: str
):
    (tmp_path / "broken.py").write_text(code)
    pool = make_pool(folder=tmp_path, handler=handler, concurrency=1)

    with pytest.raises(InitFailedError, match=said):
        invoke(pool)

    mended = tmp_path / f"{handler.partition('.')[0]}.py"
    mended.write_text("def handler(event, context): return 'mended'")
    assert invoke(pool) == "mended"


def test_a_folder_that_does_not_exist_is_named(make_pool: MakePool, tmp_path: Path):
    pool = make_pool(folder=tmp_path / "nowhere")

    with pytest.raises(InitFailedError, match="nowhere"):
        invoke(pool)
