from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters import signing_secret
from app.adapters.tokens import SigningKeys, WeakSecretError
from app.domain.errors import SigningKeyUnavailableError
from tests.adapters.readings import wait_for_background_readings
from tests.fakes import Clock
from tests.scripted_aws import Answer, Gate, ScriptedAws

FIRST = "only-for-tests-and-for-nothing-else-at-all"
SECOND = FIRST[::-1]
NEVER_ROTATED = Answer.error("ResourceNotFoundException")


def version(name: str, secret: str) -> Answer:
    return Answer.json({"VersionId": name, "SecretString": secret})


@pytest.fixture
def keys(script: ScriptedAws, clock: Clock) -> SigningKeys:
    client = signing_secret.connect(script.session())
    return SigningKeys(client, secret_arn="arn:secret", clock=clock)


def test_the_secret_is_read_once_for_five_minutes(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v1", FIRST), NEVER_ROTATED)

    assert keys.current().kid == keys.current().kid
    assert [request.json for request in script.requests] == [
        {"SecretId": "arn:secret", "VersionStage": "AWSCURRENT"},
        {"SecretId": "arn:secret", "VersionStage": "AWSPREVIOUS"},
    ]
    clock.advance(minutes=5)
    script.will(version("v1", FIRST), NEVER_ROTATED)
    keys.current()
    wait_for_background_readings()
    assert len(script.requests) == 4


def test_after_a_rotation_the_key_before_is_still_found(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v1", FIRST), NEVER_ROTATED)
    old = keys.current()
    clock.advance(minutes=5)
    script.will(version("v2", SECOND), version("v1", FIRST))
    assert keys.current().kid == old.kid
    wait_for_background_readings()
    new = keys.current()

    found = keys.find(old.kid)

    assert new.kid != old.kid
    assert found is not None
    assert found.kid == old.kid


def test_an_unknown_kid_is_looked_for_at_most_every_half_minute(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v1", FIRST), NEVER_ROTATED)
    keys.current()

    for _ in range(50):
        assert keys.find("nonesuch") is None
    assert len(script.requests) == 2
    clock.advance(seconds=30)
    script.will(version("v2", SECOND), version("v1", FIRST))
    assert keys.find("nonesuch") is None
    assert len(script.requests) == 4


def test_a_new_key_is_found_though_the_copy_is_past_its_time(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v2", SECOND), NEVER_ROTATED)
    new = keys.current().kid
    other = SigningKeys(
        signing_secret.connect(script.session()), secret_arn="arn:secret", clock=clock
    )
    script.will(version("v1", FIRST), NEVER_ROTATED)
    other.current()
    clock.advance(minutes=6)
    script.will(version("v2", SECOND), version("v1", FIRST))

    found = other.find(new)

    assert found is not None
    assert found.kid == new


def test_an_unknown_kid_delays_nobody_else(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v1", FIRST), NEVER_ROTATED)
    known = keys.current().kid
    clock.advance(seconds=30)
    gate = Gate()
    script.will(replace(version("v1", FIRST), before=gate.pass_through), NEVER_ROTATED)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keys.find, "nonesuch")
        gate.wait_until_reached()

        found = keys.find(known)
        with pytest.raises(SigningKeyUnavailableError) as caught:
            keys.find("another")
        gate.open()

    assert found is not None
    assert caught.value.retry_after_seconds == 1
    assert first.result() is None
    assert keys.find("another") is None
    assert len(script.requests) == 4


def test_an_unknown_kid_is_not_refused_while_nobody_can_tell(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v1", FIRST), NEVER_ROTATED)
    known = keys.current().kid
    clock.advance(seconds=30)
    script.will(Answer.error("ThrottlingException"))

    for _ in range(2):
        with pytest.raises(SigningKeyUnavailableError) as caught:
            keys.find("nonesuch")
        assert caught.value.retry_after_seconds == 2

    assert keys.find(known) is not None
    assert len(script.requests) == 2 + 2  # botocore tries a throttled call twice


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        pytest.param(Answer.error("AccessDeniedException"), None, id="not allowed"),
        pytest.param(Answer.error("ThrottlingException"), 2, id="throttled"),
        pytest.param(Answer.json({"VersionId": "v1"}), None, id="no secret in it"),
        pytest.param(Answer(body=b"{"), None, id="garbage"),
    ],
)
def test_a_secret_that_cannot_be_read_is_unavailable_not_empty(
    keys: SigningKeys, script: ScriptedAws, answer: Answer, retry_after: int | None
):
    script.will(answer)

    with pytest.raises(SigningKeyUnavailableError) as caught:
        keys.current()

    assert caught.value.retry_after_seconds == retry_after


def test_people_stay_logged_in_while_secrets_manager_is_away(
    keys: SigningKeys, script: ScriptedAws, clock: Clock
):
    script.will(version("v1", FIRST), NEVER_ROTATED)
    kid = keys.current().kid
    script.will(Answer.error("InternalServiceError", 500))

    clock.advance(minutes=59)
    assert keys.current().kid == kid
    clock.advance(minutes=1)
    with pytest.raises(SigningKeyUnavailableError):
        keys.current()


def test_a_weak_secret_is_no_key(keys: SigningKeys, script: ScriptedAws):
    script.will(version("v1", "short"), NEVER_ROTATED)

    with pytest.raises(SigningKeyUnavailableError) as caught:
        keys.current()

    assert isinstance(caught.value.__cause__, WeakSecretError)


def test_the_leeway_is_what_the_rules_allow():
    from app.adapters.tokens.claims import LEEWAY

    assert timedelta(seconds=60) >= LEEWAY
