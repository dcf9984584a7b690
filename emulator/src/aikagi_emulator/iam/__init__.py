"""Decide as IAM does, from values alone.

Policies are parsed strictly, so that what is not understood is an error and never a
silent no; then an action is allowed or denied with the reason in words. Not modelled:
organisation policies, resource policies other than trust, other accounts.
"""

from aikagi_emulator.iam.context import Context, visible_context
from aikagi_emulator.iam.decision import Decision, Layers, decide, decide_assume
from aikagi_emulator.iam.document import Policy
from aikagi_emulator.iam.errors import PolicyError
from aikagi_emulator.iam.operators import arn_is_like
from aikagi_emulator.iam.principals import Requester

__all__ = [
    "Context",
    "Decision",
    "Layers",
    "Policy",
    "PolicyError",
    "Requester",
    "arn_is_like",
    "decide",
    "decide_assume",
    "visible_context",
]
