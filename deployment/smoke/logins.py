"""Checks: who is let in to the broker, and who is not."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from typing import Final

import httpx2

from aikagi.errors import BrokerError
from aikagi.transport import BROKER_TIMEOUT
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import NotHeldError, NotTriedError

_LOGIN_REFUSED: Final = "urn:aikagi:problem:login-refused"
_LOGIN_ENDED: Final = "urn:aikagi:problem:login-ended"
_NOT_YOURS: Final = "urn:aikagi:problem:function-not-available"
_NO_FUNCTION: Final = "no-such-function"
_UNAUTHORIZED: Final = 401
_UNAVAILABLE: Final = 503
_TRIES: Final = 3
"""Of a token whose issuer's keys the broker has yet to read."""


def _answers(deployed: Deployment) -> str:
    answer = deployed.send("GET", f"{deployed.base}healthz", {})
    if not answer.is_success:
        raise NotHeldError(f"{deployed.base}healthz answers {answer.status_code}")
    return f"{deployed.base} answers"


def _wrong_password(deployed: Deployment) -> str:
    wrong = secrets.token_urlsafe(24)
    try:
        _post(deployed, "auth/login", username=deployed.username, password=wrong)
    except BrokerError as error:
        if error.type == _LOGIN_REFUSED:
            return f"refused: {error.title}"
        raise NotTriedError(f"the broker said instead: {error.title}") from error
    raise NotHeldError("a password made up a moment ago gives a login")


def _login(deployed: Deployment) -> str:
    try:
        deployed.broker.login(deployed.username, deployed.password)
    except BrokerError as error:
        raise NotHeldError(
            f"the login of {deployed.username} is refused: {error}"
        ) from error
    return (
        f"{deployed.me.session_name}, groups: {', '.join(deployed.me.groups) or 'none'}"
    )


def _renewal(deployed: Deployment) -> str:
    """With a login of its own, that the person's stays as it is."""
    deployed.require_login()
    pair = _post(
        deployed, "auth/login", username=deployed.username, password=deployed.password
    )
    renewed = _renew(deployed, str(pair["refresh_token"]))
    deployed.transport.request(
        "POST", "auth/logout", token=str(renewed["access_token"])
    )
    try:
        _renew(deployed, str(renewed["refresh_token"]))
    except BrokerError as error:
        if error.type == _LOGIN_ENDED:
            return "renewed, ended, and renewed no more"
        raise
    raise NotHeldError("a login that was ended is renewed all the same")


def _unsigned_token(deployed: Deployment) -> str:
    deployed.require_login()
    token, _ = deployed.broker.access_token()
    header = {**_part(token, 0), "alg": "none"}
    forged = f"{_encoded(header)}.{token.split('.')[1]}."
    _require_unauthorized(_me(deployed, forged))
    _require_unauthorized(_me(deployed, None))
    return "401, as without a token"


def _changed_token(deployed: Deployment) -> str:
    deployed.require_login()
    token, _ = deployed.broker.access_token()
    header, _, signature = token.split(".")
    claims = {**_part(token, 1), "sub": "somebody-else"}
    _require_unauthorized(_me(deployed, f"{header}.{_encoded(claims)}.{signature}"))
    return "401"


def _issuers(deployed: Deployment) -> str:
    named = [issuer.name for issuer in deployed.broker.issuers()]
    return f"read: {', '.join(named) or 'there are none'}"


def _issuer_keys(deployed: Deployment) -> str:
    issuers = deployed.issuers
    if not issuers:
        raise NotTriedError("needs an issuer that people sign in through")
    for issuer in issuers:
        answer = _with_keys(deployed, _forged(issuer.url, issuer.client_id))
        if answer.status_code == _UNAVAILABLE:
            raise NotHeldError(f"the broker cannot read the keys of {issuer.name}")
        _require_unauthorized(answer)
    return f"read, and a forged token is 401: {', '.join(i.name for i in issuers)}"


def _functions(deployed: Deployment) -> str:
    return f"may call: {', '.join(deployed.read_functions()) or 'nothing'}"


def _not_yours(deployed: Deployment) -> str:
    own = deployed.functions.keys()
    names = [_NO_FUNCTION]
    if deployed.has_account:
        names += sorted(deployed.account.catalogue.keys() - own)
    for name in names:
        try:
            deployed.ask("POST", "grant", {"FunctionName": name})
        except BrokerError as error:
            if error.type != _NOT_YOURS:
                raise
        else:
            raise NotHeldError(f"{deployed.username} is given a grant for {name}")
    return f"refused: {', '.join(names)}"


