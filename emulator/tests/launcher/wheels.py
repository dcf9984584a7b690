"""Wheels made by hand, and folders that an installer finds them in."""

import zipfile
from pathlib import Path
from typing import Final

TAG: Final = "py3-none-any"


def write_wheel(folder: Path, name: str, version: str, code: str) -> Path:
    """A distribution of one module, called as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-{TAG}.whl"
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {TAG}",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel


def asking_for(*named: str, wheels: Path) -> str:
    """The text of a requirements.txt that needs no package index."""
    return "".join(
        f"{line}\n" for line in ("--no-index", f"--find-links {wheels}", *named)
    )
