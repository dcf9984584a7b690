"""Serves ``CloudFormation`` over HTTP, as AWS's protocols have it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.deployment.cloudformation import BUCKET, CloudFormation, RefusedError
from tests.loopback_server import LoopbackServer, RequestHandler

_SERVICES: Final = (
    "CLOUDFORMATION",
    "CLOUDWATCH_LOGS",
    "DYNAMODB",
    "IAM",
    "LAMBDA",
    "S3",
    "SSM",
)


@contextmanager
def running_cloudformation() -> Iterator[tuple[CloudFormation, dict[str, str]]]:
    """Give it, and the variables that lead every SDK to it."""
    fake = CloudFormation()
    with LoopbackServer(type("Handler", (_Handler,), {"fake": fake})) as server:
        endpoints = {
            f"AWS_ENDPOINT_URL_{service}": server.origin for service in _SERVICES
        }
        yield (
            fake,
            {
                **endpoints,
                "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
                "SAM_CLI_POLL_DELAY": "0.05",
            },
        )


class _Handler(RequestHandler):
    fake: CloudFormation

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        body = self.read_request().body.decode()
        if self.path.startswith(f"/{BUCKET}/"):
            self._answer_multipart()
        elif target := self.headers["X-Amz-Target"]:
            self._answer_json(target.partition(".")[2], json.loads(body))
        else:
            query = dict(parse_qsl(body, keep_blank_values=True))
            self._answer_query(query["Action"], query)

    def _answer_multipart(self) -> None:
        """What is over 8 MB comes in parts: begun, and completed."""
        key = _key(self.path)
        if urlsplit(self.path).query.startswith("uploads"):
            self.fake.objects[key] = b""
        answer = as_xml({"Bucket": BUCKET, "Key": key, "UploadId": "1", "ETag": "1"})
        self._send(200, f"<UploadResult>{answer}</UploadResult>")

    def _answer_json(self, action: str, members: dict[str, Any]) -> None:
        try:
            self._send(200, json.dumps(self.fake.answer(action, members)))
        except RefusedError as error:
            fault = {"__type": error.code, "message": str(error)}
            self._send(400, json.dumps(fault))

    def _answer_query(self, action: str, query: dict[str, str]) -> None:
        try:
            body = as_xml({f"{action}Result": self.fake.answer(action, query)})
            self._send(200, f"<{action}Response>{body}</{action}Response>")
        except RefusedError as error:
            fault = {"Type": "Sender", "Code": error.code, "Message": str(error)}
            answer = as_xml({"Error": fault, "RequestId": "1"})
            self._send(400, f"<ErrorResponse>{answer}</ErrorResponse>")

    def do_PUT(self) -> None:  # noqa: N802 - http.server's name
        request = self.read_request()
        self.fake.objects[_key(request.raw_path)] = request.body
        self._send(200, "", ETag="1")

    def do_HEAD(self) -> None:  # noqa: N802 - http.server's name
        self._send(200 if _key(self.path) in self.fake.objects else 404, "")

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        prefix = dict(parse_qsl(urlsplit(self.path).query)).get("prefix", "")
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key></Contents>"
            for key in self.fake.objects
            if key.startswith(prefix)
        )
        self._send(200, f"<ListBucketResult>{found}</ListBucketResult>")

    def do_DELETE(self) -> None:  # noqa: N802 - http.server's name
        if "/layers/" in self.path:
            self.fake.removed.append(self.path.partition("/layers/")[2])
        self.fake.objects.pop(_key(self.path), None)
        self._send(204, "")

    def _send(self, status: int, body: str, **headers: str) -> None:
        encoded = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(encoded)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(encoded)


def _key(path: str) -> str:
    return unquote(urlsplit(path).path).removeprefix(f"/{BUCKET}/")


def as_xml(value: Any) -> str:
    """Write it as AWS's query protocol does."""
    match value:
        case dict():
            return "".join(
                f"<{key}>{as_xml(inner)}</{key}>" for key, inner in value.items()
            )
        case list() | tuple():
            return "".join(f"<member>{as_xml(item)}</member>" for item in value)
        case bool():
            return str(value).lower()
        case _:
            return escape(str(value))
