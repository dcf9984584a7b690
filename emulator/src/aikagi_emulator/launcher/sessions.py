"""What leads any AWS SDK to this stack."""

from aikagi_emulator.aws import Session
from aikagi_emulator.launcher.ports import Ports, origin


def session_variables(session: Session, *, region: str, ports: Ports) -> dict[str, str]:
    """The variables of whoever has this session."""
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": origin(ports.endpoint),
    }
