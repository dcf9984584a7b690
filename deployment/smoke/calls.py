"""Checks: what the credentials of a grant can call, and what they cannot."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import httpx2

from aikagi.checks import time_of
from aikagi.errors import AikagiError
from aikagi.events import Result
from aikagi.grant import Grant
from aikagi.refusals import Refusal, classify_refusal
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import SHORT_GRANT, Deployment, json_of
from deployment.smoke.outcomes import NotHeldError, NotTriedError, require_denied

_FUNCTION_STREAMING: Final = "summarise"
_TEXT: Final = "A key opens a door. The spare key opens it for a while."
_MARGIN: Final = 3
"""Seconds after the end of a grant: AWS's clocks differ a little."""
_LONGEST_WAIT: Final = SHORT_GRANT + 15
_CLOCKS: Final = 5
"""Seconds by which a clock of AWS may seem to differ: ``Date`` is in whole seconds, and
there is a network between."""


def _caller(deployed: Deployment) -> str:
    answer = deployed.call(deployed.calling_grant())
    caller = _member(answer, "caller")
    if caller != {"issuer": deployed.me.issuer, "subject": deployed.me.subject}:
        raise NotHeldError(f"{deployed.function} takes its caller for {caller}")
    return f"{deployed.function} knows {deployed.me.session_name}"


def _session_arn(deployed: Deployment) -> str:
    identity = deployed.aws_of(deployed.grant(), "sts").get_caller_identity()
    arn = str(identity["Arn"])
    _, _, session = arn.rpartition("/")
    if session != deployed.me.session_name or arn.count("/") != 2:  # noqa: PLR2004 - assumed-role/<role>/<session>
        raise NotHeldError(f"the session is {arn}")
    return arn.partition(":assumed-role/")[2]


def _clock(deployed: Deployment) -> str:
    """Compare the broker process's clock with that of Lambda's answer."""
    grant = deployed.calling_grant()
    answer = deployed.call(grant)
    date = time_of(answer)
    if date is None:
        raise NotTriedError("needs the Date of an answer")
    ahead = grant.broker_time(deployed.clock()).timestamp() - date
    if abs(ahead) > _CLOCKS:
        raise NotHeldError(f"the broker's clock is {ahead:+.0f} s from Lambda's")
    return f"within {_CLOCKS} s of Lambda's"


def _wrong_signature(deployed: Deployment) -> str:
    answer = deployed.call(_with_another_secret(deployed.calling_grant()))
    return _require_refused(answer, "a call with a wrong signature")


def _error_types(deployed: Deployment) -> str:
    wrong = deployed.call(_with_another_secret(deployed.calling_grant()))
    elsewhere = deployed.call(deployed.calling_grant(), url=deployed.another_url)
    found = tuple(_kind(answer) for answer in (wrong, elsewhere))
    if found != (Refusal.SIGNATURE, Refusal.PERMISSION):
        names = [
            answer.headers.get("x-amzn-errortype") for answer in (wrong, elsewhere)
        ]
        raise NotHeldError(f"they are called {names[0]} and {names[1]}")
    return "signatures and permissions have their names"


def _another_url(deployed: Deployment) -> str:
    answer = deployed.call(deployed.calling_grant(), url=deployed.another_url)
    return _require_refused(answer, "a call of another function's URL")


def _plain_invoke(deployed: Deployment) -> str:
    client, arn = deployed.aws_of(deployed.grant(), "lambda"), deployed.function_arn
    return require_denied(
        # It asks for leave, and runs nothing.
        lambda: client.invoke(FunctionName=arn, InvocationType="DryRun"),
        f"Invoke of {deployed.function} without its URL",
    )


def _broker_invoke(deployed: Deployment) -> str:
    broker = deployed.account.physical_id("BrokerFunction")
    client = deployed.aws_of(deployed.grant(), "lambda")
    return require_denied(
        lambda: client.invoke(FunctionName=broker, InvocationType="DryRun"),
        "Invoke of the broker",
    )


def _other_services(deployed: Deployment) -> str:
    grant = deployed.grant()
    return require_denied(
        lambda: deployed.aws_of(grant, "ssm").get_parameters_by_path(Path="/aikagi/"),
        "ssm:GetParametersByPath",
    )


def _short_grant(deployed: Deployment) -> str:
    grant = deployed.calling_grant(seconds=SHORT_GRANT)
    before = deployed.call(grant)
    if _kind(before) is not Refusal.NONE:
        raise NotHeldError(f"it is refused before its end: {before.status_code}")
    remaining = grant.remaining(deployed.clock()) + _MARGIN
    if remaining > _LONGEST_WAIT:
        raise NotHeldError(f"a grant of {SHORT_GRANT} s lasts {remaining:.0f} s")
    deployed.wait(max(0, remaining))
    said = _require_refused(deployed.call(grant), f"a call {_MARGIN} s after the end")
    return f"let in, and then {said}"


def _stream(deployed: Deployment) -> str:
    deployed.calling_grant()
    if _FUNCTION_STREAMING not in deployed.functions:
        raise NotTriedError(f"needs {_FUNCTION_STREAMING} among the person's functions")
    call = deployed.broker.call(_FUNCTION_STREAMING, data=_TEXT, timeout=60)
    try:
        events = list(call)
    except AikagiError as error:
        raise NotHeldError(f"{_FUNCTION_STREAMING}: {error}") from error
    if not events or not isinstance(events[-1], Result):
        raise NotHeldError(f"{_FUNCTION_STREAMING} ends without a result")
    return f"{_FUNCTION_STREAMING} sent {len(events)} events, its result the last"


def _source_networks(deployed: Deployment) -> str:
    return _call_entries(deployed, "SourceNetworks", "an entry with SourceNetworks")


