"""AWS as the broker and its functions meet it, on loopback.

Every request passes its signature and then IAM, as the session that signed it, before
anything answers. The roles and policies are the template's; moto only keeps the data.
What is not modelled is an error that names itself, never a success.
"""

from local.aws.authority import Authority
from local.aws.cloud import Cloud
from local.aws.endpoint import Endpoint
from local.aws.explanation import Explained
from local.aws.faults import Fault, Faults, Kind
from local.aws.gate import FunctionUrlGate
from local.aws.ledger import Ledger, Session
from local.aws.operator_gate import SERVICE, OperatorGate
from local.aws.principals import Role, User, operator
from local.aws.roles import roles_of

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
