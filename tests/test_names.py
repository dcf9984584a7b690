"""A name has one meaning in whatever ships together."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

DISTRIBUTIONS: Final = (
    "app",
    "aikagi",
    "deployment",
    "emulator/src",
    "functions/layer/python",
)

SAME_THING_TWICE: Final = {
    # For httpx and for httpx2: whoever changes the library changes one import.
    ("aikagi", "SigV4Auth"),
}


@pytest.mark.parametrize("folder", DISTRIBUTIONS)
def test_no_two_public_classes_share_a_name(folder: str):
    counted = Counter(
        name
        for path in (ROOT / folder).rglob("*.py")
        for name in class_names(ast.parse(path.read_text()))
    )

    assert counted, f"there are no classes below {folder}"
    shared = {(folder, name) for name, times in counted.items() if times > 1}
    assert shared - SAME_THING_TWICE == set()


def class_names(module: ast.Module) -> Iterator[str]:
    """Give the names of public classes, and of types that have a name of their own."""
    for node in module.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            is_alias = ast.unparse(node.annotation).rpartition(".")[2] == "TypeAlias"
            if is_alias and not node.target.id.startswith("_"):
                yield node.target.id


def test_a_name_that_is_there_twice_is_found():
    twice = ast.parse("class A: ...\nclass _B: ...\nC: TypeAlias = int\nD: int = 1")

    assert list(class_names(twice)) == ["A", "C"]
