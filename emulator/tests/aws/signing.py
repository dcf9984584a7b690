"""Requests signed by botocore, not sent yet."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aikagi_emulator.aws import Session
from emulator.tests.aws.small_stack import REGION


def signed(  # one request has as many parts
    session: Session | None,
    service: str,
    *,
    url: str = "http://127.0.0.1:8100/",
    method: str = "POST",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    secret: str | None = None,
) -> tuple[str, dict[str, str], bytes]:
    """Give URL, headers and body; unsigned without a session."""
    request = AWSRequest(method, url, headers=headers or {}, data=body)
    if session is not None:
        credentials = Credentials(
            session.access_key_id,
            secret or session.secret_access_key,
            session.session_token,
        )
        SigV4Auth(credentials, service, REGION).add_auth(request)
    return url, dict(request.headers.items()), body