LOGIN_CHECKS: Final = (
    SmokeCheck(
        name="broker",
        assumed="The broker answers at its address.",
        otherwise="Is BROKER the output GrantApiUrl? Look at the broker's log.",
        run=_answers,
    ),
    SmokeCheck(
        name="wrong-password",
        assumed="A wrong password gives no login.",
        otherwise="Set BrokerConcurrency to 0: anybody can be anybody.",
        run=_wrong_password,
    ),
    SmokeCheck(
        name="login",
        assumed="A person logs in with their password, which writes their login to the "
        "table.",
        otherwise="Is it the right password? With 503 the broker's role cannot write "
        "the table: its condition on dynamodb:LeadingKeys, in KeepLoginsAndLimits.",
        run=_login,
        settles=("dynamodb-leading-keys",),
    ),
    SmokeCheck(
        name="renewal",
        assumed="A login is renewed, and no more once it was ended.",
        otherwise="Look at the broker's log for RenewalRefused, and at its role for "
        "dynamodb:UpdateItem.",
        run=_renewal,
        settles=("dynamodb-leading-keys",),
    ),
    SmokeCheck(
        name="unsigned-token",
        assumed="A token with alg none, and no token at all, are nobody's.",
        otherwise="Set BrokerConcurrency to 0: anybody can be anybody.",
        run=_unsigned_token,
    ),
    SmokeCheck(
        name="changed-token",
        assumed="A token whose claims were changed is nobody's.",
        otherwise="Set BrokerConcurrency to 0: anybody can be anybody.",
        run=_changed_token,
    ),
    SmokeCheck(
        name="issuers",
        assumed="The broker may read its list of issuers in Parameter Store.",
        otherwise="Its statement ReadTheIssuers names the path without a slash at "
        "its end; add a second resource with /*.",
        run=_issuers,
        settles=("parameter-paths",),
    ),
    SmokeCheck(
        name="issuer-keys",
        assumed="The broker reads the keys of every issuer over TLS, by Lambda's own "
        "certificate authorities.",
        otherwise="Look at the broker's log for the reason: a certificate that Lambda "
        "does not know, or an address that does not answer.",
        run=_issuer_keys,
        settles=("issuer-certificates",),
    ),
    SmokeCheck(
        name="functions",
        assumed="The broker may read its catalogue in Parameter Store.",
        otherwise="Its statement ReadTheCatalogue names the path without a slash at "
        "its end; add a second resource with /*.",
        run=_functions,
        settles=("parameter-paths",),
    ),
    SmokeCheck(
        name="not-yours",
        assumed="Nobody is given a grant for a function that is not theirs.",
        otherwise="Look at the entry's Groups, and ask `python -m app.admin why`.",
        run=_not_yours,
    ),
)


def _post(deployed: Deployment, path: str, **form: str) -> Mapping[str, object]:
    return deployed.transport.request("POST", path, form=form)


def _renew(deployed: Deployment, refresh_token: str) -> Mapping[str, object]:
    return _post(
        deployed,
        "auth/refresh",
        grant_type="refresh_token",
        refresh_token=refresh_token,
    )


def _me(deployed: Deployment, token: str | None) -> httpx2.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return deployed.send("GET", f"{deployed.base}auth/me", headers)


def _with_keys(deployed: Deployment, token: str) -> httpx2.Response:
    """Ask again while the broker is still reading the issuer's keys."""
    for left in reversed(range(_TRIES)):
        answer = _me(deployed, token)
        after = answer.headers.get("retry-after", "")
        if answer.status_code != _UNAVAILABLE or not left:
            break
        deployed.wait(
            min(BROKER_TIMEOUT, int(after) if re.fullmatch("[0-9]+", after) else 1)
        )
    return answer


def _require_unauthorized(answer: httpx2.Response) -> None:
    if answer.status_code != _UNAUTHORIZED:
        raise NotHeldError(f"a forged token is answered with {answer.status_code}")


def _forged(issuer: str, audience: str) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": "forged"}
    claims = {"iss": issuer, "aud": audience, "sub": "forged", "iat": 0, "exp": 1}
    signature = base64.urlsafe_b64encode(bytes(256)).decode().rstrip("=")
    return f"{_encoded(header)}.{_encoded(claims)}.{signature}"


def _part(token: str, index: int) -> Mapping[str, object]:
    part = token.split(".")[index]
    read: Mapping[str, object] = json.loads(base64.urlsafe_b64decode(part + "==="))
    return read


def _encoded(part: Mapping[str, object]) -> str:
    text = json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
