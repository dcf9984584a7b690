"""Somebody at the provider's pages, in a browser that is no more than a cookie jar."""

import re
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from types import TracebackType
from typing import Final, Self, final
from urllib.parse import urljoin, urlsplit

import httpx2

from tests.provider.server import Person

_BUTTON: Final = re.compile(r'name="(sub|yes|cancel)" value="([^"]*)"')
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
_FORM: Final = re.compile(r'<form [^>]*action="([^"]+)"')
_REDIRECTS: Final = frozenset({301, 302, 303})


@final
class Visitor:
    """Follows redirects at the provider, and stops where one leads elsewhere."""

    def __init__(self, issuer: str, person: Person) -> None:
        self._issuer = issuer
        self._person = person
        self._client = httpx2.Client(trust_env=False, verify=False)

    def sign_in(self, address: str, *, cancel: bool = False) -> str:
        """Sign in where an application sent this person. Give where it leads back."""
        return self._walk(address, self._client.get(address), cancel=cancel)

    def enter_code(self, address: str, *, cancel: bool = False) -> None:
        """Open the complete address that a device shows, and let it in or not."""
        self._walk(address, self._client.get(address), cancel=cancel)

    def _walk(self, address: str, answer: httpx2.Response, *, cancel: bool) -> str:
        """Answer page after page, until one leads elsewhere or has no form."""
        for _ in range(20):
            if answer.status_code in _REDIRECTS:
                address = urljoin(address, answer.headers["location"])
                if not address.startswith(f"{self._issuer}/"):
                    return address
                answer = self._client.get(address)
                continue
            buttons = {name for name, _ in _BUTTON.findall(answer.text)}
            hidden = dict(_HIDDEN.findall(answer.text))
            if not buttons and not hidden.keys() - {"xsrf"}:
                return address  # it wants nothing, or a code that nobody has given
            form = _FORM.search(answer.text)
            address = urljoin(address, form[1]) if form else address
            sent = {**hidden, **self._choice(buttons | hidden.keys(), cancel=cancel)}
            answer = self._client.post(address, data=sent)
        raise AssertionError(answer.text)

    def _choice(self, names: set[str], *, cancel: bool) -> dict[str, str]:
        """Press a button of a page, which is known by the names in its form."""
        if cancel:
            if "confirm" in names:
                return {"abort": "yes"}
            return {"cancel": "1"} if "cancel" in names else {}
        if "sub" in names:
            return {"sub": self._person.sub}
        return {"yes": "1"} if "yes" in names else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()


def get(url: str, method: str = "GET") -> tuple[int, Mapping[str, str], str]:
    """Open a page on this machine: its status, its headers in lower case, its text."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    with closing(connection):
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"))
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read().decode()
