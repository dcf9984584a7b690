"""Lines of several writers come whole, one after the other."""

import io

import pytest
from typing_extensions import override

from app.adapters.audit import AuditLines
from app.adapters.embedded_metrics import EmbeddedMetrics
from app.adapters.line_writer import LineWriter
from app.bootstrap import assemble
from app.settings import Settings
from tests.adapters.test_audit import Stream
from tests.fakes import SECRET
from tests.scripted_aws import Answer, ScriptedAws


def test_a_line_is_written_and_flushed():
    stream = Stream()
    lines = LineWriter(stream)

    lines.write("one")
    lines.write("two")

    assert stream.flushed == "one\ntwo\n"


def test_nobody_else_writes_before_a_line_is_flushed():
    is_held: list[bool] = []

    class Watched(io.StringIO):
        @override
        def write(self, line: str) -> int:
            is_held.append(lines._writing.locked())
            return super().write(line)

        @override
        def flush(self) -> None:
            is_held.append(lines._writing.locked())

    lines = LineWriter(Watched())
    lines.write("one")

    assert is_held == [True, True]
    assert not lines._writing.locked()


def test_whoever_writes_after_a_failure_waits_for_nobody():
    lines = LineWriter(Stream(broken=True))

    for _ in range(2):
        with pytest.raises(BrokenPipeError):
            lines.write("one")


def test_audit_and_metrics_of_a_broker_have_one_writer(script: ScriptedAws):
    script.will(
        Answer.json(
            {
                "SecretString": f"{SECRET.decode()}-0123456789",
                "VersionId": "v" * 32,
            }
        )
    )
    settings = Settings.model_validate(
        {
            "AWS_REGION": "eu-west-1",
            "users_table": "users",
            "signing_secret_arn": "a-secret",
            "invoke_role_arn": "arn:aws:iam::123456789012:role/a-role",
            "catalogue_path": "/aikagi/test/functions",
            "issuers_path": "/aikagi/test/issuers",
            "metrics_namespace": "Aikagi/test",
        }
    )

    made = assemble(settings, script.session())

    audit, metrics = made.broker.audit.log, made.metrics._log
    assert isinstance(audit, AuditLines)
    assert isinstance(metrics, EmbeddedMetrics)
    assert audit._lines is metrics._lines
    assert made.broker.audit.metrics is made.metrics
