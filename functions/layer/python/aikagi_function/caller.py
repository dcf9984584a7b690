"""Who is calling, as far as it is proved.

IAM gives a function one thing about a session that its holder cannot choose: the role
it was made for and the name that the broker gave it, ``<issuer>+<subject>``. Session
tags and source identity do not arrive here.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_log: Final = logging.getLogger(__name__)

_ISSUER: Final = r"[a-z][a-z0-9-]{0,28}"
_PLAIN: Final = re.compile(rf"({_ISSUER})\+((?:[A-Za-z0-9._@-]|=[0-9A-F]{{2}})+)")
_DIGEST: Final = re.compile(rf"({_ISSUER})\+(==[A-Z2-7]{{32}})")
_ROLE_ARN: Final = re.compile(
    r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:[!-~]*/)?([A-Za-z0-9_+=,.@-]{1,64})"
)
_ESCAPE: Final = re.compile(r"=([0-9A-F]{2})")
_NEEDS_ESCAPE: Final = re.compile(rb"[^A-Za-z0-9._@-]")
_MAX_LENGTH: Final = 64
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
        """Return what distinguishes this person from all others, ready for JSON."""
        return {"issuer": self.issuer, "subject": self.subject}


def caller_from(iam: Mapping[str, Any], *, invoke_role_arn: str) -> Caller | None:
    """Read ``requestContext.authorizer.iam``; return None where nothing is proved.

    Only sessions of the role ``invoke_role_arn``, by its exact name and in its account,
    were named by the broker. Any other principal with the right to invoke this function
    could call its own session ``local+alice``, and a role of that name may be in any
    account. The log says why nobody is believed.
    """
    role = _ROLE_ARN.fullmatch(invoke_role_arn)
    if role is None:
        _log.warning(
            "caller is None: the variable AIKAGI_INVOKE_ROLE_ARN is not the ARN of a "
            "role; in the template it is !GetAtt InvokeRole.Arn"
        )
        return None
    match iam:
        case {"userArn": str(arn), "accessKey": str(access_key_id)}:
            session_name = _session_of(role, arn)
        case _:
            _log.warning(
                "caller is None: the event has no authorizer.iam with a session; is "
                "the AuthType of the function URL AWS_IAM?"
            )
            return None
    if session_name is None:
        _log.warning(
            "caller is None: the request was not signed by a session of the role %s, "
            "which AIKAGI_INVOKE_ROLE_ARN names",
            role[3],
        )
        return None
    person = decode_session_name(session_name)
    if person is None:
        _log.warning("caller is None: the broker would not write that session name")
        return None
    issuer, subject = person
    return Caller(
        issuer=issuer,
        subject=subject,
        session_name=session_name,
        access_key_id=access_key_id,
    )


def _session_of(role: re.Match[str], arn: str) -> str | None:
    """Return the name of a session of ``role``, whose path its ARN leaves out."""
    partition, account, name = role.groups()
    start = f"arn:{partition}:sts::{account}:assumed-role/{name}/"
    return arn.removeprefix(start) if arn.startswith(start) else None


def decode_session_name(session_name: str) -> tuple[str, str] | None:
    """Return issuer and subject, or None for what the broker would never write.

    One name for one person: an escape that was not needed, or one in lower case, would
    be a second name for somebody.
    """
    if len(session_name) > _MAX_LENGTH:
        return None
    if digest := _DIGEST.fullmatch(session_name):
        return digest[1], digest[2]
    plain = _PLAIN.fullmatch(session_name)
    if plain is None:
        return None
    issuer, encoded = plain.groups()
    octets = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), encoded)
    try:
        subject = octets.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return None
    if _encode(subject) != encoded or _DIGEST.fullmatch(f"{issuer}+{subject}"):
        # The second: somebody whose subject reads like another person's digest.
        return None
    return issuer, subject


def _encode(subject: str) -> str:
    escaped = _NEEDS_ESCAPE.sub(lambda octet: b"=%02X" % octet[0][0], subject.encode())
    return escaped.decode("ascii")
