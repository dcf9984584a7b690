"""Tokens as their issuers document them, under the entries as our page writes them.

``claims`` has an invented token of each, ``docs/identity-providers.md`` the entry. Keys
are made here, and fetched over a socket as they would be.
"""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from aikagi_emulator.template import Stack
from app.adapters.issuer_entry import IssuerRules, _Entry, read_issuer
from app.adapters.tokens.bearer_tokens import BearerTokens
from app.adapters.tokens.issuer_tokens import IssuerTokens
from app.adapters.tokens.remote_keys import RemoteKeys
from app.domain.errors import IssuerKeysUnavailableError, TokenRejectedError
from app.domain.identity import FederatedBearer
from app.domain.issuers import Issuer
from tests.fakes import Clock, FixedIssuers, access_tokens
from tests.issuers.issuing import IssuerServer, RsaKey, issuer_server
from tests.stack import ROOT
from tests.template.contract import violations
from tests.template.stacks import TEMPLATE, deployed

PAGE: Final = ROOT / "docs/identity-providers.md"
CLAIMS: Final = sorted((Path(__file__).parent / "claims").glob("*.json"))
_BLOCK: Final = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS: Final[dict[str, str]] = {
    block.split(":")[0].strip(): block for block in _BLOCK.findall(PAGE.read_text())
}
KEY: Final = RsaKey.generate("a-key")
STOLEN: Final = RsaKey.generate("a-key")


def template_with(folder: Path, *blocks: str) -> Path:
    """Write the template as an operator does who puts blocks into it."""
    for name in ("app", "functions"):
        (folder / name).symlink_to(ROOT / name)
    template = folder / "template.yaml"
    resources = "".join(f"\n{block}" for block in blocks)
    template.write_text(
        TEMPLATE.read_text().replace("\nOutputs:\n", f"{resources}\nOutputs:\n")
    )
    return template


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("template")
    return deployed(template_with(folder, *BLOCKS.values()))


@pytest.fixture(scope="module")
def server() -> Iterator[IssuerServer]:
    with issuer_server() as running:
        running.publish(KEY.jwk)
        yield running


def shape_of(path: Path) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads(path.read_text())
    return shape


def issuer_of(stack: Stack, resource: str) -> Issuer:
    entry = stack.resources[resource]
    alias = entry.ref.removeprefix("/aikagi/trial/issuers/")
    return read_issuer(alias, entry.properties["Value"], IssuerRules(own="trial"))


def tokens_of(
    stack: Stack, server: IssuerServer, shape: dict[str, Any]
) -> BearerTokens:
    """Take tokens of that issuer alone; of its entry only the address of keys moves."""
    issuer = replace(issuer_of(stack, shape["resource"]), jwks_uri=f"{server.url}/keys")
    clock = Clock(datetime.fromtimestamp(shape["claims"]["iat"] + 10, UTC))
    keys = RemoteKeys(on_loopback=True, clock=clock)
    with pytest.raises(IssuerKeysUnavailableError) as caught:
        keys.find(issuer, "RS256", KEY.kid)
    assert caught.value.pending is not None
    caught.value.pending.result(10)
    return BearerTokens(
        access_tokens(clock), IssuerTokens(FixedIssuers(issuer), keys, clock=clock)
    )


def token(shape: dict[str, Any], changes: dict[str, Any], key: RsaKey = KEY) -> str:
    claims = {**shape["claims"], **changes}
    return key.token(
        {name: value for name, value in claims.items() if value is not None},
        {**shape["header"], "kid": key.kid},
    )


@pytest.fixture(params=CLAIMS, ids=lambda path: path.stem)
def shape(request: pytest.FixtureRequest) -> dict[str, Any]:
    return shape_of(request.param)


def test_every_block_of_the_page_has_tokens_and_all_tokens_a_block():
    assert sorted(BLOCKS) == sorted(shape_of(path)["resource"] for path in CLAIMS)
    assert len(BLOCKS) >= 8


def test_the_template_takes_every_block_as_it_stands(stack: Stack):
    assert violations(stack) == []


def test_a_documented_token_is_its_person_in_mapped_groups(
    stack: Stack, server: IssuerServer, shape: dict[str, Any]
):
    bearer = tokens_of(stack, server, shape).verify(token(shape, {}))

    assert isinstance(bearer, FederatedBearer)
    assert bearer.identity.subject == shape["subject"]
    assert bearer.identity.session_name == shape["session_name"]
    assert sorted(bearer.groups) == shape["groups"]


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: path.stem)
def test_what_is_near_it_and_not_meant_is_refused_with_the_reason_in_the_log(
    stack: Stack, server: IssuerServer, path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    shape = shape_of(path)
    tokens = tokens_of(stack, server, shape)

    assert len(shape["refused"]) >= 3
    for refused in shape["refused"]:
        caplog.clear()
        with pytest.raises(TokenRejectedError):
            tokens.verify(token(shape, refused["changes"]))
        [line] = caplog.messages
        assert f"rejected: {refused['reason']}" in line, refused["because"]
    with pytest.raises(TokenRejectedError):
        tokens.verify(token(shape, {}, STOLEN))
    tokens.verify(token(shape, {}))


def test_whoever_is_not_mapped_is_in_no_group(
    stack: Stack, server: IssuerServer, shape: dict[str, Any]
):
    tokens = tokens_of(stack, server, shape)
    issuer = issuer_of(stack, shape["resource"])

    others = [case["changes"] for case in shape.get("without_groups", [])]
    if issuer.groups_claim is not None and len(issuer.groups_claim) == 1:
        name = issuer.groups_claim[0]
        if name not in issuer.required_claims:
            others.append({name: "nobody-maps-this"})

    for changes in others:
        bearer = tokens.verify(token(shape, changes))
        assert isinstance(bearer, FederatedBearer)
        assert bearer.groups == frozenset()


def test_no_issuer_takes_the_token_of_another(
    stack: Stack, server: IssuerServer, shape: dict[str, Any]
):
    tokens = tokens_of(stack, server, shape)

    for path in CLAIMS:
        other = shape_of(path)
        if other["resource"] != shape["resource"]:
            with pytest.raises(TokenRejectedError):
                tokens.verify(token(other, {}))


def test_every_member_of_an_entry_is_explained():
    for document in (PAGE, ROOT / "docs/stored-data.md"):
        text = document.read_text()
        for name in _Entry.model_fields:
            assert f"`{name}`" in text, document
