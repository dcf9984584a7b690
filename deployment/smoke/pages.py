"""Checks: which pages a browser lets call the broker and the functions."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import httpx2

from aikagi.cors import SIGNED_REQUEST_HEADERS, missing_permission
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import NotHeldError, NotTriedError

_UNKNOWN_ORIGIN: Final = "https://unknown.invalid"
"""Nobody has it (RFC 2606, section 2)."""

_ALLOWED: Final = "access-control-allow-origin"


def _of_unknown_origin(deployed: Deployment) -> str:
    url = deployed.entry.func_url
    _require_not_allowed(_preflight(deployed, url, _UNKNOWN_ORIGIN))
    return "no Access-Control-Allow-Origin for it"


def _of_unknown_origin_at_broker(deployed: Deployment) -> str:
    url = f"{deployed.base}grant"
    _require_not_allowed(_preflight(deployed, url, _UNKNOWN_ORIGIN))
    _require_not_allowed(deployed.send("POST", url, {"Origin": _UNKNOWN_ORIGIN}))
    return "no Access-Control-Allow-Origin for it"


def _of_allowed_origin_at_broker(deployed: Deployment) -> str:
    origin = deployed.allowed_origin
    if origin is None:
        raise NotTriedError("needs ORIGIN, one of AllowedOrigins")
    headers = _preflight(deployed, f"{deployed.base}grant", origin).headers
    if headers.get(_ALLOWED) != origin:
        raise NotHeldError(f"pages of {origin} are not let in")
    return f"pages of {origin} are let in"


def _at_the_execute_api_address(deployed: Deployment) -> str:
    account = deployed.account
    if not account.parameter("DomainName"):
        raise NotTriedError("needs DomainName")
    if account.parameter("DisableExecuteApiEndpoint") != "true":
        raise NotTriedError("needs DisableExecuteApiEndpoint=true")
    api = account.physical_id("HttpApi")
    address = f"https://{api}.execute-api.{account.region}.amazonaws.com/healthz"
    status = deployed.send("GET", address, {}).status_code
    if status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        raise NotHeldError(f"{address} answers {status}")
    return f"answers {status}"


PAGE_CHECKS: Final = (
    SmokeCheck(
        name="unknown-origin",
        assumed="Pages of an unknown origin may not call the function.",
        otherwise="List origins in AllowedOrigins; AllowOrigins * lets every page in.",
        run=_of_unknown_origin,
        settles=("preflights",),
    ),
    SmokeCheck(
        name="unknown-origin-at-broker",
        assumed="Pages of an unknown origin may not call the broker.",
        otherwise="List origins in AllowedOrigins; HttpApi has no CorsConfiguration.",
        run=_of_unknown_origin_at_broker,
    ),
    SmokeCheck(
        name="allowed-origin-at-broker",
        assumed="Pages of an allowed origin may call the broker.",
        otherwise="List it in AllowedOrigins exactly as browsers send it, and look "
        "whether a version was published since.",
        run=_of_allowed_origin_at_broker,
    ),
    SmokeCheck(
        name="execute-api-address",
        assumed="Nobody is answered at API Gateway's own address where that is off.",
        otherwise="Deploy again: API Gateway takes up the setting at a deployment.",
        run=_at_the_execute_api_address,
        settles=("execute-api-address",),
    ),
)


def _preflight(deployed: Deployment, url: str, origin: str) -> httpx2.Response:
    return deployed.send(
        "OPTIONS",
        url,
        {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": SIGNED_REQUEST_HEADERS,
        },
    )


def _require_not_allowed(answer: httpx2.Response) -> None:
    headers: Mapping[str, str] = answer.headers
    if missing_permission(headers, _UNKNOWN_ORIGIN) != "AllowOrigins lacks it":
        raise NotHeldError(
            f"{_UNKNOWN_ORIGIN} is answered with {headers.get(_ALLOWED)}"
        )
