"""The entries of issuers, and the list of those that hold."""

import json
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

import pytest

from app.adapters import parameters
from app.adapters.issuer_entry import VERSION, IssuerRules, read_issuer
from app.adapters.issuers import SsmIssuers
from app.adapters.parameters import EntryRefusedError
from app.domain.errors import IssuersUnavailableError
from app.domain.issuers import ClaimAttribute, Issuer, Issuers
from tests.adapters.readings import wait_for_background_readings
from tests.fakes import Clock
from tests.scripted_aws import Answer, Gate, ScriptedAws

RULES = IssuerRules(own="trial")
ON_LAPTOP = IssuerRules(own="trial", on_loopback=True)
ENTRY: dict[str, Any] = {
    "Title": "Corporation",
    "Issuer": "https://login.example.com",
    "Audiences": ["a-client"],
    "Algorithms": ["RS256"],
    "MaxTokenSeconds": 3600,
}
SIGN_IN: dict[str, Any] = {
    "SignIn": True,
    "ClientId": "a-client",
    "Scopes": ["openid"],
    "SendToken": "id_token",
}


TEAM: Final = {"Name": "team", "Claim": "team"}


def attributes(*of_entry: dict[str, Any]) -> dict[str, Any]:
    return {"Attributes": list(of_entry)}


def read(rules: IssuerRules = RULES, /, alias: str = "corp", **changes: Any) -> Issuer:
    entry = {**ENTRY, **changes}
    return read_issuer(
        alias, json.dumps({k: v for k, v in entry.items() if v is not None}), rules
    )


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({}, ("subject_claim", ("sub",)), id="no claim of the subject"),
        pytest.param({"SubjectClaim": "oid"}, ("subject_claim", ("oid",)), id="oid"),
        pytest.param({}, ("groups_claim", None), id="no claim of groups"),
        pytest.param(
            {"GroupsClaim": "https://example.com/a.b"},
            ("groups_claim", ("https://example.com/a.b",)),
            id="a URL is one name",
        ),
        pytest.param(
            {"GroupsClaim": ["realm_access", "roles"]},
            ("groups_claim", ("realm_access", "roles")),
            id="a claim within another",
        ),
        pytest.param({}, ("groups", {}), id="nobody in any group"),
        pytest.param({}, ("sign_in", None), id="no sign-in"),
        pytest.param({"SignIn": False}, ("sign_in", None), id="no sign-in, said so"),
        pytest.param({}, ("jwks_uri", None), id="keys by discovery"),
        pytest.param({}, ("client_id_claim", None), id="an audience"),
        pytest.param({"Version": VERSION}, ("alias", "corp"), id="its version"),
        pytest.param({}, ("attributes", ()), id="no attributes"),
        pytest.param(
            attributes(
                {"Name": "team", "Claim": ["app", "team"], "AllowedValues": ["a", ""]},
                {"Name": "cost-centre", "Claim": "cc"},
            ),
            (
                "attributes",
                (
                    ClaimAttribute(
                        name="team",
                        claim=("app", "team"),
                        allowed_values=frozenset({"a", ""}),
                    ),
                    ClaimAttribute(
                        name="cost-centre", claim=("cc",), allowed_values=None
                    ),
                ),
            ),
            id="attributes in their order",
        ),
        pytest.param(
            {"Issuer": "https://a.example/realms/x:8/"},
            ("url", "https://a.example/realms/x:8/"),
            id="a path, and a final slash that stays",
        ),
        pytest.param(
            {"JwksUri": "https://a.example/keys?p=b2c"},
            ("jwks_uri", "https://a.example/keys?p=b2c"),
            id="keys with a query",
        ),
    ],
)
def test_what_an_entry_may_leave_out_or_say(
    changes: dict[str, Any], kept: tuple[str, object]
):
    name, value = kept

    assert getattr(read(**changes), name) == value


@pytest.mark.parametrize("alias", ["corp", "a", "my-idp2", "a" * 29, "locals"])
def test_an_alias_is_lower_case_and_short(alias: str):
    assert read(alias=alias).alias == alias


