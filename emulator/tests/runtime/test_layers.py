"""Layers of a template: packages for handlers, and a program that starts a function."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aikagi_emulator.runtime import InitFailedError, Pool
from emulator.tests.runtime.web import ADAPTER, VARIABLES, event

MakePool = Callable[..., Pool]
HERE = "arn:aws:lambda:ap-northeast-1:123456789012:layer:local-Shared:1"
HANDLER = "import greeting\n\ndef handler(event, context):\n    return greeting.WORDS\n"
WRAPPER = """#!/bin/sh
layer=$(dirname "$0")
export PYTHONPATH="$LAMBDA_TASK_ROOT:$layer/python"
exec python -m uvicorn "${_HANDLER%.*}:${_HANDLER##*.}" --port "$AWS_LWA_PORT" \
    --lifespan off --loop asyncio --http h11 --log-level critical
"""
WEB = """
import greeting

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": greeting.WORDS.encode()})
"""


def layer(folder: Path, words: str) -> Path:
    (folder / "python").mkdir(parents=True)
    (folder / "python" / "greeting.py").write_text(f"WORDS = {words!r}\n")
    return folder


def function(folder: Path, code: str) -> Path:
    folder.mkdir()
    (folder / "code.py").write_text(code)
    return folder


def test_a_handler_imports_what_its_layer_brings(make_pool: MakePool, tmp_path: Path):
    folder = function(tmp_path / "function", HANDLER)
    without = make_pool(folder=folder)
    pool = make_pool(
        folder=folder,
        layers=(HERE,),
        layer_folders=(layer(tmp_path / "layer", "good day"),),
    )

    assert json.loads(asyncio.run(pool.invoke({}))) == "good day"
    with pytest.raises(InitFailedError, match="greeting"):
        asyncio.run(without.invoke({}))


def test_of_two_layers_the_last_one_counts(make_pool: MakePool, tmp_path: Path):
    folders = (layer(tmp_path / "first", "first"), layer(tmp_path / "last", "last"))
    pool = make_pool(
        folder=function(tmp_path / "function", HANDLER),
        layers=(HERE, HERE),
        layer_folders=folders,
    )

    assert json.loads(asyncio.run(pool.invoke({}))) == "last"


def test_a_layer_may_bring_the_program_that_starts_a_web_process(
    make_pool: MakePool, tmp_path: Path
):
    shared = layer(tmp_path / "layer", "good day")
    (shared / "start").write_text(WRAPPER)
    (shared / "start").chmod(0o755)
    pool = make_pool(
        folder=function(tmp_path / "function", WEB),
        handler="code.app",
        layers=(HERE, ADAPTER),
        layer_folders=(shared,),
        variables={**VARIABLES, "AWS_LAMBDA_EXEC_WRAPPER": "/opt/start"},
    )

    async def ask() -> bytes:
        streamed = await pool.stream(event())
        try:
            return b"".join([chunk async for chunk in streamed])
        finally:
            streamed.leave()

    assert asyncio.run(ask()) == b"good day"
