"""``python -m tests.entry_schema``: write the JSON Schema of catalogue entries."""

import json
from typing import Final

from app.adapters.catalogue_entry import entry_schema
from tests.stack import ROOT

PATH: Final = ROOT / "docs" / "catalogue-entry.schema.json"


def text() -> str:
    return json.dumps(entry_schema(), indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
