"""AWS as SDKs and functions meet it, on loopback.

Every request passes its signature and then IAM, as the session that signed it, before
anything answers. The roles and policies are the template's; moto only keeps the data.
What is not modelled is an error that names itself, never a success.
"""

from aikagi_emulator.aws.authority import Authority
from aikagi_emulator.aws.cloud import Cloud
from aikagi_emulator.aws.endpoint import Endpoint
from aikagi_emulator.aws.explanation import Explained
from aikagi_emulator.aws.faults import Fault, Faults, Kind
from aikagi_emulator.aws.gate import FunctionUrlGate
from aikagi_emulator.aws.ledger import Ledger, Session
from aikagi_emulator.aws.operator_gate import SERVICE, OperatorGate
from aikagi_emulator.aws.principals import Role, User, operator
from aikagi_emulator.aws.roles import roles_of

__all__ = [
    "SERVICE",
    "Authority",
    "Cloud",
    "Endpoint",
    "Explained",
    "Fault",
    "Faults",
    "FunctionUrlGate",
    "Kind",
    "Ledger",
    "OperatorGate",
    "Role",
    "Session",
    "User",
    "operator",
    "roles_of",
]
