"""The event a function URL hands to its function.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

from typing import Any

from aikagi_emulator.urls.gate import Caller
from aikagi_emulator.urls.payload import Arrival, Destination, payload
from aikagi_emulator.urls.settings import UrlSettings


def build_event(
    arrival: Arrival, settings: UrlSettings, *, caller: Caller | None
) -> dict[str, Any]:
    """Return the event for one request that was admitted.

    The path stays encoded, as function URLs leave it (an HTTP API decodes it).
    ``caller`` is None where the URL asks for no signature.
    """
    destination = Destination(
        account_id=settings.account_id if caller else "anonymous",
        api_id=settings.url_id,
        path=arrival.request.raw_path,
        port=settings.port,
        route_key="$default",
        scheme=settings.scheme,
        stage="$default",
    )
    event = payload(arrival, destination)
    event["requestContext"] |= {
        "authentication": None,
        "authorizer": _authorizer(caller),
    }
    if caller is not None:
        # The signature has served. The session token, on AWS too, is passed on.
        event["headers"].pop("authorization", None)
    return event


def _authorizer(caller: Caller | None) -> dict[str, Any] | None:
    if caller is None:
        return None
    return {
        "iam": {
            "accessKey": caller.access_key_id,
            "accountId": caller.account_id,
            "callerId": caller.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": caller.user_arn,
            "userId": caller.user_id,
        }
    }
