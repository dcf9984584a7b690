"""Access tokens: strict checking around python-jose, which leaves most to its caller.

``compact`` takes a token apart, ``signature`` is the one module that knows
python-jose, ``claims`` holds the rules about time and audience, ``access`` joins
them, and ``signing_keys`` fetches the secret.
"""

from app.adapters.tokens.access import AccessTokens
from app.adapters.tokens.signature import WeakSecretError
from app.adapters.tokens.signing_keys import SigningKeys

__all__ = ["AccessTokens", "SigningKeys", "WeakSecretError"]
