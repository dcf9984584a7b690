"""Clients that sign: each sends cases to a function URL, and tells how it went.

A client gives one HTTP status for each case, in order. Those that are not Python of
this environment run as processes and speak JSON.
"""

import hashlib
import hmac
import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.node import NODE, node_packages
from tests.soak.cases import Case, Grant, as_json

TOOLS: Final = Path(__file__).parents[2] / ".tools"
PYTHON: Final = TOOLS / "soak" / "bin" / "python"
NODE_PACKAGES: Final = node_packages("soak")
_HERE: Final = Path(__file__).parent
_SECONDS: Final = 120

Client = Callable[[Grant, tuple[Case, ...]], list[int]]


def botocore_header(grant: Grant, cases: tuple[Case, ...]) -> list[int]:
    signer = SigV4Auth(_credentials(grant), "lambda", grant.region)
    return [_sent_by_botocore(grant, case, signer) for case in cases]


def botocore_presigned(grant: Grant, cases: tuple[Case, ...]) -> list[int]:
    signer = SigV4QueryAuth(_credentials(grant), "lambda", grant.region, expires=60)
    return [_sent_by_botocore(grant, case, signer) for case in cases]


def _credentials(grant: Grant) -> Credentials:
    return Credentials(
        grant.access_key_id, grant.secret_access_key, grant.session_token
    )


def _sent_by_botocore(
    grant: Grant, case: Case, signer: SigV4Auth | SigV4QueryAuth
) -> int:
    request = AWSRequest(
        method=case.method,
        url=grant.url + case.target,
        data=case.body,
        headers=dict(case.headers),
    )
    signer.add_auth(request)
    prepared = request.prepare()
    session = URLLib3Session()
    try:
        return int(session.send(prepared).status_code)
    finally:
        session.close()


def standard_library(grant: Grant, cases: tuple[Case, ...]) -> list[int]:
    """Signed by what stands in AWS's documentation and nothing else."""
    return [_sent_by_hand(grant, case) for case in cases]


def _sent_by_hand(grant: Grant, case: Case) -> int:
    split = urlsplit(grant.url + case.target)
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        **{name.lower(): value for name, value in case.headers.items()},
        "host": split.netloc,
        "x-amz-date": time,
        "x-amz-security-token": grant.session_token,
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        (
            case.method,
            quote(split.path, safe="/~"),
            _sorted_query(split.query),
            *(f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(case.body).hexdigest(),
        )
    )
    scope = f"{time[:8]}/{grant.region}/lambda/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{grant.secret_access_key}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={grant.access_key_id}/{scope},"
        f" SignedHeaders={names}, Signature={key.hex()}"
    )
    return _exchanged(grant, case, headers)


def _sorted_query(query: str) -> str:
    # Only for forms is "+" a space: here it stays what it is.
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    return "&".join(
        sorted(
            f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs
        )
    )


def _exchanged(grant: Grant, case: Case, headers: dict[str, str]) -> int:
    split = urlsplit(grant.url)
    connection = http.client.HTTPConnection(split.netloc, timeout=_SECONDS)
    try:
        target = "/" + case.target
        connection.request(case.method, target, body=case.body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def curl(grant: Grant, cases: tuple[Case, ...]) -> list[int]:
    return [_sent_by_curl(grant, case) for case in cases]


def _sent_by_curl(grant: Grant, case: Case) -> int:
    # A configuration from standard input: arguments of a process can be read by all.
    lines = [
        f'user = "{grant.access_key_id}:{grant.secret_access_key}"',
        f'header = "x-amz-security-token: {grant.session_token}"',
        *(f'header = "{name}: {value}"' for name, value in case.headers.items()),
    ]
    reading, writing = os.pipe()
    os.write(writing, case.body)
    os.close(writing)
    command = [
        *("curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code}"),
        *("--aws-sigv4", f"aws:amz:{grant.region}:lambda", "--request", case.method),
        *("--globoff", "--path-as-is", "--max-time", str(_SECONDS)),
        *(("--data-binary", f"@/dev/fd/{reading}") if case.body else ()),
        *("--config", "-", grant.url + case.target),
    ]
    try:
        done = subprocess.run(
            command,
            input="\n".join(lines),
            stdout=subprocess.PIPE,
            check=True,
            pass_fds=(reading,),
            text=True,
            timeout=_SECONDS,
        )
    finally:
        os.close(reading)
    return int(done.stdout)


def requests_aws4auth(grant: Grant, cases: tuple[Case, ...]) -> list[int]:
    script = str(_HERE / "requests_client.py")
    return _process([str(PYTHON), script], grant, cases)


def in_node(signer: str) -> Client:
    def send(grant: Grant, cases: tuple[Case, ...]) -> list[int]:
        script = str(_HERE / "node" / "clients.mjs")
        return _process([NODE, script, signer], grant, cases)

    return send


def _process(
    command: Sequence[str], grant: Grant, cases: tuple[Case, ...]
) -> list[int]:
    done = subprocess.run(
        command,
        cwd=NODE_PACKAGES if NODE_PACKAGES.exists() else None,
        input=as_json(grant, cases),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=_SECONDS,
    )
    return [int(status) for status in json.loads(done.stdout)]


def missing(name: str) -> str | None:
    """Why the client ``name`` cannot run here; None where it can."""
    if name.startswith("curl"):
        return None if shutil.which("curl") else "there is no curl on the PATH"
    if name.startswith("requests"):
        return None if PYTHON.exists() else "`make soak` installs it in .tools/soak"
    if name.startswith(("@smithy", "aws4fetch")):
        installed = (NODE_PACKAGES / ".installed").exists()
        return None if installed else "`make soak` installs it"
    return None


AT_HAND: Final[dict[str, Client]] = {
    "botocore": botocore_header,
    "botocore, presigned": botocore_presigned,
    "Python's own modules": standard_library,
    "curl": curl,
}
CLIENTS: Final[dict[str, Client]] = {
    **AT_HAND,
    "requests-aws4auth": requests_aws4auth,
    "@smithy/signature-v4": in_node("smithy"),
    "@smithy/signature-v4, presigned": in_node("smithy-presigned"),
    "aws4fetch": in_node("aws4fetch"),
    "aws4fetch, presigned": in_node("aws4fetch-presigned"),
}
