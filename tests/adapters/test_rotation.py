"""Keys over time, with several brokers: nobody is logged out, and nothing restarts."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters import signing_secret
from app.adapters.signing_secret import (
    FRESH,
    INTERVAL,
    SIGNS_AFTER,
    USABLE,
    DatedKey,
    LaterSecretError,
    MalformedSecretError,
)
from app.adapters.tokens import AccessTokens, RefreshTokens, SigningKeys
from app.admin.keys import KeyAdministration
from app.domain.errors import (
    LoginEndedError,
    SigningKeyUnavailableError,
    TokenRejectedError,
)
from app.domain.identity import Bearer
from tests.adapters.readings import wait_for_background_readings
from tests.fakes import NOON, Clock, Ids, a_bearer
from tests.scripted_aws import Answer, ScriptedAws
from tests.working_secret import NAME, WorkingSecret

STORED: Final = Path(__file__).parent / "stored" / "secrets"
PLAIN: Final = "only-for-tests-and-for-nothing-else-at-all"
WEEK: Final = timedelta(days=7)
SECOND: Final = timedelta(seconds=1)
ALICE: Final = a_bearer("alice").identity


@pytest.fixture
def secret(script: ScriptedAws) -> WorkingSecret:
    made = WorkingSecret(PLAIN)
    script.will_ask(made.answer)
    return made


@pytest.fixture
def operator(
    script: ScriptedAws, clock: Clock, secret: WorkingSecret
) -> KeyAdministration:
    del secret  # which answers
    client = signing_secret.connect(script.session())
    return KeyAdministration(client, secret_arn=NAME, clock=clock)


class OneBroker:
    """A process of its own: it has read the secret at another time than others."""

    def __init__(self, script: ScriptedAws, clock: Clock) -> None:
        client = signing_secret.connect(script.session())
        self.keys = SigningKeys(client, secret_arn=NAME, clock=clock)
        self._access = AccessTokens(
            self.keys,
            issuer="test",
            lifetime=timedelta(minutes=15),
            clock=clock,
            new_id=Ids(),
        )
        self._refresh = RefreshTokens(self.keys)
        self._clock = clock

    def tokens(self) -> tuple[str, str]:
        access = self._access.mint(a_bearer("alice", issued_at=self._clock())).text
        refresh = self._refresh.sign(self._refresh.new())
        wait_for_background_readings()
        return access, refresh

    def accepts(self, tokens: tuple[str, str]) -> bool:
        """Tell whether it does, of either; both are signed alike."""
        access, refresh = tokens
        return self.accepts_access(access) and self.accepts_refresh(refresh)

    def accepts_access(self, access: str) -> bool:
        try:
            return self._verify(access).identity == ALICE
        except TokenRejectedError:
            return False
        finally:
            wait_for_background_readings()

    def _verify(self, access: str) -> Bearer:
        """Wait, as a route does, for what is being read."""
        try:
            return self._access.verify(access)
        except SigningKeyUnavailableError as error:
            if error.pending is None:
                raise
            error.pending.result(30)
            return self._access.verify(access)

    def accepts_refresh(self, refresh: str) -> bool:
        try:
            return bool(self._refresh.verify(refresh))
        except LoginEndedError:
            return False
        finally:
            wait_for_background_readings()


Brokers = Iterator[OneBroker]


@pytest.fixture
def brokers(script: ScriptedAws, clock: Clock, secret: WorkingSecret) -> Brokers:
    del secret
    return (OneBroker(script, clock) for _ in itertools.count())


def kid_of(tokens: tuple[str, str]) -> str:
    return tokens[1].split(".")[1]


def test_a_rotation_changes_the_key_after_a_while_and_ends_nothing(
    brokers: Brokers, operator: KeyAdministration, clock: Clock
):
    broker = next(brokers)
    before = broker.tokens()

    rotation = operator.rotate(longest_login=WEEK)

    clock.now += FRESH
    assert kid_of(broker.tokens()) == kid_of(before)
    clock.now += SIGNS_AFTER - FRESH - SECOND
    assert kid_of(broker.tokens()) == kid_of(before)
    clock.now += SECOND
    after = broker.tokens()
    assert kid_of(after) == rotation.added.id != kid_of(before)
    assert broker.accepts(after)
    assert broker.accepts_refresh(before[1])
    assert broker.accepts_access(before[0])


def test_an_old_key_verifies_until_the_last_login_of_it_has_ended_and_then_goes(
    brokers: Brokers, operator: KeyAdministration, clock: Clock
):
    broker = next(brokers)
    before = broker.tokens()
    rotation = operator.rotate(longest_login=WEEK)
    old = kid_of(before)
    [until] = [key.verifies_until for key in rotation.keys if key.id == old]
    assert until == rotation.added.signs_from + USABLE + WEEK

    clock.now = until - SECOND
    assert broker.accepts_refresh(before[1])
    second = operator.rotate(longest_login=WEEK)
    assert old in {key.id for key in second.keys}
    assert second.dropped == []
    clock.now = until
    assert not broker.accepts_refresh(before[1])
    third = operator.rotate(longest_login=WEEK)

    assert [key.id for key in third.dropped] == [old]
    assert [key.id for key in third.keys] == [
        key.id for key in (rotation.added, second.added, third.added)
    ]
    assert next(brokers).accepts_refresh(before[1]) is False


def test_two_rotations_at_once_end_nothing(
    brokers: Brokers, operator: KeyAdministration, clock: Clock
):
    broker = next(brokers)
    held = [broker.tokens()]
    for _ in range(5):
        operator.rotate(longest_login=WEEK)
        clock.now += timedelta(minutes=4)
        held.append(broker.tokens())
    clock.now += SIGNS_AFTER
    held.append(broker.tokens())

    assert len(set(map(kid_of, held))) > 1
    for tokens in held:
        assert broker.accepts_refresh(tokens[1])
        assert next(brokers).accepts_refresh(tokens[1])


def test_a_secret_rotated_by_hand_before_is_taken_over_whole(
    brokers: Brokers, operator: KeyAdministration, secret: WorkingSecret, clock: Clock
):
    first = next(brokers).tokens()
    secret.put(PLAIN[::-1])
    second = next(brokers).tokens()
    assert kid_of(first) != kid_of(second)

    operator.rotate(longest_login=WEEK)

    broker = next(brokers)
    assert broker.accepts(first)
    assert broker.accepts(second)
    assert kid_of(broker.tokens()) == kid_of(second)
    clock.now += SIGNS_AFTER
    assert kid_of(next(brokers).tokens()) == operator.keys()[-1].id


@settings(max_examples=15, deadline=None)
@given(
    reads=st.lists(
        st.integers(min_value=-3600, max_value=7200), min_size=2, max_size=8
    ),
    signs=st.integers(min_value=0, max_value=7200),
)
def test_no_token_of_a_faster_neighbour_is_refused(
    shared: tuple[ScriptedAws, WorkingSecret], reads: list[int], signs: int
):
    """Whenever each has read last: the token of one is good at the other, at once."""
    script, secret = shared
    secret.put(PLAIN)
    clock = Clock()
    client = signing_secret.connect(script.session())
    operator = KeyAdministration(client, secret_arn=NAME, clock=clock)
    one, other = OneBroker(script, clock), OneBroker(script, clock)
    moments = [
        *((at, one if n % 2 else other) for n, at in enumerate(reads)),
        (signs - 10, other),
        (signs, None),
    ]
    for at, broker in sorted(moments, key=lambda moment: moment[0]):
        if at >= 0 and clock.now < NOON:
            clock.now = NOON
            operator.rotate(longest_login=WEEK)
        clock.now = NOON + at * SECOND
        if broker is not None:
            broker.keys.find("nonesuch" if at % 2 else "another")
            wait_for_background_readings()
        else:
            assert other.accepts(one.tokens())
            assert one.accepts(other.tokens())


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[ScriptedAws, WorkingSecret]]:
    from tests.scripted_aws import scripted_aws

    with scripted_aws() as running, pytest.MonkeyPatch.context() as patched:
        for name, value in {
            "AWS_ENDPOINT_URL": running.url,
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }.items():
            patched.setenv(name, value)
        secret = WorkingSecret(PLAIN)
        running.will_ask(secret.answer)
        yield running, secret


def test_unknown_keys_are_looked_for_once_in_a_while(
    brokers: Brokers, secret: WorkingSecret, operator: KeyAdministration, clock: Clock
):
    operator.rotate(longest_login=WEEK)
    broker = next(brokers)
    broker.tokens()
    secret.readings = 0

    for n in range(500):
        assert broker.keys.find(f"unknown{n}") is None
    assert secret.readings == 0
    clock.now += INTERVAL
    for n in range(500):
        assert broker.keys.find(f"unknown{n}") is None
    assert secret.readings == 1


def test_a_key_that_is_over_is_not_looked_for(
    brokers: Brokers, secret: WorkingSecret, operator: KeyAdministration, clock: Clock
):
    broker = next(brokers)
    before = broker.tokens()
    operator.rotate(longest_login=WEEK)
    clock.now += WEEK + timedelta(days=1)
    broker.tokens()
    secret.readings = 0
    clock.now += INTERVAL

    assert not broker.accepts_refresh(before[1])
    assert secret.readings == 0


def test_after_a_leak_one_key_is_left(
    brokers: Brokers, operator: KeyAdministration, secret: WorkingSecret, clock: Clock
):
    broker = next(brokers)
    before = broker.tokens()
    operator.rotate(longest_login=WEEK)

    replaced = operator.replace()

    assert [key.id for key in replaced.keys] == [replaced.added.id]
    assert {key.id for key in replaced.dropped} >= {kid_of(before)}
    assert PLAIN not in secret.text
    assert kid_of(next(brokers).tokens()) == replaced.added.id
    clock.now += USABLE
    assert not broker.accepts_refresh(before[1])


def test_before_the_time_of_any_key_has_come_the_first_signs():
    """As where this clock is behind the operator's."""
    keys = [
        DatedKey(id="b", secret=PLAIN, created_at=NOON, signs_from=NOON + 2 * SECOND),
        DatedKey(id="a", secret=PLAIN, created_at=NOON, signs_from=NOON + SECOND),
    ]

    assert signing_secret.signing_key(keys, NOON).id == "a"
    assert signing_secret.signing_key(keys, NOON + SECOND).id == "a"
    assert signing_secret.signing_key(keys, NOON + 2 * SECOND).id == "b"


