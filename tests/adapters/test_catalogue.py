import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from app.adapters import parameters
from app.adapters.catalogue import SsmCatalogue
from app.adapters.catalogue_entry import (
    VERSION,
    EntryRules,
    read_entry,
)
from app.adapters.parameters import EntryRefusedError
from app.domain.catalogue import BodyType, Function, InvokeMode
from app.domain.errors import CatalogueUnavailableError
from tests import entry_schema
from tests.adapters.readings import wait_for_background_readings
from tests.fakes import Clock
from tests.scripted_aws import Answer, Gate, ScriptedAws
from tests.stack import ROOT

ROLE = "arn:aws:iam::123456789012:role/stack-InvokeRole-1"
OTHER = "arn:aws:iam::123456789012:role/aikagi/stack/other-InvokeRole-1"
RULES = EntryRules(role=ROLE, role_path="/aikagi/stack/")
ENTRY: dict[str, Any] = {
    "Title": "Hello",
    "Description": "Says hello",
    "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:stack-Hello-1",
    "FuncUrl": "https://abc123.lambda-url.eu-west-1.on.aws/",
    "InvokeMode": "BUFFERED",
    "Groups": ["everyone"],
    "MaxDurationSeconds": 1800,
}


def read(rules: EntryRules = RULES, **changes: Any) -> Function:
    entry = {**ENTRY, **changes}
    return read_entry(
        "hello", json.dumps({k: v for k, v in entry.items() if v is not None}), rules
    )


