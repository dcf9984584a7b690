"""What an operator finds out from audit lines and CloudTrail's records together."""

import gzip
import io
import json
import tracemalloc
from collections.abc import Callable, Mapping
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, Final

import pytest

from app.adapters.audit import AuditLines
from app.adapters.line_writer import LineWriter
from app.admin import json_files
from app.admin.commands import main
from app.domain.audit import GrantRecord, LogoutRecord, RevocationRecord
from app.domain.credentials import Grant, Source, TemporaryCredentials
from app.domain.identity import Identity
from app.domain.session import SessionRequest, plan_session
from tests.fakes import NOON, ROLE, a_function, a_user

BROKER: Final = "arn:aws:sts::123456789012:assumed-role/BrokerRole/broker"
SOURCE: Final = Source(address="203.0.113.7", request_id="r-1")

Joined = Callable[..., tuple[int, str, str]]


def a_grant(number: int = 1, *, user: str = "alice") -> GrantRecord:
    plan = plan_session(
        a_user(user, "everyone"),
        a_function("hello", "everyone"),
        SessionRequest(duration_seconds=900),
        grant_id=f"grant-{number}",
        now=NOON,
    )
    credentials = TemporaryCredentials(
        access_key_id=key(number),
        secret_access_key="secret",
        session_token="token",
        expires_at=NOON,
        request_id=f"sts-{number}",
        grant_id=f"grant-{number}",
        issued=0,
    )
    return GrantRecord.of(
        Grant(plan=plan, credentials=credentials, granted_at=NOON), SOURCE
    )


def key(number: int) -> str:
    return f"ASIAEXAMPLE{number:05}"


def line_of(*records: Any) -> str:
    stream = io.StringIO()
    for record in records:
        AuditLines(LineWriter(stream)).write(record)
    return stream.getvalue()


def assumed(number: int = 1, user: str = "alice", **changes: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "AssumedRole", "arn": BROKER},
        "eventTime": "2030-01-01T12:00:00Z",
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "sourceIPAddress": "192.0.2.1",
        "requestParameters": {
            "roleArn": ROLE,
            "roleSessionName": f"local+{user}",
            "sourceIdentity": f"local+{user}",
        },
        "responseElements": {"credentials": {"accessKeyId": key(number)}},
        "requestID": f"sts-{number}",
        "eventID": f"assumed-{number}",
        **changes,
    }


def invoked(number: int = 1, function: str = "hello", **changes: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{function}"
    return {
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::123456789012:assumed-role/aikagi-InvokeRole/local+x",
            "accessKeyId": key(number),
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
        },
        "eventTime": "2030-01-01T12:01:00Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": "InvokeFunctionUrl",
        "resources": [{"type": "AWS::Lambda::Function", "ARN": arn}],
        "eventID": f"invoked-{number}",
        "eventCategory": "Data",
        **changes,
    }


def trail(*records: Mapping[str, Any]) -> str:
    return json.dumps({"Records": records})


@pytest.fixture
def joined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Joined:
    """Join the text of two files: code, standard output, standard error."""

    def join(audit: str, cloudtrail: str, *options: str) -> tuple[int, str, str]:
        (tmp_path / "audit").write_text(audit)
        (tmp_path / "cloudtrail").write_text(cloudtrail)
        files = ["--audit", str(tmp_path / "audit")]
        files += ["--cloudtrail", str(tmp_path / "cloudtrail")]
        code = main(["audit", "join", *files, *options])
        written = capsys.readouterr()
        return code, written.out, written.err.replace(f"{tmp_path}/", "")

    return join


def test_who_called_what_and_nothing_unexplained(joined: Joined):
    later = invoked(eventTime="2030-01-01T12:09:00Z", errorCode="AccessDenied")
    records = trail(assumed(), invoked(), later)

    code, out, err = joined(line_of(a_grant()), records)

    assert code == 0
    assert out.split("\t") == [
        "called",
        "local",
        "alice",
        "hello",
        "2030-01-01T12:00:00Z",
        "grant-1",
        key(1),
        "1",
        "2",
        "2030-01-01T12:01:00Z",
        "2030-01-01T12:09:00Z",
        "1",
        "0\n",
    ]
    assert "1 sessions called a function, 0 never did.\n" in err
    assert err.endswith("0 things are unexplained.\n")


