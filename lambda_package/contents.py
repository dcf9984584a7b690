"""Whose code stands in a package: distributions, what is compiled in, what is vendored.

A package is the folder that Lambda unpacks into ``/var/task``, or a layer's, whose
Python packages stand in ``python`` (``/opt/python``).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any, Final, final

VENDORED: Final = "vendored.json"
"""Beside files of others that stand among our own: which, from where, whose."""

_LICENCE: Final = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_HOMES: Final = ("homepage", "home", "repository", "source", "source code")
_KEPT: Final = Path(__file__).parent / "licences"


class LicenceMissingError(Exception):
    """Something is in the package whose licence is nowhere to be read."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A library that is compiled into another, as that one's publisher names it."""

    name: str
    version: str
    licence: str
    purl: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Code of others. ``texts`` leads from names of files to licences and notices.

    ``files`` are paths in the package, of what is vendored alone. ``licence`` is as its
    publisher writes it: an SPDX expression, or a name.
    """

    name: str
    version: str
    licence: str
    home: str
    purl: str
    texts: dict[str, str]
    parts: Sequence[Part] = ()
    files: Sequence[str] = ()


def packages_of(package: Path) -> Path:
    """Return where the Python packages of a package, or of a layer, stand."""
    layer = package / "python"
    return layer if layer.is_dir() else package


def components(package: Path) -> list[Component]:
    """Return all that is in it of others, by name.

    Raises ``LicenceMissingError`` for what has no licence text.
    """
    found = [*_distributions(packages_of(package)), *_vendored(package)]
    for component in found:
        if not component.texts:
            msg = (
                f"{component.name} {component.version} brings no licence text: put the "
                f"one of its repository into {_KEPT.parent.name}/{_KEPT.name}/"
                f"{component.name}.txt."
            )
            raise LicenceMissingError(msg)
    return sorted(found, key=lambda component: component.name)


def _distributions(folder: Path) -> Iterator[Component]:
    for info in sorted(folder.glob("*.dist-info")):
        metadata = PathDistribution(info).metadata
        name = re.sub(r"[-_.]+", "-", metadata["Name"]).lower()
        yield Component(
            name=name,
            version=metadata["Version"],
            licence=_licence_of(metadata),
            home=_home_of(metadata),
            purl=f"pkg:pypi/{name}@{metadata['Version']}",
            texts=_texts(info) or _kept(name),
            parts=list(_parts(info / "sboms")),
        )


def _licence_of(metadata: Any) -> str:  # noqa: ANN401 - importlib's own, of no type
    """Core metadata: License-Expression, before it License, before it a classifier."""
    expression = metadata["License-Expression"]
    named: str = (metadata["License"] or "").strip()
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or ()
        if text.startswith("License :: ")
    ]
    # Some write the whole text there.
    short = named if named and "\n" not in named else ""
    return expression or short or ", ".join(classifiers) or "see below"


def _home_of(metadata: Any) -> str:  # noqa: ANN401 - importlib's own, of no type
    urls = [text.split(", ", 1) for text in metadata.get_all("Project-URL") or ()]
    homes = [url for label, url in urls if label.lower() in _HOMES]
    return str(metadata["Home-page"] or next(iter([*homes, *(u for _, u in urls)]), ""))


def _texts(info: Path) -> dict[str, str]:
    """The files of ``licenses``, and those beside the metadata that are named so."""
    files = [path for path in info.rglob("*") if path.is_file()]
    return {
        path.relative_to(info).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(files)
        if path.is_relative_to(info / "licenses")
        or (path.parent == info and _LICENCE.match(path.name))
    }


def _kept(name: str) -> dict[str, str]:
    path = _KEPT / f"{name}.txt"
    return {path.name: path.read_text(encoding="utf-8")} if path.is_file() else {}


def _parts(folder: Path) -> Iterator[Part]:
    """Read the bills of materials that a wheel brings (PEP 770), CycloneDX's JSON."""
    for path in sorted(folder.glob("*.json")):
        for part in json.loads(path.read_bytes()).get("components", ()):
            yield Part(
                name=part["name"],
                version=part.get("version", ""),
                licence=" and ".join(map(_named, part.get("licenses", ()))),
                purl=part.get("purl", ""),
            )


def _named(choice: dict[str, Any]) -> str:
    licence: dict[str, str] = choice.get("license", {})
    found = choice.get("expression") or licence.get("id") or licence.get("name", "")
    return str(found)


def _vendored(package: Path) -> Iterator[Component]:
    for record in sorted(package.rglob(VENDORED)):
        entries: list[dict[str, str]] = json.loads(record.read_bytes())
        for name in sorted({entry["package"] for entry in entries}):
            own = [entry for entry in entries if entry["package"] == name]
            bare, _, version = name.rpartition("@")
            paths = {entry["path"]: record.parent / entry["path"] for entry in own}
            yield Component(
                name=bare,
                version=version,
                licence=own[0]["licence"],
                home=f"https://www.npmjs.com/package/{bare}",
                purl=f"pkg:npm/{bare}@{version}",
                texts={
                    Path(entry["file"]).name: paths[entry["path"]].read_text("utf-8")
                    for entry in own
                    if _LICENCE.search(entry["file"])
                },
                files=[path.relative_to(package).as_posix() for path in paths.values()],
            )
