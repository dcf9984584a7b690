"""What every client is asked to send, and to whom."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call. ``target`` is written as in a URL: everything is escaped already."""

    name: str
    target: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_json(self) -> dict[str, object]:
        body = base64.b64encode(self.body).decode()
        return {
            "target": self.target,
            "method": self.method,
            "headers": dict(self.headers),
            "body": body,
        }


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Credentials, and the function URL (it ends in a slash) that they open."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    url: str
    region: str

    @classmethod
    def read(cls, answer: Mapping[str, str]) -> "Grant":
        return cls(
            access_key_id=answer["AccessKeyId"],
            secret_access_key=answer["SecretAccessKey"],
            session_token=answer["SessionToken"],
            url=answer["FuncUrl"],
            region=answer["Region"],
        )


def as_json(grant: Grant, cases: tuple[Case, ...]) -> str:
    """What a client in another process reads."""
    return json.dumps(
        {
            "accessKeyId": grant.access_key_id,
            "secretAccessKey": grant.secret_access_key,
            "sessionToken": grant.session_token,
            "url": grant.url,
            "region": grant.region,
            "cases": [case.as_json() for case in cases],
        }
    )


_JSON: Final = {"Content-Type": "application/json"}

CASES: Final = (
    Case(name="plain"),
    Case(name="path, space", target="a%20b/c"),
    Case(name="path, Unicode", target="%E5%90%88%E9%8D%B5/%C3%A9"),
    Case(name="path, %2F", target="a%2Fb"),
    Case(name="path, (!'*)", target="a(!'*)b"),
    Case(name="query", target="?a=1&b=2"),
    Case(name="query, unsorted", target="?b=2&a=1"),
    Case(name="query, repeated", target="?a=2&a=1&a=3"),
    Case(name="query, empty value", target="?a=&b=1"),
    Case(name="query, no value", target="?a&b=1"),
    Case(name="query, %20", target="?a=x%20y"),
    Case(name="query, %2B", target="?a=x%2By"),
    Case(name="query, bare +", target="?a=x+y"),
    Case(name="query, Unicode", target="?a=%E5%90%88%E9%8D%B5"),
    Case(name="JSON", method="POST", headers=_JSON, body=b'{"text": "\xe5\x90\x88"}'),
    Case(
        name="binary",
        method="PUT",
        headers={"Content-Type": "application/octet-stream"},
        body=bytes(range(256)),
    ),
    Case(
        name="form",
        method="POST",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"a=1&b=x+y%26",
    ),
    Case(name="header, spaces", headers={"X-Words": "a  b   c"}),
)
