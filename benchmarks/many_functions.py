"""A thousand functions and a thousand groups, against ten of each: ``app`` alone."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast, final

from app.adapters.catalogue import SsmCatalogue
from app.adapters.catalogue_entry import EntryRules
from app.domain.catalogue import Catalogue
from app.domain.identity import User
from app.domain.session import (
    SessionRequest,
    choose_function,
    functions_for,
    plan_session,
)
from app.web.functions import FunctionResponse, FunctionsResponse
from benchmarks.measure import Comparison
from tests.fakes import NOON, ROLE, Clock, a_user
from tests.paged_parameters import PagedParameters

FEW: Final = 10
MANY: Final = 1000
_PATH: Final = "/aikagi/bench/functions"
_ARN: Final = "arn:aws:lambda:eu-west-1:123456789012:function:f"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """``user`` is in every group, and ``newcomer`` in ten; each function has one."""

    entries: PagedParameters
    catalogue: Catalogue
    user: User
    newcomer: User

    @classmethod
    def of(cls, size: int) -> "_Size":
        entries = PagedParameters(
            _PATH, {f"f{number}": _entry(number) for number in range(size)}
        )
        groups = [f"group-{number}" for number in range(size)]
        return cls(
            entries=entries,
            catalogue=_read(entries),
            user=a_user("alice", *groups),
            newcomer=a_user("bob", *groups[:FEW]),
        )

    def grant(self) -> object:
        function = choose_function(self.user, self.catalogue, "f7")
        return plan_session(
            self.user, function, SessionRequest(), grant_id="g", now=NOON
        )

    def list_few(self) -> str:
        found = [
            FunctionResponse.of(function)
            for function in functions_for(self.newcomer, self.catalogue)
        ]
        return FunctionsResponse(functions=found).model_dump_json(by_alias=True)

    def read(self) -> object:
        return _read(self.entries)


def compare_many_functions() -> Iterator[str]:
    few, many = _Size.of(FEW), _Size.of(MANY)
    actions: tuple[tuple[str, Callable[[_Size], object], int], ...] = (
        ("plan of a grant, 1,000 functions", _Size.grant, 500),
        ("ten of 1,000 functions listed", _Size.list_few, 500),
        ("1,000 entries read", _Size.read, 20),
    )
    for name, action, rounds in actions:
        of_many, of_few = partial(action, many), partial(action, few)
        yield str(Comparison.of(name, of_many, "with ten", of_few, rounds=rounds))


def _entry(number: int) -> str:
    return json.dumps(
        {
            "Title": "A function",
            "Arn": f"{_ARN}{number}",
            "FuncUrl": "https://a.lambda-url.eu-west-1.on.aws/",
            "InvokeMode": "BUFFERED",
            "Groups": [f"group-{number}"],
        }
    )


def _read(entries: PagedParameters) -> Catalogue:
    return SsmCatalogue(
        cast("Any", entries), path=_PATH, rules=EntryRules(role=ROLE), clock=Clock()
    ).read()


def main() -> None:
    for line in compare_many_functions():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
