"""The tags of functions, as ``aws:ResourceTag`` shows them to policies.

https://docs.aws.amazon.com/lambda/latest/dg/attribute-based-access-control.html
"""

from collections.abc import Mapping
from typing import Final, final

from aikagi_emulator.iam import Context
from aikagi_emulator.template import Resource, Stack, TemplateError

_RESERVED: Final = "aws:"


@final
class FunctionTags:
    """The tags of every function of a stack, those of CloudFormation among them.

    Raises ``TemplateError`` for tags that Lambda would not take, or that a condition
    could not tell apart.
    """

    def __init__(self, stack: Stack) -> None:
        self._by_arn = {
            str(function.attributes["Arn"]): _tags(stack, function)
            for function in stack.of_type("AWS::Lambda::Function")
        }

    def context(self, arn: str) -> Context:
        """The condition keys of a function, or of a version or an alias of one.

        Those have no tags of their own, and carry their function's.
        """
        tags = self.of(arn)
        return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}

    def of(self, arn: str) -> Mapping[str, str]:
        """Return the tags by their keys; none of a function that is not there."""
        return self._by_arn.get(":".join(arn.split(":")[:7]), {})


def _tags(stack: Stack, function: Resource) -> Mapping[str, str]:
    tags: dict[str, str] = {}
    for tag in function.properties.get("Tags", []):
        key = str(tag["Key"])
        if key.lower().startswith(_RESERVED):
            msg = (
                f"{function.logical_id} has a tag {key}: keys that begin with "
                f"{_RESERVED} are AWS's own"
            )
            raise TemplateError(msg)
        if key.lower() in {known.lower() for known in tags}:
            # Names of condition keys have no case: a condition would match neither.
            msg = f"{function.logical_id} has the tag {key} twice, but for its case"
            raise TemplateError(msg)
        tags[key] = str(tag["Value"])
    return {
        **tags,
        "aws:cloudformation:logical-id": function.logical_id,
        "aws:cloudformation:stack-id": stack.stack_id_of(function),
        "aws:cloudformation:stack-name": function.stack_name,
    }