def test_an_entry_is_a_function():
    assert read() == Function(
        name="hello",
        title="Hello",
        description="Says hello",
        arn=ENTRY["Arn"],
        url=ENTRY["FuncUrl"],
        region="eu-west-1",
        invoke_mode=InvokeMode.BUFFERED,
        groups=frozenset({"everyone"}),
        max_duration_seconds=1800,
        role_arn=ROLE,
    )


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({"Description": None}, ("description", ""), id="no description"),
        pytest.param(
            {"MaxDurationSeconds": None}, ("max_duration_seconds", 3600), id="no limit"
        ),
        pytest.param({"Groups": []}, ("groups", frozenset()), id="nobody's"),
        pytest.param({"Version": VERSION}, ("name", "hello"), id="its version"),
        pytest.param({"MaxDurationSeconds": 15}, ("max_duration_seconds", 15), id="15"),
        pytest.param({}, ("required_claims", {}), id="no claims"),
        pytest.param(
            {"RequiredClaims": {"dept": ["a b", "c"], "x.y": ["z"]}},
            (
                "required_claims",
                {"dept": frozenset({"a b", "c"}), "x.y": frozenset({"z"})},
            ),
            id="claims",
        ),
        pytest.param({}, ("source_networks", ()), id="no networks"),
        pytest.param(
            {"SourceNetworks": ["192.0.2.1/32", "2001:db8::/32", "::1/128"]},
            (
                "source_networks",
                (
                    ip_network("192.0.2.1/32"),
                    ip_network("2001:db8::/32"),
                    ip_network("::1/128"),
                ),
            ),
            id="networks",
        ),
        pytest.param({}, ("example", None), id="no example"),
        pytest.param({"Example": "x" * 1000}, ("example", "x" * 1000), id="an example"),
        pytest.param({}, ("body_type", None), id="no kind of body"),
        pytest.param({"BodyType": "text"}, ("body_type", BodyType.TEXT), id="text"),
        pytest.param(
            {"RoleArn": OTHER}, ("role_arn", OTHER), id="another stack's role"
        ),
        pytest.param(
            {"Arn": ENTRY["Arn"] + ":live"}, ("arn", ENTRY["Arn"] + ":live"), id="alias"
        ),
    ],
)
def test_what_an_entry_may_leave_out_or_say(
    changes: dict[str, Any], kept: tuple[str, object]
):
    name, value = kept

    assert getattr(read(**changes), name) == value


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"Arn": "arn:aws:iam::1:role/x"}, "Arn", id="no function's ARN"),
        pytest.param({"Arn": ENTRY["Arn"] + "*"}, "Arn", id="a wildcard"),
        pytest.param({"Arn": ENTRY["Arn"] + "\n"}, "Arn", id="a newline"),
        pytest.param(
            {"Arn": ENTRY["Arn"].replace("eu-west-1", "us-east-1")},
            "FuncUrl",
            id="another Region",
        ),
        pytest.param(
            {"Arn": ENTRY["Arn"].replace("123456789012", "999999999999")},
            "account",
            id="another account",
        ),
        pytest.param({"Example": "x" * 1001}, "Example", id="a long example"),
        pytest.param({"BodyType": "xml"}, "BodyType", id="no kind of body"),
        pytest.param({"FuncUrl": "https://evil.example/"}, "FuncUrl", id="elsewhere"),
        pytest.param(
            {"FuncUrl": "https://abc.lambda-url.eu-west-1.on.aws.evil.example/"},
            "FuncUrl",
            id="elsewhere, alike",
        ),
        pytest.param(
            {"FuncUrl": "https://abc.lambda-urlxeu-west-1.on.aws/"},
            "FuncUrl",
            id="a dot that is none",
        ),
        pytest.param(
            {"FuncUrl": "https://evil.example/.lambda-url.eu-west-1.on.aws/"},
            "FuncUrl",
            id="the domain in the path",
        ),
        pytest.param(
            {"FuncUrl": ENTRY["FuncUrl"].replace("https", "http")}, "FuncUrl", id="http"
        ),
        pytest.param({"FuncUrl": ENTRY["FuncUrl"] + "x"}, "FuncUrl", id="a path"),
        pytest.param({"FuncUrl": ENTRY["FuncUrl"][:-1]}, "FuncUrl", id="no slash"),
        pytest.param({"FuncUrl": "http://127.0.0.1:8101/"}, "FuncUrl", id="loopback"),
        pytest.param({"RoleArn": ""}, "RoleArn", id="an empty role"),
        pytest.param({"RoleArn": ROLE + "x"}, "RoleArn", id="a role without the path"),
        pytest.param(
            {"RoleArn": OTHER.replace("/stack/", "/stack-2/")},
            "RoleArn",
            id="a role of another broker's path",
        ),
        pytest.param(
            {"RoleArn": OTHER.replace("/stack/", "/stack/more/")},
            "RoleArn",
            id="a role of a path below",
        ),
        pytest.param(
            {"RoleArn": OTHER.replace("/aikagi/", "/x/aikagi/")},
            "RoleArn",
            id="a role of a path that ends the same",
        ),
        pytest.param(
            {"RoleArn": OTHER.replace("123456789012", "999999999999")},
            "RoleArn",
            id="a role of another account",
        ),
        pytest.param(
            {
                "RoleArn": OTHER.replace("123456789012", "999999999999"),
                "Arn": ENTRY["Arn"].replace("123456789012", "999999999999"),
            },
            "RoleArn",
            id="a role and a function of another account",
        ),
        pytest.param(
            {"RoleArn": OTHER.replace("arn:aws:", "arn:aws-cn:")},
            "RoleArn",
            id="a role of another partition",
        ),
        pytest.param({"RoleArn": OTHER + "*"}, "RoleArn", id="a role with a wildcard"),
        pytest.param({"RoleArn": OTHER + "\n"}, "RoleArn", id="a role and a line end"),
        pytest.param({"InvokeMode": "buffered"}, "InvokeMode", id="no mode"),
        pytest.param({"Groups": "everyone"}, "Groups", id="groups a string"),
        pytest.param({"Groups": None}, "Groups", id="no groups"),
        pytest.param({"Title": ""}, "Title", id="an empty title"),
        pytest.param({"MaxDurationSeconds": "900"}, "MaxDuration", id="a string"),
        pytest.param({"MaxDurationSeconds": True}, "MaxDuration", id="true"),
        pytest.param({"MaxDurationSeconds": 14}, "MaxDuration", id="too short"),
        pytest.param({"MaxDurationSeconds": 3601}, "MaxDuration", id="too long"),
        pytest.param({"RequiredClaims": {}}, "RequiredClaims", id="claims, but none"),
        pytest.param({"RequiredClaims": []}, "RequiredClaims", id="claims a list"),
        pytest.param(
            {"RequiredClaims": {"dept": []}}, "RequiredClaims", id="a claim of nothing"
        ),
        pytest.param(
            {"RequiredClaims": {"dept": "a"}}, "RequiredClaims", id="a claim of a text"
        ),
        pytest.param(
            {"RequiredClaims": {"dept": [1]}},
            "RequiredClaims",
            id="a claim of a number",
        ),
        pytest.param(
            {"RequiredClaims": {"dept": [""]}}, "RequiredClaims", id="an empty value"
        ),
        pytest.param(
            {"RequiredClaims": {"Dept": ["a"]}}, "RequiredClaims", id="no such name"
        ),
        pytest.param(
            {"RequiredClaims": {"dept": ["a*"]}}, "RequiredClaims", id="no such value"
        ),
        pytest.param(
            {"RequiredClaims": {f"a{n}": ["b"] for n in range(11)}},
            "RequiredClaims",
            id="eleven claims",
        ),
        *(
            pytest.param(
                {"SourceNetworks": networks}, "SourceNetworks", id=str(networks)
            )
            for networks in (
                [],
                "192.0.2.0/24",
                [1],
                [""],
                ["192.0.2.1"],
                ["192.0.2.1/24"],
                ["192.0.2.0/33"],
                ["192.0.2.0/255.255.255.0"],
                ["192.000.2.0/24"],
                ["192.0.2.0/24 "],
                ["192.0.2.0/24\n"],
                ["192.0.2.*"],
                ["2001:DB8::/32"],
                ["2001:db8:0::/32"],
                ["2001:db8::1/32"],
                ["fe80::%eth0/64"],
                ["fe80::%eth0/128"],
                ["::ffff:192.0.2.0/120"],
                ["::ffff:c000:200/120"],
                ["0.0.0.0/0"],
                ["::/0"],
                ["192.0.2.0/24", "192.0.2.0/24"],
                [f"192.0.2.{number}/32" for number in range(11)],
            )
        ),
        pytest.param({"Url": "https://x"}, "Url", id="a field too many"),
        pytest.param({"Version": "1"}, "Version: ", id="version a string"),
        pytest.param({"Version": True}, "Version: ", id="version true"),
        pytest.param({"Version": 0}, "Version: ", id="version zero"),
    ],
)
def test_an_entry_that_does_not_hold_is_refused_by_name(
    changes: dict[str, Any], why: str
):
    with pytest.raises(EntryRefusedError, match=why):
        read(**changes)


