import asyncio
import json
import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.runtime import (
    FunctionFailedError,
    Pool,
)
from emulator.tests.runtime.running import Log, invoke

MakePool = Callable[..., Pool]


def test_the_handler_sees_its_request_and_its_deadline(make_pool: MakePool):
    pool = make_pool(timeout_seconds=60)

    answer = asyncio.run(pool.invoke({"do": "context"}, request_id="a-request"))

    seen = json.loads(answer)
    assert seen["request_id"] == "a-request"
    assert seen["arn"] == "arn:aws:lambda:ap-northeast-1:123456789012:function:hello"
    assert 30_000 < seen["left"] <= 60_000


def test_a_warm_environment_is_used_again(make_pool: MakePool):
    pool = make_pool()

    first, second = invoke(pool), invoke(pool)

    assert (first["calls"], second["calls"]) == (1, 2)
    assert first["pid"] == second["pid"]


def test_a_function_gets_its_own_variables_and_nothing_of_the_launchers(
    make_pool: MakePool, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "of the developer")
    monkeypatch.setenv("HOME", "/home/of/the/developer")
    monkeypatch.setenv("PYTHONPATH", "/of/the/developer")
    pool = make_pool(variables={"GREETING": "hello"}, memory_mb=256)

    seen = invoke(pool, do="environment")

    assert seen["cwd"] == str(folder)
    variables = seen["variables"]
    assert variables.pop("AWS_LAMBDA_RUNTIME_API").startswith("127.0.0.1:")
    assert variables.pop("_X_AMZN_TRACE_ID").startswith("Root=1-")
    assert variables.pop("AWS_EXECUTION_ENV").startswith("AWS_Lambda_python3.")
    variables.pop("LC_CTYPE", None)  # Python's own, where LANG's locale is missing
    python, shell = str(Path(sys.executable).parent), os.environ["PATH"].split(":")
    assert variables == {
        "PATH": ":".join([python, *(name for name in shell if name != python)]),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "GREETING": "hello",
        "_HANDLER": "code.handler",
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "ap-northeast-1",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "AWS_LAMBDA_FUNCTION_NAME": "hello",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/hello",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_RUNTIME_DIR": sysconfig.get_path("purelib"),
        "LAMBDA_TASK_ROOT": str(folder),
    }


def test_what_a_function_prints_is_logged_under_its_name(make_pool: MakePool, log: Log):
    pool = make_pool()

    invoke(pool, do="print")
    pool.close()

    assert log.lines == [
        ("hello", "to stdout"),
        ("hello", "to stderr"),
        (
            "hello",
            "in \N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C} and",
        ),
    ]


def test_a_result_of_the_largest_size_arrives_and_one_byte_more_does_not(
    make_pool: MakePool,
):
    pool = make_pool()
    quotes = 2

    assert len(invoke(pool, do="long", length=6_291_556 - quotes)) == 6_291_554
    with pytest.raises(FunctionFailedError) as caught:
        invoke(pool, do="long", length=6_291_557 - quotes)
    assert caught.value.error_type == "Function.ResponseSizeTooLarge"
    assert invoke(pool)["calls"] == 1


def test_an_event_of_six_megabytes_arrives(make_pool: MakePool):
    assert invoke(make_pool(), do="measure", text="x" * 6_291_456) == 6_291_456


def test_a_local_layer_is_looked_through_as_in_opt(make_pool: MakePool, tmp_path: Path):
    layer, code = tmp_path / "layer", tmp_path / "code"
    (layer / "python").mkdir(parents=True)
    (layer / "python/shared.py").write_text("WORD = 'of the layer'\n")
    code.mkdir()
    (code / "mine.py").write_text(
        "import os, shared\n\n"
        "def handler(event, context):\n"
        "    version = os.environ['AWS_LAMBDA_FUNCTION_VERSION']\n"
        "    return [shared.WORD, version, context.invoked_function_arn[-5:]]\n"
    )
    arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:hello:live"

    pool = make_pool(
        arn=arn,
        folder=code,
        handler="mine.handler",
        layer_folders=(layer,),
        version="1",
    )

    assert invoke(pool) == ["of the layer", "1", ":live"]