@pytest.mark.parametrize(
    "alias", ["local", "Corp", "", "2idp", "a/b", "a" * 30, "corp\n", "a+b", "a_b"]
)
def test_any_other_alias_is_refused_and_that_of_our_own_users(alias: str):
    with pytest.raises(EntryRefusedError, match="its name is not"):
        read(alias=alias)


URLS = [
    pytest.param("http://login.example.com", id="http"),
    pytest.param("http://127.0.0.1:9000", id="loopback"),
    pytest.param("login.example.com", id="no scheme"),
    pytest.param("https://", id="no host"),
    pytest.param("https://a@login.example.com", id="a user"),
    pytest.param("https://login.example.com#a", id="a fragment"),
    pytest.param("https://login.example.com/a b", id="a space"),
    pytest.param("https://login.example.com\n", id="a line end"),
    pytest.param("HTTPS://login.example.com", id="capitals"),
    pytest.param("https://Login.example.com", id="a host in capitals"),
    pytest.param("https://login.example.com;script-src *", id="a directive"),
    pytest.param("https://*.example.com", id="a wildcard"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("member", ["Issuer", "JwksUri", "ConnectOrigins"])
def test_an_address_that_is_not_https_and_plain_is_refused(member: str, url: str):
    good = "https://login.example.com"

    def having(address: str) -> dict[str, Any]:
        return {member: [good, address] if member == "ConnectOrigins" else address}

    read(RULES, **having(good))
    with pytest.raises(EntryRefusedError, match=f"its {member}"):
        read(RULES, **having(url))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "http://localhost"])
@pytest.mark.parametrize("member", ["Issuer", "JwksUri"])
def test_an_issuer_may_be_on_a_laptop_where_that_is_said(member: str, url: str):
    changes: dict[str, Any] = {member: url}

    read(ON_LAPTOP, **changes)
    with pytest.raises(EntryRefusedError):
        read(ON_LAPTOP, "corp", **{member: url.replace("http://", "http://10.")})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"Title": ""}, "Title", id="an empty title"),
        pytest.param({"Title": None}, "Title", id="no title"),
        pytest.param({"Issuer": None}, "Issuer", id="no issuer"),
        pytest.param(
            {"Issuer": "https://a.example?x=1"}, "Issuer", id="an issuer with a query"
        ),
        pytest.param({"Audiences": None}, "Audiences", id="no audiences"),
        pytest.param({"Audiences": []}, "Audiences", id="none of them"),
        pytest.param({"Audiences": [""]}, "Audiences", id="an empty one"),
        pytest.param({"Audiences": "a-client"}, "Audiences", id="audiences a string"),
        pytest.param({"Algorithms": None}, "Algorithms", id="no algorithms"),
        pytest.param({"Algorithms": []}, "Algorithms", id="none of them either"),
        pytest.param({"Algorithms": ["HS256"]}, "Algorithms", id="a shared secret"),
        pytest.param({"Algorithms": ["none"]}, "Algorithms", id="no signature"),
        pytest.param({"Algorithms": ["RS512"]}, "Algorithms", id="another hash"),
        pytest.param({"MaxTokenSeconds": None}, "MaxTokenSeconds", id="no bound"),
        pytest.param({"MaxTokenSeconds": 59}, "MaxTokenSeconds", id="too short"),
        pytest.param({"MaxTokenSeconds": 86401}, "MaxTokenSeconds", id="over a day"),
        pytest.param({"MaxTokenSeconds": "60"}, "MaxTokenSeconds", id="a string"),
        pytest.param({"MaxTokenSeconds": True}, "MaxTokenSeconds", id="true"),
        pytest.param({"SubjectClaim": ""}, "SubjectClaim", id="a claim without name"),
        pytest.param({"SubjectClaim": []}, "SubjectClaim", id="no claim at all"),
        pytest.param({"SubjectClaim": ["a"] * 9}, "SubjectClaim", id="too deep"),
        pytest.param({"GroupsClaim": ["a", 1]}, "GroupsClaim", id="a number's place"),
        pytest.param(
            {"Groups": {"staff": ["everyone"]}}, "GroupsClaim", id="groups of no claim"
        ),
        pytest.param(
            {"GroupsClaim": "g", "Groups": {"staff": "everyone"}},
            "Groups",
            id="a group that is no list",
        ),
        pytest.param(
            {"RequiredClaims": {"a": ["b"]}}, "RequiredClaims", id="required a list"
        ),
        pytest.param(
            {"RequiredClaims": {"a": 1.5}}, "RequiredClaims", id="required a fraction"
        ),
        pytest.param({**SIGN_IN, "ClientId": None}, "ClientId", id="no client"),
        pytest.param(
            {**SIGN_IN, "SendToken": None}, "SendToken", id="no token to send"
        ),
        pytest.param({**SIGN_IN, "SendToken": "jwt"}, "SendToken", id="no such token"),
        pytest.param({**SIGN_IN, "Scopes": ["email"]}, "openid", id="no ID token"),
        pytest.param({**SIGN_IN, "Scopes": ["openid a"]}, "Scopes", id="two in one"),
        pytest.param({**SIGN_IN, "SignIn": "true"}, "SignIn", id="true a string"),
        pytest.param({"ClientSecret": "x"}, "ClientSecret", id="a member not known"),
        pytest.param({"TagClaims": {}}, "TagClaims", id="a member of another day"),
        pytest.param({"Attributes": {}}, "Attributes", id="attributes no list"),
        pytest.param(attributes({"Name": "a"}), "Claim", id="an attribute of nothing"),
        pytest.param(attributes({"Claim": "a"}), "Name", id="one without a name"),
        pytest.param(attributes(TEAM, TEAM), "one Name", id="two of one name"),
        pytest.param(attributes({**TEAM, "Name": "Team"}), "its Name", id="a capital"),
        pytest.param(attributes({**TEAM, "Name": "a" * 64}), "its Name", id="long"),
        pytest.param(
            attributes({**TEAM, "AllowedValues": []}), "AllowedValues", id="no value"
        ),
        pytest.param(
            attributes({**TEAM, "AllowedValues": ["a\nb"]}),
            "AllowedValues",
            id="a value that is no tag",
        ),
        pytest.param(
            attributes(*({**TEAM, "Name": f"a{n}"} for n in range(21))),
            "Attributes",
            id="too many attributes",
        ),
        pytest.param({"Version": 2}, "Version is 2", id="a later version"),
        pytest.param({"Version": True}, "Version", id="version true"),
    ],
)
def test_an_entry_that_does_not_hold_is_refused_by_name(
    changes: dict[str, Any], why: str
):
    read(**SIGN_IN)
    with pytest.raises(EntryRefusedError, match=why):
        read(**changes)


