"""Whatever token a bearer presents: the broker's own, or another issuer's."""

import logging
from typing import final

from app.adapters.tokens import compact, issuer_tokens
from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.issuer_tokens import IssuerTokens
from app.adapters.tokens.rejection import Rejected
from app.domain.credentials import AccessToken
from app.domain.errors import TokenRejectedError
from app.domain.identity import Bearer, FederatedBearer

_log = logging.getLogger(__name__)


@final
class BearerTokens:
    """Satisfies ``broker.Tokens``."""

    def __init__(self, own: AccessTokens, others: IssuerTokens) -> None:
        self._own = own
        self._others = others

    def mint(self, bearer: Bearer) -> AccessToken:
        return self._own.mint(bearer)

    def verify(self, token: str) -> Bearer | FederatedBearer:
        """Tell whom ``token`` speaks for.

        Which of the two it may be, its algorithm decides: a secret of ours is never
        tried where a public key belongs, nor the other way round.

        Raises ``TokenRejectedError``, the same whatever is wrong, and what the sources
        of keys and issuers do. The reason goes to the log, as a code.
        """
        try:
            parts = compact.split(token)
            algorithm = parts.header.get("alg")
            if isinstance(algorithm, str) and algorithm in issuer_tokens.ALGORITHMS:
                return self._others.check(parts)
            return self._own.check(parts)
        except Rejected as rejected:
            _log.info("A bearer's token was rejected: %s", rejected.reason)
            raise TokenRejectedError from None
