"""Decide as IAM does, from values alone.

Policies are parsed strictly, so that what is not understood is an error and never a
silent no; then an action is allowed or denied with the reason in words. Not modelled:
organisation policies, resource policies other than trust, other accounts.
"""

from local.iam.context import Context, visible_context
from local.iam.decision import Decision, Layers, decide, decide_assume
from local.iam.document import Policy
from local.iam.errors import PolicyError
from local.iam.principals import Caller

__all__ = [
    "Caller",
    "Context",
    "Decision",
    "Layers",
    "Policy",
    "PolicyError",
    "decide",
    "decide_assume",
    "visible_context",
]