@pytest.mark.parametrize("name", ["", "Hello", "../x", "a/b", "-a", "a" * 64, "hé"])
def test_a_name_outside_the_rule_is_refused(name: str):
    with pytest.raises(EntryRefusedError, match="name"):
        read_entry(name, json.dumps(ENTRY), RULES)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"Title": "a", "Title": "b"}'])
def test_an_entry_that_is_no_strict_object_is_refused(text: str):
    with pytest.raises(EntryRefusedError):
        read_entry("hello", text, RULES)


def test_a_local_url_is_only_taken_where_it_is_listed():
    local = EntryRules(role=ROLE, local_origins=("http://127.0.0.1:8101",))

    assert read(local, FuncUrl="http://127.0.0.1:8101/").url == "http://127.0.0.1:8101/"
    with pytest.raises(EntryRefusedError):
        read(local, FuncUrl="http://127.0.0.1:8102/")


@pytest.mark.parametrize("name", ["RequiredClaims", "SourceNetworks"])
def test_a_constraint_is_not_taken_back_by_null(name: str):
    text = json.dumps({**ENTRY, name: None})

    with pytest.raises(EntryRefusedError, match=name):
        read_entry("hello", text, RULES)


def test_the_schema_for_editors_is_that_of_the_entries():
    assert entry_schema.PATH.read_text() == entry_schema.text(), (
        f"{entry_schema.PATH.name} is another: python -m tests.entry_schema writes it"
    )


