"""A stack's AWS: its principals, its sessions, its endpoint and its gate."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, final

from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.cloudformation import CloudFormation
from aikagi_emulator.aws.endpoint import Endpoint
from aikagi_emulator.aws.faults import Faults
from aikagi_emulator.aws.gate import FunctionUrlGate
from aikagi_emulator.aws.iam_api import Iam
from aikagi_emulator.aws.json_protocol import JsonService
from aikagi_emulator.aws.lambda_api import LambdaApi
from aikagi_emulator.aws.managed_policies import PolicyDelay, managed_policies_of
from aikagi_emulator.aws.operator_gate import OperatorGate
from aikagi_emulator.aws.principals import Principal, operator
from aikagi_emulator.aws.public import public_functions
from aikagi_emulator.aws.resource_tags import FunctionTags
from aikagi_emulator.aws.roles import roles_of
from aikagi_emulator.aws.session_store import Session, SessionStore
from aikagi_emulator.aws.snapshot import Snapshot
from aikagi_emulator.aws.sts import Sts
from aikagi_emulator.template import Stack, TemplateError

_SITTING: Final = timedelta(days=7)
"""Lambda renews the credentials of a running environment. A process's environment
cannot be changed from outside, so ours outlast any sitting instead."""


@final
class AwsEndpoint:
    """Made at once; only ``endpoint`` takes time, because it loads the stores.

    Raises ``TemplateError`` for roles, policies and tags that cannot be read.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        clock: Callable[[], datetime],
        offset: Callable[[], timedelta] = timedelta,
    ) -> None:
        self._stack = stack
        self._clock = clock
        self._snapshot: Callable[[], Snapshot] | None = None
        self._policies = managed_policies_of(stack, clock=clock)
        self._roles = roles_of(stack, managed=self._policies)
        self._tags = FunctionTags(stack)
        self._operator = operator(stack.account)
        principals: Mapping[str, Principal] = {
            **self._roles,
            self._operator.arn: self._operator,
        }
        self._sessions = SessionStore(clock=clock)
        self._authorizer = Authorizer(
            sessions=self._sessions,
            principals=principals,
            region=stack.region,
            account=stack.account,
            clock=clock,
            offset=offset,
        )

    def gate(self) -> FunctionUrlGate:
        return FunctionUrlGate(
            authorizer=self._authorizer,
            tags=self._tags,
            public=public_functions(self._stack),
        )

    def operator_gate(self, *, clock: Callable[[], datetime]) -> OperatorGate:
        """``clock`` is the real one, wherever the stack's own has been moved."""
        return OperatorGate(
            sessions=self._sessions,
            operator=self._operator,
            region=self._stack.region,
            clock=clock,
        )

    def operator_session(self) -> Session:
        return self._sessions.issue(self._operator, lifetime=_SITTING)

    def function_session(self, role_arn: str, function: str) -> Session:
        """Credentials for one environment of a function, under its own role.

        The session is named like the function, as Lambda names it. Raises
        ``TemplateError`` where Lambda could not assume the role.
        """
        role = self._roles.get(role_arn)
        if role is None:
            msg = f"{function} has the role {role_arn}, which the template lacks"
            raise TemplateError(msg)
        decision = self._authorizer.service_may_assume("lambda.amazonaws.com", role)
        if not decision.allowed:
            msg = f"{function}: Lambda cannot assume {role.name}: {decision.why}"
            raise TemplateError(msg)
        return self._sessions.issue(role, lifetime=_SITTING, name=function)

    def endpoint(
        self, *, faults: Faults | None = None, snapshot: Snapshot | None = None
    ) -> Endpoint:
        """Load the stores, fill them from the template, and answer from them.

        ``snapshot`` is what those of an earlier stack held.
        """
        if snapshot is not None:
            self._policies.restore(snapshot.policies)
        # moto takes a second to import; the application starts meanwhile.
        from aikagi_emulator.aws.dynamodb import DynamoDb
        from aikagi_emulator.aws.moto_store import MotoStore
        from aikagi_emulator.aws.secrets_manager import SecretsManager
        from aikagi_emulator.aws.ssm import ParameterStore

        stack = self._stack
        store = MotoStore(account=stack.account, region=stack.region)
        tables = DynamoDb(stack, store=store, snapshot=snapshot)
        secrets = SecretsManager(stack, store=store, snapshot=snapshot)
        self._snapshot = lambda: Snapshot(
            tables=tables.snapshot(),
            secrets=secrets.snapshot(),
            policies=self._policies.snapshot(),
        )
        services = (
            tables,
            secrets,
            ParameterStore(stack, clock=self._clock),
        )
        return Endpoint(
            {
                "cloudformation": CloudFormation(stack, authorizer=self._authorizer),
                "iam": self.iam(),
                "lambda": LambdaApi(
                    stack, authorizer=self._authorizer, tags=self._tags
                ),
                "sts": self.sts(),
                **{
                    service.name: JsonService(service, authorizer=self._authorizer)
                    for service in services
                },
            },
            targets={service.target: service.name for service in services},
            faults=faults,
        )

    def snapshot(self) -> Snapshot | None:
        """What the stores hold; None where ``endpoint`` has not loaded them."""
        return self._snapshot() if self._snapshot else None

    @property
    def policy_delay(self) -> PolicyDelay:
        """How long a new default version of a managed policy waits."""
        return self._policies.delay

    def iam(self) -> Iam:
        return Iam(
            authorizer=self._authorizer, policies=self._policies, roles=self._roles
        )

    def sts(self) -> Sts:
        return Sts(
            authorizer=self._authorizer, sessions=self._sessions, roles=self._roles
        )
