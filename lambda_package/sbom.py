"""Bills of materials: ``python -m lambda_package.sbom BUILD FOLDER``.

CycloneDX's JSON for each package of a build, of all that others wrote in it:
distributions, what their publishers have compiled into them, and what is vendored among
our own files. Packages that are the same have the same one: there is no time in it, and
no random number.
"""

import hashlib
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Described
from cyclonedx.model.component import ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from lambda_package.contents import Component, Part, components
from lambda_package.listing import list_package

_DIGEST: Final = "aikagi:package:sha256"
"""What ``lambda_package.listing`` prints: of all files together."""


def write_sbom(package: Path, target: Path) -> None:
    """Raises ``LicenceMissingError``, and ``ValueError`` where the schema refuses."""
    text = json.dumps(_document(package), indent=2, sort_keys=True)
    refused = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if refused is not None:
        msg = f"{package.name}: {refused.data!r}"
        raise ValueError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"{text}\n", encoding="utf-8")


def _document(package: Path) -> dict[str, Any]:
    digest = list_package(package).digest
    bom = Bom(
        components=[
            _described(component, package) for component in components(package)
        ],
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, f"{package.name}\0{digest}"),
    )
    bom.metadata.component = root = Described(
        type=ComponentType.APPLICATION,
        name=package.name,
        bom_ref=package.name,
        group="aikagi",
        licenses=[_licence("MIT")],
        properties=[Property(name=_DIGEST, value=digest)],
    )
    bom.register_dependency(root, bom.components)
    written: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del written["metadata"]["timestamp"]
    return written


def _described(component: Component, package: Path) -> Described:
    return Described(
        name=component.name,
        version=component.version,
        bom_ref=component.purl,
        purl=PackageURL.from_string(component.purl),
        licenses=[_licence(component.licence)],
        components=[
            *(_part(part, component) for part in component.parts),
            *_files(component, package),
        ],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.WEBSITE, url=XsUri(component.home)
            )
        ]
        if component.home
        else [],
    )


def _part(part: Part, whole: Component) -> Described:
    return Described(
        name=part.name,
        version=part.version,
        bom_ref=f"{whole.purl}#{part.purl or part.name}",
        purl=PackageURL.from_string(part.purl) if part.purl else None,
        licenses=[_licence(part.licence)] if part.licence else [],
    )


def _files(component: Component, package: Path) -> Iterator[Described]:
    for path in component.files:
        digest = hashlib.sha256((package / path).read_bytes()).hexdigest()
        yield Described(
            type=ComponentType.FILE,
            name=path,
            bom_ref=path,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        )


def _licence(text: str) -> Any:  # noqa: ANN401 - the library's, which is not installed here
    """Give an SPDX id or expression where it is one, and else a name."""
    return LicenseFactory().make_from_string(text)


def main(build: Path, folder: Path) -> None:
    for package in sorted(path for path in build.iterdir() if path.is_dir()):
        target = folder / f"{package.name}.cdx.json"
        write_sbom(package, target)
        sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
