"""Small working stand-ins. A fake has behaviour; a mock only has expectations."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.refresh import RefreshTokens
from app.adapters.tokens.signature import HmacKey, PublicKey
from app.domain.audit import AuditRecord, GrantRecord
from app.domain.catalogue import Catalogue, Function, InvokeMode
from app.domain.credentials import TemporaryCredentials
from app.domain.errors import NewPasswordRefusedError, ProblemError
from app.domain.identity import (
    Bearer,
    CheckedPassword,
    FederatedBearer,
    Identity,
    PasswordRefusal,
    RefusedPassword,
    User,
)
from app.domain.issuers import Issuer, Issuers, SendToken, SignIn
from app.domain.limits import Attempt, Counter, History, Tally
from app.domain.logins import Lifetimes, Login
from app.domain.session import SessionPlan
from app.logins import RotatingLogins

SECRET = b"only-for-tests-and-for-nothing-else-at-all"
NOON = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/aikagi-InvokeRole"


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Ids:
    """Ids that count."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        self._last += 1
        return f"id-{self._last}"


class KeySet:
    def __init__(self, *keys: HmacKey) -> None:
        self._keys = keys or (HmacKey(SECRET, kid="k1"),)

    def current(self) -> HmacKey:
        return self._keys[0]

    def find(self, kid: str) -> HmacKey | None:
        return next((key for key in self._keys if key.kid == kid), None)

    find_or_begin = find


def access_tokens(
    clock: Clock, *, keys: KeySet | None = None, issuer: str = "test"
) -> AccessTokens:
    return AccessTokens(
        keys or KeySet(),
        issuer=issuer,
        lifetime=timedelta(minutes=15),
        clock=clock,
        new_id=Ids(),
    )


class LoginsInMemory:
    """Stands where the table would; ``broken`` is raised when it is set."""

    def __init__(self) -> None:
        self.by_id: dict[str, Login] = {}
        self.broken: ProblemError | None = None
        self._writing = threading.Lock()

    def add(self, login: Login) -> None:
        self._fail()
        self.by_id[login.id] = login

    def read(self, login_id: str) -> Login | None:
        self._fail()
        return self.by_id.get(login_id)

    def rotate(self, login: Login) -> bool:
        self._fail()
        with self._writing:
            current = self.by_id[login.id]
            if current.current_digest != login.previous_digest or current.ended_at:
                return False
            self.by_id[login.id] = login
            return True

    def end(self, login_id: str, at: datetime) -> None:
        self._fail()
        with self._writing:
            if current := self.by_id.get(login_id):
                self.by_id[login_id] = replace(current, ended_at=at)

    def _fail(self) -> None:
        if self.broken:
            raise self.broken


def rotating_logins(
    clock: Clock, store: LoginsInMemory, *, keys: KeySet | None = None
) -> RotatingLogins:
    return RotatingLogins(
        store,
        RefreshTokens(keys or KeySet()),
        lifetimes=Lifetimes(longest=timedelta(days=7), idle=timedelta(hours=12)),
        clock=clock,
    )


def a_user(
    name: str,
    *groups: str,
    issuer: str = "local",
    credentials_version: str = "",
    valid_from: int = 0,
    attributes: Mapping[str, str] | None = None,
) -> User:
    return User(
        identity=Identity(issuer=issuer, subject=name),
        groups=frozenset(groups),
        credentials_version=credentials_version,
        valid_from=valid_from,
        attributes=attributes or {},
    )


def a_bearer(name: str, *, issued_at: datetime = NOON) -> Bearer:
    """Somebody with an access token, of a login that is stored nowhere."""
    return Bearer(
        identity=Identity(issuer="local", subject=name),
        login_id="a-login",
        issued_at=issued_at,
        login_ends_at=issued_at + timedelta(hours=12),
    )


def a_function(name: str, *groups: str, longest: int = 3600) -> Function:
    return Function(
        name=name,
        title=name.title(),
        description=f"What {name} does",
        arn=f"arn:aws:lambda:eu-west-1:123456789012:function:{name}",
        url=f"https://{name}.lambda-url.eu-west-1.on.aws/",
        region="eu-west-1",
        invoke_mode=InvokeMode.BUFFERED,
        groups=frozenset(groups),
        max_duration_seconds=longest,
        role_arn=ROLE,
    )


class KnownUsers:
    """Everybody's password is ``correct``; ``broken`` is raised when it is set.

    Those of ``one_time`` have to change it. Hashes are the passwords themselves.
    """

    def __init__(self, *users: User) -> None:
        self.by_identity = {user.identity: user for user in users}
        self.disabled: set[Identity] = set()
        self.passwords = dict.fromkeys(self.by_identity, "correct")
        self.one_time: set[Identity] = set()
        self.broken: ProblemError | None = None

    def authenticate(
        self, username: str, password: str
    ) -> CheckedPassword | RefusedPassword:
        if self.broken:
            raise self.broken
        named = Identity(issuer="local", subject=username)
        user = self.by_identity.get(named)
        if user is None:
            return RefusedPassword(reason=PasswordRefusal.UNKNOWN_USER)
        if self.passwords[named] != password:
            return RefusedPassword(reason=PasswordRefusal.WRONG, identity=named)
        return CheckedPassword(
            user=user, is_one_time=named in self.one_time, stored_hash=password
        )

    def require_usable(self, new_password: str) -> None:
        if len(new_password) < 8:
            raise NewPasswordRefusedError("a password has 8 to 1024 bytes")

    def replace_password(
        self, checked: CheckedPassword, new_password: str, credentials_version: str
    ) -> bool:
        identity = checked.user.identity
        if self.passwords[identity] != checked.stored_hash:
            return False
        self.passwords[identity] = new_password
        self.one_time.discard(identity)
        self.by_identity[identity] = replace(
            self.by_identity[identity], credentials_version=credentials_version
        )
        return True

    def find(self, identity: Identity) -> User | None:
        if self.broken:
            raise self.broken
        return self.by_identity.get(identity)

    def admit(self, bearer: FederatedBearer) -> User | None:
        if self.broken:
            raise self.broken
        if bearer.identity in self.disabled:
            return None
        return User(
            identity=bearer.identity,
            groups=bearer.groups,
            attributes=bearer.attributes,
        )


