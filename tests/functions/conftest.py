"""Events as a function URL makes them."""

from collections.abc import Callable
from typing import Any

import pytest

EventMaker = Callable[..., dict[str, Any]]

ROLE = "trial-InvokeRole-9892E8B0AD"


@pytest.fixture
def believed_role(monkeypatch: pytest.MonkeyPatch) -> str:
    arn = f"arn:aws:iam::123456789012:role/{ROLE}"
    monkeypatch.setenv("AIKAGI_INVOKE_ROLE_ARN", arn)
    return ROLE


@pytest.fixture
def an_event(believed_role: str) -> EventMaker:
    """Make an event of alice's; keyword arguments replace its members."""

    def make(
        *,
        session: str = "local+alice",
        method: str = "POST",
        headers: dict[str, str] | None = None,
        **members: object,
    ) -> dict[str, Any]:
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/some/path",
            "rawQueryString": "a=1&a=2",
            "queryStringParameters": {"a": "1,2"},
            "headers": {
                "host": "abc.lambda-url.ap-northeast-1.on.aws",
                "x-amz-security-token": "the-token-of-alice",
                **(headers or {}),
            },
            "requestContext": {
                "accountId": "123456789012",
                "authorizer": {
                    "iam": {
                        "accessKey": "ASIAEXAMPLEEXAMPLE00",
                        "accountId": "123456789012",
                        "callerId": f"AROAEXAMPLE:{session}",
                        "cognitoIdentity": None,
                        "principalOrgId": None,
                        "userArn": (
                            "arn:aws:sts::123456789012:assumed-role/"
                            f"{believed_role}/{session}"
                        ),
                        "userId": f"AROAEXAMPLE:{session}",
                    }
                },
                "http": {"method": method, "path": "/some/path"},
                "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            },
            "isBase64Encoded": False,
            **members,
        }

    return make
