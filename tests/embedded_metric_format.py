"""What CloudWatch makes of a line of the log in the embedded metric format.

Amazon CloudWatch User Guide, "Specification: Embedded metric format"; names and values
of dimensions, namespaces and units as in its "Metrics concepts" and MetricDatum.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, TypeAdapter

MOST_BYTES: Final = 256 * 1024
"""The least of what any of its documents allows of one event of a log."""

Name = Annotated[str, Field(pattern=r"^[!-~]([ -~]*[!-~])?$", max_length=255)]
Namespace = Annotated[str, Field(pattern=r"^[0-9A-Za-z._/#:-]{1,255}$")]
Values = (
    Annotated[float, Field(allow_inf_nan=False)]
    | Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]],
        Field(min_length=1, max_length=100),
    ]
)
DimensionValue = Annotated[
    str, Field(pattern=r"^[^:\s][ -~]*$", min_length=1, max_length=1024)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Definition(_Strict):
    Name: Name
    Unit: Literal["Count", "Milliseconds", "Percent", "Seconds", "Bytes", "None"]
    StorageResolution: Literal[1, 60] = 60


class Directive(_Strict):
    Namespace: Namespace
    Dimensions: Annotated[
        list[Annotated[list[Name], Field(max_length=30)]], Field(min_length=1)
    ]
    Metrics: Annotated[list[Definition], Field(min_length=1, max_length=100)]


class Metadata(_Strict):
    Timestamp: StrictInt
    CloudWatchMetrics: Annotated[list[Directive], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """What one line adds to one metric."""

    namespace: str
    name: str
    unit: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    values: tuple[float, ...]
    timestamp: int


def is_metrics(line: str) -> bool:
    """Tell whether CloudWatch would look for metrics in a line of the log."""
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and "_aws" in found


def data_of(line: str) -> list[Datum]:
    """Read a line's metrics. Raises ``ValueError`` for one that CloudWatch drops."""
    if len(line.encode()) > MOST_BYTES or "\n" in line:
        raise ValueError("it is too long, or more than one event")
    root = json.loads(line, object_pairs_hook=_without_twins)
    metadata = Metadata.model_validate(root["_aws"])
    return list(_data(root, metadata))


def _data(root: Mapping[str, Any], metadata: Metadata) -> Iterator[Datum]:
    for directive in metadata.CloudWatchMetrics:
        for names in directive.Dimensions:
            dimensions = {
                name: TypeAdapter(DimensionValue).validate_python(root[name])
                for name in names
            }
            for metric in directive.Metrics:
                found = TypeAdapter(Values).validate_python(root[metric.Name])
                yield Datum(
                    namespace=directive.Namespace,
                    name=metric.Name,
                    unit=metric.Unit,
                    dimensions=dimensions,
                    values=tuple(found) if isinstance(found, list) else (found,),
                    timestamp=metadata.Timestamp,
                )


def sums(lines: Iterable[str]) -> dict[tuple[str, ...], float]:
    """Add up the metrics of all lines that have some, by name and dimension."""
    found: dict[tuple[str, ...], float] = {}
    for line in filter(is_metrics, lines):
        for datum in data_of(line):
            key = (datum.name, *datum.dimensions.values())
            found[key] = found.get(key, 0) + sum(datum.values)
    return found


def is_taken_now(datum: Datum) -> bool:
    """Tell whether CloudWatch takes its time: two weeks back and two hours ahead."""
    now = time.time() * 1000
    return now - 14 * 86_400_000 < datum.timestamp < now + 2 * 3_600_000


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found
