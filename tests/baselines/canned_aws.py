"""An AWS on loopback that answers at once, or after a delay, and decides nothing.

``python -m tests.baselines.canned_aws [SECONDS]`` prints its port. SECONDS is how long
AssumeRole takes. It holds every user there could be, one secret, and as many catalogue
entries as the number at the end of the path that is asked for.
"""

import asyncio
import base64
import json
import sys
from typing import Any, Final

from typing_extensions import override

SECRET: Final = base64.b64encode(bytes(range(48))).decode()
ACCOUNT: Final = "123456789012"
REGION: Final = "ap-northeast-1"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/aikagi-InvokeRole"
TABLE: Final = "users"
FUNCTIONS: Final = "/aikagi/speed/functions"

_PAGE: Final = 10
"""Parameters in a page: the most that Parameter Store gives."""

SESSION: Final = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>
<SecretAccessKey>an-example</SecretAccessKey><SessionToken>{token}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
<PackedPolicySize>17</PackedPolicySize></AssumeRoleResult>
<ResponseMetadata><RequestId>a-request</RequestId></ResponseMetadata>
</AssumeRoleResponse>""".format(token="x" * 900)


_CREDENTIALS: Final = json.dumps(
    {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "an-example",
        "Token": "a-token",
        "Expiration": "2099-01-01T00:00:00Z",
    }
).encode()
"""What GET answers, whatever is asked for: a process's own credentials."""

CALLER: Final = f"""<GetCallerIdentityResponse
 xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>{ROLE}</Arn><Account>{ACCOUNT}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>a-request</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"""


class _Connection(asyncio.Protocol):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n"))
        }
        if head.startswith(b"GET "):
            self._received = rest
            self._write(_CREDENTIALS, "application/json")
            return
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) < length:
            return
        self._received = rest[length:]
        self._answer(headers.get(b"x-amz-target", b"").decode(), rest[:length])

    def _answer(self, target: str, body: bytes) -> None:
        if target:
            content = json.dumps(json_answer(target.rpartition(".")[2], body)).encode()
            self._write(content, "application/x-amz-json-1.0")
            return
        if b"Action=GetCallerIdentity" in body:
            self._write(CALLER.encode(), "text/xml")
            return
        loop = asyncio.get_running_loop()
        loop.call_later(self._seconds, self._write, SESSION.encode(), "text/xml")

    def _write(self, content: bytes, media_type: str) -> None:
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        self._transport.write(head.encode() + content)


def json_answer(action: str, body: bytes) -> dict[str, Any]:
    """Answer a call of one of the services that speak JSON."""
    asked = json.loads(body)
    cost = {"TableName": TABLE, "CapacityUnits": 1.0}
    match action:
        case "GetItem":
            return {"Item": _user(asked["Key"]["pk"]["S"]), "ConsumedCapacity": cost}
        case "BatchGetItem":
            keys = [key["pk"]["S"] for key in asked["RequestItems"][TABLE]["Keys"]]
            people = [_user(key) for key in keys if key.startswith("principal#")]
            return {
                "Responses": {TABLE: people},
                "UnprocessedKeys": {},
                "ConsumedCapacity": [cost],
            }
        case "GetSecretValue":
            return {"SecretString": SECRET, "VersionId": "a" * 32}
        case "GetParametersByPath":
            return _parameters(asked)
        case _:
            return {}


def _user(key: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "groups": {"SS": ["everyone"]}}


def _parameters(asked: dict[str, Any]) -> dict[str, Any]:
    path, first = asked["Path"], int(asked.get("NextToken", "0"))
    base, _, count = path.rpartition("-")
    last = int(count) if base == FUNCTIONS else 0
    page = range(first, min(first + _PAGE, last))
    following = {"NextToken": str(page.stop)} if page.stop < last else {}
    return {"Parameters": [_parameter(path, number) for number in page], **following}


def _parameter(path: str, number: int) -> dict[str, str]:
    name = f"f{number}"
    entry = {
        "Title": name,
        "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        "FuncUrl": f"https://{name}.lambda-url.{REGION}.on.aws/",
        "InvokeMode": "BUFFERED",
        "Groups": ["everyone"],
    }
    return {"Name": f"{path}/{name}", "Value": json.dumps(entry)}


def _parse_seconds(words: list[str]) -> float:
    return float(words[0]) if words else 0.0


async def _serve(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(seconds), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # It ends with whoever started it.
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    asyncio.run(_serve(_parse_seconds(sys.argv[1:])))


if __name__ == "__main__":
    main()