def test_every_member_of_an_entry_is_explained_in_the_schema_and_in_the_page():
    members = json.loads(entry_schema.text())["properties"]
    page = (ROOT / "docs" / "functions.md").read_text()

    assert members
    for name, member in members.items():
        assert member["description"], name
        assert f"`{name}`" in page, name


def test_a_refused_entry_is_one_line_of_the_log():
    with pytest.raises(EntryRefusedError) as caught:
        read(RULES, **{"Titel\nERROR forged": 1})

    assert str(caught.value).startswith(r"Titel\nERROR forged: ")


def page(*entries: tuple[str, dict[str, Any]], token: str | None = None) -> Answer:
    parameters = [
        {"Name": f"/aikagi/test/functions/{name}", "Value": json.dumps(entry)}
        for name, entry in entries
    ]
    return Answer.json(
        {"Parameters": parameters, **({"NextToken": token} if token else {})}
    )


def other(**changes: Any) -> dict[str, Any]:
    return {**ENTRY, "Arn": ENTRY["Arn"] + "b", **changes}


@pytest.fixture
def catalogue(script: ScriptedAws, clock: Clock) -> SsmCatalogue:
    return SsmCatalogue(
        parameters.connect(script.session()),
        path="/aikagi/test/functions",
        rules=RULES,
        clock=clock,
    )


def names(catalogue: SsmCatalogue) -> list[str]:
    return [function.name for function in catalogue.read()]


def test_every_page_is_read_once_for_half_a_minute(
    catalogue: SsmCatalogue, script: ScriptedAws
):
    script.will(page(("report", other()), token="more"), page(("hello", ENTRY)))

    assert names(catalogue) == ["hello", "report"]
    assert names(catalogue) == ["hello", "report"]
    assert len(script.requests) == 2


def test_a_bad_entry_is_left_out_with_a_line_that_names_it(
    catalogue: SsmCatalogue, script: ScriptedAws, caplog: pytest.LogCaptureFixture
):
    script.will(page(("bad", other(FuncUrl="https://evil.example/")), ("hello", ENTRY)))

    with caplog.at_level(logging.ERROR):
        assert names(catalogue) == ["hello"]

    assert "/aikagi/test/functions/bad" in caplog.text
    assert "FuncUrl" in caplog.text


def test_an_entry_of_a_later_version_is_left_out_with_a_line_that_says_so(
    catalogue: SsmCatalogue, script: ScriptedAws, caplog: pytest.LogCaptureFixture
):
    later = other(Version=VERSION + 1, Audience="a member of that version")
    script.will(page(("later", later), ("hello", {**ENTRY, "Version": VERSION})))

    with caplog.at_level(logging.ERROR):
        assert names(catalogue) == ["hello"]

    [line] = caplog.messages
    assert line == (
        "The catalogue's /aikagi/test/functions/later is left out: its Version is "
        f"{VERSION + 1}, and this broker knows {VERSION}: update it"
    )


def test_without_a_path_an_entry_has_the_one_role():
    alone = EntryRules(role=ROLE)

    assert read(alone, RoleArn=ROLE).role_arn == ROLE
    with pytest.raises(EntryRefusedError, match="RoleArn"):
        read(alone, RoleArn=OTHER)


