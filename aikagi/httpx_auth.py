"""``LentAuth`` for httpx, httpx2's predecessor. It is not installed with us."""

import httpx

from aikagi.lent_auth import LentFlow


class LentAuth(LentFlow, httpx.Auth):
    """For ``httpx.Client`` and ``AsyncClient``."""
