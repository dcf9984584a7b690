"""What meets input from outside in the emulator, and the input that costs it most.

What comes from the template's author stands here as well: a template may be somebody
else's. Where many of one meet many of another, or question marks of a pattern the
characters of a value, each grows alone. Their product is bounded: a session policy has
2,048 characters, a role's policies 10,240, and a batch a hundred keys.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aikagi_emulator.aws import (
    assume_role,
    attribute_names,
    condition_keys,
    leading_keys,
    query,
    refusal_reason,
)
from aikagi_emulator.aws.endpoint import _signed_service
from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.json_protocol import _parse as parse_json_body
from aikagi_emulator.aws.wire import read_body
from aikagi_emulator.control.wire import decode_change, decode_faults
from aikagi_emulator.iam import Layers, Policy, PolicyError, decide
from aikagi_emulator.iam.principals import Principals
from aikagi_emulator.iam.variables import _chunks
from aikagi_emulator.runtime import process, reports
from aikagi_emulator.runtime.adapter import payload_of, request_of
from aikagi_emulator.runtime.errors import FunctionFailedError
from aikagi_emulator.runtime.function import FunctionSpec
from aikagi_emulator.runtime.missing_module import missing_module
from aikagi_emulator.runtime.stream import Head
from aikagi_emulator.runtime.wire import Call, ProtocolError, read_call
from aikagi_emulator.sigv4 import Request, SignatureRefusedError, verify
from aikagi_emulator.template import Addresses, TemplateError
from aikagi_emulator.template.document import _Loader, _spelled_out
from aikagi_emulator.template.intrinsics import Intrinsics
from aikagi_emulator.template.parameters import values
from aikagi_emulator.template.resolver import Resolver
from aikagi_emulator.template.resources import StackContext
from aikagi_emulator.urls.cors import Cors
from aikagi_emulator.urls.event import build_event
from aikagi_emulator.urls.payload import Arrival
from aikagi_emulator.urls.request import read_request
from aikagi_emulator.urls.response import MalformedResponseError, shape
from aikagi_emulator.urls.settings import UrlSettings
from emulator.tests.sigv4.signing import FIVE_MINUTES, HOST, NOW, REGION, SESSION
from emulator.tests.template.test_intrinsics import Names
from emulator.tests.urls.fakes import ALICE, ARN, CORS, NOON
from tests.growth import Case, Record, as_parameters, assert_linear, repeated

HEAD = 65_536
"""Bytes of a request line and headers that the server of a URL or endpoint takes."""
BODY = 1_048_576
"""Bytes of a request to the endpoint."""
POLICY = 10_240
"""Characters of all inline policies of a role."""
EVENT = 6_291_456
"""Bytes of a request to a function URL. Less of it is measured: it takes seconds."""

Pairs = Iterable[tuple[str, str]]


# Signatures


def a_request(
    path: str = "/", query: str = "", headers: Pairs = (), body: bytes = b""
) -> Request:
    """Return a request that is refused last of all, when its signature is compared."""
    sent = {
        "host": HOST,
        "x-amz-date": f"{NOW:%Y%m%dT%H%M%SZ}",
        "x-amz-security-token": SESSION.session_token or "",
    }
    headers = tuple(headers)
    signed = ";".join(sorted({*sent, *(name for name, _ in headers)}))
    scope = f"{SESSION.access_key_id}/{NOW:%Y%m%d}/{REGION}/lambda/aws4_request"
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature=0"
    )
    return Request(
        method="POST",
        raw_path=path,
        raw_query=query,
        headers=(*sent.items(), *headers),
        body=body,
    )


def signed_by(authorization: str) -> Request:
    return Request(
        method="GET",
        raw_path="/",
        raw_query="",
        headers=(("host", HOST), ("authorization", authorization)),
        body=b"",
    )


def refuse(request: Request) -> None:
    verify(
        request,
        find=lambda _: SESSION,
        service="lambda",
        region=REGION,
        now=NOW,
        tolerance=FIVE_MINUTES,
    )


def many_headers(size: int) -> list[tuple[str, str]]:
    return [(f"x{number:05}", "v") for number in range(size // 20)]


def presigned_query(tail: str) -> str:
    scope = f"{SESSION.access_key_id}/{NOW:%Y%m%d}/{REGION}/lambda/aws4_request"
    fields = {
        "Algorithm": "AWS4-HMAC-SHA256",
        "Credential": scope,
        "Date": f"{NOW:%Y%m%dT%H%M%SZ}",
        "SignedHeaders": "host",
        "Security-Token": SESSION.session_token,
        "Signature": "0",
    }
    return "&".join(f"X-Amz-{name}={value}" for name, value in fields.items()) + tail


def presigned(size: int) -> Request:
    return Request(
        method="GET",
        raw_path="/",
        raw_query=presigned_query("&X-Amz-a%20=%FF" * (size // 15)),
        headers=(("host", HOST),),
        body=b"",
    )


def a_signature(name: str, make: Callable[[int], Request]) -> Case[Any]:
    return Case(name, make, refuse, HEAD, refusal=(SignatureRefusedError,))


def in_path(text: Callable[[int], str]) -> Callable[[int], Request]:
    return lambda size: a_request(path=text(size))


def in_query(text: Callable[[int], str]) -> Callable[[int], Request]:
    return lambda size: a_request(query=text(size))


def in_header(text: Callable[[int], str]) -> Callable[[int], Request]:
    return lambda size: a_request(headers=[("x-amz-meta", text(size))])


SIGNATURES = [
    a_signature("path of dots", in_path(repeated("/.."))),
    a_signature("path of slashes", in_path(repeated("/"))),
    a_signature("path of segments taken back", in_path(repeated("/a", after="/.."))),
    a_signature("path of escapes", in_path(repeated("%2e", before="/"))),
    a_signature("query of one name", in_query(repeated("a&"))),
    a_signature("query of escapes", in_query(repeated("%FF"))),
    a_signature("query of separators", in_query(repeated("&"))),
    a_signature("query of equals signs", in_query(repeated("="))),
    a_signature(
        "query in falling order",
        in_query(lambda n: "&".join(f"{n - i:06}" for i in range(n // 7))),
    ),
    a_signature(
        "query of tokens to hide", in_query(repeated("X-Amz-Security-Token=a&"))
    ),
    a_signature("query of signatures", presigned),
    a_signature("header of spaces", in_header(repeated(" ", "a", "a"))),
    a_signature("header of tabs and letters", in_header(repeated("\ta"))),
    a_signature("many headers", lambda n: a_request(headers=many_headers(n))),
    a_signature(
        "one header many times",
        lambda n: a_request(headers=[("x-amz-a", "b")] * (n // 12)),
    ),
    a_signature(
        "many headers that are not signed",
        lambda n: Request(
            method="GET",
            raw_path="/",
            raw_query="",
            headers=(*a_request().headers, *many_headers(n)),
            body=b"",
        ),
    ),
    a_signature(
        "Authorization of commas",
        lambda n: signed_by(repeated(",", "AWS4-HMAC-SHA256 ")(n)),
    ),
    a_signature(
        "Authorization of slashes",
        lambda n: signed_by(
            repeated(
                "/", "AWS4-HMAC-SHA256 Credential=", ",SignedHeaders=a,Signature=b"
            )(n)
        ),
    ),
    a_signature(
        "SignedHeaders of semicolons",
        lambda n: signed_by(
            f"AWS4-HMAC-SHA256 Credential={SESSION.access_key_id}/{NOW:%Y%m%d}/{REGION}"
            f"/lambda/aws4_request,Signature=b,SignedHeaders={';' * n}"
        ),
    ),
    Case(
        "body",
        lambda n: a_request(body=b"\0" * n),
        refuse,
        BODY,
        refusal=(SignatureRefusedError,),
    ),
]


# IAM


def a_policy(**statement: object) -> str:
    whole = {"Effect": "Allow", "Action": "a:B", "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def like(pattern: str) -> Callable[[str], object]:
    """Return what compares a text with a pattern that nobody has compared before."""

    def run(value: str) -> object:
        _chunks.cache_clear()
        return decided(
            Policy.identity(a_policy(Condition=one_condition(pattern)), name="p"),
            {"aws:userid": value},
        )

    return run


def statements(size: int) -> str:
    one = {"Effect": "Allow", "Action": "a:C", "Resource": "*"}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [one] * max(1, size // 50)}
    )


def one_condition(*values: str, operator: str = "StringLike") -> dict[str, object]:
    return {operator: {"aws:userid": list(values)}}


def decided(policy: Policy, context: dict[str, Any]) -> object:
    return decide("a:B", "*", context, Layers(identity=(policy,)))


def parse_policy(text: str) -> Policy:
    return Policy.identity(text, name="p")


def a_value(name: str, pattern: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(name, text, like(pattern))


def a_pattern(name: str, text: Callable[[int], str], value: str) -> Case[Any]:
    return Case(name, text, lambda pattern: like(pattern)(value), POLICY)


def both(name: str, pattern: Callable[[int], str]) -> Case[Any]:
    return Case(
        name,
        lambda n: (pattern(n // 2), "a" * (n // 2)),
        lambda pair: like(pair[0])(pair[1]),
    )


def a_condition(
    operator: str, name: str, text: Callable[[int], str], wanted: str = "1"
) -> Case[Any]:
    policy = parse_policy(a_policy(Condition=one_condition(wanted, operator=operator)))
    return Case(name, text, lambda value: decided(policy, {"aws:userid": value}))


IAM: list[Case[Any]] = [
    a_value("value against many stars", "a*a*a*a*a*a*a*a*b", repeated("a")),
    a_value("value against a long end", "*" + "a" * 500 + "b", repeated("a")),
    a_value("value against a long middle", "*" + "a" * 500 + "b*", repeated("a")),
    a_value("value against question marks", "*?a?a?a?a?b*?", repeated("a")),
    a_pattern("pattern of stars", repeated("*", after="b"), "a" * 500),
    a_pattern("pattern of stars and letters", repeated("a*", after="b"), "a" * 9000),
    a_pattern("pattern with a long end", repeated("a", "*", "b"), "a" * 9000),
    a_pattern("pattern with a long middle", repeated("a", "*", "b*"), "a" * 9000),
    a_pattern("pattern of question marks", repeated("?", "*", "b*"), "a" * 9000),
    both("pattern and value: stars", repeated("a*", after="b")),
    both("pattern and value: a long end", repeated("a", "*", "b")),
    both("pattern and value: a long middle", repeated("a", "*", "b*")),
    Case("action of stars", lambda n: a_policy(Action="a:" + "*b" * n), parse_policy),
    Case(
        "variables",
        lambda n: a_policy(Resource="arn:a:b:::" + "${a:b}" * n),
        parse_policy,
    ),
    Case(
        "beginnings of variables",
        lambda n: a_policy(Resource="arn:a:b:::" + "${a:b" * n),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case(
        "defaults without an end",
        lambda n: a_policy(Resource="arn:a:b:::" + "${a:b,'" * n),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case(
        "spaces before a default",
        lambda n: a_policy(Resource="arn:a:b:::${a:b," + " " * n),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case("statements", statements, lambda text: decided(parse_policy(text), {})),
    Case(
        "condition keys",
        lambda n: a_policy(
            Condition={"StringEquals": {f"a:{i}": "b" for i in range(n // 12)}}
        ),
        lambda text: decided(parse_policy(text), {}),
        POLICY,
    ),
    Case(
        "values of a condition",
        lambda n: a_policy(Condition=one_condition(*("b*" for _ in range(n // 6)))),
        lambda text: decided(parse_policy(text), {"aws:userid": "a" * 100}),
        POLICY,
    ),
    Case(
        "values of a request",
        lambda n: {"aws:userid": ["a"] * (n // 4)},
        lambda context: decided(
            parse_policy(
                a_policy(
                    Condition=one_condition(
                        "b*", "a", operator="ForAllValues:StringLike"
                    )
                )
            ),
            context,
        ),
    ),
    Case(
        "nesting",
        repeated("["),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case(
        "a number", repeated("1", '{"Id":', "}"), parse_policy, refusal=(PolicyError,)
    ),
    Case(
        "a fraction",
        repeated("1", '{"Id":0.', "}"),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case(
        "escapes",
        repeated('\\"', '{"Id":"', '"}'),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case(
        "operator of a condition",
        lambda n: a_policy(
            Condition=one_condition("a", operator="ForAllValues:" + "If" * n)
        ),
        parse_policy,
        refusal=(PolicyError,),
    ),
    Case(
        "service of a principal",
        repeated("a.", after="amazonaws.com.c"),
        lambda text: Principals.parse({"Service": text}),
        refusal=(PolicyError,),
    ),
    Case(
        "ARN of a principal",
        repeated("a-", "arn:aws-"),
        lambda text: Principals.parse({"AWS": text}),
        refusal=(PolicyError,),
    ),
    a_condition("NumericEquals", "number of a condition", repeated("1", after=".")),
    a_condition("NumericEquals", "fraction of a condition", repeated("1", "0.")),
    a_condition(
        "DateEquals", "date of a condition", repeated("1", "2026-01-01T00:00:00.")
    ),
    a_condition("BinaryEquals", "base64 of a condition", repeated("A", after="=")),
    a_condition("IpAddress", "address of a condition", repeated(":")),
    a_condition("ArnLike", "ARN of a condition", repeated(":"), "arn:*:*:*:*:*b"),
]


# AWS


def a_form(body: str) -> Request:
    return Request(
        method="POST", raw_path="/", raw_query="", headers=(), body=body.encode()
    )


def form_of(name: str, value: str) -> str:
    return f"Action=AssumeRole&{name}={value}"


def assume(body: str) -> object:
    return assume_role.read(query.parameters_of(a_form(body)))


def queried(expression: str) -> object:
    part = {
        "KeyConditionExpression": expression,
        "ExpressionAttributeValues": {":a": {"S": "x"}},
    }
    return leading_keys._queried(part, "pk")


def name_attributes(expression: str) -> object:
    return attribute_names.context_of([{"UpdateExpression": expression}])


def a_form_case(
    name: str, text: Callable[[int], str], largest: int = BODY
) -> Case[Any]:
    return Case(name, text, assume, min(largest, 131_072), refusal=(AwsError,))


AWS: list[Case[Any]] = [
    a_form_case("form of one name", repeated("a=b&")),
    a_form_case("form of escapes", repeated("%2B", "a=")),
    a_form_case("form of broken escapes", repeated("%", "a=")),
    a_form_case(
        "form of other letters", repeated("%E6%97%A5", "Action=AssumeRole&RoleArn=")
    ),
    a_form_case("name of a role", repeated("a", "Action=AssumeRole&RoleArn=")),
    a_form_case("session policy", repeated("%22", "Action=AssumeRole&Policy=")),
    a_form_case("seconds", repeated("1", "Action=AssumeRole&DurationSeconds=")),
    a_form_case(
        "tags",
        lambda n: "&".join(
            f"Tags.member.{i}.Key=a&Tags.member.{i}.Value=b" for i in range(1, n // 45)
        ),
        10_000,  # 500 parameters at most
    ),
    Case("an element of XML", repeated("\0&<"), lambda text: query.element("a", text)),
    Case("reason of a refusal", repeated("\u65e5"), refusal_reason.header_value),
    Case("reason of many lines", repeated(" \n"), refusal_reason.header_value),
    Case(
        "service of a signature",
        repeated("/", "Credential="),
        lambda a: _signed_service(a, ""),
    ),
    Case(
        "service of a presigned URL",
        repeated("X-Amz-Credential=/&"),
        lambda q: _signed_service("", q),
        HEAD,
    ),
    Case("key condition of one long name", repeated("a"), queried),
    Case("key condition of names", repeated("a "), queried),
    Case("key condition of spaces", repeated(" ", "a"), queried),
    Case("key condition of equals signs", repeated("= "), queried),
    Case("key condition of comparisons", repeated("a = :b "), queried),
    Case("key condition of number signs", repeated("#"), queried),
    *(
        Case(f"attributes of an expression of {name}", make, name_attributes)
        for name, make in {
            "one long name": repeated("a"),
            "names": repeated("a "),
            "spaces": repeated(" ", "a"),
            "number signs": repeated("#"),
            "calls": repeated("a ("),
        }.items()
    ),
    Case(
        "condition keys that are not modelled",
        lambda n: {"Statement": {"Action": "sts:*", "Resource": "${a" * n}},
        condition_keys.unmodelled_keys,
    ),
    Case("JSON body, nested", lambda n: b"[" * n, parse_json_body, refusal=(AwsError,)),
    Case(
        "JSON body, objects",
        lambda n: b'{"a":' * (n // 5),
        parse_json_body,
        refusal=(AwsError,),
    ),
    Case(
        "JSON body, a number", lambda n: b"1" * n, parse_json_body, refusal=(AwsError,)
    ),
    Case(
        "JSON body, a fraction",
        lambda n: b"0." + b"1" * n,
        parse_json_body,
        refusal=(AwsError,),
    ),
    Case(
        "JSON body, an exponent",
        lambda n: b"1e" + b"1" * n,
        parse_json_body,
        refusal=(AwsError,),
    ),
    Case(
        "JSON body, escapes",
        lambda n: b'"' + b'\\"' * n,
        parse_json_body,
        refusal=(AwsError,),
    ),
    Case(
        "JSON body, surrogates",
        lambda n: b'"' + b"\\ud83d" * (n // 6),
        parse_json_body,
        refusal=(AwsError,),
    ),
    Case(
        "JSON body, names",
        lambda n: json.dumps({str(i): 0 for i in range(n // 10)}).encode(),
        parse_json_body,
    ),
    Case(
        "body in pieces",
        lambda n: [b"a"] * n,
        lambda pieces: asyncio.run(read_body(receiving(pieces))),
    ),
    Case(
        "order to the clock",
        repeated("1", '{"AdvanceSeconds":1.', "}"),
        lambda text: decode_change(json.loads(text)),
        refusal=(ValueError,),
    ),
    Case(
        "faults",
        lambda n: [{"Service": "sts", "Fault": "Throttling"}] * (n // 40),
        decode_faults,
    ),
]


def receiving(pieces: list[bytes]) -> Callable[[], Any]:
    """Return an ASGI ``receive``."""
    left = iter(pieces)

    async def receive() -> dict[str, object]:
        piece = next(left, None)
        return {
            "type": "http.request",
            "body": piece or b"",
            "more_body": piece is not None,
        }

    return receive


# Function URLs

SETTINGS = UrlSettings(
    function_arn=ARN, url="http://127.0.0.1:8101/", auth_type="AWS_IAM", cors=CORS
)


def an_event(
    query: str = "", headers: Pairs = (), body: bytes = b"", path: str = "/"
) -> object:
    request = Request(
        method="POST", raw_path=path, raw_query=query, headers=tuple(headers), body=body
    )
    arrival = Arrival(
        request=request,
        request_id="1",
        at=NOON,
        source_ip="127.0.0.1",
        protocol="HTTP/1.1",
    )
    return build_event(arrival, SETTINGS, caller=ALICE)


def a_response(name: str, text: Callable[[int], str]) -> Case[Any]:
    return Case(
        name,
        lambda n: text(n).encode(),
        shape,
        refusal=(MalformedResponseError,),
    )


def scope(headers: list[tuple[bytes, bytes]], query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": query,
        "headers": headers,
    }


LONG: dict[str, Any] = {"largest": 262_144, "smallest": 32_768}
"""Characters. Joining takes the square where less would hide it behind the rest."""

URLS: list[Case[Any]] = [
    Case("query of one name", repeated("a&"), lambda q: an_event(query=q), **LONG),
    Case(
        "query of many names",
        lambda n: "&".join(f"{i}=" for i in range(n // 7)),
        lambda q: an_event(query=q),
        HEAD,
    ),
    Case("query of escapes", repeated("%FF", "a="), lambda q: an_event(query=q), HEAD),
    Case("query of plus signs", repeated("+"), lambda q: an_event(query=q), HEAD),
    Case(
        "one header many times",
        lambda n: [("a", "b")] * (n // 6),
        lambda h: an_event(headers=h),
        **LONG,
    ),
    Case("many headers", many_headers, lambda h: an_event(headers=h), HEAD),
    Case("cookies", repeated(";a "), lambda c: an_event(headers=[("cookie", c)]), HEAD),
    Case(
        "many cookie headers",
        lambda n: [("cookie", "a")] * (n // 11),
        lambda h: an_event(headers=h),
        HEAD,
    ),
    Case(
        "content type of plus signs",
        repeated("+json", "a/", "x"),
        lambda c: an_event(headers=[("content-type", c)], body=b"a"),
        HEAD,
    ),
    Case(
        "content type of slashes",
        repeated("/"),
        lambda c: an_event(headers=[("content-type", c)], body=b"a"),
        HEAD,
    ),
    Case("body of bytes", lambda n: b"\xff" * n, lambda b: an_event(body=b), 524_288),
    Case(
        "body that is nearly a text",
        lambda n: b"a" * n + b"\xff",
        lambda b: an_event(headers=[("content-type", "text/plain")], body=b),
        524_288,
    ),
    Case(
        "request in pieces",
        lambda n: [b"a"] * n,
        lambda pieces: asyncio.run(read_request(scope([]), receiving(pieces))),
    ),
    Case(
        "origin",
        repeated("a", "https://"),
        lambda origin: (CORS.headers(origin), CORS.preflight_headers(origin)),
        HEAD,
    ),
    Case(
        "origins of the template",
        lambda n: [str(i) for i in range(n // 5)],
        lambda origins: Cors.from_properties({"AllowOrigins": origins}).headers("x"),
    ),
    a_response("response, nested", repeated("[")),
    a_response("response, a number", repeated("1", '{"statusCode":', "}")),
    a_response(
        "response, escapes", repeated('\\"', '{"statusCode":200,"body":"', '"}')
    ),
    a_response(
        "response, base64",
        repeated("A", '{"statusCode":200,"isBase64Encoded":true,"body":"', '"}'),
    ),
    a_response(
        "response, not base64",
        repeated("=", '{"statusCode":200,"isBase64Encoded":true,"body":"', '"}'),
    ),
    a_response(
        "response, cookies", repeated('"a",', '{"statusCode":200,"cookies":[', '"a"]}')
    ),
    a_response(
        "response, headers",
        lambda n: json.dumps(
            {"statusCode": 200, "headers": {f"a{i}": "b" for i in range(n // 12)}}
        ),
    ),
    a_response(
        "response, header name",
        repeated("a", '{"statusCode":200,"headers":{"', ' ":1}}'),
    ),
]


# The runtime


async def _call(pieces: list[bytes]) -> Call | None:
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    return await read_call(reader, Nobody(), limit=EVENT)


class Nobody:
    def write(self, data: bytes, /) -> None:
        """Drop it."""


def read_pieces(pieces: list[bytes]) -> object:
    return asyncio.run(_call(pieces))


async def _logged(pieces: list[bytes]) -> list[str]:
    reader = asyncio.StreamReader()
    lines: list[str] = []

    async def feed() -> None:
        for piece in pieces:
            reader.feed_data(piece)
            # Each is read before the next arrives.
            await asyncio.sleep(0)
        reader.feed_eof()

    await asyncio.gather(process._log_lines(reader, lines.append), feed())
    return lines


def log(pieces: list[bytes]) -> object:
    return asyncio.run(_logged(pieces))


def a_call(
    name: str, make: Callable[[int], list[bytes]], largest: int = 131_072
) -> Case[Any]:
    return Case(name, make, read_pieces, largest, refusal=(ProtocolError,))


A_FUNCTION = FunctionSpec(name="a", arn=ARN, folder=Path("/"), handler="a")


def an_adapter(name: str, member: str, value: Callable[[int], object]) -> Case[Any]:
    """Return a case of the event for a web process, with one member of a size."""

    def make(size: int) -> bytes:
        event = {
            "requestContext": {"http": {"method": "POST"}},
            "rawPath": "/",
            "rawQueryString": "",
            "headers": {"host": "a"},
            "body": "",
            "isBase64Encoded": True,
            member: value(size),
        }
        return json.dumps(event).encode()

    return Case(
        name,
        make,
        lambda payload: request_of(payload, A_FUNCTION, request_id="1", deadline=NOON),
        HEAD,
        (FunctionFailedError,),
    )


CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

RUNTIME: list[Case[Any]] = [
    a_call(
        "head of headers",
        lambda n: [b"GET / HTTP/1.1\r\n" + b"a:\r\n" * (n // 4) + b"\r\n"],
        HEAD,
    ),
    a_call(
        "head of colons",
        lambda n: [b"GET / HTTP/1.1\r\n" + b":" * n + b"\r\n\r\n"],
        HEAD,
    ),
    a_call("head of spaces", lambda n: [b" " * n + b"\r\n\r\n"], HEAD),
    a_call("head byte by byte", lambda n: [b"a"] * n, HEAD),
    a_call("head of carriage returns", lambda n: [b"\r\n\r"] * (n // 3), HEAD),
    a_call(
        "chunks of a byte", lambda n: [CHUNKED, b"1\r\na\r\n" * (n // 6), b"0\r\n\r\n"]
    ),
    a_call("trailers", lambda n: [CHUNKED, b"0\r\n", b"a:\r\n" * (n // 4), b"\r\n"]),
    a_call("size of a chunk", lambda n: [CHUNKED, b"0" * n + b"\r\n\r\n"], HEAD),
    a_call(
        "length of a body",
        lambda n: [b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * n + b"\r\n\r\n"],
        HEAD,
    ),
    Case("output byte by byte", lambda n: [b"a"] * n, log, HEAD, (), 2048),
    Case("output of line ends", lambda n: [b"\r\n" * (n // 2)], log),
    Case("output of carriage returns", lambda n: [b"\r"] * n, log, HEAD),
    Case("output of half letters", lambda n: [b"\xe6\x97"] * n, log, HEAD, (), 2048),
    Case(
        "output of modules that cannot be imported",
        repeated("Runtime.ImportModuleError: "),
        lambda line: missing_module(line, A_FUNCTION),
    ),
    Case(
        "output of Pythons",
        repeated("/python3.: "),
        lambda line: missing_module(line, A_FUNCTION),
    ),
    Case(
        "report of a failure",
        lambda n: Call(method="POST", target="/", headers={}, body=b"[" * n),
        reports.handler_failure,
    ),
    Case(
        "answer of one header many times",
        lambda n: Head(status=200, headers=(("a", "b"),) * (n // 6)),
        lambda head: payload_of(head, b""),
        HEAD,
    ),
    Case(
        "answer of cookies",
        lambda n: Head(status=200, headers=(("set-cookie", "b"),) * (n // 14)),
        lambda head: payload_of(head, b""),
        HEAD,
    ),
    Case(
        "answer of bytes",
        lambda n: b"\xff" * n,
        lambda body: payload_of(Head(status=200, headers=()), body),
    ),
    an_adapter("event of one query", "rawQueryString", lambda n: "a&" * (n // 2)),
    an_adapter("event of slashes", "rawPath", lambda n: "/" * n),
    an_adapter("event of cookies", "cookies", lambda n: ["a"] * (n // 3)),
    an_adapter(
        "event of headers", "headers", lambda n: {f"a{i}": "b" for i in range(n // 9)}
    ),
    an_adapter("event of base64", "body", lambda n: "A" * (n // 4 * 4)),
    Case(
        "content type of an answer",
        repeated("+json", "a/", "x"),
        lambda kind: payload_of(
            Head(status=200, headers=(("content-type", kind),)), b"a"
        ),
        HEAD,
    ),
]


# The template


def sub(text: str) -> object:
    return Intrinsics(Names()).value({"Fn::Sub": text})


def nested_joins(depth: int) -> object:
    expression: object = "a"
    for _ in range(depth):
        expression = {"Fn::Join": ["", ["a", expression]]}
    return expression


def parsed(text: str) -> object:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def aliases(size: int) -> str:
    """Each line holds the line before it twice: the last, two to their power."""
    lines = ["a0: &a0 b"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, size // 25)]
    return "\n".join(lines)


def resolved(template: dict[str, Any]) -> object:
    def address(index: int) -> str:
        return f"http://{index}"

    addresses = Addresses(http_api=address, function_url=address)
    site = StackContext(stack="a", region="b", account="c", addresses=addresses)
    return Resolver(template, parameters={}, site=site).resources()


def urls(size: int) -> dict[str, Any]:
    url = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": "a:b"}}
    return {"Resources": {f"U{i}": url for i in range(size)}}


def names_of_names(size: int) -> dict[str, Any]:
    """Each role's name is twice the name of the one before it."""
    resources = {"R0": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "a"}}}
    for i in range(1, size):
        twice = {"Fn::Sub": f"${{R{i - 1}}}${{R{i - 1}}}"}
        resources[f"R{i}"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": twice},
        }
    return {"Resources": resources}


