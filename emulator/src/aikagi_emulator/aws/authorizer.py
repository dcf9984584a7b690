"""Who is calling, and whether they may: asked before anything is answered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, final

from aikagi_emulator.aws.principals import Principal, Role, layers_of
from aikagi_emulator.aws.session_store import Session, SessionStore
from aikagi_emulator.iam import (
    Context,
    Decision,
    Layers,
    Requester,
    decide,
    decide_assume,
)
from aikagi_emulator.sigv4 import Request, SignatureRefusedError, verify

# Function URLs take signatures of the last five minutes, the other services of the
# last fifteen: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
_TOLERANCE: Final = timedelta(minutes=15)
_TOLERANCES: Final = {"lambda": timedelta(minutes=5)}

_GLOBAL: Final = {"iam": "us-east-1"}
"""Services without Regions, and the one that signatures for them name. An SDK that is
given an address names its own."""


@final
class Authorizer:
    """Checks signatures against issued sessions and actions against policies.

    ``principals`` leads from ARNs to the principals as they are *now*: AWS reads
    policies at every call, so a Deny that is added reaches sessions already issued.
    ``offset`` is how far ``clock`` was moved, which the reasons of refusals tell.
    """

    def __init__(  # noqa: PLR0913 - all that a decision rests on
        self,
        *,
        sessions: SessionStore,
        principals: Mapping[str, Principal],
        region: str,
        account: str,
        clock: Callable[[], datetime],
        offset: Callable[[], timedelta] = timedelta,
    ) -> None:
        self._sessions = sessions
        self._principals = principals
        self._region = region
        self._account = account
        self._clock = clock
        self._offset = offset

    def authenticate(self, request: Request, *, service: str) -> Session:
        """The session whose credentials signed this very request.

        Raises ``SignatureRefusedError``, with the code of a JSON service.
        """
        region = self._region
        home = _GLOBAL.get(service, region)
        if f"/{home}/{service}/" in dict(request.headers).get("authorization", ""):
            region = home
        try:
            return verify(
                request,
                find=self._sessions.find,
                service=service,
                region=region,
                now=self._clock(),
                tolerance=_TOLERANCES.get(service, _TOLERANCE),
            )
        except SignatureRefusedError as error:
            if offset := self._offset():
                error.why += (
                    f"; the clock of this AWS was moved, and is {abs(offset)} "
                    f"{'ahead of' if offset > timedelta() else 'behind'} the real time"
                )
            raise

    def decide(
        self,
        session: Session,
        action: str,
        resource: str,
        *,
        source_ip: str,
        extra: Context | None = None,
    ) -> Decision:
        """Identity policies ∩ permissions boundary ∩ session policy."""
        context = self._context(session, source_ip, extra)
        return decide(action, resource, context, self._layers(session))

    def decide_assume(
        self,
        session: Session,
        action: str,
        role: Role,
        *,
        source_ip: str,
        extra: Context | None = None,
    ) -> Decision:
        """Whether the caller may do ``action`` to ``role``, as both sides see it."""
        principal = session.principal
        return decide_assume(
            action,
            role.arn,
            self._context(session, source_ip, extra),
            trust=role.trust,
            requester=Requester(
                arn=session.arn,
                role_arn=principal.arn if isinstance(principal, Role) else None,
                account=self._account,
            ),
            layers=self._layers(session),
        )

    def service_may_assume(self, service: str, role: Role) -> Decision:
        """Whether the role trusts an AWS service, such as ``lambda.amazonaws.com``."""
        now = self._clock()
        return decide_assume(
            "sts:AssumeRole",
            role.arn,
            {
                "aws:CurrentTime": _timestamp(now),
                "aws:EpochTime": str(int(now.timestamp())),
            },
            trust=role.trust,
            requester=Requester(
                arn=service, role_arn=None, account=self._account, service=service
            ),
            layers=Layers(identity=()),
        )

    def _layers(self, session: Session) -> Layers:
        principal = self._now(session)
        if principal is None:
            return Layers(identity=())
        return layers_of(principal, session=session.session_policies)

    def _now(self, session: Session) -> Principal | None:
        return self._principals.get(session.principal.arn)

    def _context(
        self, session: Session, source_ip: str, extra: Context | None
    ) -> Context:
        """The global condition keys of every call.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        now = self._clock()
        principal = self._now(session) or session.principal
        context: dict[str, str | Sequence[str]] = {
            "aws:CurrentTime": _timestamp(now),
            "aws:EpochTime": str(int(now.timestamp())),
            "aws:SourceIp": source_ip,
            # Loopback stands where TLS will be. AWS answers nothing in the clear, so
            # a policy that asks for TLS must decide here as it will decide there.
            "aws:SecureTransport": "true",
            "aws:PrincipalArn": principal.arn,
            "aws:PrincipalAccount": self._account,
            "aws:PrincipalType": (
                "AssumedRole" if isinstance(principal, Role) else "User"
            ),
            "aws:userid": session.user_id,
            "aws:TokenIssueTime": _timestamp(session.issued_at),
            "aws:MultiFactorAuthPresent": "false",
            "aws:PrincipalIsAWSService": "false",
            "aws:ViaAWSService": "false",
            "aws:RequestedRegion": self._region,
        }
        if session.source_identity is not None:
            context["aws:SourceIdentity"] = session.source_identity
        for key, value in _principal_tags(principal, session).items():
            context[f"aws:PrincipalTag/{key}"] = value
        context.update(extra or {})
        return context


def _principal_tags(principal: Principal, session: Session) -> Mapping[str, str]:
    """The principal's tags under the session's, which win without regard to case."""
    return {
        key.lower(): value
        for tags in (principal.tags, session.tags)
        for key, value in tags.items()
    }


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
