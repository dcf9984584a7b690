"""From ``template.yaml`` to resources whose every value is known.

The SAM translator runs first, as CloudFormation would run it; the intrinsic functions
are then resolved here, with deterministic names and with addresses on this machine.
Whatever is not understood stops the load with its name: the stack on a laptop is the
template, or it is not started.
"""

from aikagi_emulator.template.load import declared_parameters, load
from aikagi_emulator.template.stack import (
    Addresses,
    EventSource,
    Resource,
    Stack,
    TemplateError,
)

__all__ = [
    "Addresses",
    "EventSource",
    "Resource",
    "Stack",
    "TemplateError",
    "declared_parameters",
    "load",
]