TEMPLATE: list[Case[Any]] = [
    Case("Sub of variables", repeated("${Text}"), sub),
    Case("Sub of beginnings", repeated("${"), sub),
    Case("Sub of spaces", repeated(" ", "${", "Text}"), sub),
    Case("Sub of escapes", repeated("${!a}"), sub),
    Case(
        "Sub of its own variables",
        lambda n: [
            "".join(f"${{a{i}}}" for i in range(n // 8)),
            {f"a{i}": "b" for i in range(n // 8)},
        ],
        lambda of: Intrinsics(Names()).value({"Fn::Sub": of}),
    ),
    Case("Join", lambda n: {"Fn::Join": ["", ["a"] * n]}, Intrinsics(Names()).value),
    Case("Join of Joins", nested_joins, Intrinsics(Names()).value, 96),
    Case("Split", lambda n: {"Fn::Split": [",", "," * n]}, Intrinsics(Names()).value),
    Case("a list", lambda n: "a: [" + "b, " * (n // 3) + "]", parsed, 32_768),
    # Not brackets in brackets: PyYAML itself takes the square of their depth, and gives
    # up at some 300 levels, after 0.8 s at most however many follow.
    Case("keys", lambda n: "\n".join(f"a{i}:" for i in range(n // 7)), parsed, 32_768),
    Case("a long line", repeated("a ", "a: "), parsed, 32_768),
    Case("quoted text", repeated('\\"', 'a: "'), parsed, refusal=(yaml.YAMLError,)),
    Case("comments", repeated("#\n"), parsed),
    Case(
        "anchors",
        lambda n: "\n".join(f"a{i}: &a{i} b" for i in range(n // 14)),
        parsed,
        32_768,
    ),
    Case(
        "aliases", lambda n: "a: &a b\nc: [" + "*a , " * (n // 5) + "]", parsed, 32_768
    ),
    Case(
        "aliases of aliases",
        lambda n: parsed(aliases(n)),
        lambda document: _spelled_out(document, {}),
        32_768,
    ),
    Case("URLs", urls, resolved, 4096, smallest=256),
    Case("names of names", names_of_names, resolved, 24, (TemplateError,)),
    Case("tags", lambda n: "a: [" + "!Ref b, " * (n // 8) + "]", parsed, 32_768),
    Case(
        "list of a parameter",
        repeated(","),
        lambda text: values(
            {"A": {"Type": "CommaDelimitedList", "AllowedValues": [""]}}, {"A": text}
        ),
    ),
    Case(
        "number of a parameter",
        repeated("1", after="."),
        lambda text: values({"A": {"Type": "Number"}}, {"A": text}),
        refusal=(TemplateError,),
    ),
]


CASES = [*SIGNATURES, *IAM, *AWS, *URLS, *RUNTIME, *TEMPLATE]


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_work_grows_linearly(case: Case[Any], record_property: Record):
    assert_linear(case, record_property)
