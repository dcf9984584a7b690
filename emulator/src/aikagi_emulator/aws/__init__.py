"""AWS as SDKs and functions meet it, on loopback.

Every request passes its signature and then IAM, as the session that signed it, before
anything answers. The roles and policies are the template's; moto only keeps the data.
What is not modelled is an error that names itself, never a success.
"""

from aikagi_emulator.aws.api_gateway import api_may_invoke
from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.aws_endpoint import AwsEndpoint
from aikagi_emulator.aws.endpoint import Endpoint
from aikagi_emulator.aws.faults import Fault, Faults, Kind
from aikagi_emulator.aws.gate import FunctionUrlGate
from aikagi_emulator.aws.managed_policies import PolicyDelay, managed_policies_of
from aikagi_emulator.aws.operator_gate import SERVICE, OperatorGate
from aikagi_emulator.aws.principals import Role, User, operator
from aikagi_emulator.aws.refusal_reason import RefusalReason
from aikagi_emulator.aws.roles import roles_of
from aikagi_emulator.aws.session_store import Session, SessionStore
from aikagi_emulator.aws.snapshot import Snapshot

__all__ = [
    "SERVICE",
    "Authorizer",
    "AwsEndpoint",
    "Endpoint",
    "Fault",
    "Faults",
    "FunctionUrlGate",
    "Kind",
    "OperatorGate",
    "PolicyDelay",
    "RefusalReason",
    "Role",
    "Session",
    "SessionStore",
    "Snapshot",
    "User",
    "api_may_invoke",
    "managed_policies_of",
    "operator",
    "roles_of",
]
