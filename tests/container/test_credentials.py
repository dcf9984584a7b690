"""How the broker comes by its role from another one, as docs/container.md says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import pytest

from app.adapters import aws
from tests.container.containerfile import ROOT
from tests.loopback_server import LoopbackServer, RequestHandler

BROKER: Final = "arn:aws:iam::123456789012:role/aikagi-BrokerRole"
POD: Final = "arn:aws:iam::123456789012:role/aikagi-pod"
TOKEN_FILE: Final = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"

ANSWER: Final = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<{0}Result><Credentials><AccessKeyId>ASIA{0}</AccessKeyId>
<SecretAccessKey>an-example</SecretAccessKey><SessionToken>a-token</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{0}Result>
<ResponseMetadata><RequestId>a-request</RequestId></ResponseMetadata></{0}Response>"""


class NotedSts:
    """Gives whoever asks a session, and notes who asked for which role."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    def answer(self, form: str, signed: str) -> bytes:
        fields = parse_qs(form)
        [action], [role] = fields["Action"], fields["RoleArn"]
        who = re.search("Credential=([^/]+)", signed)
        self.asked.append((action, role, who[1] if who else "nobody"))
        return ANSWER.format(action).encode()


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotedSts]:
    noted = NotedSts()

    class Handler(RequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server's name
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = noted.answer(form, self.headers.get("Authorization", ""))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with LoopbackServer(Handler) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.origin)
        yield noted


def test_from_another_role_the_broker_comes_to_its_own(
    sts: NotedSts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    page = (ROOT / "docs" / "container.md").read_text()
    [shown] = re.findall(r"^```ini\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    token = tmp_path / "token"
    token.write_text("a-token-of-the-service-account")
    config = re.sub(
        r"(?<=^role_arn = )\S*BrokerRole\S*", BROKER, shown, flags=re.MULTILINE
    )
    (tmp_path / "config").write_text(config.replace(TOKEN_FILE, str(token)))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # As EKS sets them; the profile comes first.
    monkeypatch.setenv("AWS_ROLE_ARN", POD)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    credentials = aws.new_session().get_credentials()

    assert credentials is not None
    assert credentials.get_frozen_credentials().access_key == "ASIAAssumeRole"
    assert sts.asked == [
        ("AssumeRoleWithWebIdentity", POD, "nobody"),
        ("AssumeRole", BROKER, "ASIAAssumeRoleWithWebIdentity"),
    ]
