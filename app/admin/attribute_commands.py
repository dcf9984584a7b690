"""``users attributes``: what the sessions of a user are tagged with."""

import argparse
import json
from collections.abc import Mapping

from app.admin.errors import UsageError
from app.admin.output import echo
from app.admin.users import UserAdministration
from app.domain.identity import is_attribute


def add_attribute_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "attributes",
        metavar="NAME=VALUE",
        nargs="*",
        help="one session tag claim.NAME each; without any, all are taken away",
    )


def set_attributes(users: UserAdministration, options: argparse.Namespace) -> None:
    attributes = _parse(options.attributes)
    users.set_attributes(options.username, attributes)
    if options.json:
        echo(json.dumps({"Username": options.username, "Attributes": attributes}))
        return
    listed = ", ".join(f"{name}={value}" for name, value in attributes.items())
    echo(f"{options.username} has {listed or 'no attributes'}, from the next grant on.")


def _parse(pairs: list[str]) -> Mapping[str, str]:
    """Give them in the order of their names, as sessions are tagged."""
    attributes: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not is_attribute(name, value):
            raise UsageError(
                "An attribute is NAME=VALUE: a name of 1 to 63 of a-z, 0-9 and _.-, a "
                "letter first, and a value of up to 256 letters, digits, spaces and "
                "_.:/=+-@."
            )
        if name in attributes:
            raise UsageError(f"The attribute {name} is there twice.")
        attributes[name] = value
    return dict(sorted(attributes.items()))
