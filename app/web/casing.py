"""AWS-shaped payloads are in PascalCase, as AWS writes them."""

from typing import Final

from pydantic import ConfigDict
from pydantic.alias_generators import to_pascal

PASCAL_CASE: Final = ConfigDict(
    alias_generator=to_pascal, validate_by_name=True, frozen=True
)
