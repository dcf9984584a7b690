"""Checks: every function of the catalogue, as Lambda has it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import NotHeldError, NotTriedError

_TAG: Final = "aikagi:function"
_STACK_TAG: Final = "aws:cloudformation:stack-id"


def _urls(deployed: Deployment) -> str:
    return _of_every_function(deployed, _url_fault)


def _tags(deployed: Deployment) -> str:
    return _of_every_function(deployed, _tag_fault)


def _entries(deployed: Deployment) -> str:
    """Compare what is stored with what the broker lists for this person."""
    account, groups = deployed.account, set(deployed.me.groups)
    expected = {
        name
        for name, entry in account.catalogue.items()
        if not entry
        or (groups & set(entry.get("Groups", ())) and not _is_bounded(entry))
    }
    signed_in = {name for name, entry in account.issuers.items() if entry.get("SignIn")}
    listed = {issuer.name for issuer in deployed.issuers}
    lacking = (expected - deployed.functions.keys()) | (signed_in - listed)
    if lacking:
        raise NotHeldError(f"left out: {', '.join(sorted(lacking))}")
    return f"{len(expected)} functions and {len(signed_in)} issuers"


FUNCTION_CHECKS: Final = (
    SmokeCheck(
        name="entries",
        assumed="The broker takes every entry of a function that is this person's, and "
        "of an issuer that people sign in through.",
        otherwise="The broker's log says of each entry that is left out what is wrong "
        "with it.",
        run=_entries,
    ),
    SmokeCheck(
        name="function-urls",
        assumed="Every entry of the catalogue has its function's own URL, which asks "
        "for signatures and lists the origins of pages.",
        otherwise="Compare the function's FunctionUrlConfig, and FuncUrl and Arn in "
        "its entry, with the template's; then deploy again.",
        run=_urls,
    ),
    SmokeCheck(
        name="function-tags",
        assumed="Every function of the catalogue has its name as its tag "
        "aikagi:function, and CloudFormation's own tags.",
        otherwise="Nobody can call it: give it the tag in the template. If "
        "CloudFormation's are missing, ask for another tag of yours in InvokePolicy.",
        run=_tags,
        settles=("resource-tags",),
    ),
)


def _is_bounded(entry: Mapping[str, Any]) -> bool:
    """Tell whether more than groups decides whose a function is."""
    return bool(entry.get("RequiredClaims") or entry.get("SourceNetworks"))


def _of_every_function(
    deployed: Deployment, fault: Callable[[Any, str, Mapping[str, Any]], str | None]
) -> str:
    """Look at those of the stack's own account and Region; others are elsewhere."""
    client = deployed.account.client("lambda")
    seen = []
    for name, entry in _own_entries(deployed):
        if said := fault(client, name, entry):
            raise NotHeldError(f"{name}: {said}")
        seen.append(name)
    if not seen:
        raise NotTriedError("needs a function of this account in the catalogue")
    return f"as it should be: {', '.join(seen)}"


def _own_entries(deployed: Deployment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    home = deployed.account.output("InvokeRoleArn").split(":")[4]
    region = deployed.account.region
    for name, entry in sorted(deployed.account.catalogue.items()):
        arn = str(entry.get("Arn")).split(":")
        if len(arn) > 6 and (arn[3], arn[4]) == (region, home):  # noqa: PLR2004 - of a function
            yield name, entry


def _url_fault(client: Any, _: str, entry: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - of Account.client
    config = client.get_function_url_config(FunctionName=entry["Arn"])
    if config["AuthType"] != "AWS_IAM":
        return f"its AuthType is {config['AuthType']}"
    if config["FunctionUrl"] != entry.get("FuncUrl"):
        return f"its URL is {config['FunctionUrl']}, its entry's {entry.get('FuncUrl')}"
    origins = config.get("Cors", {}).get("AllowOrigins", [])
    if any("*" in origin for origin in origins):
        return f"AllowOrigins is {', '.join(origins)}"
    return None


def _tag_fault(client: Any, name: str, entry: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - of Account.client
    arn = ":".join(str(entry["Arn"]).split(":")[:7])
    tags = client.list_tags(Resource=arn)["Tags"]
    if tags.get(_TAG) != name:
        return f"its tag {_TAG} is {tags.get(_TAG, 'missing')}"
    return None if _STACK_TAG in tags else f"its tag {_STACK_TAG} is missing"