def an_issuer(alias: str, *, url: str = "", sign_in: bool = True) -> Issuer:
    """Whose tokens have the audience ``aikagi`` and live for an hour at most."""
    url = url or f"https://{alias}.example"
    return Issuer(
        alias=alias,
        title=alias.title(),
        url=url,
        audiences=frozenset({"aikagi"}),
        client_id_claim=None,
        required_claims={},
        algorithms=frozenset({"RS256", "ES256"}),
        jwks_uri=None,
        longest_life=timedelta(hours=1),
        subject_claim=("sub",),
        groups_claim=("groups",),
        groups={"staff": frozenset({"everyone"})},
        sign_in=SignIn(
            client_id="a-client",
            scopes=("openid", "offline_access"),
            send_token=SendToken.ID_TOKEN,
            origins=(url,),
        )
        if sign_in
        else None,
    )


class FixedIssuers:
    """``broken`` is raised when it is set."""

    def __init__(self, *issuers: Issuer) -> None:
        self.issuers = issuers
        self.broken: ProblemError | None = None

    def read(self) -> Issuers:
        if self.broken:
            raise self.broken
        return Issuers(self.issuers)


class KnownIssuerKeys:
    """Keys by alias and ``kid``; ``broken`` is raised for an alias that has one."""

    def __init__(self) -> None:
        self.by_name: dict[tuple[str, str], PublicKey] = {}
        self.broken: dict[str, ProblemError] = {}
        self.asked = 0

    def find(self, issuer: Issuer, algorithm: str, kid: str) -> PublicKey | None:
        self.asked += 1
        if issuer.alias in self.broken:
            raise self.broken[issuer.alias]
        key = self.by_name.get((issuer.alias, kid))
        return key if key is not None and key.algorithm == algorithm else None


class AttemptsInMemory:
    """Stands where the table would; ``broken`` is raised when it is set."""

    def __init__(self) -> None:
        self.tallies: dict[Counter, Tally] = {}
        self.seen: dict[Attempt, datetime] = {}
        self.readings = 0
        self.after_reading: Callable[[], object] = lambda: None
        self.broken: ProblemError | None = None
        self._writing = threading.Lock()

    def read(self, attempt: Attempt) -> History:
        self._fail()
        with self._writing:
            self.readings += 1
            found = {
                counter: self.tallies[counter]
                for counter in attempt.counters
                if counter in self.tallies
            }
            history = History(seen_at=self.seen.get(attempt), tallies=found)
        self.after_reading()
        return history

    def count(self, counter: Counter, tally: Tally | None, now: datetime) -> timedelta:
        self._fail()
        with self._writing:
            tally = self.tallies.get(counter)
            wait = counter.wait(tally, now)
            if not wait:
                again = tally is None or tally.is_over(now)
                self.tallies[counter] = Tally(
                    failures=1 if again or not tally else tally.failures + 1,
                    began_at=now if again or not tally else tally.began_at,
                    failed_at=now,
                )
            return wait

    def take_back(self, counter: Counter) -> None:
        self._fail()
        with self._writing:
            tally = self.tallies[counter]
            self.tallies[counter] = replace(tally, failures=tally.failures - 1)

    def forget(self, counter: Counter) -> None:
        self._fail()
        with self._writing:
            self.tallies[counter] = replace(self.tallies[counter], failures=0)

    def note_login(self, attempt: Attempt, now: datetime) -> None:
        self._fail()
        self.seen[attempt] = now

    def _fail(self) -> None:
        if self.broken:
            raise self.broken


class FixedCatalogue:
    def __init__(self, *functions: Function) -> None:
        self.functions = functions

    def read(self) -> Catalogue:
        return Catalogue(self.functions)


class RecordingSessions:
    """Stands where STS would, and remembers what it was asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.plans: list[SessionPlan] = []
        self.broken: Exception | None = None

    def issue(self, plan: SessionPlan) -> TemporaryCredentials:
        if self.broken:
            raise self.broken
        self.plans.append(plan)
        return TemporaryCredentials(
            access_key_id="ASIAEXAMPLE",
            secret_access_key="the-secret-key",
            session_token="the-session-token",
            expires_at=self._clock().replace(microsecond=0) + plan.duration,
            request_id="sts-1",
            grant_id=plan.grant_id,
            issued=plan.issued,
        )


class RecordingAudit:
    """Stands where standard output would; ``broken`` is raised when it is set."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.broken: Exception | None = None

    @property
    def grants(self) -> list[GrantRecord]:
        return [record for record in self.records if isinstance(record, GrantRecord)]

    def write(self, record: AuditRecord) -> None:
        if self.broken:
            raise self.broken
        self.records.append(record)
