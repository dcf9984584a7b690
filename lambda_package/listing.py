"""What is in a package: ``python -m lambda_package.listing FOLDER …``.

The digest is of all paths, modes and contents: two packages with the same one are the
same. ``--files`` lists every file. Without it the largest parts are listed.
"""

import argparse
import hashlib
import io
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

_LARGEST: Final = 8
_MEGABYTE: Final = 1_000_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a package: its path there, its mode, bytes, and SHA-256."""

    path: str
    mode: int
    size: int
    sha256: str

    @property
    def is_byte_code(self) -> bool:
        return self.path.endswith(".pyc")

    def line(self) -> str:
        return f"{self.mode:o} {self.sha256} {self.size:>9} {self.path}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Sizes are bytes, unzipped."""

    files: Sequence[File]

    @property
    def byte_code(self) -> int:
        return sum(file.size for file in self.files if file.is_byte_code)

    @property
    def without_byte_code(self) -> int:
        return sum(file.size for file in self.files if not file.is_byte_code)

    @property
    def digest(self) -> str:
        lines = "".join(f"{file.line()}\n" for file in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()

    def largest(self) -> list[tuple[str, int]]:
        """Name the largest parts at the root, or in a layer's ``python``."""
        sizes: Counter[str] = Counter()
        for file in self.files:
            first, *rest = file.path.removeprefix("python/").split("/")
            sizes[f"{first}/" if rest else first] += file.size
        return sizes.most_common(_LARGEST)


def list_package(package: Path) -> Listing:
    paths = sorted(path for path in package.rglob("*") if path.is_file())
    return Listing(files=[_file(package, path) for path in paths])


def _file(package: Path, path: Path) -> File:
    content = path.read_bytes()
    return File(
        path=path.relative_to(package).as_posix(),
        mode=path.stat().st_mode & 0o777,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def lines_of(package: Path, *, files: bool = False) -> Iterator[str]:
    """Give lines for somebody's terminal."""
    listing = list_package(package)
    byte_code = listing.byte_code
    sizes = [
        f"{len(listing.files)} files",
        f"{_size(listing.without_byte_code)} unzipped",
        f"{_size(listing.without_byte_code + byte_code)} with byte-code"
        if byte_code
        else "no byte-code",
        f"{_size(_zipped(package, listing))} zipped",
    ]
    yield f"{package.name}: {', '.join(sizes)}"
    yield f"  sha256 {listing.digest}"
    if files:
        yield from (f"  {file.line()}" for file in listing.files)
    else:
        yield from (f"  {_size(size):>8}  {part}" for part, size in listing.largest())


def _zipped(package: Path, listing: Listing) -> int:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for file in listing.files:
            written.write(package / file.path, file.path)
    return len(archive.getvalue())


def _size(size: int) -> str:
    if size < _MEGABYTE:
        return f"{size / 1000:.0f} kB"
    return f"{size / _MEGABYTE:.1f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lambda_package.listing")
    parser.add_argument("packages", type=Path, nargs="+")
    parser.add_argument("--files", action="store_true", help="list every file")
    parsed = parser.parse_args()
    for package in parsed.packages:
        for line in lines_of(package, files=parsed.files):
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
