"""CloudFormation: what a stack of the template has become, and nothing else of it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
"""

from collections.abc import Callable, Mapping
from typing import Final, final

from aikagi_emulator.aws import query
from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.query import element
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from aikagi_emulator.template import Stack

SERVICE: Final = "cloudformation"

_VERSION: Final = "2010-05-15"
_NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_STATUS: Final = "CREATE_COMPLETE"
_ALWAYS: Final = frozenset({"Action", "Version", "StackName"})


@final
class CloudFormation:
    """Signature, then the caller's policies, then the stack by its name or its id.

    It is the one that is served; stacks beside it are not described.
    """

    def __init__(self, stack: Stack, *, authorizer: Authorizer) -> None:
        self._stack = stack
        self._authorizer = authorizer
        self._operations: Mapping[str, Callable[[Mapping[str, str]], str]] = {
            "DescribeStacks": self._describe_stacks,
            "DescribeStackResource": self._describe_resource,
        }

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        session = self._authorizer.authenticate(request, service=SERVICE)
        parameters = query.parameters_of(request)
        action = parameters.get("Action", "")
        version = parameters.get("Version", "NO_VERSION_SPECIFIED")
        if not action or version != _VERSION:
            text = f"Could not find operation {action} for version {version}"
            raise AwsError("InvalidAction", text)
        operation = self._operations.get(action)
        if operation is None:
            raise not_modelled(f"cloudformation:{action}")
        for name in parameters.keys() - _ALWAYS - {"LogicalResourceId"}:
            raise not_modelled(f"the parameter {name} of cloudformation:{action}")
        name = parameters.get("StackName", "")
        if not name:
            raise not_modelled(f"cloudformation:{action} without StackName")
        is_ours = name in {self._stack.name, self._stack.stack_id}
        arn = self._stack.stack_id if is_ours else self._arn_of(name)
        decision = self._authorizer.decide(
            session, f"cloudformation:{action}", arn, source_ip=source_ip
        )
        if not decision.allowed:
            text = (
                f"User: {session.arn} is not authorized to perform: "
                f"cloudformation:{action} on resource: {arn}"
            )
            why = f"{text}: {decision.why}"
            raise AwsError("AccessDenied", text, status=403, why=why)
        if not is_ours:
            text = f"Stack with id {name} does not exist"
            raise AwsError("ValidationError", text)
        return query.result(action, operation(parameters), namespace=_NAMESPACE)

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        code, status = query.UNSIGNED.get(error.code, (error.code, 403))
        return AwsError(code, error.message, status=status, why=error.why)

    def refusal(self, error: AwsError) -> Answer:
        return query.failure(error, namespace=_NAMESPACE)

    def _arn_of(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        stack = self._stack
        return f"arn:aws:cloudformation:{stack.region}:{stack.account}:stack/{name}/*"

    def _describe_stacks(self, _: Mapping[str, str]) -> str:
        outputs = "".join(
            _member(element("OutputKey", key) + element("OutputValue", value))
            for key, value in self._stack.outputs.items()
        )
        described = (
            element("StackName", self._stack.name)
            + element("StackId", self._stack.stack_id)
            + element("StackStatus", _STATUS)
            + f"<Outputs>{outputs}</Outputs>"
        )
        return f"<Stacks>{_member(described)}</Stacks>"

    def _describe_resource(self, parameters: Mapping[str, str]) -> str:
        logical_id = parameters.get("LogicalResourceId", "")
        found = self._stack.resources.get(logical_id)
        if found is None or found.stack_name != self._stack.name:
            text = f"Resource {logical_id} does not exist for stack {self._stack.name}"
            raise AwsError("ValidationError", text)
        return (
            "<StackResourceDetail>"
            + element("StackName", self._stack.name)
            + element("StackId", self._stack.stack_id)
            + element("LogicalResourceId", found.logical_id)
            + element("PhysicalResourceId", found.ref)
            + element("ResourceType", found.type)
            + element("ResourceStatus", _STATUS)
            + "</StackResourceDetail>"
        )


def _member(inner: str) -> str:
    """``inner`` is XML already."""
    return f"<member>{inner}</member>"
