"""Who is calling, as far as it is proved.

IAM tells a function one thing about a lent session that its holder cannot choose: the
role it was made for and the name that the broker gave it, ``<issuer>+<subject>``.
Session tags and source identity do not arrive here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_ISSUER: Final = r"[a-z][a-z0-9-]{0,28}"
_PLAIN: Final = re.compile(rf"({_ISSUER})\+((?:[A-Za-z0-9._@-]|=[0-9A-F]{{2}})+)")
_DIGESTED: Final = re.compile(rf"({_ISSUER})\+(==[A-Z2-7]{{32}})")
_ESCAPE: Final = re.compile(r"=([0-9A-F]{2})")
_NEEDS_ESCAPE: Final = re.compile(rb"[^A-Za-z0-9._@-]")
_LONGEST: Final = 64
"""STS: a session name has 2 to 64 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person, as the broker named them: who they are is ``(issuer, subject)``.

    ``issuer`` is the alias of whoever vouched for them, ``local`` for the broker's own
    users; the same subject of two issuers is two people. A subject too long for a
    session name arrives as ``==`` and a digest in place of itself: as unique, and the
    same at every call, but nothing to greet anybody with.
    """

    issuer: str
    subject: str
    session_name: str
    access_key_id: str

    def identity(self) -> dict[str, str]:
        """Return what tells this person from everybody else, ready for JSON."""
        return {"issuer": self.issuer, "subject": self.subject}


def recognise(iam: Mapping[str, Any], *, invoke_role: str) -> Caller | None:
    """Read ``requestContext.authorizer.iam``; return nobody where nothing is proved.

    Only sessions of ``invoke_role``, by its exact name, were named by the broker. Any
    other principal with the right to invoke this function could call its own session
    ``local+alice``.
    """
    match iam:
        case {"userArn": str(arn), "accessKey": str(access_key_id)} if invoke_role:
            session_name = _session_of(arn, invoke_role)
        case _:
            return None
    named = decode(session_name) if session_name else None
    if session_name is None or named is None:
        return None
    return Caller(
        issuer=named[0],
        subject=named[1],
        session_name=session_name,
        access_key_id=access_key_id,
    )


def _session_of(arn: str, role: str) -> str | None:
    found = re.fullmatch(
        rf"arn:aws[a-z-]*:sts::[0-9]{{12}}:assumed-role/{re.escape(role)}/([^/\n]+)",
        arn,
    )
    return found[1] if found else None


def decode(session_name: str) -> tuple[str, str] | None:
    """Return issuer and subject, or None for what the broker would never write.

    One name for one person: an escape that was not needed, or one in lower case, would
    be a second name for somebody.
    """
    if len(session_name) > _LONGEST:
        return None
    if digested := _DIGESTED.fullmatch(session_name):
        return digested[1], digested[2]
    plain = _PLAIN.fullmatch(session_name)
    if plain is None:
        return None
    issuer, written = plain.groups()
    octets = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), written)
    try:
        subject = octets.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return None
    if _encode(subject) != written or _DIGESTED.fullmatch(f"{issuer}+{subject}"):
        # The second: somebody whose subject reads like another person's digest.
        return None
    return issuer, subject


def _encode(subject: str) -> str:
    escaped = _NEEDS_ESCAPE.sub(lambda octet: b"=%02X" % octet[0][0], subject.encode())
    return escaped.decode("ascii")
