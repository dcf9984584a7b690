"""Which actions CloudFormation needs for each type of resource, as AWS's schemas say.

``handlers.json`` has them for the types of the template. cfn-lint brings the schemas,
and `make check` installs it; ``python -m tests.deployment.handlers`` writes the file,
which `make sam` compares.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from tests.stack import ROOT
from tests.template.stacks import translated

FILE: Final = Path(__file__).with_name("handlers.json")
_SCHEMAS: Final = "lib/python3*/site-packages/cfnlint/data/schemas/resources/*.json"
_OPERATIONS: Final = ("create", "read", "update", "delete")

Handlers = dict[str, dict[str, list[str]]]


def types() -> set[str]:
    """Give the types of the translated template."""
    return {resource["Type"] for resource in translated()["Resources"].values()}


def recorded() -> Handlers:
    found: Handlers = json.loads(FILE.read_text())
    return found


def of_schemas(wanted: set[str]) -> Handlers:
    """Read the schemas, of which several Regions may have one of their own."""
    found: Handlers = {}
    for path in sorted((ROOT / ".tools" / "sam").glob(_SCHEMAS)):
        schema: dict[str, Any] = json.loads(path.read_text())
        type_ = schema["typeName"]
        if type_ in wanted:
            known = found.setdefault(type_, {name: [] for name in _OPERATIONS})
            for name in _OPERATIONS:
                handler = schema.get("handlers", {}).get(name, {})
                known[name] = sorted({*known[name], *handler.get("permissions", [])})
    return dict(sorted(found.items()))


def main() -> int:
    found = of_schemas(types() | recorded().keys())
    FILE.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
