"""Whether API Gateway may call a function, as the function's permissions say.

https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
"""

from collections.abc import Mapping
from typing import Any, Final

from aikagi_emulator.iam import arn_is_like
from aikagi_emulator.template import Stack

_SERVICE: Final = "apigateway.amazonaws.com"
_ACTIONS: Final = ("lambda:InvokeFunction", "lambda:*")
_UNDERSTOOD: Final = frozenset(
    {"Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"}
)
"""A permission that asks for more does not let API Gateway in."""


def api_may_invoke(stack: Stack, function_arn: str, *, source: str) -> bool:
    """Whether a permission of the function lets the route ``source`` call it.

    ``function_arn`` has the qualifier that is called, and ``source`` is what follows
    the account in the route's ARN: ``<api id>/<stage>/<method>/<path>``.
    """
    arn = f"arn:aws:execute-api:{stack.region}:{stack.account}:{source}"
    return any(
        _allows(permission.properties, stack, function_arn, arn)
        for permission in stack.of_type("AWS::Lambda::Permission")
    )


def _allows(
    permission: Mapping[str, Any], stack: Stack, function_arn: str, source: str
) -> bool:
    target = str(permission["FunctionName"])
    if ":" not in target:
        target = f"arn:aws:lambda:{stack.region}:{stack.account}:function:{target}"
    account = str(permission.get("SourceAccount", stack.account))
    return (
        permission.get("Principal") == _SERVICE
        and permission.get("Action") in _ACTIONS
        and target == function_arn
        and account == stack.account
        and permission.keys() <= _UNDERSTOOD
        and arn_is_like(str(permission.get("SourceArn", source)), source)
    )
