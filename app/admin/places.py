"""Where a command finds what it changes: the stack's outputs, or options."""

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from app.admin.errors import UsageError

_OUTPUTS: Final = {
    "InvokeRoleArn": "AIKAGI_INVOKE_ROLE_ARN",
    "RevocationPolicyArn": "AIKAGI_REVOCATION_POLICY_ARN",
    "RevocationRoleArn": "AIKAGI_REVOCATION_ROLE_ARN",
}
"""Variables by the stack's outputs that the broker itself is not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPlaces:
    """What a revocation is written to, and what shows that it holds.

    Without ``role_arn`` the credentials of the environment do all of it.
    """

    table: str
    policy_arn: str
    role_arn: str | None
    invoke_role_arn: str | None
    catalogue_path: str | None


def use_environment(options: argparse.Namespace) -> None:
    """Take the operator's credentials of a stack here, where one is asked for."""
    if options.local is None:
        return
    file = Path(".local", options.local, "operator.env")
    if not file.is_file():
        raise UsageError(f"There is no {file}: start the stack here, by `make run`.")
    found = {key: value or "" for key, value in dotenv_values(file).items()}
    for stale in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[stale]
    # The stack is on loopback, whatever proxy the shell has.
    os.environ.update(found, NO_PROXY="*", no_proxy="*")
    os.environ.update(_outputs(file.with_name("stack.json")))


def _outputs(file: Path) -> Mapping[str, str]:
    """Read what the stack says of itself, as variables; nothing where it does not."""
    try:
        outputs = json.loads(file.read_text(encoding="utf-8")).get("Outputs", {})
    except (OSError, ValueError):
        return {}
    return {
        variable: outputs[name]
        for name, variable in _OUTPUTS.items()
        if name in outputs
    }


def table_name(options: argparse.Namespace) -> str:
    name = options.table or os.environ.get("AIKAGI_USERS_TABLE")
    if not name:
        raise UsageError(
            "Name the table: --table (the stack's output UsersTableName), or --local."
        )
    return str(name)


def add_revocation_places(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``revocation_places`` reads."""
    parser.add_argument("--table", metavar="NAME", help="else AIKAGI_USERS_TABLE")
    parser.add_argument(
        "--policy",
        metavar="ARN",
        help="that refuses sessions, the output RevocationPolicyArn; else "
        "AIKAGI_REVOCATION_POLICY_ARN",
    )
    parser.add_argument(
        "--role",
        metavar="ARN",
        help="to assume for it, the output RevocationRoleArn; else "
        "AIKAGI_REVOCATION_ROLE_ARN",
    )
    parser.add_argument(
        "--invoke-role",
        metavar="ARN",
        help="whose sessions call functions, the output InvokeRoleArn; else "
        "AIKAGI_INVOKE_ROLE_ARN",
    )
    parser.add_argument(
        "--catalogue",
        metavar="PATH",
        help="of the functions, the output CataloguePath; else AIKAGI_CATALOGUE_PATH",
    )


def revocation_places(options: argparse.Namespace) -> RevocationPlaces | None:
    """Return them, or None where no policy is named."""
    policy_arn = options.policy or os.environ.get("AIKAGI_REVOCATION_POLICY_ARN")
    if not policy_arn:
        return None
    find = os.environ.get
    return RevocationPlaces(
        table=table_name(options),
        policy_arn=policy_arn,
        role_arn=options.role or find("AIKAGI_REVOCATION_ROLE_ARN"),
        invoke_role_arn=options.invoke_role or find("AIKAGI_INVOKE_ROLE_ARN"),
        catalogue_path=options.catalogue or find("AIKAGI_CATALOGUE_PATH"),
    )


def local_function_urls() -> frozenset[str]:
    """Return the origins of function URLs of a stack on this laptop."""
    listed = os.environ.get("AIKAGI_LOCAL_FUNCTION_URLS", "")
    return frozenset(origin for origin in listed.split(",") if origin)