def test_nobody_may_claim_the_issuer_of_our_own_tokens():
    url = "https://login.example.com"

    read(IssuerRules(own="https://login.example.com/"), Issuer=url)
    with pytest.raises(EntryRefusedError, match="Issuer"):
        read(IssuerRules(own=url), Issuer=url)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"Title": "a", "Title": "b"}'])
def test_an_entry_that_is_no_strict_object_is_refused(text: str):
    with pytest.raises(EntryRefusedError):
        read_issuer("corp", text, RULES)


def test_a_page_has_to_reach_the_issuers_origin_and_those_it_is_told_of():
    issuer = read(
        **SIGN_IN,
        Issuer="https://login.example.com:8443/realms/a",
        ConnectOrigins=["https://tokens.example.com", "https://login.example.com:8443"],
    )

    assert issuer.sign_in is not None
    assert issuer.sign_in.origins == (
        "https://login.example.com:8443",
        "https://tokens.example.com",
    )


# The list


def page(*entries: tuple[str, dict[str, Any]]) -> Answer:
    parameters = [
        {"Name": f"/aikagi/test/issuers/{alias}", "Value": json.dumps(entry)}
        for alias, entry in entries
    ]
    return Answer.json({"Parameters": parameters})


def other(**changes: Any) -> dict[str, Any]:
    return {**ENTRY, "Issuer": "https://other.example.com", **changes}


@pytest.fixture
def issuers(script: ScriptedAws, clock: Clock) -> SsmIssuers:
    return SsmIssuers(
        parameters.connect(script.session()),
        path="/aikagi/test/issuers",
        rules=RULES,
        clock=clock,
    )


