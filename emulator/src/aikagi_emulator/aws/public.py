"""Functions that everybody may call by their URLs, as their permissions say."""

from collections import defaultdict

from aikagi_emulator.template import Stack
from aikagi_emulator.template.resources import is_public

_BOTH = {"lambda:InvokeFunction", "lambda:InvokeFunctionUrl"}


def public_functions(stack: Stack) -> frozenset[str]:
    """Their ARNs, with the version or alias that they were made public by.

    Both actions, as for everybody else:
    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    allowed: dict[str, set[str]] = defaultdict(set)
    for permission in stack.of_type("AWS::Lambda::Permission"):
        if is_public(permission.properties):
            target = str(permission.properties["FunctionName"])
            if ":" not in target:
                target = (
                    f"arn:aws:lambda:{stack.region}:{stack.account}:function:{target}"
                )
            allowed[target].add(str(permission.properties["Action"]))
    return frozenset(arn for arn, actions in allowed.items() if actions >= _BOTH)
