"""Check the templates with AWS's own tools, as source and as what SAM makes of it.

`make check` runs this with the Python of `.tools/sam`, and only what is installed
there may be imported. Needs no network and no account.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from samtranslator.metrics.metrics import Metrics
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT: Final = Path(__file__).parents[1]
TEMPLATES: Final = (
    ROOT / "template.yaml",
    ROOT / "docs" / "another-stack.yaml",
    ROOT / "docs" / "deployer.yaml",
)
TOOLS: Final = Path(sys.executable).parent
REGION: Final = "ap-northeast-1"

_FOLDERS: Final = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
"""What SAM uploads, by the types of resources that have it."""


def main() -> int:
    if not (TOOLS / "sam").exists():
        sys.exit(f"There is no sam beside {sys.executable}: run `make check`.")
    passed = [_passes(template) for template in TEMPLATES]
    return 0 if all(passed) else 1


def _passes(template: Path) -> bool:
    sam = (str(TOOLS / "sam"), "validate", "--lint", "--region", REGION)
    cfn_lint = (str(TOOLS / "cfn-lint"), "--regions", REGION, "--format", "parseable")
    name = template.name
    with tempfile.TemporaryDirectory() as folder:
        translated = Path(folder) / "translated.json"
        passed = [
            _run(f"{name}: sam validate", *sam, "--template-file", str(template)),
            _run(f"{name}: cfn-lint on the source", *cfn_lint, str(template)),
            # Circles, and whatever SAM adds by itself, only show here.
            _write_translated(template, translated)
            and _run(
                f"{name}: cfn-lint on the translation", *cfn_lint, str(translated)
            ),
        ]
    return all(passed)


def _write_translated(template: Path, path: Path) -> bool:
    try:
        path.write_text(json.dumps(_translate(template), indent=1), encoding="utf-8")
    except InvalidDocumentException as error:
        causes = "\n".join(cause.message for cause in error.causes)
        _say(f"{template.name}: translation: FAILED\n{causes}")
        return False
    return True


def _translate(template: Path) -> dict[str, Any]:
    """Translate with every parameter left open, so that no default hides a fault."""
    text = template.read_text(encoding="utf-8")
    document = yaml_parse(text)  # type: ignore[no-untyped-call] # theirs has no types
    for name, resource in document["Resources"].items():
        if folder := _FOLDERS.get(resource["Type"]):
            resource["Properties"][folder] = f"s3://bucket/{name}"
    session = SimpleNamespace(region_name=REGION)
    metrics = Metrics()
    translator = Translator(
        {}, Parser(), boto_session=cast("Any", session), metrics=metrics
    )
    open_parameters = {name: {"Ref": name} for name in document["Parameters"]}
    try:
        return translator.translate(document, parameter_values=open_parameters)
    finally:
        # To nowhere; what is left unpublished is complained about at exit.
        metrics.publish()


def _run(name: str, *command: str) -> bool:
    # Nothing of the developer's own AWS settings may decide what passes here.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("AWS_")
    }
    environment |= {"AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
    finished = subprocess.run(
        command,
        check=False,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if finished.returncode:
        _say(f"{name}: FAILED\n{finished.stdout}")
        return False
    _say(f"{name}: passed")
    return True


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
