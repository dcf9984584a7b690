"""Every parser and pattern of the broker that meets input from outside.

Each is given the input that costs it most, then eight times as much of it: the work
may grow with the input and not with its square. ``python -m tests.growth`` prints it.
"""

import asyncio
import base64
import io
import ipaddress
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import pytest
from fastapi import FastAPI

from app import strict_json
from app.adapters.catalogue_entry import EntryRules, read_entry
from app.adapters.issuer_entry import IssuerRules, read_issuer
from app.adapters.parameters import EntryRefusedError
from app.adapters.passwords import (
    UnusableHashError,
    UnusablePasswordError,
    _bytes_of,
    require_importable,
)
from app.adapters.tokens import BearerTokens, IssuerTokens, key_set
from app.adapters.tokens.documents import LARGEST
from app.adapters.tokens.key_set import GarbageError
from app.adapters.tokens.refresh import RefreshTokens
from app.admin import json_files
from app.admin.audit_lines import NotAnAuditLineError, read_line
from app.admin.cloudtrail import NotARecordError, read_record
from app.admin.errors import NotDoneError
from app.admin.user_files import Format, read_users
from app.broker import Broker
from app.domain.errors import LoginEndedError, TokenRejectedError
from app.domain.identity import Identity, canonical_username, is_subject
from app.http_api import handler_for
from app.strict_json import NotStrictJSONError
from app.web.caller_address import caller_address
from tests.fakes import (
    ROLE,
    Clock,
    FixedIssuers,
    KeySet,
    KnownIssuerKeys,
    a_bearer,
    access_tokens,
    an_issuer,
)
from tests.growth import Case, Record, as_parameters, assert_linear
from tests.http_api_events import http_api_event

BODY: Final = 64 * 1024 - 512
"""About the largest body that is read: what stands around it counts as well."""
TOKEN: Final = 8 * 1024 - 256
"""About the largest access token that is looked at."""
HEADERS: Final = 64 * 1024
"""What a server lets through for one header; API Gateway stops at 10 kB for all."""
ENTRY: Final = 8 * 1024
"""The largest value of an SSM parameter."""

