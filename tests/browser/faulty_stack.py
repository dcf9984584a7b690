"""A stack that lets in pages from elsewhere, and has functions with one thing wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

from tests.loopback_server import LoopbackServer, RequestHandler
from tests.stack import ROOT, Stack, running_stack


@final
class Elsewhere:
    """A server with one page, at an origin with a name and one with a number.

    ``modules`` are those of JavaScript that it has besides, by their paths.
    """

    def __init__(self, port: int) -> None:
        self.page = "<!doctype html>"
        self.modules: dict[str, str] = {}
        self.named = f"http://localhost:{port}"
        self.numbered = f"http://127.0.0.1:{port}"


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    class Handler(RequestHandler):
        def handle_any(self) -> None:
            module = place.modules.get(self.path)
            content = (place.page if module is None else module).encode()
            kind = "html" if module is None else "javascript"
            self.send_response(200)
            self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        # http.server looks its methods up by these names.
        do_GET = handle_any  # noqa: N815 - see above

    with LoopbackServer(Handler) as server:
        place = Elsewhere(server.port)
        yield place


_DOUBLED: Final = """
def handler(event, context):
    headers = {"Access-Control-Allow-Origin": event["headers"].get("origin", "*")}
    return {"statusCode": 200, "headers": headers, "body": "{}"}
"""
"""A function that sends what its URL's settings send already."""


@contextmanager
def faulty_stack(folder: Path, place: Elsewhere) -> Iterator[Stack]:
    (folder / "app").symlink_to(ROOT / "app")
    functions = folder / "functions"
    functions.mkdir()
    for path in (ROOT / "functions").iterdir():
        (functions / path.name).symlink_to(path)
    (functions / "doubled").mkdir()
    (functions / "doubled" / "app.py").write_text(_DOUBLED)
    template = folder / "template.yaml"
    template.write_text(_template())
    with running_stack(
        folder / "state",
        template=template,
        parameters={"AllowedOrigins": f"{place.named},{place.numbered}"},
    ) as stack:
        yield stack


def _template() -> str:
    """Give the template, with functions like ``hello`` that have one thing wrong."""
    text = (ROOT / "template.yaml").read_text()
    found = re.search(r"(?s)  # hello\n.*?(?=  # report\n)", text)
    shared = re.search(r"      Cors: &cors\n((?: {8}.*\n)+)", text)
    assert found
    assert shared
    config = "{AuthType: AWS_IAM, InvokeMode: BUFFERED, Cors: *cors}"
    # What YAML would copy, to be changed.
    cors = re.sub("(?m)^", "  ", shared[1]).rstrip()
    spelled_out = "\n        ".join(("", *config[1:-1].split(", ")))
    spelled_out = spelled_out.replace(" *cors", f"\n{cors}")

    def like_hello(name: str, old: str, new: str) -> str:
        block = found[0].replace("hello.app.handler", "HANDLER")
        block = block.replace(config, spelled_out)
        assert old in block
        block = block.replace(old, new, 1)
        block = block.replace("Hello", name.title()).replace("hello", name)
        return block.replace("HANDLER", "hello.app.handler")

    wrong = [
        like_hello("busy", "*reserved-concurrency", "0"),
        like_hello("denied", "{aikagi:function: hello}", "{aikagi:function: another}"),
        like_hello(
            "shut",
            "- !If [HasAllowedOrigins, !Join [',', [*page-origins, !Join [',', "
            "!Ref AllowedOrigins]]], *page-origins]",
            "- https://another.example",
        ),
        like_hello("doubled", "Handler: HANDLER", "Handler: doubled.app.handler"),
        like_hello("naive", "authorization, content-type", "content-type"),
    ]
    return text.replace("\nOutputs:\n", "\n" + "".join(wrong) + "\nOutputs:\n")
