"""Requests that JavaScript signed, as they went over the wire.

``other_signers.json`` holds what aws4fetch and @smithy/signature-v4 made of one
table of paths and queries with the key SESSION at NOW, each in the header and in the
query. Its signatures were computed by those packages and by nothing of ours.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aikagi_emulator.sigv4 import Request
from emulator.tests.sigv4.signing import SESSION, accepted, refused

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("other_signers.json").read_text(encoding="utf-8")
)


def sends_a_plus(vector: dict[str, Any]) -> bool:
    """Aws4fetch writes a space of a presigned query as "+", and signs %20."""
    return "+" in vector["query"]


def named(vector: dict[str, Any]) -> str:
    where = vector["path"] + "?" + vector["query"].split("X-Amz-")[0]
    return f"{vector['signer']}, {vector['form']}, {vector['method']} {where}"


def a_request(vector: dict[str, Any]) -> Request:
    return Request(
        method=vector["method"],
        raw_path=vector["path"],
        raw_query=vector["query"],
        headers=tuple((name, value) for name, value in vector["headers"]),
        body=vector["body"].encode(),
    )


@pytest.mark.parametrize(
    "vector", [vector for vector in VECTORS if not sends_a_plus(vector)], ids=named
)
def test_what_javascript_signed_is_accepted(vector: dict[str, Any]):
    request = a_request(vector)

    assert accepted(request) is SESSION
    refused(replace(request, body=request.body + b"!"))
    refused(replace(request, raw_path=request.raw_path + "x"))


def test_a_plus_that_was_signed_as_a_space_is_refused():
    (vector,) = filter(sends_a_plus, VECTORS)
    spaced = {**vector, "query": vector["query"].replace("+", "%20")}

    assert accepted(a_request(spaced)) is SESSION
    refused(a_request(vector))


def test_every_signer_is_there_in_both_forms():
    kinds = {(vector["signer"].split()[0], vector["form"]) for vector in VECTORS}

    assert kinds == {
        (signer, form)
        for signer in ("aws4fetch", "@smithy/signature-v4")
        for form in ("header", "query")
    }
    assert len(VECTORS) == 44
