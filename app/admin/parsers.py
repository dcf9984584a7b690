"""What every command's parser has: its help, and where its stack is."""

import argparse
from typing import Final, TypeAlias

from app.admin.exit_codes import HELP
from app.domain.identity import LOCAL

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name for what add_subparsers() returns

PROGRAM: Final = "python -m app.admin"

_EPILOG: Final = f"""\
AWS is met with the credentials and the Region of the environment, as by the AWS CLI.
The stack's outputs name what is changed: the table is UsersTableName (--table or
AIKAGI_USERS_TABLE), the secret SigningSecretArn (--secret or
AIKAGI_SIGNING_SECRET_ARN), the policy that ends access RevocationPolicyArn (--policy or
AIKAGI_REVOCATION_POLICY_ARN). With --local they are those of the stack which `make run`
started here.

{HELP}"""


def new_parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_parser(
    commands: Commands,
    name: str,
    what: str,
    example: str,
) -> argparse.ArgumentParser:
    added = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"example:\n  {PROGRAM} {example}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    added.add_argument(
        "--local",
        nargs="?",
        const="",
        metavar="PORT",
        help="the stack on this laptop: the one started last, or that of PORT",
    )
    added.add_argument("--json", action="store_true", help="answer as JSON")
    return added


def add_issuer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--issuer",
        metavar="ALIAS",
        default=LOCAL,
        help="of another issuer: USERNAME is the subject in its tokens",
    )