def test_a_session_that_the_broker_never_granted_is_found(joined: Joined):
    code, out, err = joined(line_of(a_grant()), trail(assumed(), assumed(2, "mallory")))

    assert code == 8
    [row] = out.splitlines()
    assert row.split("\t") == [
        "unexplained",
        "SessionWithoutGrant",
        "2030-01-01T12:00:00Z",
        key(2),
        "local+mallory",
        f"assumed by {BROKER} from 192.0.2.1",
        "assumed-2",
        "1",
    ]
    assert err.endswith("1 things are unexplained.\n")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"requestParameters": {"roleArn": ROLE, "roleSessionName": "local+alice"}},
            "source identity none instead of local+alice",
        ),
        (
            assumed(user="bob"),
            "session name local+bob instead of local+alice, source identity local+bob",
        ),
        ({"requestID": "another"}, "request another instead of sts-1"),
    ],
)
def test_a_session_that_is_not_as_it_was_granted_is_found(
    joined: Joined, changes: Mapping[str, Any], detail: str
):
    code, out, _ = joined(line_of(a_grant()), trail(assumed(**changes)))

    assert code == 8
    assert out.split("\t")[1] == "SessionUnlikeGrant"
    assert out.split("\t")[5].startswith(detail)


def test_a_session_is_found_by_its_request_where_the_record_hides_its_key(
    joined: Joined,
):
    hidden = assumed(responseElements=None)

    assert joined(line_of(a_grant()), trail(hidden))[0] == 0
    assert joined(line_of(a_grant(2)), trail(hidden))[0] == 8


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (invoked(7), "CallWithoutGrant"),
        (invoked(1, "report"), "CallOfAnotherFunction"),
        (
            invoked(7, eventSource="s3.amazonaws.com", eventName="ListBuckets"),
            "CallWithoutGrant",
        ),
        (
            assumed(7, eventName="AssumeRoleWithWebIdentity"),
            "SessionWithoutGrant",
        ),
    ],
)
def test_what_no_grant_explains_is_found_once_however_often_it_came(
    joined: Joined, record: dict[str, Any], kind: str
):
    code, out, _ = joined(line_of(a_grant()), trail(assumed(), record, record))

    found = [row.split("\t") for row in out.splitlines() if "unexplained" in row]
    assert (code, [row[1] for row in found]) == (8, [kind])
    assert found[0][-1] == "2"


