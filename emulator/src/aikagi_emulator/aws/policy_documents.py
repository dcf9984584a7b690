"""Policies as the template has them, or an error that names whose they are."""

from typing import Any, Protocol

from aikagi_emulator.aws.condition_keys import unmodelled_keys
from aikagi_emulator.iam import Policy, PolicyError
from aikagi_emulator.template import TemplateError


class _Parse(Protocol):
    def __call__(self, document: Any, *, name: str) -> Policy: ...  # noqa: ANN401 - the template's


def identity_policy(document: Any, name: str) -> Policy:  # noqa: ANN401 - as the template has it
    """Parse a policy of a role, or a boundary. Raises ``TemplateError``."""
    return _understood(Policy.identity, document, name)


def trust_policy(document: Any, name: str) -> Policy:  # noqa: ANN401 - as the template has it
    """Parse a role's trust policy. Raises ``TemplateError``."""
    return _understood(Policy.trust, document, name)


def _understood(parse: _Parse, document: Any, name: str) -> Policy:  # noqa: ANN401 - as the template has it
    try:
        policy = parse(document, name=name)
    except PolicyError as error:
        msg = f"{name}: {error}"
        raise TemplateError(msg) from error
    for key in unmodelled_keys(document):
        msg = f"{name}: the condition key {key} is not modelled by the emulator"
        raise TemplateError(msg)
    return policy
