"""The Query protocol, in which STS and IAM speak: form parameters in, XML out.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.sigv4 import Request

_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_MAX_PARAMETERS: Final = 500

UNSIGNED: Final = {
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
}
"""What STS and IAM call what is wrong with a signature, beside the JSON services:
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

# https://www.w3.org/TR/xml/#charsets: what XML 1.0 cannot say even as an entity.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parameters_of(request: Request) -> Mapping[str, str]:
    """The parameters, without those that sign a presigned URL.

    Raises ``AwsError`` for what cannot be read in exactly one way.
    """
    try:
        pairs = [
            *_pairs(request.raw_query),
            *_pairs(request.body.decode("ascii") if request.method == "POST" else ""),
        ]
    except ValueError as error:
        message = "The query string contains a syntax error"
        raise AwsError("MalformedQueryString", message) from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        message = "The query string names a parameter twice"
        raise AwsError("MalformedQueryString", message)
    return {k: v for k, v in parameters.items() if not k.startswith("X-Amz-")}


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(
        text,
        keep_blank_values=True,
        strict_parsing=bool(text),
        errors="strict",
        max_num_fields=_MAX_PARAMETERS,
    )


def result(action: str, inner: str | None, *, namespace: str = _NAMESPACE) -> Answer:
    """``inner`` is XML already; None for an operation that has no result."""
    found = "" if inner is None else f"<{action}Result>{inner}</{action}Result>"
    return _xml(
        200,
        f'<{action}Response xmlns="{namespace}">{found}'
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
        f"</{action}Response>",
    )


def failure(error: AwsError, *, namespace: str = _NAMESPACE) -> Answer:
    kind = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's line
    return _xml(
        error.status,
        f'<ErrorResponse xmlns="{namespace}"><Error>'
        f"{element('Type', kind)}{element('Code', error.code)}"
        f"{element('Message', error.message)}</Error>"
        f"<RequestId>{uuid4()}</RequestId></ErrorResponse>",
    )


def element(name: str, text: str) -> str:
    return f"<{name}>{escape(_NOT_XML.sub('�', text))}</{name}>"


def _xml(status: int, text: str) -> Answer:
    return Answer(status=status, content_type="text/xml", body=text.encode())
