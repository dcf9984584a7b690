"""What is verified, and against what."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as it came over the wire, before anybody decoded it.

    ``raw_path`` is the request target before the first ``?`` and ``raw_query`` what
    follows it ("" when nothing does). Header names are lower-case, in order of
    arrival; every text is the latin-1 reading of its bytes.
    """

    method: str
    raw_path: str
    raw_query: str
    # Headers carry the session token, the query of a presigned URL does too.
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of the header ``name`` (lower-case), in order of arrival."""
        return tuple(value for key, value in self.headers if key == name)


class Credentials(Protocol):
    """What an access key id stands for. ``expires_at`` is aware, None for never."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...
    @property
    def expires_at(self) -> datetime | None: ...
