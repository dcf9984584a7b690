"""The JSON protocol of DynamoDB, Secrets Manager and SSM, behind IAM.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, final

from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.errors import AwsError
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.iam import Context
from aikagi_emulator.sigv4 import Request, SignatureRefusedError

Body: TypeAlias = Mapping[str, Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """An IAM action on a resource that a request comes down to.

    ``context`` holds the condition keys that only this service knows.
    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What must be allowed, and the request that is then carried out.

    ``body`` names resources in the one form that ``needs`` was worked out from, so
    that nothing else can happen than what was allowed.
    """

    needs: Sequence[Need]
    body: Body


class Operations(Protocol):
    """What one service does once it is known who asks and that they may."""

    @property
    def name(self) -> str:
        """The service as signatures name it."""
        ...

    @property
    def target(self) -> str:
        """What stands before the dot in ``X-Amz-Target``."""
        ...

    @property
    def content_type(self) -> str: ...

    def plan(self, action: str, body: Body) -> Plan:
        """Raise ``AwsError`` for an action that is not modelled."""
        ...

    def carry_out(self, action: str, body: Body) -> Answer: ...


@final
class JsonService:
    """Signature, then IAM, then the operation: in this order, for every request."""

    def __init__(self, operations: Operations, *, authorizer: Authorizer) -> None:
        self._operations = operations
        self._authorizer = authorizer

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        session = self._authorizer.authenticate(request, service=self._operations.name)
        action = self._action(request)
        plan = self._operations.plan(action, _parse(request.body))
        for need in plan.needs:
            decision = self._authorizer.decide(
                session,
                need.action,
                need.resource,
                source_ip=source_ip,
                extra=need.context,
            )
            if not decision.allowed:
                text = (
                    f"User: {session.arn} is not authorized to perform: {need.action} "
                    f"on resource: {need.resource}"
                )
                why = f"{text}: {decision.why}"
                raise AwsError("AccessDeniedException", text, why=why)
        return self._operations.carry_out(action, plan.body)

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        return AwsError(error.code, error.message, why=error.why)

    def refusal(self, error: AwsError) -> Answer:
        return json_answer(
            self._operations,
            {"__type": error.code, "message": error.message},
            status=error.status,
            headers=(("x-amzn-errortype", error.code),),
        )

    def _action(self, request: Request) -> str:
        targets = [value for name, value in request.headers if name == "x-amz-target"]
        service, _, action = (targets[0] if len(targets) == 1 else "").partition(".")
        if service != self._operations.target or not action.isalnum():
            raise AwsError("UnknownOperationException", "Unknown operation")
        return action


def json_answer(
    operations: Operations,
    body: Body,
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    return Answer(
        status=status,
        content_type=operations.content_type,
        body=json.dumps(body).encode(),
        headers=headers,
    )


def text_member(body: Body, name: str) -> str:
    """A required string of the request. Raises ``ValidationException``."""
    value = body.get(name)
    if not isinstance(value, str):
        text = f"{name} must be a string"
        raise AwsError("ValidationException", text)
    return value


def _parse(body: bytes) -> Body:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", "The body is not JSON") from error
    if not isinstance(parsed, dict):
        raise AwsError("SerializationException", "Start of structure expected")
    return parsed
