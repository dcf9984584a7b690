"""Lambda's own API: whether somebody may call ``Invoke``, and what a function is.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final
from urllib.parse import unquote

from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.resource_tags import FunctionTags
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from aikagi_emulator.template import Resource, Stack

SERVICE: Final = "lambda"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?")
_UNQUALIFIED: Final = 7
"""Parts of the ARN of a function; a version or an alias is one more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """``path`` has the function's name or ARN as its group."""

    method: str
    path: re.Pattern[str]
    action: str
    carry_out: Callable[[str, Request], Answer]


@final
class LambdaApi:
    """Answers ``Invoke`` of the type DryRun, ``GetFunctionUrlConfig`` and ``ListTags``.

    A dry run asks for leave and runs nothing. It is no call by a URL: the condition key
    ``lambda:InvokedViaFunctionUrl`` is not there.
    """

    def __init__(
        self, stack: Stack, *, authorizer: Authorizer, tags: FunctionTags
    ) -> None:
        self._prefix = f"arn:aws:lambda:{stack.region}:{stack.account}:function:"
        self._arns = {
            str(function.attributes["Arn"])
            for function in stack.of_type("AWS::Lambda::Function")
        }
        self._urls: Mapping[str, Resource] = {
            str(url.attributes["FunctionArn"]): url
            for url in stack.of_type("AWS::Lambda::Url")
        }
        self._authorizer = authorizer
        self._tags = tags
        self._operations = (
            _Operation(
                method="POST",
                path=re.compile("/2015-03-31/functions/([^/]+)/invocations"),
                action="lambda:InvokeFunction",
                carry_out=self._invoke,
            ),
            _Operation(
                method="GET",
                path=re.compile("/2021-10-31/functions/([^/]+)/url"),
                action="lambda:GetFunctionUrlConfig",
                carry_out=self._get_url,
            ),
            _Operation(
                method="GET",
                path=re.compile("/2017-03-31/tags/([^/]+)"),
                action="lambda:ListTags",
                carry_out=self._list_tags,
            ),
        )

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        session = self._authorizer.authenticate(request, service=SERVICE)
        operation, name = self._operation(request)
        action = operation.action
        if request.raw_query:
            raise not_modelled(f"the query of {action}")
        arn = self._arn(name)
        decision = self._authorizer.decide(
            session, action, arn, source_ip=source_ip, extra=self._tags.context(arn)
        )
        if not decision.allowed:
            text = (
                f"User: {session.arn} is not authorized to perform: {action} on "
                f"resource: {arn}"
            )
            why = f"{text}: {decision.why}"
            raise AwsError("AccessDeniedException", text, status=403, why=why)
        if ":".join(arn.split(":")[:_UNQUALIFIED]) not in self._arns:
            raise _missing(f"Function not found: {arn}")
        return operation.carry_out(arn, request)

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        return AwsError(error.code, error.message, status=403, why=error.why)

    def refusal(self, error: AwsError) -> Answer:
        body = {"Type": "User", "Message": error.message}
        return _json(
            body, status=error.status, headers=(("x-amzn-errortype", error.code),)
        )

    def _operation(self, request: Request) -> tuple[_Operation, str]:
        """What is asked for, and of which function."""
        for operation in self._operations:
            named = operation.path.fullmatch(request.raw_path)
            if named is not None and request.method == operation.method:
                return operation, unquote(named[1])
        raise not_modelled(f"{request.method} of this path of lambda")

    def _invoke(self, _: str, request: Request) -> Answer:
        if dict(request.headers).get("x-amz-invocation-type") != "DryRun":
            raise not_modelled("lambda:Invoke of another type than DryRun")
        return Answer(status=204, content_type="application/json", body=b"")

    def _get_url(self, arn: str, _: Request) -> Answer:
        url = self._urls.get(arn)
        if url is None:
            raise _missing("The resource you requested does not exist.")
        properties = url.properties
        return _json(
            {
                "FunctionUrl": url.attributes["FunctionUrl"],
                "FunctionArn": arn,
                "AuthType": properties.get("AuthType"),
                "InvokeMode": properties.get("InvokeMode", "BUFFERED"),
                **({"Cors": properties["Cors"]} if "Cors" in properties else {}),
            }
        )

    def _list_tags(self, arn: str, _: Request) -> Answer:
        return _json({"Tags": self._tags.of(arn)})

    def _arn(self, name: str) -> str:
        """The ARN that IAM decides about, of a function's name or its ARN."""
        name = name.removeprefix(self._prefix)
        if not _NAME.fullmatch(name):
            text = f"Value '{name}' at 'functionName' failed to satisfy constraint"
            raise AwsError("ValidationException", text)
        return self._prefix + name


def _missing(text: str) -> AwsError:
    return AwsError("ResourceNotFoundException", text, status=404)


def _json(
    body: Mapping[str, Any],
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    return Answer(
        status=status,
        content_type="application/json",
        body=json.dumps(body).encode(),
        headers=headers,
    )