def test_a_new_key_waits_longer_than_a_broker_may_have_to_and_clocks_are_off():
    assert INTERVAL + timedelta(minutes=5) <= SIGNS_AFTER


def test_keys_are_shown_to_nobody():
    key = signing_secret.new_key(NOON)

    assert key.secret not in repr(key)
    assert len(key.secret) == 64
    assert key.secret.isalnum()
    assert key.secret != signing_secret.new_key(NOON).secret


# As it is stored

KEYS: Final = (
    DatedKey(
        id="0123456789abcdef",
        secret=PLAIN,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        signs_from=datetime(2026, 1, 1, 0, 10, tzinfo=UTC),
        verifies_until=datetime(2026, 2, 8, 1, 10, tzinfo=UTC),
    ),
    DatedKey(
        id="fedcba9876543210",
        secret=PLAIN[::-1],
        created_at=datetime(2026, 2, 1, tzinfo=UTC),
        signs_from=datetime(2026, 2, 1, 0, 10, tzinfo=UTC),
    ),
)


def test_there_are_secrets_of_every_version():
    versions = sorted(path.name for path in STORED.iterdir())

    assert versions == [f"version-{n}" for n in range(1, signing_secret.VERSION + 1)]


def read(script: ScriptedAws, text: str) -> list[DatedKey]:
    secret = WorkingSecret(text)
    script.will_ask(secret.answer)
    client = signing_secret.connect(script.session())
    return list(signing_secret.fetch(client, NAME))