JSON: Final[list[Case[Any]]] = [
    Case(
        f"JSON of {name}", make, strict_json.loads, BODY, refusal=(NotStrictJSONError,)
    )
    for name, make in {
        "escaped quotes": lambda n: b'\\"' * (n // 2),
        "escaped quotes and a lone backslash": lambda n: b'\\"' * (n // 2) + b"\\",
        "quotes": lambda n: b'"' * n,
        "one string without end": lambda n: b'"' + b"a" * n,
        "one string of escapes": lambda n: b'"' + b"\\u0041" * (n // 6) + b'"',
        "empty strings": lambda n: b"[" + b'"",' * (n // 3) + b'""]',
        "empty lists": lambda n: b"[" + b"[]," * (n // 3) + b"[]]",
        "opening brackets": lambda n: b"[" * n,
        "brackets opened and closed": lambda n: b"[]" * (n // 2),
        "digits": lambda n: b"1" * n,
        "a fraction": lambda n: b"0." + b"1" * n,
        "white space": lambda n: b"\n" * n,
        "members": lambda n: (
            b"{" + b",".join(b'"%06d":0' % i for i in range(n // 11)) + b"}"
        ),
        "the same member": lambda n: b"{" + b'"a":0,' * (n // 6) + b'"a":0}',
        "surrogate pairs": lambda n: b'"' + rb"\ud83d\ude00" * (n // 12) + b'"',
        "half surrogate pairs": lambda n: b'"' + rb"\ud83d" * (n // 6) + b'"',
        "broken UTF-8": lambda n: b'"' + b"\xe2\x82" * (n // 2),
    }.items()
]


def jws(header: bytes, payload: bytes = b"{}") -> str:
    def encode(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    return f"{encode(header)}.{encode(payload)}.{encode(b'signature')}"


def verify(token: str) -> object:
    return BEARERS.verify(token)


BEARERS: Final[BearerTokens] = BearerTokens(
    access_tokens(Clock()),
    IssuerTokens(FixedIssuers(an_issuer("corp")), KnownIssuerKeys(), clock=Clock()),
)
OF_AN_ISSUER: Final = b'{"alg":"RS256","kid":"k1"}'
REFRESH: Final = RefreshTokens(KeySet())
TOKENS: Final[list[Case[Any]]] = [
    *(
        Case(
            f"an access token of {name}",
            make,
            verify,
            TOKEN,
            refusal=(TokenRejectedError,),
        )
        for name, make in {
            "dots": lambda n: "." * n,
            "letters": lambda n: "a" * n,
            "a header of escaped quotes": lambda n: jws(b'\\"' * (n * 3 // 8)),
            "a header of brackets": lambda n: jws(b"[" * (n * 3 // 4)),
            "a long header": lambda n: jws(
                b'{"alg":"' + b"a" * (n * 3 // 4 - 20) + b'"}'
            ),
            "a long kid": lambda n: jws(
                b'{"alg":"HS256","kid":"' + b"a" * (n * 3 // 4 - 40) + b'"}'
            ),
            "a long payload": lambda n: jws(
                b'{"alg":"HS256","kid":"k1"}', b'"' * (n * 3 // 4 - 60)
            ),
            "claims of escaped quotes": lambda n: jws(
                OF_AN_ISSUER, b'\\"' * (n * 3 // 8 - 30)
            ),
            "claims of brackets": lambda n: jws(OF_AN_ISSUER, b"[" * (n * 3 // 4 - 60)),
            "many claims": lambda n: jws(
                OF_AN_ISSUER,
                b"{" + b",".join(b'"%05d":0' % i for i in range(n * 3 // 44)) + b"}",
            ),
            "a long iss": lambda n: jws(
                OF_AN_ISSUER, b'{"iss":"' + b"a" * (n * 3 // 4 - 60) + b'"}'
            ),
            "a long kid of an issuer's": lambda n: jws(
                b'{"alg":"RS256","kid":"' + b"a" * (n * 3 // 4 - 100) + b'"}',
                b'{"iss":"https://corp.example"}',
            ),
        }.items()
    ),
    *(
        Case(
            f"a refresh token of {name}",
            make,
            REFRESH.verify,
            HEADERS,
            refusal=(LoginEndedError,),
        )
        for name, make in {
            "dots": lambda n: "." * n,
            "digits": lambda n: "0" * n,
            "four long parts": lambda n: ".".join(["a" * (n // 4)] * 4),
        }.items()
    ),
]

RULES: Final = EntryRules(role=ROLE, role_path="/aikagi/test/")


def entry(**changes: object) -> str:
    usual = {
        "Title": "t",
        "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "FuncUrl": "https://a.lambda-url.eu-west-1.on.aws/",
        "InvokeMode": "BUFFERED",
        "Groups": ["g"],
    }
    return json.dumps({**usual, **changes})


ENTRIES: Final[list[Case[Any]]] = [
    Case(
        f"a catalogue entry with {name}",
        make,
        lambda text: read_entry("hello", text, RULES),
        ENTRY,
        refusal=(EntryRefusedError,),
    )
    for name, make in {
        "many groups": lambda n: entry(Groups=["g"] * (n // 5)),
        "many unknown members": lambda n: entry(**{f"m{i}": 0 for i in range(n // 9)}),
        "a long ARN": lambda n: entry(Arn="arn:aws" + "-a" * (n // 2)),
        "a long URL": lambda n: entry(FuncUrl="https://" + "a" * n),
        "a long Region": lambda n: entry(
            Arn=f"arn:aws:lambda:{'a-' * (n // 4)}:123456789012:function:f",
            FuncUrl=f"https://a.lambda-url.{'a-' * (n // 4)}",
        ),
        "a role of a long path": lambda n: entry(
            RoleArn="arn:aws:iam::123456789012:role" + "/a" * (n // 2)
        ),
        "escaped quotes": lambda n: '\\"' * (n // 2),
    }.items()
]

RULES_OF_ISSUERS: Final = IssuerRules(own="test", on_loopback=True)


def issuer(**changes: object) -> str:
    usual = {
        "Title": "t",
        "Issuer": "https://a.example",
        "Audiences": ["a"],
        "Algorithms": ["RS256"],
        "MaxTokenSeconds": 3600,
        "GroupsClaim": "g",
    }
    return json.dumps({**usual, **changes})


ISSUERS: Final[list[Case[Any]]] = [
    Case(
        f"an issuer's entry with {name}",
        make,
        lambda text: read_issuer("corp", text, RULES_OF_ISSUERS),
        ENTRY,
        refusal=(EntryRefusedError,),
    )
    for name, make in {
        "many mapped groups": lambda n: issuer(
            Groups={f"{i:06}": ["g"] for i in range(n // 17)}
        ),
        "a long host": lambda n: issuer(Issuer="https://" + "a-" * (n // 2)),
        "a long path": lambda n: issuer(Issuer="https://a/" + "/" * n),
        "a long query": lambda n: issuer(JwksUri="https://a?" + "?" * n),
        "many origins": lambda n: issuer(ConnectOrigins=["https://a.b"] * (n // 15)),
        "a long path of a claim": lambda n: issuer(SubjectClaim=["a"] * (n // 5)),
        "a long scope": lambda n: issuer(Scopes=["!" * n + " "]),
    }.items()
]

KEY_SETS: Final[list[Case[Any]]] = [
    Case(
        f"a key set of {name}",
        make,
        lambda data: key_set.read(data, {"RS256", "ES256"}),
        LARGEST,
        refusal=(GarbageError,),
    )
    for name, make in {
        "many keys": lambda n: b'{"keys":[' + b"{}," * (n // 3) + b"{}]}",
        "a long modulus": lambda n: (
            b'{"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":"' + b"_" * n + b'"}]}'
        ),
        "a long point": lambda n: (
            b'{"keys":[{"kty":"EC","crv":"P-256","kid":"k","y":"AA","x":"'
            + b"_" * n
            + b'"}]}'
        ),
        "opening brackets": lambda n: b'{"keys":' + b"[" * n,
        "operations": lambda n: (
            b'{"keys":[{"kid":"k","key_ops":[' + b'"",' * (n // 3) + b'""]}]}'
        ),
    }.items()
]

PROXY: Final = (ipaddress.ip_network("192.0.2.1"),)
FILES: Final[list[tuple[Format, str, Callable[[int], bytes]]]] = [
    ("csv", "quotes", lambda n: b"Username\n" + b'"' * n),
    ("csv", "quoted line ends", lambda n: b'Username\n"' + b"\n" * n),
    ("csv", "cells", lambda n: b"Username\n" + b"," * n),
    ("csv", "groups", lambda n: b"Username,Groups\na," + b"b;" * (n // 2)),
    ("csv", "lines", lambda n: b"Username\n" + b"a\n" * (n // 2)),
    ("jsonl", "lines", lambda n: b'{"Username":"a"}\n' * (n // 17)),
    ("jsonl", "white space", lambda n: b" " * n),
]
"""Of an operator's, who may have them from anywhere."""


def read_people(format_: Format, text: bytes) -> object:
    return list(read_users(io.BytesIO(text), format_))


EXPORTS: Final[dict[str, Callable[[int], str]]] = {
    "times": lambda n: "2030-01-01T12:00:00Z " * (n // 21),
    "white space": lambda n: "2030-01-01T12:00:00Z" + " " * n,
    "a long word": lambda n: "2030-01-01T" + "x" * n,
    "brackets": lambda n: "[" * n,
    "braces": lambda n: '{"Event":' * (n // 9),
    "members before the array": lambda n: "{" + '"a":"b",' * (n // 8),
    "a text that has no end": lambda n: '{"a":"' + '\\"' * (n // 2),
    "commas": lambda n: '{"Records":[' + "," * n,
    "records": lambda n: '{"Records":[' + ",".join(["{}"] * (n // 3)) + "]}",
    "documents": lambda n: '{"Records":[]} ' * (n // 15),
    "lines": lambda n: "\n" * n,
}


def read_export(text: str) -> None:
    """Read what an operator was given, as audit lines and as CloudTrail's records."""
    for entry in json_files._entries(io.StringIO(text)):
        if isinstance(entry, json_files.Entry):
            with suppress(NotAnAuditLineError):
                read_line(entry.value)
            with suppress(NotARecordError):
                read_record(entry.value)


AUDITS: Final[list[Case[Any]]] = [
    Case(f"an export of {name}", make, read_export, BODY)
    for name, make in EXPORTS.items()
]


NAMES: Final[list[Case[Any]]] = [
    Case("an issuer's subject", lambda n: "合" * (n // 3), is_subject, BODY),
    Case(
        "a username", lambda n: "A" * n, canonical_username, BODY, refusal=(ValueError,)
    ),
    Case(
        "a password",
        lambda n: "\N{GRINNING FACE}" * (n // 4),
        _bytes_of,
        BODY,
        refusal=(UnusablePasswordError,),
    ),
    *(
        Case(
            f"a hash of {name}",
            make,
            require_importable,
            BODY,
            refusal=(UnusableHashError,),
        )
        for name, make in {
            "letters": lambda n: "$argon2id$v=19$m=19456,t=2,p=1$" + "a" * n,
            "digits": lambda n: "$argon2id$v=19$m=" + "1" * n,
        }.items()
    ),
    *(
        Case(
            f"people in {format_} of {name}",
            make,
            partial(read_people, format_),
            BODY,
            refusal=(NotDoneError,),
        )
        for format_, name, make in FILES
    ),
    Case(
        "a subject on its way into a session name",
        lambda n: Identity(issuer="corp", subject="\N{GRINNING FACE}" * (n // 4)),
        lambda identity: identity.session_name,
        BODY,
    ),
    *(
        Case(
            f"an X-Forwarded-For of {name}",
            make,
            lambda value: caller_address("192.0.2.1", [value], PROXY),
            HEADERS,
        )
        for name, make in {
            "proxies": lambda n: "192.0.2.1," * (n // 10),
            "commas": lambda n: "," * n,
            "digits": lambda n: "1" * n,
            "colons": lambda n: "[" + ":" * n,
        }.items()
    ),
]


@pytest.mark.parametrize(
    "case",
    as_parameters([*JSON, *TOKENS, *ENTRIES, *ISSUERS, *KEY_SETS, *AUDITS, *NAMES]),
)
def test_the_work_of_a_parser_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)


def request(
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    query: str = "",
    body: bytes = b"",
) -> tuple[dict[str, Any], bytes]:
    """Make the scope and the body of a request as a server hands them over."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in {"Host": "127.0.0.1", **(headers or {})}.items()
        ],
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 80),
    }
    return scope, body


FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def form(body: bytes, path: str = "/auth/login") -> tuple[dict[str, Any], bytes]:
    return request("POST", path, FORM, body=body)


def known(bearer: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    headers = {"Authorization": bearer, "Content-Type": "application/json"}
    return request("POST", "/grant", headers, body=body)


REQUESTS: Final[dict[str, tuple[int, Callable[[str, int], Any]]]] = {
    "a body of escaped quotes from a stranger": (
        BODY,
        lambda _, n: known("Bearer junk", b'\\"' * (n // 2)),
    ),
    "a body of escaped quotes": (BODY, lambda me, n: known(me, b'\\"' * (n // 2))),
    "a body of unknown fields": (
        BODY,
        lambda me, n: known(
            me, b"{" + b",".join(b'"%06d":0' % i for i in range(n // 11)) + b"}"
        ),
    ),
    "a body of nested lists": (
        BODY,
        lambda me, n: known(me, b"[" + b"[[[[]]]]," * (n // 9) + b"[]]"),
    ),
    "a form of ampersands": (BODY, lambda _, n: form(b"&" * n)),
    "a form of escapes": (BODY, lambda _, n: form(b"username=" + b"%41" * (n // 3))),
    "a form of percent signs": (BODY, lambda _, n: form(b"username=" + b"%" * n)),
    "a form of plus signs": (BODY, lambda _, n: form(b"username=" + b"+" * n)),
    "a form of equals signs": (BODY, lambda _, n: form(b"=" * n)),
    "a form of one long name": (BODY, lambda _, n: form(b"a" * n)),
    "a form with a long refresh token": (
        BODY,
        lambda _, n: form(
            b"grant_type=refresh_token&refresh_token=" + b"." * n, "/auth/refresh"
        ),
    ),
    "a cookie of backslashes": (
        HEADERS,
        lambda _, n: request("GET", "/healthz", {"Cookie": 'a="' + "\\" * n + '"'}),
    ),
    "cookies": (
        HEADERS,
        lambda _, n: request("GET", "/healthz", {"Cookie": "a=b; " * (n // 5)}),
    ),
    "an Authorization header of dots": (
        HEADERS,
        lambda _, n: request("GET", "/auth/me", {"Authorization": "Bearer " + "." * n}),
    ),
    "an Authorization header of equals signs": (
        HEADERS,
        lambda _, n: request(
            "GET", "/credentials/a", {"Authorization": "a" + "=" * n + "!"}
        ),
    ),
    "a Content-Type of parameters": (
        HEADERS,
        lambda _, n: request(
            "POST",
            "/auth/login",
            {"Content-Type": "application/json" + "; a=b" * (n // 5)},
            body=b"x",
        ),
    ),
    "an Origin": (
        HEADERS,
        lambda _, n: request(
            "GET", "/healthz", {"Origin": "https://" + "a." * (n // 2)}
        ),
    ),
    "a preflight for many headers": (
        HEADERS,
        lambda _, n: request(
            "OPTIONS",
            "/grant",
            {
                "Origin": "https://desk.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "a," * (n // 2),
            },
        ),
    ),
    "an If-None-Match of commas": (
        HEADERS,
        lambda _, n: request("GET", "/", {"If-None-Match": "," * n}),
    ),
    "an If-None-Match of weak tags": (
        HEADERS,
        lambda _, n: request("GET", "/", {"If-None-Match": "W/" * (n // 2)}),
    ),
    "an Accept-Encoding of commas": (
        HEADERS,
        lambda _, n: request("GET", "/", {"Accept-Encoding": "gzip;q=0," * (n // 9)}),
    ),
    "many headers": (
        HEADERS,
        lambda _, n: request(
            "GET", "/healthz", {f"X-{i:06}": "a" for i in range(n // 9)}
        ),
    ),
    "a query of many parameters": (
        HEADERS,
        lambda me, n: request(
            "GET", "/credentials/hello", {"Authorization": me}, query="a=1&" * (n // 4)
        ),
    ),
    "a query of escapes": (
        HEADERS,
        lambda me, n: request(
            "GET",
            "/credentials/hello",
            {"Authorization": me},
            query="DurationSeconds=" + "%39" * (n // 3),
        ),
    ),
    "a query of digits": (
        HEADERS,
        lambda me, n: request(
            "GET",
            "/credentials/hello",
            {"Authorization": me},
            query="DurationSeconds=" + "9" * n,
        ),
    ),
    "a long name of a function": (
        HEADERS,
        lambda me, n: request("GET", "/credentials/" + "a" * n, {"Authorization": me}),
    ),
    "a path of slashes": (HEADERS, lambda _, n: request("GET", "/" * n)),
    "a path out of the folder": (
        HEADERS,
        lambda _, n: request("GET", "/static/" + "../" * (n // 3)),
    ),
}


async def _run(app: FastAPI, scope: dict[str, Any], body: bytes) -> int:
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app({**scope, "headers": list(scope["headers"])}, receive, send)
    return statuses[0]


@pytest.mark.parametrize("name", REQUESTS)
def test_the_work_of_a_request_grows_linearly(
    app: FastAPI, broker: Broker, name: str, record_property: Record
):
    bearer = f"Bearer {broker.tokens.mint(a_bearer('alice')).text}"
    largest, make = REQUESTS[name]
    with asyncio.Runner() as runner:
        case = Case(
            f"a request: {name}",
            lambda n: make(bearer, n),
            lambda made: runner.run(_run(app, *made)),
            largest,
            smallest=largest // 8,
        )
        assert runner.run(_run(app, *make(bearer, largest))) < 500
        assert_linear(case, record_property)


EVENTS: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "many headers": lambda n: http_api_event(
        "GET", "/healthz", headers={f"x-{i:06}": "a" for i in range(n // 9)}
    ),
    "a long header": lambda n: http_api_event(
        "GET", "/healthz", headers={"x": "\t" * n}
    ),
    "a long host": lambda n: http_api_event("GET", "/", headers={"host": "a" * n}),
    "a long path": lambda n: http_api_event("GET", "/" + "%2f" * (n // 3)),
    "a long query": lambda n: http_api_event("GET", "/healthz?" + "a=1&" * (n // 4)),
    "many cookies": lambda n: http_api_event(
        "GET", "/healthz", cookies=['a="' + "\\" * 60 + '"'] * (n // 64)
    ),
    "a body in base64": lambda n: http_api_event("POST", "/auth/login", body=b"a" * n),
    "a body that is no base64": lambda n: {
        **http_api_event("POST", "/auth/login"),
        "body": "!" * n,
        "isBase64Encoded": True,
    },
    "a long request id": lambda n: {
        **http_api_event("GET", "/healthz"),
        "requestContext": {
            **http_api_event("GET", "/healthz")["requestContext"],
            "requestId": "a" * n,
        },
    },
    "unknown members": lambda n: {
        **http_api_event("GET", "/healthz"),
        **{f"m{i:06}": 0 for i in range(n // 9)},
    },
}


@pytest.mark.usefixtures("current_loop")
@pytest.mark.parametrize("name", EVENTS)
def test_the_work_of_an_event_grows_linearly(
    app: FastAPI, name: str, record_property: Record
):
    handler = handler_for(app)
    case = Case(
        f"a Lambda event: {name}",
        EVENTS[name],
        lambda event: handler(event, None),
        HEADERS,
        smallest=HEADERS // 8,
    )

    assert_linear(case, record_property)
