"""Whether alarms, dashboard and filters of a template measure what there is to measure.

A metric that is misspelled is no mistake to CloudWatch: it has no data, and its alarm
never rings. ``make check`` prints what this finds, as ``tests/template/contract.py``.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from aikagi_emulator.template import Stack
from aikagi_emulator.template.document import read
from aikagi_emulator.template.intrinsics import NO_VALUE, Intrinsics
from aikagi_emulator.template.parameters import values
from app.domain.errors import UnavailableError
from app.domain.metrics import METRICS, REASON
from tests.template.stacks import TEMPLATE, deployed, variables_of

TOPIC: Final = "arn:aws:sns:ap-northeast-1:123456789012:operations"

_ALARM: Final = "AWS::CloudWatch::Alarm"
_DASHBOARD: Final = "AWS::CloudWatch::Dashboard"
_FILTER: Final = "AWS::Logs::MetricFilter"

_OF_AWS: Final[Mapping[str, Mapping[frozenset[str], frozenset[str]]]] = {
    # Amazon API Gateway Developer Guide, "Working with metrics for HTTP APIs".
    "AWS/ApiGateway": {
        frozenset({"ApiId"}): frozenset(
            {"4xx", "5xx", "Count", "DataProcessed", "IntegrationLatency", "Latency"}
        )
    },
    # Amazon DynamoDB Developer Guide, "DynamoDB metrics and dimensions".
    "AWS/DynamoDB": {
        frozenset({"TableName"}): frozenset(
            {
                "ConsumedReadCapacityUnits",
                "ConsumedWriteCapacityUnits",
                "ReadThrottleEvents",
                "WriteThrottleEvents",
            }
        )
    },
    # AWS Lambda Developer Guide, "Types of metrics for Lambda functions", and for the
    # URLs "Monitoring Lambda function URLs".
    "AWS/Lambda": {
        frozenset({"FunctionName", "Resource"}): frozenset(
            {"ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"}
        ),
        frozenset({"FunctionName"}): frozenset(
            {
                *("ConcurrentExecutions", "Duration", "Errors", "Invocations"),
                *("Throttles", "Url4xxCount", "Url5xxCount", "UrlRequestCount"),
                "UrlRequestLatency",
            }
        ),
    },
}
"""The metrics of AWS's namespaces, by the names of their dimensions."""

