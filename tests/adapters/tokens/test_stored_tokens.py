"""Tokens as clients have stored them: of every version, and of one not known here."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.refresh import RefreshTokens
from app.domain.errors import LoginEndedError, TokenRejectedError
from app.domain.identity import Bearer, Identity
from tests.fakes import NOON, Clock, Ids, KeySet

STORED: Final = Path(__file__).parent / "stored"
VERSIONS: Final = sorted(STORED.iterdir())
ISSUED_AT: Final = NOON.replace(microsecond=0)
ALICE: Final = Bearer(
    identity=Identity(issuer="local", subject="alice"),
    login_id="000102030405060708090a0b0c0d0e0f",
    issued_at=ISSUED_AT,
    login_ends_at=ISSUED_AT + timedelta(hours=12),
)


def access_tokens() -> AccessTokens:
    return AccessTokens(
        KeySet(),
        issuer="test",
        lifetime=timedelta(minutes=15),
        clock=Clock(),
        new_id=Ids(),
    )


def refresh_tokens() -> RefreshTokens:
    return RefreshTokens(KeySet(), entropy=lambda size: bytes(range(size)))


@pytest.mark.parametrize("folder", VERSIONS, ids=lambda folder: folder.name)
def test_tokens_of_every_version_are_accepted(folder: Path):
    access = (folder / "access-token.txt").read_text().strip()
    refresh = (folder / "refresh-token.txt").read_text().strip()

    verified = access_tokens().verify(access)
    assert (verified.identity, verified.login_id) == (ALICE.identity, ALICE.login_id)
    assert verified.issued_at == ALICE.issued_at
    assert refresh_tokens().verify(refresh).secret == refresh_tokens().new()


def test_what_is_signed_is_of_the_last_version():
    folder, tokens = VERSIONS[-1], refresh_tokens()

    assert (folder / "access-token.txt").read_text() == (
        f"{access_tokens().mint(ALICE).text}\n"
    )
    assert (folder / "refresh-token.txt").read_text() == (
        f"{tokens.sign(tokens.new())}\n"
    )


def test_tokens_of_a_shape_not_known_are_not_accepted():
    folder = VERSIONS[-1]
    access = (folder / "access-token.txt").read_text().strip()
    refresh = (folder / "refresh-token.txt").read_text().strip()

    with pytest.raises(TokenRejectedError):
        access_tokens().verify(f"{access}.another-part")
    with pytest.raises(LoginEndedError):
        refresh_tokens().verify(f"{refresh}.another-part")
    with pytest.raises(LoginEndedError):
        refresh_tokens().verify(f"v2.{refresh}")