def test_secrets_of_every_version_are_read(script: ScriptedAws):
    [plain] = read(script, (STORED / "version-1/secret.txt").read_text())
    assert plain.secret == PLAIN
    assert plain.verifies_until is None

    assert tuple(read(script, (STORED / "version-2/secret.json").read_text())) == KEYS


def test_what_is_written_is_of_the_last_version():
    text = (STORED / f"version-{signing_secret.VERSION}/secret.json").read_text()

    assert signing_secret.write(KEYS) + "\n" == text


def test_a_secret_of_a_later_version_is_left_as_it_is(
    operator: KeyAdministration, secret: WorkingSecret, brokers: Brokers
):
    later = json.dumps({"Version": signing_secret.VERSION + 1, "Unheard": "of"})
    secret.put(later)

    for act in (operator.keys, operator.replace):
        with pytest.raises(LaterSecretError, match="later version of the broker"):
            act()
    with pytest.raises(LaterSecretError):
        operator.rotate(longest_login=WEEK)
    assert secret.text == later
    with pytest.raises(SigningKeyUnavailableError):
        next(brokers).tokens()


def changed(**members: object) -> str:
    good = json.loads(signing_secret.write(KEYS))
    good["Keys"][0].update(members)
    return json.dumps(good)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("{}", id="nothing in it"),
        pytest.param(f'{{"password": "{PLAIN}"}}', id="somebody else's"),
        pytest.param('{"Version": "2", "Keys": []}', id="a version in words"),
        pytest.param('{"Version": 2}', id="no keys"),
        pytest.param('{"Version": 2, "Keys": []}', id="an empty list of keys"),
        pytest.param('{"Version": 2, "Keys": {"a": "b"}}', id="keys by name"),
        pytest.param('{"Version": 2, "Keys": ["a"]}', id="keys without dates"),
        pytest.param(signing_secret.write((KEYS[0], KEYS[0])), id="the same key twice"),
        pytest.param(changed(KeyId="a/b"), id="an id that no token can hold"),
        pytest.param(changed(KeyId=7), id="an id that is a number"),
        pytest.param(changed(Secret=None), id="no secret"),
        pytest.param(changed(SignsFrom="soon"), id="no time"),
        pytest.param(changed(SignsFrom="2026-01-01T00:00:00"), id="a local time"),
        pytest.param(changed(VerifiesUntil=1), id="an end that is a number"),
        pytest.param(f'{{"Version": 2, "Version": 2, "Keys": "{PLAIN}"}}', id="twice"),
    ],
)
def test_a_secret_that_is_not_as_we_write_it_is_no_key_and_is_left_as_it_is(
    operator: KeyAdministration,
    secret: WorkingSecret,
    brokers: Brokers,
    caplog: pytest.LogCaptureFixture,
    text: str,
):
    secret.put(text)

    with pytest.raises(MalformedSecretError) as caught:
        operator.rotate(longest_login=WEEK)
    with pytest.raises(SigningKeyUnavailableError):
        next(brokers).tokens()

    assert secret.text == text
    assert PLAIN not in str(caught.value) + caplog.text
    secret.put(signing_secret.write(KEYS))
    assert kid_of(next(brokers).tokens()) == KEYS[1].id


def test_a_secret_without_text_is_no_key(script: ScriptedAws):
    script.will(Answer.json({"VersionId": "v1", "SecretBinary": "AAAA"}))

    with pytest.raises(MalformedSecretError, match="has no text"):
        signing_secret.fetch(signing_secret.connect(script.session()), NAME)
