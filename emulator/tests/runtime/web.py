"""A function that is a web process, and events for it."""

from pathlib import Path
from typing import Any

ADAPTER = "arn:aws:lambda:ap-northeast-1:753240598075:layer:LambdaAdapterLayerArm64:27"

RUN = """#!/bin/sh
exec python -m uvicorn code:app --port "$AWS_LWA_PORT" --lifespan off \
    --loop asyncio --http h11 --log-level critical
"""

CODE = """
import asyncio, base64, json, os, subprocess, urllib.parse

MEGABYTE = b"x" * 1_048_576
answers = 0


async def _body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def app(scope, receive, send):
    global answers
    answers += 1
    query = dict(urllib.parse.parse_qsl(scope["query_string"].decode()))

    async def start(status=200, *headers):
        await send({"type": "http.response.start", "status": status,
                    "headers": [(b"content-type", b"text/plain"), *headers]})

    async def put(text, more=True):
        body = text if isinstance(text, bytes) else text.encode()
        await send({"type": "http.response.body", "body": body, "more_body": more})

    async def wait():
        print("waiting")
        await asyncio.to_thread(lambda: open(query["latch"]).read())

    async def echo():
        seen = {
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[k.decode(), v.decode()] for k, v in scope["headers"]],
            "body": base64.b64encode(await _body(receive)).decode(),
            "pid": os.getpid(),
            "cwd": os.getcwd(),
            "variables": dict(os.environ),
            "answers": answers,
        }
        await start(201, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"),
                    (b"x-kind", b"echo"))
        await put(json.dumps(seen), more=False)

    match scope["path"]:
        case "/steps":
            await start()
            await put("one")
            await wait()
            await put("two", more=False)
            print("finished", query["latch"], flush=True)
        case "/early":
            await wait()
            os._exit(3)
        case "/late":
            await start()
            await put("one")
            await wait()
            os._exit(3)
        case "/break":
            await start()
            await put("one")
            raise RuntimeError("broken")
        case "/hang":
            child = subprocess.Popen(["sleep", "600"])
            print("pids", os.getpid(), child.pid, flush=True)
            await start()
            while True:
                await put(MEGABYTE)
        case "/flow":
            await start()
            for number in range(int(query["megabytes"])):
                sending = asyncio.ensure_future(put(MEGABYTE))
                if not (await asyncio.wait([sending], timeout=0.2))[0]:
                    print("blocked", flush=True)
                await sending
            await put("", more=False)
        case "/bytes":
            await start(200, (b"content-encoding", b"none"))
            await put(bytes(range(256)), more=False)
        case "/unready":
            await start(500)
            await put("", more=False)
        case _:
            await echo()
"""

VARIABLES = {
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
    "AWS_LWA_INVOKE_MODE": "response_stream",
    "AWS_LWA_PORT": "8080",
}


def write_function(folder: Path) -> Path:
    (folder / "code.py").write_text(CODE)
    program = folder / "run.sh"
    program.write_text(RUN)
    program.chmod(0o755)
    return folder


def event(path: str = "/", query: str = "", **changes: Any) -> dict[str, Any]:
    """What a function URL hands over for a request."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "127.0.0.1:8101"},
        "requestContext": {
            "authorizer": {"iam": {"userArn": "arn:aws:sts::1:assumed-role/r/local+a"}},
            "http": {"method": "GET", "path": path},
        },
        "isBase64Encoded": False,
        **changes,
    }
