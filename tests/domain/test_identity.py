"""The one spelling of a person that AWS sees: injective, and STS's alphabet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aikagi_function.caller import decode_session_name
from app.domain.identity import Identity, canonical_username, is_subject

STS_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
ALIASES = st.from_regex(r"[a-z][a-z0-9-]{0,28}", fullmatch=True)
SUBJECTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("issuer", "subject", "name"),
    [
        pytest.param("local", "alice", "local+alice", id="plain"),
        pytest.param("local", "a.b_c-d@e", "local+a.b_c-d@e", id="all that is plain"),
        pytest.param("corp", "auth0|abc", "corp+auth0=7Cabc", id="a pipe"),
        pytest.param("corp", "a+b", "corp+a=2Bb", id="a plus"),
        pytest.param("corp", "==x", "corp+=3D=3Dx", id="equals signs"),
        pytest.param("corp", "é", "corp+=C3=A9", id="two bytes"),
        pytest.param("a", "x" * 62, "a+" + "x" * 62, id="just fits"),
        pytest.param(
            "a", "x" * 63, "a+==O3GHEEW5U75KGRNHSL4GB32T4IWWTF2K", id="too long"
        ),
    ],
)
def test_a_session_is_named_after_its_issuer_and_subject(
    issuer: str, subject: str, name: str
):
    assert Identity(issuer=issuer, subject=subject).session_name == name


@given(ALIASES, SUBJECTS)
def test_sts_takes_every_session_name(alias: str, subject: str):
    assert STS_NAME.fullmatch(Identity(issuer=alias, subject=subject).session_name)


@given(ALIASES, SUBJECTS, ALIASES, SUBJECTS)
def test_two_people_never_share_a_session_name(
    alias: str, subject: str, other_alias: str, other_subject: str
):
    one = Identity(issuer=alias, subject=subject)
    other = Identity(issuer=other_alias, subject=other_subject)

    assert (one.session_name == other.session_name) == (one == other)


@pytest.mark.parametrize(
    ("subject", "name", "read"),
    [
        pytest.param("auth0|5f7", "corp+auth0=7C5f7", "auth0|5f7", id="Auth0's"),
        pytest.param("合鍵", "corp+=E5=90=88=E9=8D=B5", "合鍵", id="Japanese"),
        pytest.param(
            "合鍵を貸す人の名前",
            "corp+==T3ASJ7UXZ4IGUYLHX5TDPJ6O3VM5X7C3",
            "==T3ASJ7UXZ4IGUYLHX5TDPJ6O3VM5X7C3",
            id="Japanese and long",
        ),
        pytest.param(
            "x" * 200,
            "corp+==HX5XURG4MRKUR5JWXEUYANJUPIQ6QTLU",
            "==HX5XURG4MRKUR5JWXEUYANJUPIQ6QTLU",
            id="200 characters",
        ),
    ],
)
def test_a_function_reads_the_subject_of_an_issuer_back_where_it_fits(
    subject: str, name: str, read: str
):
    identity = Identity(issuer="corp", subject=subject)

    assert identity.session_name == name
    assert decode_session_name(name) == ("corp", read)


@given(ALIASES, SUBJECTS)
def test_a_function_reads_back_whatever_an_issuer_may_call_somebody(
    alias: str, subject: str
):
    session_name = Identity(issuer=alias, subject=subject).session_name
    is_digest = session_name.startswith(f"{alias}+==")

    assert decode_session_name(session_name) == (
        alias,
        session_name.rsplit("+", 1)[1] if is_digest else subject,
    )


@pytest.mark.parametrize("subject", ["a", "auth0|5f7", "合" * 255, " ", "a\u200db"])
def test_an_issuer_may_call_somebody_anything_without_controls(subject: str):
    assert is_subject(subject)


@pytest.mark.parametrize(
    "subject", ["", "x" * 256, "a\0", "a\n", "\x1b[2J", "a\x85", "\ud800"]
)
def test_an_issuer_may_not_call_somebody_by_a_control_or_by_nothing(subject: str):
    assert not is_subject(subject)


def test_a_session_name_splits_at_its_last_plus_into_alias_and_subject():
    name = Identity(issuer="corp", subject="a+b").session_name

    assert name.rsplit("+", 1) == ["corp", "a=2Bb"]


@pytest.mark.parametrize(
    ("issuer", "subject"),
    [
        pytest.param("", "alice", id="no issuer"),
        pytest.param("Corp", "alice", id="a capital in the alias"),
        pytest.param("corp\n", "alice", id="a newline after the alias"),
        pytest.param("x" * 30, "alice", id="an alias too long"),
        pytest.param("corp", "", id="no subject"),
        pytest.param("corp", "\ud800", id="half a surrogate pair"),
    ],
)
def test_what_aws_could_not_tell_apart_is_no_identity(issuer: str, subject: str):
    with pytest.raises(ValueError):
        Identity(issuer=issuer, subject=subject)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("alice", "alice"), ("Alice", "alice"), ("a.b_c@example-1", "a.b_c@example-1")],
)
def test_a_username_has_one_form(typed: str, name: str):
    assert canonical_username(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " alice",
        "alice\n",
        ".alice",
        "al ice",
        "al+ice",
        "álice",
        "x" * 64,
        "\ud800",
    ],
)
def test_what_cannot_be_a_username_is_refused_not_repaired(typed: str):
    with pytest.raises(ValueError, match="a username is"):
        canonical_username(typed)
