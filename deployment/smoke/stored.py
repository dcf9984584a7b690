"""Checks: the table, by the role that may write a little of it, and the revocations."""

import uuid
from typing import Any, Final

from botocore.exceptions import ClientError

from aikagi.grant import Grant
from aikagi.refusals import Refusal, classify_refusal
from app.adapters.principals import principal_key
from app.admin.places import RevocationPlaces
from app.admin.revocation.build import build_revoker
from app.admin.revocation.revoker import Revocation, Revoker
from app.admin.revocation.targets import SingleGrant
from app.domain.identity import LOCAL, Identity
from deployment.smoke.account import Account
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import (
    NotHeldError,
    NotTriedError,
    code_of,
    require_denied,
)

_CONDITION_FAILED: Final = "ConditionalCheckFailedException"
_LONGEST_WAIT: Final = 120
"""Seconds for IAM to act on a version of a policy."""
_PAUSE: Final = 2


def _time_to_live(deployed: Deployment) -> str:
    account = deployed.account
    found = account.client("dynamodb").describe_time_to_live(
        TableName=account.output("UsersTableName")
    )["TimeToLiveDescription"]
    attribute, status = found.get("AttributeName"), found.get("TimeToLiveStatus")
    if status not in {"ENABLED", "ENABLING"} or attribute != "expires":
        raise NotHeldError(f"time to live: {status} of {attribute}")
    return f"time to live: {status} of {attribute}"


def _leading_keys(deployed: Deployment) -> str:
    """Try to write what nobody has: it would be made only if it were there."""
    require_denied(
        lambda: _update(deployed, f"limit#{uuid.uuid4().hex}", "version"),
        "an item of limits, by RevocationRole",
    )
    _require_condition(deployed, _nobody(), "valid_from")
    return "keys of its own, and no other"


def _attributes(deployed: Deployment) -> str:
    key = _nobody()
    require_denied(
        lambda: _update(deployed, key, "groups"),
        "the attribute groups of a person, by RevocationRole",
    )
    _require_condition(deployed, key, "disabled")
    return "disabled may be written, groups may not"


def _item_of_failed_condition(deployed: Deployment) -> str:
    """Ask of the person's own item that it be nobody's, which writes nothing."""
    me = deployed.me
    if me.issuer != LOCAL:
        raise NotTriedError("needs a user of the broker's own")
    key = principal_key(Identity(issuer=LOCAL, subject=me.subject))
    try:
        _update(deployed, key, "valid_from", condition="attribute_not_exists(pk)")
    except ClientError as error:
        if code_of(error) != _CONDITION_FAILED:
            raise
        if "Item" not in error.response:
            raise NotHeldError("the failed condition returns no item") from error
        return "the failed condition returns the item"
    raise NotTriedError("needs an item that is there")


def _policy_as_recorded(deployed: Deployment) -> str:
    found = _revoker(deployed.account).in_force()
    if not found.is_written:
        raise NotHeldError(f"its version {found.version_id} is another than on record")
    return f"{found.version_id} is what the table has on record"


def _revocation(deployed: Deployment) -> str:
    """Revoke the session of a grant of the person's own, and let it be used again."""
    revoker = _revoker(deployed.account)
    if not deployed.revokes:
        raise NotTriedError("needs REVOKE=1: it writes the policy, twice")
    deployed.require_patience()
    deployed.calling_grant()
    # Another lifetime than that of grants had before: a session of its own.
    body = deployed.ask(
        "POST", "grant", {"FunctionName": deployed.function, "DurationSeconds": 901}
    )
    grant = Grant.from_response(body, asked_at=deployed.clock())
    if _is_refused(deployed, grant):
        raise NotTriedError("needs a call that is let in")
    target = SingleGrant(grant_id=str(body["SessionGrantId"]))
    try:
        _raise_failure(revoker.revoke(target))
        waited = _wait_until_refused(deployed, grant)
    finally:
        _raise_failure(revoker.undo(target))
    return f"refused within {waited + _PAUSE} s, issued before"


