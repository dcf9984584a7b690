"""STS: AssumeRole and GetCallerIdentity."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final, final

from aikagi_emulator.aws import assume_role, query
from aikagi_emulator.aws.assume_role import AssumeRole
from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.errors import AwsError, not_modelled
from aikagi_emulator.aws.principals import Role
from aikagi_emulator.aws.query import element
from aikagi_emulator.aws.session_store import Session, SessionStore
from aikagi_emulator.aws.wire import Answer
from aikagi_emulator.iam import Context
from aikagi_emulator.sigv4 import Request, SignatureRefusedError

_VERSION: Final = "2011-06-15"
_CHAINED: Final = 3600
"""Seconds. A role that assumes a role gets an hour, whatever the role allows:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""


def estimated_percent(asked: AssumeRole) -> int:
    """A plausible ``PackedPolicySize``. How AWS packs is not published.

    Never above 100: only AWS knows what is too large.
    """
    tags = "".join(key + value for key, value in asked.tags.items())
    return min(100, len(zlib.compress((asked.policy_text + tags).encode())) // 12)


@final
class Sts:
    """Decides about sessions as STS does, and keeps those that it issues.

    ``packed_percent`` may return more than 100, to see what a caller does about
    ``PackedPolicyTooLarge``.
    """

    def __init__(
        self,
        *,
        authorizer: Authorizer,
        sessions: SessionStore,
        roles: Mapping[str, Role],
        packed_percent: Callable[[AssumeRole], int] = estimated_percent,
    ) -> None:
        self._authorizer = authorizer
        self._sessions = sessions
        self._roles = roles
        self._packed_percent = packed_percent

    def answer(self, request: Request, *, source_ip: str) -> Answer:
        session = self._authorizer.authenticate(request, service="sts")
        parameters = query.parameters_of(request)
        action = parameters.get("Action", "")
        version = parameters.get("Version", "NO_VERSION_SPECIFIED")
        if not action or version != _VERSION:
            text = f"Could not find operation {action} for version {version}"
            raise AwsError("InvalidAction", text)
        if action == "GetCallerIdentity":
            # Needs no permission, and cannot be denied.
            return query.result(action, _identity(session))
        if action == "AssumeRole":
            asked = assume_role.read(parameters)
            return query.result(action, self._assume(session, asked, source_ip))
        raise not_modelled(f"sts:{action}")

    def unsigned(self, error: SignatureRefusedError) -> AwsError:
        code, status = query.UNSIGNED.get(error.code, (error.code, 403))
        return AwsError(code, error.message, status=status, why=error.why)

    def refusal(self, error: AwsError) -> Answer:
        return query.failure(error)

    def _assume(self, caller: Session, asked: AssumeRole, source_ip: str) -> str:
        source_identity = _source_identity(caller, asked)
        inherited = _inherited(caller, asked)
        role = self._roles.get(asked.role_arn)
        if role is None:
            # AWS does not say whether a role exists.
            raise _denied(caller, "sts:AssumeRole", asked.role_arn, "no such role")
        extra = _request_context(asked, source_identity)
        for action in _actions(asked, inherited, source_identity):
            decision = self._authorizer.decide_assume(
                caller, action, role, source_ip=source_ip, extra=extra
            )
            if not decision.allowed:
                raise _denied(caller, action, role.arn, decision.why)
        _check_duration(caller, asked, role)
        percent = self._packed(asked)
        session = self._sessions.issue(
            role,
            lifetime=timedelta(seconds=asked.seconds),
            name=asked.session_name,
            tags={**inherited, **asked.tags},
            transitive_tag_keys=frozenset(
                key.lower() for key in (*inherited, *asked.transitive_tag_keys)
            ),
            source_identity=source_identity,
            session_policies=None if asked.policy is None else (asked.policy,),
            chained=isinstance(caller.principal, Role),
        )
        return _credentials(session, percent)

    def _packed(self, asked: AssumeRole) -> int:
        percent = self._packed_percent(asked)
        if percent > 100:  # noqa: PLR2004 - per cent
            text = (
                f"Packed policy consumes {percent}% of allotted space, "
                "please use smaller policy."
            )
            raise AwsError("PackedPolicyTooLarge", text)
        return percent


def _source_identity(caller: Session, asked: AssumeRole) -> str | None:
    """A source identity persists along a chain and cannot be changed on the way.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    """
    if caller.source_identity is None:
        return asked.source_identity
    if asked.source_identity not in {None, caller.source_identity}:
        text = "The source identity is already set for this assume role session"
        raise AwsError("ValidationError", text)
    return caller.source_identity


def _inherited(caller: Session, asked: AssumeRole) -> Mapping[str, str]:
    """The caller's transitive tags, which the new session gets as they are."""
    if {key.lower() for key in asked.tags} & caller.transitive_tag_keys:
        text = (
            "One of the specified transitive tag keys can't be set because it "
            "conflicts with a transitive tag key from the calling session."
        )
        raise AwsError("InvalidParameterValue", text)
    keys = caller.transitive_tag_keys
    return {key: value for key, value in caller.tags.items() if key.lower() in keys}


def _actions(
    asked: AssumeRole, inherited: Mapping[str, str], source_identity: str | None
) -> Sequence[str]:
    """Everything that must be allowed: what is inherited is set anew on each hop."""
    actions = ["sts:AssumeRole"]
    if asked.tags or inherited:
        actions.append("sts:TagSession")
    if source_identity is not None:
        actions.append("sts:SetSourceIdentity")
    return actions


def _request_context(asked: AssumeRole, source_identity: str | None) -> Context:
    """The condition keys of this call; ``iam`` hides those an action lacks.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-sts
    """
    context: dict[str, str | Sequence[str]] = {}
    context["sts:RoleSessionName"] = asked.session_name
    if asked.external_id is not None:
        context["sts:ExternalId"] = asked.external_id
    if source_identity is not None:
        context["sts:SourceIdentity"] = source_identity
    if asked.transitive_tag_keys:
        context["sts:TransitiveTagKeys"] = asked.transitive_tag_keys
    if asked.tags:
        context["aws:TagKeys"] = tuple(asked.tags)
    for key, value in asked.tags.items():
        context[f"aws:RequestTag/{key}"] = value
    return context


def _check_duration(caller: Session, asked: AssumeRole, role: Role) -> None:
    if asked.seconds > role.max_session_seconds:
        text = (
            "The requested DurationSeconds exceeds the MaxSessionDuration set for "
            "this role."
        )
        raise AwsError("ValidationError", text)
    if asked.seconds > _CHAINED and isinstance(caller.principal, Role):
        text = (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles "
            "assumed by role chaining."
        )
        raise AwsError("ValidationError", text)


def _denied(caller: Session, action: str, resource: str, why: str) -> AwsError:
    text = (
        f"User: {caller.arn} is not authorized to perform: {action} "
        f"on resource: {resource}"
    )
    return AwsError("AccessDenied", text, status=403, why=f"{text}: {why}")


def _identity(session: Session) -> str:
    return (
        element("Arn", session.arn)
        + element("UserId", session.user_id)
        + element("Account", session.principal.account)
    )


def _credentials(session: Session, percent: int) -> str:
    answer = (
        "<Credentials>"
        + element("AccessKeyId", session.access_key_id)
        + element("SecretAccessKey", session.secret_access_key)
        + element("SessionToken", session.session_token)
        + element("Expiration", f"{session.expires_at:%Y-%m-%dT%H:%M:%SZ}")
        + "</Credentials><AssumedRoleUser>"
        + element("AssumedRoleId", session.user_id)
        + element("Arn", session.arn)
        + "</AssumedRoleUser>"
        + element("PackedPolicySize", str(percent))
    )
    if session.source_identity is not None:
        answer += element("SourceIdentity", session.source_identity)
    return answer
