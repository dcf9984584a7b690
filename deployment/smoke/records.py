"""Checks: what AWS publishes, starts and records, which only AWS itself can show."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from app.admin.cloudtrail import AssumedSession, NotARecordError, read_record
from deployment.smoke.account import Account
from deployment.smoke.checks import SmokeCheck
from deployment.smoke.deployment import Deployment
from deployment.smoke.outcomes import NotHeldError, NotTriedError

_ALIAS: Final = "live"
_AS_DEPLOYED: Final = ("CodeSha256", "Environment", "Timeout", "MemorySize")
_QUERIES: Final = 6
_PAUSE: Final = 10
"""Seconds: Logs Insights finds a line some time after it was written."""
_MOST_RECORDS: Final = 200
_MEASURED: Final = timedelta(hours=3)


def _version(deployed: Deployment) -> str:
    live, latest = (
        _configuration(deployed.account, _ALIAS),
        _configuration(deployed.account),
    )
    for name in _AS_DEPLOYED:
        if live.get(name) != latest.get(name):
            raise NotHeldError(
                f"the alias {_ALIAS} has another {name} than was deployed"
            )
    if _snapstart(live) != _snapstart(latest):
        raise NotHeldError(f"the alias {_ALIAS} was published before SnapStart changed")
    return f"{_ALIAS} is version {live['Version']}, as deployed"


def _snapshot(deployed: Deployment) -> str:
    """Where a snapshot is on, every process begins from it: also that of the grant."""
    deployed.grant()
    live = _configuration(deployed.account, _ALIAS)
    if _snapstart(live) != "PublishedVersions":
        raise NotTriedError("needs SnapStart=PublishedVersions")
    optimized = live.get("SnapStart", {}).get("OptimizationStatus")
    if optimized != "On" or live.get("State", "Active") != "Active":
        raise NotHeldError(
            f"its snapshot is {optimized}, the version {live.get('State')}"
        )
    return "on, and it gave a grant"


def _audit_line(deployed: Deployment) -> str:
    deployed.grant()
    client = deployed.account.client("logs")
    for left in reversed(range(_QUERIES)):
        if _grants_found(client, deployed):
            return "found by Event and SessionName"
        if left:
            deployed.wait(_PAUSE)
    raise NotHeldError(f"Logs Insights finds no grant of {deployed.me.session_name}")


def _trail(deployed: Deployment) -> str:
    broker_role = deployed.account.output("BrokerRoleArn").rpartition("/")[2]
    for record in islice(_recorded(deployed.account), _MOST_RECORDS):
        if not isinstance(record, AssumedSession):
            continue
        if f":assumed-role/{broker_role}/" not in record.by or record.error_code:
            continue
        if not (record.source_identity == record.session_name and record.access_key_id):
            raise NotHeldError(f"its record {record.event_id} lacks what join reads")
        return f"{record.event_id} is as it is read"
    raise NotTriedError("needs a grant of today, 15 minutes old")


def _metrics(deployed: Deployment) -> str:
    deployed.grant()
    client = deployed.account.client("cloudwatch")
    broker = deployed.account.physical_id("BrokerFunction")
    alias = {"FunctionName": broker, "Resource": f"{broker}:{_ALIAS}"}
    for namespace, metric, dimensions in (
        (f"Aikagi/{deployed.account.stack_name}", "Grants", {}),
        ("AWS/Lambda", "Invocations", alias),
    ):
        for left in reversed(range(_QUERIES)):
            if _is_measured(client, namespace, metric, dimensions):
                break
            if not left:
                raise NotHeldError(f"{namespace} has no {metric} of the last hours")
            deployed.wait(_PAUSE)
    return "Grants, and Invocations of the alias"


RECORD_CHECKS: Final = (
    SmokeCheck(
        name="version",
        assumed="A deployment publishes a version where code, a parameter or SnapStart "
        "has changed, and the API calls it.",
        otherwise="Publish one by hand: `aws lambda publish-version`, then "
        "`update-alias --name live`.",
        run=_version,
        settles=("version-published",),
    ),
    SmokeCheck(
        name="snapshot",
        assumed="With SnapStart the process is given an address to fetch credentials "
        "from, which answers before the snapshot and after a restore.",
        otherwise="Deploy with SnapStart None; the version's State has the reason.",
        run=_snapshot,
        settles=("snapstart-credentials",),
    ),
    SmokeCheck(
        name="audit-line",
        assumed="Logs Insights finds the members of an audit line by itself.",
        otherwise="The saved queries find nothing: begin them with `parse @message`.",
        run=_audit_line,
        settles=("logs-insights-members",),
    ),
    SmokeCheck(
        name="metrics",
        assumed="CloudWatch makes metrics of the broker's lines, and measures its "
        "alias.",
        otherwise="Alarms see nothing: look for _aws in the broker's log, and for the "
        "dimensions of AWS/Lambda in CloudWatch.",
        run=_metrics,
        settles=("metrics-from-log",),
    ),
    SmokeCheck(
        name="trail-record",
        assumed="CloudTrail records a session as `audit join` reads it.",
        otherwise="`audit join` explains nothing: adapt app/admin/cloudtrail.py to the "
        "record.",
        run=_trail,
        settles=("cloudtrail-sessions",),
    ),
)


def _configuration(account: Account, qualifier: str | None = None) -> Mapping[str, Any]:
    name = account.physical_id("BrokerFunction")
    found: Mapping[str, Any] = account.client("lambda").get_function_configuration(
        FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})
    )
    return found


def _snapstart(configuration: Mapping[str, Any]) -> str:
    return str(configuration.get("SnapStart", {}).get("ApplyOn", "None"))


def _grants_found(client: Any, deployed: Deployment) -> bool:  # noqa: ANN401 - of Account.client
    now = datetime.now(UTC)
    query = client.start_query(
        logGroupName=deployed.account.output("BrokerLogGroup"),
        startTime=int((now - timedelta(minutes=15)).timestamp()),
        endTime=int((now + timedelta(minutes=1)).timestamp()),
        queryString=f'filter Event = "Grant" and SessionName = '
        f'"{deployed.me.session_name}" | stats count(*) as Grants',
    )["queryId"]
    for _ in range(_QUERIES):
        answer = client.get_query_results(queryId=query)
        if answer["status"] not in {"Scheduled", "Running"}:
            break
        deployed.wait(1)
    return any(
        field["field"] == "Grants" and field["value"] != "0"
        for row in answer["results"]
        for field in row
    )


def _is_measured(
    client: Any,  # noqa: ANN401 - of Account.client
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
) -> bool:
    now = datetime.now(UTC)
    found = client.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
        StartTime=now - _MEASURED,
        EndTime=now + timedelta(minutes=1),
        Period=int(_MEASURED.total_seconds()),
        Statistics=["SampleCount"],
    )
    return any(point["SampleCount"] > 0 for point in found["Datapoints"])


def _recorded(account: Account) -> Iterator[object]:
    pages = (
        account.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(
            LookupAttributes=[
                {
                    "AttributeKey": "ResourceName",
                    "AttributeValue": account.output("InvokeRoleArn"),
                }
            ],
            StartTime=datetime.now(UTC) - timedelta(days=1),
        )
    )
    for page in pages:
        for event in page["Events"]:
            try:
                yield read_record({"CloudTrailEvent": event["CloudTrailEvent"]})
            except NotARecordError as error:
                raise NotHeldError(f"a record is not as documented: {error}") from error