STORED_CHECKS: Final = (
    SmokeCheck(
        name="time-to-live",
        assumed="Logins and limits go from the table when their time has passed.",
        otherwise="The table grows without end: put TimeToLiveSpecification back.",
        run=_time_to_live,
    ),
    SmokeCheck(
        name="table-keys",
        assumed="The key dynamodb:LeadingKeys is there for an UpdateItem, and bounds "
        "it.",
        otherwise="The roles that write the table write more than they say: take the "
        "statement away until its condition is another.",
        run=_leading_keys,
        settles=("dynamodb-leading-keys",),
    ),
    SmokeCheck(
        name="table-attributes",
        assumed="The key dynamodb:Attributes has the key of an UpdateItem and what its "
        "expressions name, no more and no less.",
        otherwise="With more, nobody can change their password; with less, the broker "
        "could write groups: compare EndLogins and ChangePasswords.",
        run=_attributes,
        settles=("dynamodb-attributes",),
    ),
    SmokeCheck(
        name="failed-condition",
        assumed="The item that a failed condition returns is not withheld by "
        "dynamodb:Attributes.",
        otherwise="Whoever changes a password beside somebody else is told 503: try "
        "again.",
        run=_item_of_failed_condition,
        settles=("failed-condition-item",),
    ),
    SmokeCheck(
        name="policy-versions",
        assumed="Deployments leave the versions of RevocationPolicy alone.",
        otherwise="Who was revoked is let in again: run any `python -m app.admin "
        "revoke`, which writes the policy anew.",
        run=_policy_as_recorded,
        settles=("policy-versions",),
    ),
    SmokeCheck(
        name="revocation",
        assumed="A Deny by a session's tag reaches sessions issued before, within two "
        "minutes.",
        otherwise="Access ends with the session, an hour at most: set "
        "FunctionConcurrency to 0 to end it at once.",
        run=_revocation,
        settles=("revocation-delay",),
    ),
)


def _nobody() -> str:
    """Return the key of a person who is not there, and never was."""
    return principal_key(Identity(issuer=LOCAL, subject=f"smoke-{uuid.uuid4().hex}"))


def _update(
    deployed: Deployment,
    key: str,
    attribute: str,
    *,
    condition: str = "attribute_exists(pk)",
) -> Any:  # noqa: ANN401 - botocore's answer
    return deployed.account.revoking_client("dynamodb").update_item(
        TableName=deployed.account.output("UsersTableName"),
        Key={"pk": {"S": key}},
        UpdateExpression="SET #a = :v",
        ConditionExpression=condition,
        ExpressionAttributeNames={"#a": attribute},
        ExpressionAttributeValues={":v": {"N": "0"}},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


def _require_condition(deployed: Deployment, key: str, attribute: str) -> None:
    """Require that IAM lets a write through, which its own condition then stops."""
    try:
        _update(deployed, key, attribute)
    except ClientError as error:
        if code_of(error) == _CONDITION_FAILED:
            return
        raise NotHeldError(f"{attribute}, too, is {code_of(error)}") from error
    raise NotHeldError(f"{attribute} of nobody was written")


def _revoker(account: Account) -> Revoker:
    places = RevocationPlaces(
        table=account.output("UsersTableName"),
        policy_arn=account.output("RevocationPolicyArn"),
        role_arn=account.output("RevocationRoleArn"),
        invoke_role_arn=account.output("InvokeRoleArn"),
        catalogue_path=account.output("CataloguePath"),
    )
    return build_revoker(places, local_function_urls=(), report=lambda _: None).revoker


def _raise_failure(done: Revocation) -> None:
    if done.policy_error is not None:
        raise done.policy_error


def _wait_until_refused(deployed: Deployment, grant: Grant) -> int:
    for waited in range(0, _LONGEST_WAIT, _PAUSE):
        if _is_refused(deployed, grant):
            return waited
        deployed.wait(_PAUSE)
    raise NotHeldError(f"a revoked session is let in {_LONGEST_WAIT} s later")


def _is_refused(deployed: Deployment, grant: Grant) -> bool:
    answer = deployed.call(grant)
    text = answer.text if answer.is_error else ""
    kind = classify_refusal(answer.status_code, answer.headers, text)
    return kind is Refusal.PERMISSION
