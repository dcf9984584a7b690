"""Signing in through an issuer: a real provider, and one that answers as it is told."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from aikagi import Broker, DeviceCode, IssuerError, LoginEndedError, UnreachableError
from aikagi.records import TOKENS, read_tokens
from aikagi.store import MemoryStore
from aikagi.tokens import Tokens
from tests.aikagi.loopback import Answer, Loopback, json_answer
from tests.aikagi.scripted_issuer import ScriptedIssuer
from tests.provider.person import Visitor, get
from tests.provider.server import (
    ALICE,
    HANAKO,
    TERMINAL_CLIENT,
    Person,
    Provider,
    ProviderSettings,
)

Edit = Callable[[dict[str, str]], object]


@pytest.fixture
def broker(loopback: Loopback, provider: Provider) -> Iterator[Broker]:
    loopback.issuers = {"laptop": provider.listed()}
    with Broker(loopback.base) as broker:
        yield broker


def visiting(
    provider: Provider, person: Person = ALICE, edit: Edit = lambda _: None
) -> Callable[[str], None]:
    """Give a browser in which ``person`` signs in; ``edit`` spoils what comes back."""

    def visit(address: str) -> None:
        with Visitor(provider.issuer, person) as visitor:
            back = urlsplit(visitor.sign_in(address))
        query = dict(parse_qsl(back.query))
        edit(query)
        get(urlunsplit(back._replace(query=urlencode(query))))

    return visit


def tokens_of(broker: Broker, store: MemoryStore) -> Tokens:
    assert broker.username
    tokens = read_tokens(store.entry(TOKENS))
    assert tokens
    return tokens


@pytest.mark.parametrize("person", [ALICE, HANAKO], ids=["alice", "hanako"])
@pytest.mark.parametrize("send_token", ["id_token", "access_token"])
@pytest.mark.parametrize("client_id", [None, TERMINAL_CLIENT])
def test_a_person_signs_in_and_calls(
    broker: Broker,
    loopback: Loopback,
    provider: Provider,
    person: Person,
    send_token: str,
    client_id: str | None,
):
    loopback.issuers = {"laptop": provider.listed(send_token=send_token)}

    visit = visiting(provider, person)
    broker.login_with_issuer("laptop", visit=visit, client_id=client_id)

    me = broker.me()
    assert (me.issuer, me.subject) == ("laptop", person.sub)
    assert broker.username == person.sub
    assert broker.call("hello").result() == {"ok": True}
    audience = loopback.vouched[-1]["aud"]
    expected = client_id or "aikagi"
    assert audience == (expected if send_token == "id_token" else "urn:aikagi:broker")


def test_a_broker_older_than_issuers_has_none(loopback: Loopback):
    with Broker(loopback.base) as broker:
        assert broker.issuers() == []
        with pytest.raises(IssuerError, match="through okta, and no other either"):
            broker.login_with_issuer("okta", visit=print)


def test_an_issuer_that_is_not_listed_is_named_beside_those_that_are(broker: Broker):
    with pytest.raises(IssuerError, match="through okta: laptop"):
        broker.login_with_issuer("okta", visit=print)


def setting(**members: str) -> Edit:
    return lambda query: query.update(members)


def without(name: str) -> Edit:
    return lambda query: query.pop(name)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (setting(state="another"), r"\(state\)"),
        (without("state"), r"\(state\)"),
        (setting(iss="https://another.example"), r"\(iss\)"),
        (without("iss"), r"\(iss\)"),
        (setting(code="another"), "invalid_grant"),
        (without("code"), "no code"),
        (
            setting(error="access_denied", error_description="They said no"),
            "access_denied: They said no",
        ),
    ],
)
def test_what_comes_back_is_of_this_sign_in_or_nobody_is_signed_in(
    broker: Broker, provider: Provider, edit: Edit, why: str
):
    with pytest.raises(IssuerError, match=why):
        broker.login_with_issuer("laptop", visit=visiting(provider, edit=edit))

    assert broker.username is None
    broker.login_with_issuer("laptop", visit=visiting(provider))
    assert broker.username == "alice"


def test_a_parameter_that_is_there_twice_is_refused(broker: Broker, provider: Provider):
    def visit(address: str) -> None:
        with Visitor(provider.issuer, ALICE) as visitor:
            get(f"{visitor.sign_in(address)}&state=another")

    with pytest.raises(IssuerError, match="twice"):
        broker.login_with_issuer("laptop", visit=visit)


def test_a_code_is_good_once(broker: Broker, provider: Provider):
    codes: list[str] = []
    first = visiting(provider, edit=lambda query: codes.append(query["code"]))
    broker.login_with_issuer("laptop", visit=first)

    again = visiting(provider, edit=lambda query: query.update(code=codes[0]))
    with pytest.raises(IssuerError, match="invalid_grant"):
        broker.login_with_issuer("laptop", visit=again)


def test_one_response_is_taken_and_all_else_is_not_found(
    broker: Broker, provider: Provider
):
    seen: list[int] = []

    def visit(address: str) -> None:
        with Visitor(provider.issuer, ALICE) as visitor:
            back = visitor.sign_in(address)
        root = back.partition("?")[0]
        tried = [f"{root}favicon.ico", root, f"{root}another?code=1", back, back]
        answers = [get(url) for url in tried]
        seen.extend(status for status, _, _ in answers)
        seen.append(get(back, "POST")[0])
        _, headers, text = answers[3]
        assert "You may close this page" in text
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"

    broker.login_with_issuer("laptop", visit=visit)

    assert seen == [404, 404, 404, 200, 404, 501]


def test_nobody_comes_back_in_time(broker: Broker):
    with pytest.raises(IssuerError, match="in time"):
        broker.login_with_issuer("laptop", visit=lambda _: None, timeout=0)


def test_the_request_has_a_challenge_and_nothing_secret(
    broker: Broker, provider: Provider
):
    addresses: list[str] = []

    def visit(address: str) -> None:
        addresses.append(address)
        visiting(provider)(address)

    for _ in range(2):
        broker.login_with_issuer("laptop", visit=visit)

    first, second = (parse_qs(urlsplit(address).query) for address in addresses)
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"][0].startswith("http://127.0.0.1:")
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name][0]) >= 43
    assert "code_verifier" not in first


def test_the_refresh_token_of_the_issuer_renews(loopback: Loopback, provider: Provider):
    loopback.issuers = {"laptop": provider.listed()}
    moved, store = [0.0], MemoryStore()
    with Broker(
        loopback.base, store=store, clock=lambda: time.time() + moved[0]
    ) as broker:
        broker.login_with_issuer("laptop", visit=visiting(provider))
        before = tokens_of(broker, store)

        moved[0] = 600.0
        broker.me()

        after = tokens_of(broker, store)
        assert (before.login_id, before.username) == (after.login_id, after.username)
        assert before.access_token != after.access_token
        assert before.refresh_token != after.refresh_token
        assert loopback.count("auth/refresh") == 0


def test_a_login_ends_with_the_issuer_s(loopback: Loopback):
    moved = [0.0]
    with (
        Provider() as provider,
        Broker(loopback.base, clock=lambda: time.time() + moved[0]) as broker,
    ):
        loopback.issuers = {"laptop": provider.listed()}
        broker.login_with_issuer("laptop", visit=visiting(provider))
        moved[0] = 600.0
        provider.restart()  # it knows nobody any more

        with pytest.raises(LoginEndedError):
            broker.me()

        provider.stop()
        with pytest.raises(UnreachableError, match="issuer"):
            broker.me()


def test_logout_revokes_at_the_issuer_and_asks_nothing_of_the_broker(
    loopback: Loopback, provider: Provider
):
    store = MemoryStore()
    loopback.issuers = {"laptop": provider.listed()}
    with Broker(loopback.base, store=store) as broker:
        broker.login_with_issuer("laptop", visit=visiting(provider))
        refresh_token = tokens_of(broker, store).refresh_token
        url = broker.end_session_url()

        assert broker.logout() is None

        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": "aikagi",
        }
        answer = broker.client.post(f"{provider.issuer}/token", data=form)
        assert answer.json()["error"] == "invalid_grant"

    assert url == f"{provider.issuer}/session/end?client_id=aikagi"
    assert "auth/logout" not in loopback.asked
    assert store.entry(TOKENS).read() is None


def test_a_token_that_the_broker_refuses_is_no_login(
    broker: Broker, loopback: Loopback, provider: Provider
):
    def visit(address: str) -> None:
        visiting(provider)(address)
        loopback.issuers = {}

    with pytest.raises(IssuerError, match="the broker does not accept"):
        broker.login_with_issuer("laptop", visit=visit)

    assert broker.username is None


def test_a_device_waits_for_somebody_elsewhere(broker: Broker, provider: Provider):
    shown: list[DeviceCode] = []
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            address = shown[0].complete_uri
            assert address
            with Visitor(provider.issuer, HANAKO) as visitor:
                visitor.enter_code(address)

    broker.login_with_device("laptop", show=shown.append, wait=wait)

    [code] = shown
    assert code.user_code in (code.complete_uri or "")
    assert waited == [5.0, 5.0]
    assert broker.username == HANAKO.sub


def test_a_device_that_is_turned_away_is_told(broker: Broker, provider: Provider):
    shown: list[DeviceCode] = []

    def wait(_: float) -> None:
        with Visitor(provider.issuer, ALICE) as visitor:
            visitor.enter_code(shown[0].complete_uri or "", cancel=True)

    with pytest.raises(IssuerError, match="access_denied") as raised:
        broker.login_with_device("laptop", show=shown.append, wait=wait)
    assert raised.value.error == "access_denied"


def test_an_issuer_without_devices_is_a_sentence(loopback: Loopback):
    with (
        Provider(ProviderSettings(devices=False)) as provider,
        Broker(loopback.base) as broker,
    ):
        loopback.issuers = {"laptop": provider.listed()}
        with pytest.raises(IssuerError, match="on a machine with a browser"):
            broker.login_with_device("laptop", show=print)


@pytest.fixture
def scripted(loopback: Loopback) -> ScriptedIssuer:
    return ScriptedIssuer(loopback)


def at_once(claims: dict[str, Any]) -> dict[str, Any]:
    """Count a time from now on."""
    exp = claims.get("exp")
    return {**claims, "exp": time.time() + exp} if type(exp) is int else claims


WRONG: Final[dict[str, dict[str, Any]]] = {
    "iss": {"iss": "https://another.example"},
    "iss with a slash": {"iss": "http://127.0.0.1/issuer/"},
    "aud": {"aud": "another"},
    "aud of none": {"aud": None},
    "aud of several without azp": {"aud": ["aikagi", "another"]},
    "aud with another azp": {"aud": ["aikagi"], "azp": "another"},
    "nonce": {"nonce": "another"},
    "nonce of none": {"nonce": None},
    "exp": {"exp": -120},
    "exp of none": {"exp": None},
    "exp that is a string": {"exp": "9999999999"},
    "exp that is a bool": {"exp": True},
    "sub of none": {"sub": None},
    "sub that is a number": {"sub": 7},
}
RIGHT: Final[dict[str, dict[str, Any]]] = {
    "as it is": {},
    "aud in a list": {"aud": ["aikagi"]},
    "aud of several with azp": {"aud": ["aikagi", "another"], "azp": "aikagi"},
    "exp soon": {"exp": 30},
}


@pytest.mark.parametrize("name", WRONG)
def test_an_id_token_of_something_else_is_no_login(
    loopback: Loopback, scripted: ScriptedIssuer, name: str
):
    scripted.next = lambda: scripted.grants(**at_once(WRONG[name]))
    with Broker(loopback.base) as broker:
        with pytest.raises(IssuerError, match=rf"\({name.split(maxsplit=1)[0][:3]}"):
            broker.login_with_issuer("scripted", visit=scripted.visit)
        assert broker.username is None


@pytest.mark.parametrize("name", RIGHT)
def test_an_id_token_of_this_sign_in_is_one(
    loopback: Loopback, scripted: ScriptedIssuer, name: str
):
    scripted.next = lambda: scripted.grants(**at_once(RIGHT[name]))
    with Broker(loopback.base) as broker:
        broker.login_with_issuer("scripted", visit=scripted.visit)
        assert broker.username == "alice"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("issuer", "http://127.0.0.1/another"),
        ("issuer", None),
        ("token_endpoint", "http://elsewhere.example/token"),
        ("token_endpoint", None),
    ],
)
def test_metadata_of_another_issuer_or_in_the_open_are_not_believed(
    loopback: Loopback, scripted: ScriptedIssuer, member: str, value: str | None
):
    scripted.metadata[member] = value
    scripted.tell()
    with Broker(loopback.base) as broker, pytest.raises(Exception) as raised:
        broker.login_with_issuer("scripted", visit=scripted.visit)
    assert type(raised.value).__module__ == "aikagi.errors"
    assert loopback.count("issuer/token") == 0


class Renewing:
    """A login through the scripted issuer whose token is at its end."""

    def __init__(self, loopback: Loopback, scripted: ScriptedIssuer) -> None:
        self.moved = 0.0
        self.store = MemoryStore()
        self.broker = Broker(loopback.base, store=self.store, clock=self._clock)
        self.broker.login_with_issuer("scripted", visit=scripted.visit)
        loopback.asked.clear()
        self.moved = 590.0

    def _clock(self) -> float:
        return time.time() + self.moved


@pytest.fixture
def renewing(loopback: Loopback, scripted: ScriptedIssuer) -> Iterator[Renewing]:
    renewing = Renewing(loopback, scripted)
    with renewing.broker:
        yield renewing


CUT: Final = Answer(pieces=(b"{",), cut=True)
REFUSED: Final = json_answer({"error": "invalid_grant"}, 400)


def test_a_lost_answer_is_asked_for_once_more(
    loopback: Loopback, scripted: ScriptedIssuer, renewing: Renewing
):
    scripted.answers(CUT, scripted.grants("r-2"))

    assert renewing.broker.me().subject == "alice"

    assert loopback.count("issuer/token") == 2
    assert tokens_of(renewing.broker, renewing.store).refresh_token == "r-2"


def test_a_refresh_token_that_is_not_replaced_is_kept(
    scripted: ScriptedIssuer, renewing: Renewing
):
    scripted.answers(scripted.grants(None))

    renewing.broker.me()

    assert tokens_of(renewing.broker, renewing.store).refresh_token == "r-1"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (REFUSED, LoginEndedError),
        (json_answer({"error": "invalid_client"}, 401), IssuerError),
        (json_answer({"error": "temporarily_unavailable"}, 503), UnreachableError),
        (json_answer({"access_token": "opaque"}), LoginEndedError),
        (json_answer({"id_token": "no token"}), IssuerError),
    ],
)
def test_what_is_no_renewal_is_told_for_what_it_is(
    scripted: ScriptedIssuer,
    renewing: Renewing,
    answer: Answer,
    error: type[Exception],
):
    scripted.answers(answer)

    with pytest.raises(error):
        renewing.broker.me()


@pytest.mark.parametrize("claim", ["sub", "iss", "aud"])
def test_nobody_is_renewed_into_somebody_else(
    scripted: ScriptedIssuer, renewing: Renewing, claim: str
):
    scripted.answers(scripted.grants("r-2", **{claim: "mallory"}))

    with pytest.raises(IssuerError, match=claim):
        renewing.broker.me()


def test_two_programs_renew_once(
    loopback: Loopback, scripted: ScriptedIssuer, renewing: Renewing
):
    scripted.answers(scripted.grants("r-2"), REFUSED)
    clock = renewing.broker._clock
    with Broker(loopback.base, store=renewing.store, clock=clock) as other:
        assert other.username == "alice"

        assert renewing.broker.me() == other.me()

    assert loopback.count("issuer/token") == 1


def test_a_device_asks_less_often_when_it_is_told_to(
    loopback: Loopback, scripted: ScriptedIssuer
):
    loopback.broker_routes["issuer/device"] = json_answer(
        {
            "device_code": "d",
            "user_code": "AB-CD",
            "verification_uri": "https://issuer.example/device",
            "expires_in": 600,
            "interval": 2,
        }
    )
    pending = json_answer({"error": "authorization_pending"}, 400)
    slow = json_answer({"error": "slow_down"}, 400)
    scripted.answers(pending, slow, CUT, pending, scripted.grants())
    waited: list[float] = []
    shown: list[DeviceCode] = []
    with Broker(loopback.base) as broker:
        broker.login_with_device("scripted", show=shown.append, wait=waited.append)

    assert waited == [2, 2, 7, 14, 14]
    assert shown[0].complete_uri is None


@pytest.mark.parametrize(
    "answers",
    [
        [json_answer({"error": "expired_token"}, 400)],
        [json_answer({"error": "authorization_pending"}, 400)],
    ],
    ids=["said", "passed"],
)
def test_a_code_that_expires_ends_the_waiting(
    loopback: Loopback, scripted: ScriptedIssuer, answers: list[Answer]
):
    loopback.broker_routes["issuer/device"] = json_answer(
        {
            "device_code": "d",
            "user_code": "AB-CD",
            "verification_uri": "https://issuer.example/device",
            "expires_in": 60,
        }
    )
    scripted.answers(*answers)
    waited: list[float] = []
    with Broker(loopback.base) as broker, pytest.raises(IssuerError) as raised:
        broker.login_with_device("scripted", show=print, wait=waited.append)

    assert raised.value.error == "expired_token"
    assert sum(waited) <= 65