def _role_path(deployed: Deployment) -> str:
    called = _call_entries(deployed, "RoleArn", "an entry of another stack")
    return f"{called}, by a role with a path"


CALL_CHECKS: Final = (
    SmokeCheck(
        name="caller",
        assumed="The event says who is calling, and the function believes it.",
        otherwise="Its variable AIKAGI_INVOKE_ROLE_ARN has to be !GetAtt "
        "InvokeRole.Arn. If it is, look at the shape of userArn in its event.",
        run=_caller,
        settles=("caller-in-event",),
    ),
    SmokeCheck(
        name="session",
        assumed="The session is called as the person is, and its ARN has no path.",
        otherwise="Functions take callers for somebody else, or for nobody: stop the "
        "broker (BrokerConcurrency 0).",
        run=_session_arn,
        settles=("caller-in-event",),
    ),
    SmokeCheck(
        name="broker-clock",
        assumed="The clock of the broker's process is Lambda's, also where it began "
        "from a snapshot.",
        otherwise="Deploy with SnapStart None until its hook is mended.",
        run=_clock,
        settles=("snapstart-clock",),
    ),
    SmokeCheck(
        name="wrong-signature",
        assumed="A call with a wrong signature is refused.",
        otherwise="Anybody can call it: give its FunctionUrlConfig AuthType AWS_IAM at "
        "once.",
        run=_wrong_signature,
    ),
    SmokeCheck(
        name="error-types",
        assumed="Lambda names its refusals in x-amzn-errortype as clients expect.",
        otherwise="Clients say less exactly what is wrong; add the names to "
        "aikagi/refusals.py and to the browser's.",
        run=_error_types,
        settles=("error-types",),
    ),
    SmokeCheck(
        name="another-url",
        assumed="Credentials for one function call no other.",
        otherwise="A grant is worth more than it says. Compare the session policy (a "
        "grant with DryRun shows it) and InvokePolicy with the template's.",
        run=_another_url,
    ),
    SmokeCheck(
        name="plain-invoke",
        assumed="The credentials cannot call the function's Invoke API, where the "
        "caller writes the whole event.",
        otherwise="Callers can be anybody: the session policy lacks the condition "
        "lambda:InvokedViaFunctionUrl, or AWS does not hold to it. Set "
        "FunctionConcurrency to 0.",
        run=_plain_invoke,
        settles=("invoked-via-url",),
    ),
    SmokeCheck(
        name="broker-invoke",
        assumed="The credentials cannot call the broker's function itself.",
        otherwise="Compare the session policy and InvokePolicy with the template's.",
        run=_broker_invoke,
    ),
    SmokeCheck(
        name="other-services",
        assumed="The credentials are good for nothing else at AWS.",
        otherwise="Compare the session policy, InvokePolicy and InvokeBoundary "
        "with the template's.",
        run=_other_services,
    ),
    SmokeCheck(
        name="short-grant",
        assumed="A grant of 15 seconds ends after 15 seconds, by aws:CurrentTime in "
        "its session policy.",
        otherwise="Grants last a quarter of an hour, however short they were asked "
        "for: tell whoever relies on less.",
        run=_short_grant,
        settles=("current-time",),
    ),
    SmokeCheck(
        name="stream",
        assumed="A function that streams is started by the layer's program behind the "
        "Lambda Web Adapter, and sends its events to the last; where "
        "SummariseModelId names a model, that answers.",
        otherwise="Look at its log. If AWS_LAMBDA_EXEC_WRAPPER is not started, or may "
        "not start the adapter, set a run.sh as Handler.",
        run=_stream,
        settles=("layer-wrapper", "bedrock-model"),
    ),
    SmokeCheck(
        name="source-networks",
        assumed="The key aws:SourceIp is there when a session policy is evaluated for "
        "a URL.",
        otherwise="Nobody can call a function with SourceNetworks: take them out of "
        "its entry.",
        run=_source_networks,
        settles=("source-ip",),
    ),
    SmokeCheck(
        name="role-path",
        assumed="A role's path is part of its ARN for sts:AssumeRole, and not of its "
        "sessions' ARN.",
        otherwise="List the role in AssumeInvokeRole by its whole ARN.",
        run=_role_path,
        settles=("role-path",),
    ),
)


def _call_entries(deployed: Deployment, member: str, what: str) -> str:
    """Call the person's functions whose entries have a member, by GET."""
    entries = deployed.account.catalogue
    names = [n for n in deployed.functions if entries.get(n, {}).get(member)]
    if not names:
        raise NotTriedError(f"needs {what}")
    for name in names:
        answer = deployed.call(deployed.calling_grant(name))
        if _kind(answer) is not Refusal.NONE:
            raise NotHeldError(f"{name} is refused: {_kind(answer).detail}")
    return f"let in: {', '.join(names)}"


def _with_another_secret(grant: Grant) -> Grant:
    return replace(grant, secret_access_key="another" * 5)


def _kind(answer: httpx2.Response) -> Refusal:
    text = answer.text if answer.is_error else ""
    return classify_refusal(answer.status_code, answer.headers, text)


def _require_refused(answer: httpx2.Response, what: str) -> str:
    """Return how Lambda refused. A function's own 403 is an answer: it has run."""
    named = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    if answer.status_code != HTTPStatus.FORBIDDEN or not named:
        raise NotHeldError(f"{what} is answered with {answer.status_code}")
    return f"403 {named}"


def _member(answer: httpx2.Response, name: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        body = json_of(answer)
    except ValueError:
        body = None
    if not answer.is_success or not isinstance(body, dict):
        raise NotHeldError(f"the function answers {answer.status_code}")
    return body.get(name)