def read_and_wait(issuers: SsmIssuers) -> Issuers:
    try:
        return issuers.read()
    except IssuersUnavailableError as error:
        if error.pending is None:
            raise
        error.pending.result(10)
    return issuers.read()


def aliases(issuers: SsmIssuers) -> list[str]:
    return [issuer.alias for issuer in read_and_wait(issuers)]


def test_they_are_read_once_for_half_a_minute_and_found_by_their_url(
    issuers: SsmIssuers, script: ScriptedAws
):
    script.will(page(("zulu", other()), ("corp", ENTRY)))

    assert aliases(issuers) == ["corp", "zulu"]
    found = issuers.read().find("https://other.example.com")
    assert found is not None
    assert found.alias == "zulu"
    assert issuers.read().find("https://other.example.com/") is None
    assert len(script.requests) == 1


def test_nobody_waits_in_a_thread_for_a_reading(
    issuers: SsmIssuers, script: ScriptedAws
):
    gate = Gate()
    script.will(replace(page(("corp", ENTRY)), before=gate.pass_through))

    pending: list[Future[None]] = []
    for _ in range(50):
        with pytest.raises(IssuersUnavailableError) as caught:
            issuers.read()
        assert caught.value.retry_after_seconds == 1
        assert caught.value.pending is not None
        pending.append(caught.value.pending)
    gate.open()

    assert len(set(pending)) == 1
    pending[0].result(10)
    assert aliases(issuers) == ["corp"]
    assert len(script.requests) == 1


def test_a_bad_entry_is_left_out_with_a_line_that_names_it(
    issuers: SsmIssuers, script: ScriptedAws, caplog: pytest.LogCaptureFixture
):
    script.will(page(("bad", other(Issuer="http://a.example")), ("local", other())))
    assert aliases(issuers) == []

    [bad, local] = caplog.messages
    assert bad == (
        "The issuer /aikagi/test/issuers/bad is left out: its Issuer is not an https "
        "URL without query and fragment"
    )
    assert local.startswith(
        "The issuer /aikagi/test/issuers/local is left out: its name is not 1 to 29 of"
    )
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_an_entry_cannot_shadow_another_nor_rename_its_people(
    issuers: SsmIssuers, script: ScriptedAws, caplog: pytest.LogCaptureFixture
):
    script.will(page(("corp", ENTRY), ("a-corp", ENTRY), ("zulu", other())))

    assert aliases(issuers) == ["zulu"]
    assert caplog.text.count("stands in another entry") == 2


def test_an_entry_taken_away_is_gone_within_a_minute_come_what_may(
    issuers: SsmIssuers, script: ScriptedAws, clock: Clock
):
    script.will(page(("corp", ENTRY)))
    aliases(issuers)

    script.will(Answer.error("ThrottlingException"))
    clock.advance(seconds=59)
    assert aliases(issuers) == ["corp"]
    wait_for_background_readings()
    clock.advance(seconds=1)
    with pytest.raises(IssuersUnavailableError) as caught:
        aliases(issuers)
    assert caught.value.retry_after_seconds == 2

    script.will(page())
    clock.advance(seconds=5)
    assert aliases(issuers) == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer.error("AccessDeniedException"), id="not allowed"),
        pytest.param(Answer(body=b"{"), id="garbage"),
        pytest.param(Answer.json({"Parameters": [{"Name": "x"}]}), id="half an entry"),
        pytest.param(Answer.hang_up(), id="hung up"),
    ],
)
def test_a_list_that_cannot_be_read_is_unavailable_not_empty(
    issuers: SsmIssuers, script: ScriptedAws, answer: Answer
):
    script.will(answer)

    with pytest.raises(IssuersUnavailableError):
        aliases(issuers)


def test_whoever_asks_at_once_shares_one_reading_and_its_failure(
    issuers: SsmIssuers, script: ScriptedAws
):
    script.will(Answer.error("AccessDeniedException"))

    with ThreadPoolExecutor(10) as pool:
        asking = [pool.submit(read_and_wait, issuers) for _ in range(10)]

    assert {type(future.exception()) for future in asking} == {IssuersUnavailableError}
    assert len(script.requests) == 1
