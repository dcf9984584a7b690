"""Who may call a function URL: satisfies ``aikagi_emulator.urls.Gate``."""

from collections.abc import Collection
from typing import Final, final

from aikagi_emulator.aws import refusal_reason
from aikagi_emulator.aws.authorizer import Authorizer
from aikagi_emulator.aws.resource_tags import FunctionTags
from aikagi_emulator.sigv4 import Request, SignatureRefusedError
from aikagi_emulator.urls import Caller, RefusedError

_FORBIDDEN: Final = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)

_PERMISSIONS: Final = (
    ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": "AWS_IAM"}),
    ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "true"}),
)
"""Both, always, since October 2025:
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""


@final
class FunctionUrlGate:
    """Signature, then both permissions. What AWS answers travels, why goes along.

    ``public`` are the ARNs that everybody may call by a URL without a signature.
    """

    def __init__(
        self,
        *,
        authorizer: Authorizer,
        tags: FunctionTags,
        public: Collection[str],
    ) -> None:
        self._authorizer = authorizer
        self._tags = tags
        self._public = public

    def admit(
        self, request: Request, *, function_arn: str, auth_type: str, source_ip: str
    ) -> Caller | None:
        if auth_type == "NONE":
            self._admit_anybody(function_arn)
            return None
        try:
            session = self._authorizer.authenticate(request, service="lambda")
        except SignatureRefusedError as error:
            refusal_reason.note(error.why)
            raise _unsigned(error) from error
        tags = self._tags.context(function_arn)
        for action, keys in _PERMISSIONS:
            decision = self._authorizer.decide(
                session,
                action,
                function_arn,
                source_ip=source_ip,
                extra={**keys, **tags},
            )
            if not decision.allowed:
                why = f"{session.arn} may not {action} {function_arn}: {decision.why}"
                refusal_reason.note(why)
                raise RefusedError(403, "AccessDeniedException", _FORBIDDEN, why=why)
        return Caller(
            access_key_id=session.access_key_id,
            account_id=session.principal.account,
            user_arn=session.arn,
            user_id=session.user_id,
        )

    def _admit_anybody(self, function_arn: str) -> None:
        if function_arn not in self._public:
            why = (
                f"{function_arn} has a URL with AuthType NONE, but its permissions do "
                "not let everybody call it"
            )
            refusal_reason.note(why)
            raise RefusedError(403, "AccessDeniedException", _FORBIDDEN, why=why)


def _unsigned(error: SignatureRefusedError) -> RefusedError:
    if error.code == "MissingAuthenticationTokenException":
        # To a function URL, nobody is somebody without permission.
        return RefusedError(403, "AccessDeniedException", _FORBIDDEN, why=error.why)
    return RefusedError(403, error.code, error.message, why=error.why)
