"""What checkov finds in the translated templates, and what of it stays.

``make check`` runs this. Checkov needs neither network nor account, and is told nothing
of either; it stands in ``.tools/checkov``, because it pins a boto3 of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.template.stacks import TEMPLATE, opened

CHECKOV: Final = TEMPLATE.parent / ".tools" / "checkov" / "bin" / "checkov"
TEMPLATES: Final = (TEMPLATE, *sorted((TEMPLATE.parent / "docs").glob("*.yaml")))
DECLINED: Final = Path(__file__).with_name("declined.toml")
_OTHERS_SETTINGS: Final = ("AWS_", "BC_", "CHECKOV_", "CKV_", "PRISMA_")
_TOLD: Final = DECLINED.relative_to(TEMPLATE.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``resource`` is its type and its logical id, as checkov writes them."""

    check: str
    name: str
    template: str
    resource: str


def sentences(
    findings: Iterable[Finding], declined: Mapping[str, str]
) -> Iterator[str]:
    """Yield one for each finding without a reason, and each reason without one."""
    found = set()
    for finding in findings:
        found.add(finding.check)
        if not declined.get(finding.check, "").strip():
            yield (
                f"{finding.template}: {finding.resource.rpartition('.')[2]}: "
                f"{finding.check}, {finding.name}. Mend it, or write into {_TOLD} why "
                "it stays."
            )
    for check in declined:
        if check not in found:
            yield f"{_TOLD}: {check} is found no longer: take its reason out."


def findings_of(*templates: Path) -> list[Finding]:
    """Run checkov on what SAM makes of templates, parameters left open.

    Raises ``ValueError`` where it could not read one.
    """
    with tempfile.TemporaryDirectory() as folder:
        translated = [Path(folder) / f"{path.stem}.json" for path in templates]
        for path, written in zip(templates, translated, strict=True):
            written.write_text(json.dumps(opened(path)), encoding="utf-8")
        finished = subprocess.run(
            [
                str(CHECKOV),
                *("--framework", "cloudformation", "--skip-download"),
                *("--compact", "--quiet", "--output", "json"),
                *(word for path in translated for word in ("--file", str(path))),
            ],
            check=False,  # it ends with 1 where it has found something
            cwd=folder,
            env=_environment(folder),
            capture_output=True,
            text=True,
        )
    return read_report(finished.stdout, finished.stderr, templates)


def read_report(report: str, said: str, templates: Iterable[Path]) -> list[Finding]:
    """Return what a report of checkov tells. Raises ``ValueError`` as above."""
    names = {f"{path.stem}.json": path.name for path in templates}
    try:
        found = json.loads(report)
    except ValueError as error:
        msg = f"checkov has written no report: {report}{said}"
        raise ValueError(msg) from error
    summary = found.get("summary", found)
    if summary["parsing_errors"] or not summary["passed"]:
        msg = f"checkov could not read the translations: {summary}"
        raise ValueError(msg)
    return [_finding(failed, names) for failed in found["results"]["failed_checks"]]


def _finding(failed: Mapping[str, Any], names: Mapping[str, str]) -> Finding:
    return Finding(
        check=failed["check_id"],
        name=failed["check_name"],
        template=names[Path(failed["file_path"]).name],
        resource=failed["resource"],
    )


def _environment(folder: str) -> dict[str, str]:
    """Leave out settings and keys of whoever runs this, and their configuration."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OTHERS_SETTINGS)
    }
    return {**kept, "HOME": folder}


def declined() -> dict[str, str]:
    return tomllib.loads(DECLINED.read_text(encoding="utf-8"))


def main() -> int:
    if not CHECKOV.exists():
        sys.exit(f"There is no {CHECKOV}: run `make check`.")
    try:
        found = findings_of(*TEMPLATES)
    except ValueError as error:
        sys.exit(str(error))
    told = list(sentences(found, declined()))
    for sentence in told:
        sys.stdout.write(f"{sentence}\n")
    sys.stdout.write(
        f"checkov on {len(TEMPLATES)} translations: {'FAILED' if told else 'passed'}; "
        f"{len(found)} findings stay for {len(declined())} reasons\n"
    )
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
