"""Every value ends as text: how CloudFormation writes numbers and truth."""

from aikagi_emulator.template.stack import TemplateError


def as_text(value: object) -> str:
    """Write a scalar as CloudFormation would; anything else is a ``TemplateError``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    kind = {list: "a list", dict: "a mapping", type(None): "nothing"}.get(type(value))
    msg = f"{kind or 'AWS::NoValue'} stands where text is wanted"
    raise TemplateError(msg)
