"""A stack whose broker is told of the provider, by a block in the template."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
ALIAS: Final = "laptop"

_BLOCK: Final = """
  LaptopIssuer:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${AWS::StackName}/issuers/%s
      Type: String
      Value: %s
"""


def template_with(folder: Path, entry: Mapping[str, Any]) -> Path:
    """Write the template with the issuer's block into ``folder``, as an operator would.

    What the template leads to is linked there, so that an edit of it still counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("app", "functions"):
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)
    # JSON in single quotes of YAML, where a quote is written twice.
    value = "'" + json.dumps(entry, ensure_ascii=False).replace("'", "''") + "'"
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    block = _BLOCK % (ALIAS, value)
    template = folder / "template.yaml"
    template.write_text(
        text.replace("\nOutputs:\n", f"{block}\nOutputs:\n"), encoding="utf-8"
    )
    return template
