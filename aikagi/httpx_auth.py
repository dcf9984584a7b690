"""``SigV4Auth`` for httpx, httpx2's predecessor. It is not installed with us."""

import httpx

from aikagi.sigv4_auth import SigV4Flow


class SigV4Auth(SigV4Flow, httpx.Auth):
    """For ``httpx.Client`` and ``AsyncClient``."""
