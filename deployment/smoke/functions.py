"""Steps: every function of the catalogue, as Lambda has it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from deployment.smoke.outcomes import NotHeldError, NotTriedError
from deployment.smoke.steps import Step
from deployment.smoke.visit import Visit

_TAG: Final = "aikagi:function"
_STACK_TAG: Final = "aws:cloudformation:stack-id"


def _urls(visit: Visit) -> str:
    return _of_every_function(visit, _url_fault)


def _tags(visit: Visit) -> str:
    return _of_every_function(visit, _tag_fault)


FUNCTION_STEPS: Final = (
    Step(
        name="function-urls",
        assumed="Every entry of the catalogue has its function's own URL, which asks "
        "for signatures and lists the origins of pages.",
        otherwise="Compare the function's FunctionUrlConfig, and FuncUrl and Arn in "
        "its entry, with the template's; then deploy again.",
        run=_urls,
    ),
    Step(
        name="function-tags",
        assumed="Every function of the catalogue has its name as its tag "
        "aikagi:function, and CloudFormation's own tags.",
        otherwise="Nobody can call it: give it the tag in the template. If "
        "CloudFormation's are missing, ask for another tag of yours in InvokePolicy.",
        run=_tags,
        settles=("resource-tags",),
    ),
)


def _of_every_function(
    visit: Visit, fault: Callable[[Any, str, Mapping[str, Any]], str | None]
) -> str:
    """Look at those of the stack's own account and Region; others are elsewhere."""
    client = visit.account.client("lambda")
    seen = []
    for name, entry in _own_entries(visit):
        if said := fault(client, name, entry):
            raise NotHeldError(f"{name}: {said}")
        seen.append(name)
    if not seen:
        raise NotTriedError("needs a function of this account in the catalogue")
    return f"as it should be: {', '.join(seen)}"


def _own_entries(visit: Visit) -> Iterator[tuple[str, Mapping[str, Any]]]:
    home = visit.account.output("InvokeRoleArn").split(":")[4]
    region = visit.account.region
    for name, entry in sorted(visit.account.catalogue.items()):
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
