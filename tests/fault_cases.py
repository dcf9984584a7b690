"""What the broker answers to each fault of AWS: the table of ``docs/faults.md``.

``python -m tests.fault_cases`` writes it; ``tests/test_faults.py`` tries each row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from aikagi_emulator.aws.faults import Kind
from tests.stack import ROOT

PATH: Final = ROOT / "docs" / "faults.md"
BEGIN: Final = "<!-- rows of tests/fault_cases.py -->\n"
END: Final = "<!-- end of the rows -->\n"

OPERATORS_ALONE: Final = frozenset({"iam"})
"""Services that the broker may not call: the operator's commands meet their faults."""

NOTHING: Final = "nothing"
A_LOGIN: Final = "a login"
A_RENEWAL: Final = "the renewal"
PERHAPS_A_LOGIN: Final = f"perhaps {A_LOGIN}, whose tokens nobody has"
PERHAPS_A_RENEWAL: Final = f"perhaps {A_RENEWAL}, which the same token gives once more"

SOON: Final = 2
"""Seconds that a broker asks to wait where a fault may have passed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A request, and the operation of AWS that has the fault while it is answered.

    ``code`` is that of the problem; ``event`` is the audit's of a success and
    ``refusal`` of a failure. ``stores`` is what a success leaves in the table, and
    ``stores_late`` what may be there where AWS's answer came too late.
    """

    service: str
    action: str
    request: str
    code: str
    event: str = NOTHING
    refusal: str = NOTHING
    stores: str = NOTHING
    stores_late: str = NOTHING


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    met: Met
    kind: Kind
    is_late: bool
    status: int
    code: str
    retry_after: int | None
    event: str
    stored: str

    @property
    def id(self) -> str:
        late = "-late" if self.is_late else ""
        return f"{self.met.service}-{self.met.action}-{self.kind}{late}"

    @property
    def row(self) -> str:
        fault = f"`{self.kind}`"
        if self.kind is Kind.SLOW:
            fault += ", more than 3 s" if self.is_late else ", up to 3 s"
        cells = (
            f"`{self.met.service}:{self.met.action}`",
            fault,
            f"`{self.met.request}`",
            f"{self.status} `{self.code}`" if self.code else f"{self.status}",
            "" if self.retry_after is None else f"{self.retry_after} s",
            self.event if self.event == NOTHING else f"`{self.event}`",
            self.stored,
        )
        return f"| {' | '.join(cells)} |\n"


REQUESTS: Final = (
    Met(
        service="sts",
        action="AssumeRole",
        request="POST /grant",
        code="sessions-unavailable",
        event="Grant",
        refusal="GrantRefused",
    ),
    Met(
        service="ssm",
        action="GetParametersByPath",
        request="POST /grant",
        code="catalogue-unavailable",
        event="Grant",
        refusal="GrantRefused",
    ),
    Met(
        service="ssm",
        action="GetParametersByPath",
        request="GET /auth/issuers",
        code="issuers-unavailable",
    ),
    Met(
        service="secretsmanager",
        action="GetSecretValue",
        request="POST /auth/login",
        code="signing-key-unavailable",
        event="Login",
        refusal="LoginRefused",
        stores=A_LOGIN,
    ),
    Met(
        service="dynamodb",
        action="BatchGetItem",
        request="POST /grant",
        code="users-unavailable",
        event="Grant",
        refusal="GrantRefused",
    ),
    Met(
        service="dynamodb",
        action="PutItem",
        request="POST /auth/login",
        code="users-unavailable",
        event="Login",
        refusal="LoginRefused",
        stores=A_LOGIN,
        stores_late=PERHAPS_A_LOGIN,
    ),
    Met(
        service="dynamodb",
        action="GetItem",
        request="POST /auth/refresh",
        code="users-unavailable",
        event="Renewal",
        refusal="RenewalRefused",
        stores=A_RENEWAL,
    ),
    Met(
        service="dynamodb",
        action="UpdateItem",
        request="POST /auth/refresh",
        code="users-unavailable",
        event="Renewal",
        refusal="RenewalRefused",
        stores=A_RENEWAL,
        stores_late=PERHAPS_A_RENEWAL,
    ),
)

_PASSES: Final = {Kind.THROTTLING, Kind.INTERNAL_ERROR, Kind.DROPPED_CONNECTION}


def cases() -> Iterator[Case]:
    for met in REQUESTS:
        for kind in Kind:
            if kind is Kind.PACKED_POLICY_TOO_LARGE and met.service != "sts":
                continue
            if kind is Kind.SLOW:
                yield _well(met)
                yield _refused(met, kind, is_late=True)
            else:
                yield _refused(met, kind, is_late=False)


def _well(met: Met) -> Case:
    return Case(
        met=met,
        kind=Kind.SLOW,
        is_late=False,
        status=200,
        code="",
        retry_after=None,
        event=met.event,
        stored=met.stores,
    )


def _refused(met: Met, kind: Kind, *, is_late: bool) -> Case:
    return Case(
        met=met,
        kind=kind,
        is_late=is_late,
        status=503,
        code=met.code,
        retry_after=SOON if is_late or kind in _PASSES else None,
        event=met.refusal,
        stored=met.stores_late if is_late else NOTHING,
    )


def rows() -> str:
    return "".join(case.row for case in cases())


def page_with_rows() -> str:
    before, _, rest = PATH.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{rows()}{END}{after}"


if __name__ == "__main__":
    PATH.write_text(page_with_rows(), encoding="utf-8")
