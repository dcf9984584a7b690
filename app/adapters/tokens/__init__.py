"""Access tokens: strict checking around python-jose, which leaves most to its caller.

And refresh tokens, which are none of its business.

``compact`` takes a token apart, ``signature`` is the one module that knows
python-jose, ``claims`` holds the rules about time and audience, ``access`` joins
them. ``refresh`` makes and opens refresh tokens; ``signing_keys`` fetches the secret of
both.
"""

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.refresh import RefreshTokens
from app.adapters.tokens.secret_strength import WeakSecretError
from app.adapters.tokens.signing_keys import SigningKeys

__all__ = ["AccessTokens", "RefreshTokens", "SigningKeys", "WeakSecretError"]
