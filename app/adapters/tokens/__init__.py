"""Access tokens: strict checking around python-jose, which leaves most to its caller.

And refresh tokens, which are none of its business.

``compact`` takes a token apart, ``signature`` is the one module that knows
python-jose, ``claims`` holds the rules about time and audience, ``access`` joins
them. ``refresh`` makes and opens refresh tokens; ``signing_keys`` fetches the secret of
both.

``issuer_tokens`` checks tokens of other issuers, by the rules of ``issuer_claims`` and
the keys of ``remote_keys``, which ``documents`` fetches and ``key_set`` reads.
``bearer_tokens`` takes either.
"""

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.bearer_tokens import BearerTokens
from app.adapters.tokens.issuer_tokens import IssuerTokens
from app.adapters.tokens.refresh import RefreshTokens
from app.adapters.tokens.remote_keys import RemoteKeys
from app.adapters.tokens.secret_strength import WeakSecretError
from app.adapters.tokens.signing_keys import SigningKeys

__all__ = [
    "AccessTokens",
    "BearerTokens",
    "IssuerTokens",
    "RefreshTokens",
    "RemoteKeys",
    "SigningKeys",
    "WeakSecretError",
]
