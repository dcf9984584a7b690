"""Lambda's own API: whether somebody may call ``Invoke``, and nothing else of it.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
import re
from typing import Final, final
from urllib.parse import unquote

from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.resource_tags import FunctionTags
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from aikagi_emulator.template import Stack

SERVICE: Final = "lambda"

_INVOKE: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_ACTION: Final = "lambda:InvokeFunction"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?")


@final
class LambdaApi:
    """Answers ``Invoke`` of the type DryRun, which asks for leave and runs nothing.

    A call by this API is no call by a URL: the condition key
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
        self._authorizer = authorizer
        self._tags = tags

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        session = self._authorizer.authenticate(request, service=SERVICE)
        invoke = _INVOKE.fullmatch(request.raw_path)
        if request.method != "POST" or invoke is None:
            raise not_modelled(f"{request.method} of this path of lambda")
        arn = self._arn(unquote(invoke[1]), request)
        decision = self._authorizer.decide(
            session,
            _ACTION,
            arn,
            source_ip=source_ip,
            extra=self._tags.context(arn),
        )
        if not decision.allowed:
            text = (
                f"User: {session.arn} is not authorized to perform: {_ACTION} on "
                f"resource: {arn}"
            )
            why = f"{text}: {decision.why}"
            raise AwsError("AccessDeniedException", text, status=403, why=why)
        if ":".join(arn.split(":")[:7]) not in self._arns:
            text = f"Function not found: {arn}"
            raise AwsError("ResourceNotFoundException", text, status=404)
        if dict(request.headers).get("x-amz-invocation-type") != "DryRun":
            raise not_modelled("lambda:Invoke of another type than DryRun")
        return Answer(status=204, content_type="application/json", body=b"")

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        return AwsError(error.code, error.message, status=403, why=error.why)

    def refusal(self, error: AwsError) -> Answer:
        body = {"Type": "User", "Message": error.message}
        return Answer(
            status=error.status,
            content_type="application/json",
            body=json.dumps(body).encode(),
            headers=(("x-amzn-errortype", error.code),),
        )

    def _arn(self, name: str, request: Request) -> str:
        """The ARN that IAM decides about, of a function's name or its ARN."""
        name = name.removeprefix(self._prefix)
        if not _NAME.fullmatch(name):
            text = f"Value '{name}' at 'functionName' failed to satisfy constraint"
            raise AwsError("ValidationException", text)
        if request.raw_query:
            raise not_modelled("a Qualifier in the query of lambda:Invoke")
        return self._prefix + name
