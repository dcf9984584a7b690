"""What the template measures, whom it tells, and what ``make check`` finds in it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aikagi_emulator.template import Stack
from app.domain.errors import UnavailableError
from app.domain.metrics import REASON
from tests.stack import ROOT, clean_environment
from tests.template.monitoring import (
    TOPIC,
    Monitoring,
    measures_of,
    monitoring,
    violations,
)
from tests.template.stacks import TEMPLATE
from tests.template.test_contract import Case, Edit

SEARCHED = 'SEARCH(\'{\\"Aikagi/${AWS::StackName}\\",RefusalReason}'

CASES = {
    "a metric that nothing measures": Case(
        mistake=("MetricName: StsThrottles\n", "MetricName: STSThrottles\n"),
        said="StsThrottlingAlarm: STSThrottles is no metric of the broker",
        allowed=("MetricName: StsThrottles\n", "MetricName: 'StsThrottles'\n"),
    ),
    "a reason that no fault has": Case(
        mistake=("Value: users-unavailable", "Value: wrong-password"),
        said="TableAlarm: no fault has the reason wrong-password",
        allowed=("Value: users-unavailable", "Value: issuers-unavailable"),
    ),
    "a dimension that a metric lacks": Case(
        mistake=(
            "MetricName: StsThrottles\n",
            "MetricName: StsThrottles\n      Dimensions: [{Name: A, Value: b}]\n",
        ),
        said="StsThrottlingAlarm: StsThrottles has not the dimensions A",
        allowed=(
            "MetricName: StsThrottles\n",
            "MetricName: StsThrottles\n      Dimensions: []\n",
        ),
    ),
    "another namespace": Case(
        mistake=(
            "Namespace: *metrics\n      MetricName: AuditFailures",
            "Namespace: Aikagi\n      MetricName: AuditFailures",
        ),
        said="AuditAlarm: nothing is measured in Aikagi",
        allowed=(
            "Namespace: *metrics\n      MetricName: AuditFailures",
            "Namespace: !Sub Aikagi/${AWS::StackName}\n      MetricName: AuditFailures",
        ),
    ),
    "a metric of another kind of API": Case(
        mistake=("MetricName: 5xx", "MetricName: 5XXError"),
        said="ServerErrorsAlarm: AWS/ApiGateway has no 5XXError",
        allowed=("MetricName: 5xx", "MetricName: 4xx"),
    ),
    "a dimension by which AWS measures nothing": Case(
        mistake=("- {Name: Resource, Value:", "- {Name: Alias, Value:"),
        said="BrokerErrorsAlarm: AWS/Lambda has no Errors with the dimensions",
        allowed=(
            "        - {Name: Resource, Value: !Sub '${BrokerFunction}:live'}\n",
            "",
        ),
    ),
    "another function": Case(
        mistake=(
            "{Name: FunctionName, Value: !Ref BrokerFunction}",
            "{Name: FunctionName, Value: !Ref HelloFunction}",
        ),
        said="BrokerErrorsAlarm: Errors: its FunctionName is not that of the stack",
        allowed=(
            "{Name: FunctionName, Value: !Ref BrokerFunction}",
            "{Value: !Ref BrokerFunction, Name: FunctionName}",
        ),
    ),
    "no word about missing data": Case(
        mistake=("      TreatMissingData: notBreaching\n", ""),
        said="AuditAlarm has no TreatMissingData",
        allowed=("TreatMissingData: notBreaching", "TreatMissingData: breaching"),
    ),
    "an alarm that tells nobody": Case(
        mistake=("      AlarmActions: *tell\n", ""),
        said="SessionsAlarm: its AlarmActions are not the topic that is named",
        allowed=("      AlarmActions: *tell\n", "      AlarmActions: *tell  # them\n"),
    ),
    "a statistic that there is not": Case(
        mistake=("ExtendedStatistic: p99", "ExtendedStatistic: p999"),
        said="LatencyAlarm: Latency has no statistic 'p999'",
        allowed=("ExtendedStatistic: p99", "ExtendedStatistic: p99.9"),
    ),
    "a dashboard that is no JSON": Case(
        mistake=('{"start": "-PT12H",', '{"start": "-PT12H"'),
        said="Dashboard: its DashboardBody is not JSON",
        allowed=('{"start": "-PT12H",', '{"start": "-PT3H",'),
    ),
    "a widget of a metric that nothing measures": Case(
        mistake=('"Logins"]', '"LogIns"]'),
        said="Dashboard: Granted: LogIns is no metric of the broker",
        allowed=('"Logins"]', '"Logins", {"label": "log-ins"}]'),
    ),
    "a search for a metric that nothing measures": Case(
        mistake=(f'{SEARCHED} MetricName=\\"Refusals', f'{SEARCHED} MetricName=\\"No'),
        said="Dashboard: Refused, by reason: No is no metric of the broker",
        allowed=("'Sum', 300)", "'Maximum', 300)"),
    ),
    "an expression of what is not beside it": Case(
        mistake=('"100 * reused"', '"100 * again"'),
        said="Dashboard: Sessions reused (%): 100 * again is neither a search nor",
        allowed=('"100 * reused"', '"reused * 100"'),
    ),
    "a metric that is on no dashboard": Case(
        mistake=('["Aikagi/${AWS::StackName}", "Restores"],\n', "\n"),
        said="Restores is measured and shown on no dashboard",
        allowed=(
            '["Aikagi/${AWS::StackName}", "Restores"],\n',
            '["Aikagi/${AWS::StackName}", "Restores", {"stat": "Sum"}],\n',
        ),
    ),
    "an alarm that is on no dashboard": Case(
        mistake=('"${AuditAlarm.Arn}", ', ""),
        said="Dashboard: Alarms: its alarms are not all that there are",
        allowed=('"${AuditAlarm.Arn}", ', '"${AuditAlarm.Arn}" , '),
    ),
    "a widget upon another": Case(
        mistake=('"x": 8, "y": 4,', '"x": 7, "y": 4,'),
        said="Dashboard: Refused, by reason: it covers Granted",
        allowed=('"x": 8, "y": 4, "width": 8', '"x": 8, "y": 4, "width": 7'),
    ),
    "a widget beyond the edge": Case(
        mistake=('"x": 20, "y": 10, "width": 4', '"x": 20, "y": 10, "width": 5'),
        said="Dashboard: Room for policy and tags (%): it ends beyond column 24",
        allowed=('"x": 20, "y": 10, "width": 4', '"x": 20, "y": 10, "width": 3'),
    ),
    "a filter of another log": Case(
        mistake=(
            "LogGroupName: !Ref BrokerLogs\n      FilterPattern",
            "LogGroupName: !Ref FunctionLogs\n      FilterPattern",
        ),
        said="AuditFailuresFilter: its LogGroupName is not the broker's log",
        allowed=(
            "LogGroupName: !Ref BrokerLogs\n      FilterPattern",
            "LogGroupName: !Ref 'BrokerLogs'\n      FilterPattern",
        ),
    ),
    "a filter into another namespace": Case(
        mistake=("MetricNamespace: *metrics", "MetricNamespace: Aikagi"),
        said="AuditFailuresFilter: its MetricNamespace is not Aikagi/trial",
        allowed=("MetricName: AuditFailures,", "MetricName: 'AuditFailures',"),
    ),
    "a filter that makes what the broker writes": Case(
        mistake=("MetricName: LoggedErrors,", "MetricName: Faults,"),
        said="LoggedErrorsFilter: its MetricName is one of the broker's own",
        allowed=("MetricName: LoggedErrors,", "MetricName: 'LoggedErrors',"),
    ),
}


@pytest.fixture(scope="module")
def found() -> Monitoring:
    return monitoring()


def said_of(folder: Path, edit: Edit, stack: Stack | None = None) -> list[str]:
    """Edit the first such place in the template, and check the result."""
    old, new = edit
    text = TEMPLATE.read_text()
    assert old in text
    for name in ("app", "functions"):
        (folder / name).symlink_to(ROOT / name)
    template = folder / "template.yaml"
    template.write_text(text.replace(old, new, 1))
    return violations(template, stack)


def test_everything_that_is_looked_at_is_measured():
    assert violations() == []


def test_metrics_that_the_broker_is_not_told_to_write_are_looked_at_by_nobody(
    tmp_path: Path,
):
    variable = "AIKAGI_METRICS_NAMESPACE: &metrics"

    sentences = said_of(tmp_path, (variable, "OTHER: &metrics"))

    assert "SessionsAlarm: nothing is measured in Aikagi/trial." in sentences


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_mistake_has_a_sentence_that_names_what_to_mend(
    case: Case, tmp_path: Path, found: Monitoring
):
    sentences = said_of(tmp_path, case.mistake, found.stack)

    assert any(case.said in sentence for sentence in sentences), sentences


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_near_a_mistake_and_none_passes(
    case: Case, tmp_path: Path, found: Monitoring
):
    assert said_of(tmp_path, case.allowed, found.stack) == []


# Whom alarms tell, and when


def test_alarms_tell_a_topic_where_one_is_named_and_nobody_where_none_is(
    found: Monitoring,
):
    told = monitoring(AlarmTopicArn=TOPIC)

    assert found.alarms
    for name, alarm in found.alarms.items():
        assert {"AlarmActions", "OKActions"}.isdisjoint(alarm)
        for actions in ("AlarmActions", "OKActions"):
            assert told.alarms[name][actions] == [TOPIC]


@pytest.mark.parametrize(
    "topic", ["operations", "arn:aws:sqs:ap-northeast-1:123456789012:q", "a@b.example"]
)
def test_what_is_no_topic_is_refused(topic: str):
    with pytest.raises(ValueError, match="Parameter AlarmTopicArn cannot be"):
        monitoring(AlarmTopicArn=topic)


def test_the_number_of_refusals_is_the_operators_choice():
    assert monitoring(AlarmRefusals="7").alarms["RefusalsAlarm"]["Threshold"] == "7"


def test_nothing_measured_rings_no_alarm(found: Monitoring):
    """A broker without visitors has no data, of some metrics for weeks."""
    missing = {alarm["TreatMissingData"] for alarm in found.alarms.values()}

    assert missing == {"notBreaching"}


def test_two_stacks_have_metrics_and_a_dashboard_each(found: Monitoring):
    other = monitoring(name="second")

    assert (found.namespace, other.namespace) == ("Aikagi/trial", "Aikagi/second")
    [dashboard] = other.dashboards.values()
    assert dashboard["DashboardName"] == "second-ap-northeast-1"
    assert "trial" not in json.dumps([other.alarms, other.dashboards, other.filters])


def test_every_fault_that_keeps_people_out_has_an_alarm(found: Monitoring):
    """But those of other issuers, whose tokens are looked at before a grant begins."""
    reasons = {
        measure.dimensions[REASON]
        for alarm in found.alarms.values()
        for measure in measures_of(alarm)
        if measure.dimensions.get(REASON)
    }
    # Of the audit there is an alarm by what the log says.
    [by_log] = measures_of(found.alarms["AuditAlarm"])

    faults = {error.code for error in UnavailableError.__subclasses__()}
    assert by_log.name == "AuditFailures"
    assert faults - reasons - {"audit-unavailable"} == {
        "issuers-unavailable",
        "issuer-keys-unavailable",
    }


# What the log says, as Lambda's own runtime client writes it

BROKEN = """
import io, logging
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_log_utils import LogFormat

