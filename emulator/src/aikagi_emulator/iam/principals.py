"""Who calls, and whom a trust policy names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from aikagi_emulator.iam.errors import PolicyError, quoted

_ACCOUNT: Final = re.compile("(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(:root)?")
_ARN: Final = re.compile(
    "arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:role|user)"
    "|sts::[0-9]{12}:(?:assumed-role|federated-user))/[!-)+->@-~]+"
)
_SERVICE: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks. ``role_arn`` is the role whose session ``arn`` is, None for a user.

    ``service`` is a service principal (``lambda.amazonaws.com``) where AWS itself asks;
    ``arn`` then only serves to explain.
    """

    arn: str
    role_arn: str | None
    account: str
    service: str | None = None


class Naming(IntEnum):
    """How closely a policy names a requester."""

    NOT = 0
    DELEGATED = 1
    """Through the account or ``*``: the account's own policies have the last word."""
    DIRECT = 2
    """By its own name: on the same account nothing else is needed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    everyone: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    services: frozenset[str]

    @classmethod
    def parse(cls, element: object) -> "Principals":
        """Raises ``PolicyError`` for a type or a name that is not known."""
        if element == "*":
            element = {"AWS": "*"}
        if not isinstance(element, Mapping) or not element:
            msg = f'{quoted(element)} is neither "*" nor an object like {{"AWS": …}}'
            raise PolicyError(msg)
        unknown = [key for key in element if key not in ("AWS", "Service", "Federated")]
        if unknown:
            msg = f"unknown type of principal {quoted(unknown[0])}"
            raise PolicyError(msg)
        names = {key: _names(key, value) for key, value in element.items()}
        aws = [_aws_name(name) for name in names.get("AWS", ())]
        # Federated principals call other actions than those of this stack: they are
        # understood, and name nobody here.
        return cls(
            everyone="*" in aws,
            accounts=frozenset(name for name in aws if name.isdigit()),
            arns=frozenset(name for name in aws if name.startswith("arn:")),
            services=frozenset(map(_service_name, names.get("Service", ()))),
        )

    def naming(self, requester: Requester) -> Naming:
        if requester.service is not None:
            named = requester.service in self.services
            return Naming.DIRECT if named else Naming.NOT
        if not self.arns.isdisjoint({requester.arn, requester.role_arn}):
            return Naming.DIRECT
        if self.everyone or requester.account in self.accounts:
            return Naming.DELEGATED
        return Naming.NOT

    def exempt(self, requester: Requester) -> bool:
        """Whether a NotPrincipal spares ``requester``: every part of it must be named.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        A session is spared where itself, its role and its account are all listed.
        """
        if requester.service is not None:
            return requester.service in self.services
        parts = {requester.arn, requester.role_arn or requester.arn}
        return self.everyone or (
            parts <= self.arns and requester.account in self.accounts
        )


def _names(kind: object, value: object) -> Sequence[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        msg = f"{kind} needs a text or a list of texts, not {quoted(value)}"
        raise PolicyError(msg)
    for name in names:
        if not isinstance(name, str):
            msg = f"{kind} holds {quoted(name)}, which is not a text"
            raise PolicyError(msg)
    return names


def _aws_name(name: str) -> str:
    """``*``, an ARN as it is, or the id of an account."""
    account = _ACCOUNT.fullmatch(name)
    if account and bool(account[2]) == name.startswith("arn:"):
        return account[1]
    if name == "*" or _ARN.fullmatch(name):
        return name
    msg = (
        f"invalid principal {quoted(name)}: an account, or the whole ARN of a role, a"
        " user or a session (wildcards are not allowed inside)"
    )
    raise PolicyError(msg)


def _service_name(name: str) -> str:
    if not _SERVICE.fullmatch(name):
        msg = f"invalid service principal {quoted(name)}: lambda.amazonaws.com, for one"
        raise PolicyError(msg)
    return name