@pytest.mark.parametrize(
    "record",
    [
        assumed(7, requestParameters={"roleArn": "arn:aws:iam::1:role/other"}),
        assumed(7, errorCode="AccessDenied", responseElements=None),
        invoked(7, userIdentity={"type": "AWSService", "invokedBy": "events"}),
        invoked(
            1,
            resources=[
                {
                    "type": "AWS::Lambda::Function",
                    "ARN": f"{a_grant().function_arn}:live",
                }
            ],
        ),
        {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"},
    ],
)
def test_what_others_do_is_not_the_brokers_to_explain(
    joined: Joined, record: dict[str, Any]
):
    code, _, err = joined(line_of(a_grant()), trail(assumed(), record))

    assert code == 0
    assert err.endswith("0 things are unexplained.\n")


def test_a_grant_that_was_never_used_is_found_where_calls_are_recorded(joined: Joined):
    audit = line_of(a_grant(1), a_grant(2, user="bob"))
    sessions = (assumed(1), assumed(2, "bob"))

    code, out, err = joined(audit, trail(*sessions, invoked(1)))
    assert code == 0
    assert [row.split("\t")[:3] for row in out.splitlines()] == [
        ["called", "local", "alice"],
        ["unused", "local", "bob"],
    ]

    code, out, err = joined(audit, trail(*sessions))
    assert (code, out) == (0, "")
    assert "There are no data events of Lambda in the records" in err


def test_a_grant_outside_the_time_of_the_records_is_not_called_unused(joined: Joined):
    elsewhere = invoked(9, userIdentity={"type": "Root"})
    long_before = {**elsewhere, "eventTime": "2029-01-01T00:00:00Z"}

    _, out, err = joined(line_of(a_grant()), trail(long_before))
    assert out == ""
    _, out, _ = joined(line_of(a_grant()), trail(long_before, elsewhere))
    assert out.startswith("unused\t")
    assert "of 1 granted sessions there is no record" in err


def test_a_session_at_a_time_without_audit_lines_says_so(joined: Joined):
    before = assumed(2, eventTime="2029-12-31T12:00:00Z")

    _, out, _ = joined(line_of(a_grant()), trail(before))

    assert "at a time of which there are no audit lines" in out


def test_grants_of_one_session_are_one_session(joined: Joined):
    again = line_of(a_grant()).replace("grant-1", "grant-2", 1)

    code, out, _ = joined(line_of(a_grant()) + again, trail(assumed(), invoked()))

    assert code == 0
    assert len(out.splitlines()) == 1
    assert out.split("\t")[7] == "2"


def test_grants_that_share_a_key_and_no_person_are_found(joined: Joined):
    forged = line_of(a_grant()).replace("alice", "bob")

    code, out, _ = joined(line_of(a_grant()) + forged, trail(assumed()))

    assert code == 8
    assert "GrantsThatDiffer" in out


def test_a_session_that_a_revocation_made_for_its_proof_is_explained(joined: Joined):
    revocation = RevocationRecord(
        time=NOON,
        operator="arn:aws:iam::1:user/op",
        proof_access_key_id=key(5),
        compared_access_key_id=key(6),
    )
    records = trail(
        assumed(5, "revocation"),
        invoked(5),
        assumed(6, "revocation"),
        invoked(6),
    )

    assert joined(line_of(a_grant(), revocation), records)[0] == 0
    assert joined(line_of(a_grant()), records)[0] == 8


def as_it_was(line: str) -> str:
    return f"START RequestId: x\n[INFO] a line\n{line}\nREPORT RequestId: x"


def with_a_byte_order_mark(line: str) -> str:
    return f"\ufeff{line}"


def as_exported_to_s3(line: str) -> str:
    return f"2030-01-01T12:00:00.000Z START x\n2030-01-01T12:00:00.123Z {line}\n"


def as_tailed(line: str) -> str:
    return f"2030-01-01T12:00:00.000000+00:00 2030/01/01/[$LATEST]0a1b {line}\n"


def as_filtered(line: str) -> str:
    events = {"events": [{"timestamp": 1, "message": f"{line}\n"}], "token": "x"}
    return json.dumps(events, indent=4)


def as_queried(line: str) -> str:
    message = [{"field": "@message", "value": line}, {"field": "@ptr", "value": "x"}]
    members = [
        {"field": name, "value": str(value)} for name, value in json.loads(line).items()
    ]
    found = {"queryLanguage": "CWLI", "results": [message, members]}
    return json.dumps({**found, "statistics": {"x": 1.0}, "status": "Complete"})


def as_copied_from_the_console(line: str) -> str:
    return json.dumps([{"@timestamp": "x", "@message": json.loads(line)}])


@pytest.mark.parametrize(
    "export",
    [
        as_it_was,
        with_a_byte_order_mark,
        as_exported_to_s3,
        as_tailed,
        as_filtered,
        as_queried,
        as_copied_from_the_console,
    ],
)
def test_the_audit_is_read_as_it_is_exported(
    joined: Joined, export: Callable[[str], str]
):
    code, out, err = joined(
        export(line_of(a_grant()).strip()), trail(assumed(), invoked())
    )

    assert (code, out.split("\t")[2]) == (0, "alice")
    assert "0 lines could not be read" in err


def test_a_line_of_before_there_was_a_version_is_read(joined: Joined):
    record = json.loads(line_of(a_grant()))
    for member in ("Version", "SessionGrantId", "Reused", "DurationSeconds"):
        del record[member]

    assert joined(json.dumps(record), trail(assumed(), invoked()))[0] == 0


def as_lines(*records: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def as_two_documents(*records: Mapping[str, Any]) -> str:
    return "\n".join(trail(record) for record in records)


def as_looked_up(*records: Mapping[str, Any]) -> str:
    events = [
        {"EventId": "x", "CloudTrailEvent": json.dumps(record)} for record in records
    ]
    return json.dumps({"Events": events, "NextToken": "x"}, indent=2)


def as_delivered_by_eventbridge(*records: Mapping[str, Any]) -> str:
    return as_lines(*({"version": "0", "detail": record} for record in records))


@pytest.mark.parametrize(
    "export",
    [trail, as_lines, as_two_documents, as_looked_up, as_delivered_by_eventbridge],
)
def test_records_are_read_as_they_are_exported(
    joined: Joined, export: Callable[..., str]
):
    records = export(assumed(), invoked(), assumed(2, "mallory"))

    code, out, err = joined(line_of(a_grant()), records)

    assert code == 8
    assert [row.split("\t")[0] for row in out.splitlines()] == ["unexplained", "called"]
    assert "0 lines could not be read" in err


def test_compressed_files_and_folders_of_them_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "AWSLogs" / "eu-west-1"
    folder.mkdir(parents=True)
    (folder / "1.json.gz").write_bytes(gzip.compress(trail(assumed()).encode()))
    (folder / "2.json.gz").write_bytes(gzip.compress(trail(invoked()).encode()))
    audit = tmp_path / "audit.gz"
    audit.write_bytes(gzip.compress(line_of(a_grant()).encode()))

    files = ["--audit", str(audit), "--cloudtrail", str(tmp_path / "AWSLogs")]
    assert main(["audit", "join", *files]) == 0
    assert capsys.readouterr().out.startswith("called\tlocal\talice")


@pytest.mark.parametrize(
    ("audit", "why"),
    [
        ('{"Version": 1, "Event": "Grant", "Gra', "it is no JSON, or cut off"),
        ('{"Version": 1, "Event": "Grant"}', "it has no GrantId"),
        (
            '{"Version": 2, "Event": "Grant"}',
            "a later version of the broker has written it",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_counted_and_the_rest_is_read(
    joined: Joined, audit: str, why: str
):
    lines = f"{line_of(a_grant())}{audit}\n{line_of(a_grant(2, user='bob'))}"
    records = trail(assumed(), assumed(2, "bob"), invoked(), invoked(2))

    code, out, err = joined(lines, records)

    assert code == 1
    assert len(out.splitlines()) == 2
    assert err.startswith(f"audit, line 2: {why}.\n")
    assert "1 lines could not be read.\n" in err


@pytest.mark.parametrize(
    ("records", "line", "why"),
    [
        ("[1, 2]\n", 1, "it is no record of CloudTrail, but something else"),
        ('{"a": 1}\n', 1, "it is no record of CloudTrail: it has no eventSource"),
        ("\nnonsense\n", 2, "it is no JSON, or cut off"),
        ('{"Records": [{"eventSource": "x", \n', 1, "not JSON, or cut off"),
        ('{"Records": [{}\n{}]}', 1, "it is no record of CloudTrail"),
        ('{"Records": [{"a": 1} {"a": 1}]}', 1, "not JSON, or cut off"),
        ('{"Records": [,{"a": 1}]}', 1, "not JSON, or cut off"),
        ('{"Records":[]', 1, "the document has no end"),
        ('{"Records":[]} more', 1, "something else follows the document"),
        (
            trail(assumed(7, requestParameters=None)),
            1,
            "it is of a session, and does not say of which role",
        ),
        ("[" * 100_000 + '\n{"x"', 1, "not JSON, or cut off"),
        ('{"x":' * 100_000, 1, "it is no JSON, or cut off"),
        ("a" * 3_000_000, 1, "the line is longer than any record"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_counted(
    joined: Joined, records: str, line: int, why: str
):
    code, _, err = joined(line_of(a_grant()), records)

    assert code == 1
    assert f"cloudtrail, line {line}: {why}" in err


def test_bytes_that_are_no_text_spoil_their_line_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    audit, records = tmp_path / "audit", tmp_path / "records"
    audit.write_bytes(b'{"Event": "\xff"}\n' + line_of(a_grant()).encode())
    records.write_text(trail(assumed(), invoked()))

    files = ["--audit", str(audit), "--cloudtrail", str(records)]
    assert main(["audit", "join", *files]) == 1
    written = capsys.readouterr()
    assert written.out.startswith("called\t")
    assert "audit, line 1: it is no JSON" in written.err


def test_compressed_data_that_ends_early_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    audit, records = tmp_path / "audit", tmp_path / "records"
    audit.write_text(line_of(a_grant()))
    records.write_bytes(gzip.compress(trail(assumed(), invoked()).encode())[:-12])

    files = ["--audit", str(audit), "--cloudtrail", str(records)]
    assert main(["audit", "join", *files]) == 1
    assert "the compressed data is damaged or ends early" in capsys.readouterr().err


def test_a_file_that_is_not_there_and_an_audit_without_grants_are_said(
    joined: Joined, capsys: pytest.CaptureFixture[str]
):
    code = main(["audit", "join", "--audit", "no-file", "--cloudtrail", "none"])
    assert (code, capsys.readouterr().err) == (1, "There is no no-file.\n")

    logout = LogoutRecord(
        time=NOON,
        source=SOURCE,
        identity=Identity(issuer="local", subject="alice"),
        login_id="x",
    )
    code, _, err = joined(line_of(logout), trail(assumed()))
    assert code == 2
    assert "--role" in err
    code, out, _ = joined(line_of(logout), trail(assumed()), "--role", ROLE)
    assert code == 8
    assert "SessionWithoutGrant" in out


def test_a_program_reads_json_lines(joined: Joined):
    records = trail(assumed(), invoked(), assumed(2, "mallory"), assumed(3, "bob"))

    code, out, err = joined(
        line_of(a_grant(), a_grant(3, user="bob")), records, "--json"
    )

    assert (code, err) == (8, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["Kind"] for row in rows] == [
        "Unexplained",
        "Called",
        "Unused",
        "Summary",
    ]
    assert rows[1]["Calls"] == 1
    assert rows[-1] == {
        "Kind": "Summary",
        "Grants": 2,
        "OtherEvents": 0,
        "OtherLines": 0,
        "GrantedSessions": 2,
        "Records": 4,
        "AssumedSessions": 3,
        "RefusedSessions": 0,
        "SessionsWithoutRecord": 0,
        "UsedSessions": 1,
        "UnusedSessions": 1,
        "Unexplained": 1,
        "UnreadableLines": 0,
        "HasDataEvents": True,
    }


class Endless:
    """Stands where a text would: of so many records, made as they are read."""

    def __init__(self, records: int, beginning: str, between: str) -> None:
        text = json.dumps(invoked()) + between
        self._pieces = chain([beginning], repeat(text, records))

    def read(self, _size: int) -> str:
        return "".join(islice(self._pieces, 5))


@pytest.mark.parametrize(
    ("beginning", "between"), [('{"Records": [', ","), ("\n", "\n")]
)
def test_memory_does_not_grow_with_the_records(beginning: str, between: str):
    def peak(records: int) -> int:
        text: Any = Endless(records, beginning, between)
        tracemalloc.start()
        read = sum(1 for _ in json_files._entries(text, 8192))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert read >= records
        return most

    assert peak(3_000) < 1.5 * peak(500)
