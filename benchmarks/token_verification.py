"""Verifying an access token, beside python-jose's own decode of the same token.

``python -m benchmarks.token_verification``. Own tokens and those of another issuer,
whose key both have at hand: no document is fetched, and nothing is read from AWS.
"""

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any, Final

from jose import jwk, jwt

from app.adapters.tokens.bearer_tokens import BearerTokens
from app.adapters.tokens.issuer_tokens import IssuerTokens
from app.adapters.tokens.signature import PublicKey
from app.domain.identity import Bearer, Identity
from benchmarks.table import Cell, Table
from benchmarks.warm_grants import Row
from tests.fakes import (
    SECRET,
    Clock,
    FixedIssuers,
    KnownIssuerKeys,
    access_tokens,
    an_issuer,
)
from tests.issuers.issuing import EcKey, RsaKey

ROUNDS: Final = 1000
_WARM_UP: Final = 50


def _claims(now: datetime) -> dict[str, Any]:
    issued = int(now.timestamp())
    return {
        "iss": "https://corp.example",
        "aud": "aikagi",
        "sub": "somebody",
        "iat": issued,
        "exp": issued + 3600,
        "groups": ["staff"],
    }


def _own_token(clock: Clock) -> str:
    now = clock()
    bearer = Bearer(
        identity=Identity(issuer="local", subject="alice"),
        login_id="a" * 32,
        issued_at=now,
        login_ends_at=now + timedelta(hours=1),
    )
    return access_tokens(clock).mint(bearer).text


def rows() -> Sequence[tuple[Row, Row]]:
    """Give each algorithm's verification, and python-jose's."""
    clock = Clock(datetime.now(UTC).replace(microsecond=0))
    keys: Mapping[str, RsaKey | EcKey] = {
        "RS256": RsaKey.generate("r1"),
        "ES256": EcKey.generate("e1"),
    }
    known = KnownIssuerKeys()
    for key in keys.values():
        known.by_name["corp", key.kid] = PublicKey(key.jwk)
    tokens = BearerTokens(
        access_tokens(clock),
        IssuerTokens(FixedIssuers(an_issuer("corp")), known, clock=clock),
    )
    found = [_pair("own, HS256", "HS256", _own_token(clock), SECRET, tokens.verify)]
    for algorithm, key in keys.items():
        token = key.token(_claims(clock()))
        name = f"an issuer's, {algorithm}"
        public = jwk.construct(key.jwk, algorithm=algorithm)
        found.append(_pair(name, algorithm, token, public, tokens.verify))
    return found


def _pair(
    name: str,
    algorithm: str,
    token: str,
    key: Any,  # noqa: ANN401 - whatever python-jose takes for a key
    verify: Callable[[str], object],
) -> tuple[Row, Row]:
    def decode(_: int) -> Mapping[str, Any]:
        return jwt.decode(token, key, algorithms=[algorithm], audience="aikagi")

    return (
        Row(name=name, run=lambda _: verify(token)),
        Row(name=f"python-jose, {algorithm}", run=decode),
    )


def table_of(measured: Sequence[tuple[Row, Row]]) -> Table:
    found: list[dict[str, Cell]] = []
    for pair in measured:
        reference = median(pair[1].wall)
        found += [
            {
                "": row.name,
                "p50 ms": median(row.wall) * 1000,
                "p99 ms": quantiles(row.wall, n=100)[98] * 1000,
                "of python-jose": median(row.wall) / reference,
            }
            for row in pair
        ]
    return Table(title="verification of a token", rows=found)


def compare_token_verification(rounds: int = ROUNDS) -> Table:
    measured = rows()
    every = [row for pair in measured for row in pair]
    for row in every * _WARM_UP:
        row.run(0)
    in_turn = random.Random(rounds)  # noqa: S311 - to be the same every time
    for number in range(rounds):
        for row in in_turn.sample(every, len(every)):
            row.measure(number)
    return table_of(measured)


def main() -> None:
    for line in compare_token_verification().lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
