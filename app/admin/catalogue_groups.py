"""The groups that functions name, read from their catalogue entries."""

import json
from typing import TYPE_CHECKING

import boto3

from app.adapters import aws

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def connect(session: boto3.session.Session) -> "SSMClient":
    return session.client("ssm", config=aws.IMPATIENT)


def groups_in_catalogue(client: "SSMClient", path: str) -> set[str]:
    """Read them all. What of an entry cannot be understood names none.

    Raises what botocore raises.
    """
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=path)
    return {
        group
        for page in pages
        for parameter in page["Parameters"]
        for group in _groups_of(parameter["Value"])
    }


def _groups_of(entry: str) -> set[str]:
    try:
        members = json.loads(entry)
    except (ValueError, RecursionError):
        return set()
    listed = members.get("Groups") if isinstance(members, dict) else None
    return {
        name
        for name in (listed if isinstance(listed, list) else ())
        if isinstance(name, str)
    }