_STATISTIC: Final = re.compile(
    r"Average|Maximum|Minimum|SampleCount|Sum|p(100|[0-9]{1,2}(\.[0-9]+)?)"
)
_SEARCH: Final = re.compile(
    r"SEARCH\('\{(?P<schema>[^}]*)\} MetricName=\"(?P<name>\w+)\"(?P<more>[^']*)', "
    r"'(?P<statistic>\w+)', (?P<period>[0-9]+)\)"
)
_COLUMNS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """What a template has of it, by logical ids, as its stack would have it."""

    stack: Stack
    alarms: Mapping[str, Mapping[str, Any]]
    dashboards: Mapping[str, Mapping[str, Any]]
    filters: Mapping[str, Mapping[str, Any]]

    @property
    def namespace(self) -> str:
        """Of the broker's own metrics."""
        broker = self.stack.resources["BrokerFunction"]
        return variables_of(broker).get("AIKAGI_METRICS_NAMESPACE", "")

    @property
    def own(self) -> set[str]:
        """The names of all metrics that the broker and the filters make."""
        filtered = {
            transformation["MetricName"]
            for filter_ in self.filters.values()
            for transformation in filter_["MetricTransformations"]
        }
        return {metric.name for metric in METRICS} | filtered

    @property
    def dimensions(self) -> dict[str, str]:
        """What dimensions of AWS's namespaces have to name: resources of the stack."""
        broker = self.stack.resources["BrokerFunction"].ref
        return {
            "ApiId": self.stack.resources["HttpApi"].ref,
            "FunctionName": broker,
            "Resource": f"{broker}:live",
            "TableName": self.stack.resources["UsersTable"].ref,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric that an alarm or a widget asks for. Dimensions may be sought alone."""

    namespace: str
    name: str
    dimensions: Mapping[str, str | None]
    statistic: str


def monitoring(
    template: Path = TEMPLATE,
    /,
    *,
    stack: Stack | None = None,
    name: str = "trial",
    **parameters: str,
) -> Monitoring:
    """Resolve a template as a stack, whose monitoring the emulator passes over.

    ``stack`` is that of the template, but for its monitoring, where it is known.
    """
    document = read(template)
    stack = stack or deployed(template, name=name, **parameters)
    resolve = Intrinsics(_Names(stack, document, parameters)).value

    def of_type(type_: str) -> dict[str, Any]:
        return {
            logical_id: resolve(resource["Properties"])
            for logical_id, resource in document["Resources"].items()
            if resource["Type"] == type_
        }

    return Monitoring(
        stack=stack,
        alarms=of_type(_ALARM),
        dashboards=of_type(_DASHBOARD),
        filters=of_type(_FILTER),
    )


@final
class _Names:
    """What Ref and GetAtt give in a stack that is resolved."""

    def __init__(
        self, stack: Stack, document: Mapping[str, Any], given: Mapping[str, str]
    ) -> None:
        self._stack = stack
        self._document = document
        self._known: dict[str, object] = {
            **values(document["Parameters"], given),
            "AWS::AccountId": stack.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": stack.region,
            "AWS::StackName": stack.name,
        }

    def reference(self, name: str) -> object:
        return (
            self._known[name]
            if name in self._known
            else self._stack.resources[name].ref
        )

    def attribute(self, logical_id: str, attribute: str) -> object:
        return self._stack.resources[logical_id].attributes[attribute]

    def condition(self, name: str) -> bool:
        return Intrinsics(self).truth(self._document["Conditions"][name])

    def mapping(self, name: str) -> Mapping[str, Any]:
        raise KeyError(name)


def violations(template: Path = TEMPLATE, stack: Stack | None = None) -> list[str]:
    """Return a sentence for each, which begins with the logical id to look at."""
    found = monitoring(template, stack=stack, AlarmTopicArn=TOPIC)
    return [
        *_of_filters(found),
        *_of_alarms(found),
        *_of_dashboards(found),
    ]


def measures_of(alarm: Mapping[str, Any]) -> Iterator[Measure]:
    """Give the metrics that an alarm looks at."""
    if "MetricName" in alarm:
        statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic", "")
        yield _measure(alarm, statistic)
    for query in alarm.get("Metrics", []):
        if "MetricStat" in query:
            yield _measure(query["MetricStat"]["Metric"], query["MetricStat"]["Stat"])


def _measure(metric: Mapping[str, Any], statistic: str) -> Measure:
    dimensions = metric.get("Dimensions", [])
    return Measure(
        namespace=metric["Namespace"],
        name=metric["MetricName"],
        dimensions={entry["Name"]: entry["Value"] for entry in dimensions},
        statistic=statistic,
    )


def _of_filters(found: Monitoring) -> Iterator[str]:
    broker = found.stack.resources["BrokerFunction"].properties
    for logical_id, filter_ in found.filters.items():
        if filter_["LogGroupName"] != broker["LoggingConfig"]["LogGroup"]:
            yield f"{logical_id}: its LogGroupName is not the broker's log."
        for transformation in filter_["MetricTransformations"]:
            if transformation["MetricNamespace"] != found.namespace:
                yield f"{logical_id}: its MetricNamespace is not {found.namespace}."
            if transformation["MetricName"] in {metric.name for metric in METRICS}:
                yield f"{logical_id}: its MetricName is one of the broker's own."


def _of_alarms(found: Monitoring) -> Iterator[str]:
    for logical_id, alarm in found.alarms.items():
        for needed in ("AlarmDescription", "TreatMissingData"):
            if not alarm.get(needed):
                yield f"{logical_id} has no {needed}."
        for told in ("AlarmActions", "OKActions"):
            if alarm.get(told) != [TOPIC]:
                yield f"{logical_id}: its {told} are not the topic that is named."
        measures = list(measures_of(alarm))
        if not measures:
            yield f"{logical_id} looks at no metric."
        for measure in measures:
            for sentence in _of_measure(found, measure):
                yield f"{logical_id}: {sentence}"


def _of_measure(found: Monitoring, measure: Measure) -> Iterator[str]:
    if not _STATISTIC.fullmatch(measure.statistic):
        yield f"{measure.name} has no statistic {measure.statistic!r}."
    if measure.namespace == found.namespace:
        yield from _of_own(found, measure)
    elif measure.namespace in _OF_AWS:
        yield from _of_aws(found, measure)
    else:
        yield f"nothing is measured in {measure.namespace}."


def _of_own(found: Monitoring, measure: Measure) -> Iterator[str]:
    if measure.name not in found.own:
        yield f"{measure.name} is no metric of the broker."
        return
    by_reason = {metric.name for metric in METRICS if metric.by_reason}
    if measure.dimensions and (
        measure.name not in by_reason or measure.dimensions.keys() != {REASON}
    ):
        yield f"{measure.name} has not the dimensions {_listed(measure.dimensions)}."
    faults = {error.code for error in UnavailableError.__subclasses__()}
    reason = measure.dimensions.get(REASON)
    if measure.name == "Faults" and reason is not None and reason not in faults:
        yield f"no fault has the reason {reason}."


def _of_aws(found: Monitoring, measure: Measure) -> Iterator[str]:
    names = _OF_AWS[measure.namespace].get(frozenset(measure.dimensions), frozenset())
    if measure.name not in names:
        yield (
            f"{measure.namespace} has no {measure.name} with the dimensions "
            f"{_listed(measure.dimensions)}."
        )
    for name, value in measure.dimensions.items():
        if value is not None and value != found.dimensions.get(name, value):
            yield f"{measure.name}: its {name} is not that of the stack."


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none"


def _of_dashboards(found: Monitoring) -> Iterator[str]:
    shown: set[str] = set()
    for logical_id, dashboard in found.dashboards.items():
        try:
            body = json.loads(dashboard["DashboardBody"])
        except ValueError as error:
            yield f"{logical_id}: its DashboardBody is not JSON: {error}."
            return
        yield from (f"{logical_id}: {text}" for text in _of_grid(body["widgets"]))
        for widget in body["widgets"]:
            title = widget["properties"]["title"]
            for sentence in _of_widget(found, widget["properties"], widget["type"]):
                yield f"{logical_id}: {title}: {sentence}"
            shown |= {
                measure.name
                for measure in _measures_in(widget["properties"], [])
                if measure.namespace == found.namespace
            }
    for name in sorted(found.own - shown):
        yield f"{name} is measured and shown on no dashboard: it only costs."


def _of_grid(widgets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for widget in widgets:
        title = widget["properties"]["title"]
        if widget["x"] + widget["width"] > _COLUMNS:
            yield f"{title}: it ends beyond column {_COLUMNS}."
        for x in range(widget["x"], widget["x"] + widget["width"]):
            for y in range(widget["y"], widget["y"] + widget["height"]):
                other = taken.setdefault((x, y), title)
                if other != title:
                    yield f"{title}: it covers {other}."
                    return


def _of_widget(
    found: Monitoring, properties: Mapping[str, Any], type_: str
) -> Iterator[str]:
    if type_ == "alarm":
        arns = [
            found.stack.resources[logical_id].attributes["Arn"]
            for logical_id in found.alarms
        ]
        if sorted(properties["alarms"]) != sorted(arns):
            yield "its alarms are not all that there are."
        return
    if properties["region"] != found.stack.region:
        yield "its region is not that of the stack."
    unread: list[str] = []
    for measure in _measures_in(properties, unread):
        yield from _of_measure(found, measure)
    yield from unread


def _measures_in(properties: Mapping[str, Any], unread: list[str]) -> Iterator[Measure]:
    """Give the metrics of a widget; what is no metric it says in ``unread``."""
    known: set[str] = set()
    expressions: list[str] = []
    for row in properties.get("metrics", []):
        *words, options = row if isinstance(row[-1], dict) else [*row, {}]
        known.add(options.get("id", ""))
        if "expression" in options:
            expressions.append(options["expression"])
        elif len(words) % 2:
            unread.append(f"{words} is no metric.")
        else:
            namespace, name, *pairs = words
            yield Measure(
                namespace=namespace,
                name=name,
                dimensions=dict(zip(pairs[::2], pairs[1::2], strict=True)),
                statistic=options.get("stat", properties.get("stat", "Average")),
            )
    for expression in expressions:
        search = _SEARCH.fullmatch(expression)
        if search:
            yield _sought(search)
        elif not set(re.findall(r"[a-z]\w*", expression)) <= known:
            unread.append(f"{expression} is neither a search nor of ids beside it.")


def _sought(search: re.Match[str]) -> Measure:
    namespace, *names = search["schema"].replace('"', "").split(",")
    return Measure(
        namespace=namespace,
        name=search["name"],
        dimensions=dict.fromkeys(names),
        statistic=search["statistic"],
    )
