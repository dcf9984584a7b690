"""An issuer that answers as a test tells it to."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any, final
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.aikagi.loopback import Answer, Loopback, json_answer
from tests.provider.person import get


@final
class ScriptedIssuer:
    """An issuer at a path of the loopback, whose answers a test writes.

    ``next`` gives what a code is traded for. Its tokens are signed by nobody.
    """

    def __init__(self, loopback: Loopback) -> None:
        self.url = f"{loopback.base}issuer"
        self.now = time.time()
        self.metadata: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "device_authorization_endpoint": f"{self.url}/device",
        }
        self.claims: dict[str, Any] = {
            "iss": self.url,
            "aud": "aikagi",
            "sub": "alice",
            "iat": self.now,
            "exp": self.now + 600,
        }
        self.next: Callable[[], Answer] = self.grants
        self._loopback = loopback
        loopback.issuers = {
            "scripted": {
                "name": "scripted",
                "title": "Scripted",
                "issuer": self.url,
                "client_id": "aikagi",
                "scopes": ["openid"],
                "send_token": "id_token",
            }
        }
        self.tell()

    def tell(self) -> None:
        routes = self._loopback.broker_routes
        routes["issuer/.well-known/openid-configuration"] = json_answer(self.metadata)

    def id_token(self, **claims: Any) -> str:
        merged = {**self.claims, **claims}
        parts = [{"alg": "none"}, {k: v for k, v in merged.items() if v is not None}]
        encoded = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in parts
        ]
        return ".".join([*encoded, "c2lnbmF0dXJl"])

    def grants(self, refresh_token: str | None = "r-1", **claims: Any) -> Answer:
        given = {"access_token": "opaque", "refresh_token": refresh_token}
        return json_answer({**given, "id_token": self.id_token(**claims)})

    def answers(self, *tokens: Answer) -> None:
        """Answer at the token endpoint so, the last for ever."""
        queue = list(tokens)

        def next_answer() -> Answer:
            return queue.pop(0) if len(queue) > 1 else queue[0]

        self._loopback.scripted["issuer/token"] = next_answer

    def visit(self, address: str) -> None:
        query = dict(parse_qsl(urlsplit(address).query))
        self.claims["nonce"] = query["nonce"]
        self.answers(self.next())
        back = urlencode({"code": "c-1", "state": query["state"], "iss": self.url})
        get(f"{query['redirect_uri']}?{back}")
