"""Checks: the way to a function, as ``aikagi doctor`` looks at it."""

from collections.abc import Callable
from typing import Final

from aikagi.checks import main_fault
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import NotHeldError, NotTriedError


def _as_doctor_found(name: str) -> Callable[[Deployment], str]:
    def run(deployed: Deployment) -> str:
        deployed.require_login()
        found = deployed.diagnosis.get(name)
        if found is None or found.ok is None:
            fault = main_fault(list(deployed.diagnosis.values()))
            raise NotTriedError(
                f"needs what failed before: {fault.check if fault else 'nothing'}"
            )
        if not found.ok:
            raise NotHeldError(found.detail)
        return found.detail

    return run


def _check(
    name: str, assumed: str, otherwise: str, *settles: str, check: str | None = None
) -> SmokeCheck:
    return SmokeCheck(
        name=name,
        assumed=assumed,
        otherwise=otherwise,
        run=_as_doctor_found(check or name),
        settles=settles,
    )


WAY_CHECKS: Final = (
    _check(
        "clock",
        "This machine's clock is the broker's.",
        "Set it: what follows is about times, too.",
    ),
    _check(
        "grant",
        "STS gives the broker a session with name, source identity, tags and policy.",
        "Look at the broker's log for what STS said: AssumeInvokeRole and the trust of "
        "InvokeRole both have to allow sts:AssumeRole, sts:TagSession and "
        "sts:SetSourceIdentity, and the trust's conditions need aws:RequestTag and "
        "sts:SourceIdentity to be there.",
        "trust-condition-keys",
    ),
    _check("url", "The function's URL answers.", "Was it made anew? Deploy again."),
    _check(
        "unsigned-call",
        "A call without a signature is refused.",
        "Anybody can call it: give its FunctionUrlConfig AuthType AWS_IAM at once.",
        check="protection",
    ),
    _check(
        "aws-clock",
        "The broker's API and Lambda have one clock.",
        "Calls are signed by the broker's: look at the times of both answers.",
    ),
    _check(
        "preflight",
        "A preflight of an allowed origin is answered unsigned, from the URL's CORS "
        "settings.",
        "No page can call functions: look at the Cors of its FunctionUrlConfig. If AWS "
        "wants preflights signed, pages need AuthType NONE with a check of their own, "
        "and this product has to change.",
        "preflights",
        check="cors",
    ),
    _check(
        "signed-call",
        "A signed call of the function that the grant names is let in.",
        "InvokePolicy needs both statements, the function its tag aikagi:function, the "
        "entry the function's own ARN and URL. If all three are there, AWS does not "
        "know aws:ResourceTag for one of the two checks: name the functions' ARNs in "
        "InvokePolicy instead.",
        "resource-tags",
        check="call",
    ),
)
