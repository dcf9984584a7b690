"""``THIRD-PARTY-NOTICES.txt`` of a package: whose code it holds, under which licence.

It is made of what the wheels bring, at each build: what a lock adds is in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lambda_package.contents import Component, components

NAME: Final = "THIRD-PARTY-NOTICES.txt"

_OURS: Final = Path(__file__).parents[1] / "LICENSE"
_RULE: Final = "-" * 78


def write_notices(package: Path) -> None:
    """Write the file into the root of a package.

    Raises ``LicenceMissingError`` for what has no licence text.
    """
    text = "\n".join(_lines(components(package)))
    (package / NAME).write_text(f"{text}\n", encoding="utf-8")


def _lines(found: list[Component]) -> Iterator[str]:
    yield "This package is part of Aikagi, under this licence:"
    yield ""
    yield _OURS.read_text(encoding="utf-8").strip()
    yield ""
    if not found:
        yield "It holds nothing of others."
        return
    yield "It holds what others wrote, under their licences:"
    yield ""
    for component in found:
        yield f"  {component.name} {component.version}: {component.licence}"
    for component in found:
        yield ""
        yield _RULE
        yield from _about(component)


def _about(component: Component) -> Iterator[str]:
    yield f"{component.name} {component.version}"
    yield f"Licence: {component.licence}"
    if component.home:
        yield component.home
    yield from component.files
    if component.parts:
        yield ""
        yield "Compiled into it, as its publisher says:"
        for part in component.parts:
            licence = f": {part.licence}" if part.licence else ""
            yield f"  {part.name} {part.version}{licence}"
    for name, text in component.texts.items():
        yield ""
        yield f"[{name}]"
        yield ""
        yield text.strip()