SHADOWS: dict[str, dict[str, Any]] = {
    "the same": {},
    "of another stack": {"RoleArn": OTHER},
    "an alias of it": {"Arn": ENTRY["Arn"] + ":live"},
    "open to anybody": {"Groups": ["anybody"]},
}


@pytest.mark.parametrize("own", [{}, {"RoleArn": OTHER}], ids=["ours", "another's"])
@pytest.mark.parametrize("changes", SHADOWS.values(), ids=SHADOWS)
@pytest.mark.parametrize("shadow", ["aa-hello", "zz-hello"])
def test_an_entry_cannot_shadow_another(
    catalogue: SsmCatalogue,
    script: ScriptedAws,
    caplog: pytest.LogCaptureFixture,
    own: dict[str, Any],
    changes: dict[str, Any],
    shadow: str,
):
    entry = {**ENTRY, **own}
    alone = read_entry("hello", json.dumps(entry), RULES)
    both = [("hello", entry), (shadow, {**ENTRY, **changes})]
    script.will(page(*sorted(both)))

    found = {function.name: function for function in catalogue.read()}

    assert found["hello"] == alone
    [line] = caplog.messages
    assert ", ".join(sorted(("hello", shadow))) in line


def test_entries_of_two_functions_are_no_matter_for_the_log(
    catalogue: SsmCatalogue, script: ScriptedAws, caplog: pytest.LogCaptureFixture
):
    script.will(page(("hello", ENTRY), ("report", other(RoleArn=OTHER))))

    assert names(catalogue) == ["hello", "report"]
    assert not caplog.messages


def test_an_entry_taken_away_is_gone_within_a_minute_come_what_may(
    catalogue: SsmCatalogue, script: ScriptedAws, clock: Clock
):
    script.will(page(("hello", ENTRY)))
    names(catalogue)

    script.will(Answer.error("ThrottlingException"))
    clock.advance(seconds=59)
    assert names(catalogue) == ["hello"]
    wait_for_background_readings()
    clock.advance(seconds=1)
    with pytest.raises(CatalogueUnavailableError) as caught:
        names(catalogue)
    assert caught.value.retry_after_seconds == 2

    script.will(page())
    clock.advance(seconds=5)
    assert names(catalogue) == []


def test_requests_that_wait_share_one_reading_and_its_failure(
    catalogue: SsmCatalogue, script: ScriptedAws
):
    gate = Gate()
    script.will(
        replace(Answer.error("AccessDeniedException"), before=gate.pass_through)
    )
    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(catalogue.read) for _ in range(10)]
        gate.wait_until_reached()
        gate.open()

    failures = [future.exception() for future in waiting]
    assert {type(failure) for failure in failures} == {CatalogueUnavailableError}
    assert len(script.requests) == 1


def test_pages_that_arrive_too_slowly_are_given_up(
    catalogue: SsmCatalogue, script: ScriptedAws, clock: Clock
):
    def slow(answer: Answer, seconds: float) -> Answer:
        return replace(answer, before=lambda: clock.advance(seconds=seconds))

    first, last = page(("hello", ENTRY), token="more"), page()
    script.will(slow(first, 5), slow(last, 5))
    assert names(catalogue) == ["hello"]

    clock.advance(minutes=2)
    script.will(slow(first, 5), slow(last, 6))
    with pytest.raises(CatalogueUnavailableError):
        names(catalogue)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer.error("AccessDeniedException"), id="not allowed"),
        pytest.param(Answer(body=b"{"), id="garbage"),
        pytest.param(Answer.json({"Parameters": [{"Name": "x"}]}), id="half an entry"),
        pytest.param(Answer.hang_up(), id="hung up"),
    ],
)
def test_a_catalogue_that_cannot_be_read_is_unavailable_not_empty(
    catalogue: SsmCatalogue, script: ScriptedAws, answer: Answer
):
    script.will(answer)

    with pytest.raises(CatalogueUnavailableError):
        catalogue.read()
