"""A function that says who calls."""

from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    return {"caller": event["requestContext"]["authorizer"]["iam"]["userArn"]}