bootstrap._setup_logging(LogFormat.from_str("TEXT"), "", bootstrap.StandardLogSink())

from app.adapters.audit import AuditLines
from app.adapters.line_writer import LineWriter
from app.domain.errors import AuditUnavailableError
from tests.adapters.test_audit import GRANT, Stream
try:
    AuditLines(LineWriter(Stream(broken=True))).write(GRANT)
except AuditUnavailableError:
    print("\\0", end="")
logging.error("Request 1 failed")
print("\\0", end="")
logging.warning("[ERROR]\\tAn audit line was not written, says somebody")
"""


@pytest.fixture(scope="module")
def logged() -> list[str]:
    """Give three events of the log: a lost audit line, an error and a warning."""
    done = subprocess.run(
        [sys.executable, "-c", BROKEN],
        env=clean_environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split("\0")


def pattern(found: Monitoring, name: str) -> re.Pattern[str]:
    """Read a pattern as CloudWatch Logs does: within %, and by few signs."""
    text = found.filters[name]["FilterPattern"]
    # Amazon CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax".
    assert re.fullmatch(r"%[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]+%", text)
    return re.compile(text[1:-1])


def test_a_lost_audit_line_and_every_error_are_found_in_the_log(
    found: Monitoring, logged: list[str]
):
    lost, error, warning = logged
    audit = pattern(found, "AuditFailuresFilter")
    errors = pattern(found, "LoggedErrorsFilter")

    assert "An audit line was not written: Grant" in lost
    assert [bool(audit.search(event)) for event in logged] == [True, False, False]
    assert [bool(errors.search(event)) for event in logged] == [True, True, False]
    assert "Request 1 failed" in error
    assert "says somebody" in warning


def test_nothing_that_is_written_to_standard_output_is_taken_for_an_error(
    found: Monitoring,
):
    for name in found.filters:
        for line in (
            '{"Version": 1, "Subject": "[ERROR]\\tAn audit line was not',
            '{"_',
        ):
            assert not pattern(found, name).search(line)


def test_the_words_of_an_error_are_told_from_what_lambda_puts_before_them(
    found: Monitoring, logged: list[str]
):
    text = found.stack.resources["LoggedErrorsQuery"].properties["QueryString"]
    like, parse = re.findall(r"/(\^[^/]*)/", text)

    words = [
        event and re.search(parse.replace("?<", "?P<"), event)
        for event in logged
        if re.search(like, event)
    ]
    assert [match["Words"] for match in words if match] == [
        "An audit line was not written: Grant",
        "Request 1 failed",
    ]
