"""What ``aikagi_emulator.iam`` decides about a random case, and what ministack does.

``python -m tests.soak.verdicts`` writes down anew what both agree on.
"""

import hashlib
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self, final

from aikagi_emulator.iam import Layers, Policy, Requester, decide, decide_assume
from tests.soak.clients import PYTHON
from tests.soak.random_policies import (
    ACCOUNT,
    BROKER,
    INVOKE,
    SESSION,
    a_case,
    a_trust_case,
)
from tests.soak.scale import source

AGREED: Final = Path(__file__).with_name("agreed_verdicts.json")
_JUDGE: Final = Path(__file__).with_name("ministack_judge.py")
_BROKER_CALLS: Final = Requester(arn=SESSION, role_arn=BROKER, account=ACCOUNT)
_ANYTHING: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_FROZEN_SEED: Final = 20261123
_FROZEN_COUNT: Final = 1000


def whole(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def ours(case: dict[str, Any]) -> bool:
    if "trust" in case:
        return decide_assume(
            case["action"],
            INVOKE,
            case["context"],
            trust=Policy.trust(case["trust"], name="trust"),
            requester=_BROKER_CALLS,
            layers=Layers(identity=(Policy.identity(whole(_ANYTHING), name="own"),)),
        ).allowed
    layers = {
        name: case[name] and (Policy.identity(case[name], name=name),)
        for name in ("boundary", "session")
    }
    own = tuple(Policy.identity(document, name="own") for document in case["identity"])
    return decide(
        case["action"],
        case["resource"],
        case["context"],
        Layers(identity=own, **layers),
    ).allowed


def theirs(cases: Sequence[dict[str, Any]]) -> list[bool]:
    done = subprocess.run(
        [PYTHON, _JUDGE],
        input=json.dumps(cases),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=600,
    )
    verdicts: list[bool] = json.loads(done.stdout)
    return verdicts


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """``cases`` is a digest of them, ``allowed`` one bit for each, in hexadecimal."""

    cases: str
    allowed: str

    @classmethod
    def of(
        cls,
        make: Callable[..., dict[str, Any]],
        judge: Callable[[dict[str, Any]], bool],
    ) -> Self:
        made = [make(source(n, seed=_FROZEN_SEED)) for n in range(_FROZEN_COUNT)]
        text = json.dumps(made, sort_keys=True).encode()
        bits = "".join("1" if judge(case) else "0" for case in made)
        return cls(cases=hashlib.sha256(text).hexdigest(), allowed=f"{int(bits, 2):x}")


def freeze() -> None:
    """Raises ``SystemExit`` where the two do not agree."""
    agreed = {make.__name__: Frozen.of(make, ours) for make in (a_case, a_trust_case)}
    for make in (a_case, a_trust_case):
        made = [make(source(n, seed=_FROZEN_SEED)) for n in range(_FROZEN_COUNT)]
        if theirs(made) != [ours(case) for case in made]:
            raise SystemExit(f"{make.__name__}: the two evaluators do not agree")
    text = json.dumps({name: asdict(cases) for name, cases in agreed.items()}, indent=1)
    AGREED.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    freeze()
