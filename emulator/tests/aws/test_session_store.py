import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from aikagi_emulator.aws import Role, SessionStore, operator
from aikagi_emulator.iam import Policy

HOUR = timedelta(hours=1)


class Watch:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def sessions(watch: Watch) -> SessionStore:
    return SessionStore(clock=watch)


def a_role() -> Role:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    return Role(
        name="invoke",
        arn="arn:aws:iam::123456789012:role/path/invoke",
        role_id="AROAEXAMPLEEXAMPLE000",
        trust=Policy.trust(document, name="invoke/trust"),
        policies=(),
    )


def test_credentials_look_like_those_of_sts(sessions: SessionStore):
    session = sessions.issue(a_role(), lifetime=HOUR, name="local+alice")

    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", session.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", session.secret_access_key)
    assert re.fullmatch(r"[A-Za-z0-9+/=]{800}", session.session_token)


def test_a_session_of_a_role_is_named_without_the_path(sessions: SessionStore):
    session = sessions.issue(a_role(), lifetime=HOUR, name="local+alice")

    assert session.arn == "arn:aws:sts::123456789012:assumed-role/invoke/local+alice"
    assert session.user_id == "AROAEXAMPLEEXAMPLE000:local+alice"


def test_a_session_of_a_user_is_the_user(sessions: SessionStore):
    session = sessions.issue(operator("123456789012"), lifetime=HOUR)

    assert session.arn == "arn:aws:iam::123456789012:user/operator"
    assert re.fullmatch(r"AIDA[A-Z0-9]{17}", session.user_id)


def test_times_are_whole_seconds(sessions: SessionStore, watch: Watch):
    session = sessions.issue(a_role(), lifetime=HOUR, name="local+alice")

    assert session.issued_at == watch.now.replace(microsecond=0)
    assert session.expires_at == session.issued_at + HOUR


def test_a_session_is_found_by_its_key_and_no_other(sessions: SessionStore):
    session = sessions.issue(a_role(), lifetime=HOUR, name="local+alice")

    assert sessions.find(session.access_key_id) is session
    assert sessions.find(session.access_key_id.lower()) is None


def test_an_expired_session_is_remembered_for_an_hour_then_forgotten(
    sessions: SessionStore, watch: Watch
):
    session = sessions.issue(a_role(), lifetime=HOUR, name="local+alice")
    longer = sessions.issue(a_role(), lifetime=4 * HOUR, name="local+bob")

    watch.now += HOUR + timedelta(minutes=59)
    sessions.issue(a_role(), lifetime=HOUR, name="local+alice")
    assert sessions.find(session.access_key_id) is session

    watch.now += timedelta(minutes=1)
    sessions.issue(a_role(), lifetime=HOUR, name="local+bob")
    assert sessions.find(session.access_key_id) is None
    assert sessions.find(longer.access_key_id) is longer
    assert len(sessions) == 3


def test_no_secret_is_shown(sessions: SessionStore):
    session = sessions.issue(a_role(), lifetime=HOUR, name="local+alice")

    assert session.secret_access_key not in repr(session)
    assert session.session_token not in repr(session)
    assert session.access_key_id in repr(session)


def test_sessions_issued_at_once_are_all_kept(sessions: SessionStore):
    role = a_role()

    with ThreadPoolExecutor(8) as pool:
        issued = list(
            pool.map(
                lambda n: sessions.issue(role, lifetime=HOUR, name=f"local+{n}"),
                range(200),
            )
        )

    assert len({session.access_key_id for session in issued}) == 200
    assert all(sessions.find(session.access_key_id) is session for session in issued)
