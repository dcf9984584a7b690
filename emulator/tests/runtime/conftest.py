from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aikagi_emulator.runtime import FunctionSpec, Pool
from emulator.tests.runtime.running import Clock, Latch, Log

HANDLERS = """
import json, os, subprocess, sys, time

calls = 0


def _start_a_child():
    child = subprocess.Popen(["sleep", "600"])
    print("child", child.pid, flush=True)


def _wait(path):
    print("waiting", flush=True)
    open(path).read()


def handler(event, context):
    global calls
    calls += 1
    match event.get("do"):
        case "environment":
            return {"variables": dict(os.environ), "cwd": os.getcwd()}
        case "context":
            return {
                "request_id": context.aws_request_id,
                "arn": context.invoked_function_arn,
                "left": context.get_remaining_time_in_millis(),
            }
        case "print":
            print("to stdout")
            print("to stderr", file=sys.stderr)
            print("in \\u65e5\\u672c and", end="")
        case "raise":
            raise KeyError("kettle")
        case "exit":
            _start_a_child()
            os._exit(3)
        case "wait":
            _wait(event["latch"])
        case "hang":
            _start_a_child()
            time.sleep(600)
        case "long":
            return "x" * event["length"]
        case "measure":
            return len(event["text"])
    return {"pid": os.getpid(), "calls": calls}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    (folder / "code.py").write_text(HANDLERS)
    return folder


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def latch(tmp_path: Path) -> Latch:
    return Latch(tmp_path / "latch")


MakePool = Callable[..., Pool]


@pytest.fixture
def make_pool(folder: Path, log: Log, clock: Clock) -> Iterator[MakePool]:
    """Makes pools of the function above, or of another, and closes them."""
    pools: list[Pool] = []

    def make(**changes: object) -> Pool:
        values: dict[str, object] = {
            "name": "hello",
            "arn": "arn:aws:lambda:ap-northeast-1:123456789012:function:hello",
            "folder": folder,
            "handler": "code.handler",
            "timeout_seconds": 30,
        }
        spec = FunctionSpec(**{**values, **changes})  # type: ignore[arg-type]  # a test names real fields
        pool = Pool(
            spec,
            credentials=lambda: {
                "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_SESSION_TOKEN": "token",
            },
            clock=clock,
            log=log,
        )
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pool.close()
