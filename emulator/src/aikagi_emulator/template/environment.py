"""The variables of a Lambda function are text, whatever the template writes."""

from typing import Any

from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import TemplateError


def with_text_variables(properties: dict[str, Any]) -> dict[str, Any]:
    """Return a function's properties with each of its variables as text."""
    environment = properties.get("Environment", {})
    if not environment:
        return properties
    variables = {}
    for name, value in environment.get("Variables", {}).items():
        try:
            variables[name] = as_text(value)
        except TemplateError as error:
            msg = f"its variable {name}: {error}"
            raise TemplateError(msg) from error
    return {**properties, "Environment": {**environment, "Variables": variables}}
