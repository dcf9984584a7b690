"""Many people at once: what a file may say, what becomes of it, what ends it early."""

import io
import itertools
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from argon2 import PasswordHasher, Type
from argon2.low_level import hash_secret

from app.adapters.passwords import Passwords
from app.admin.commands import main
from tests.scripted_aws import Answer, Request, ScriptedAws
from tests.soak.scale import amount
from tests.stack import ROOT, clean_environment
from tests.working_table import Item, WorkingTable

HASH = Passwords().hash("wonderland-1865")
CELL = f'"{HASH}"'
"""Quoted: there are commas in it."""
ELSEWHERE = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
TYPED = "import", "-", "--format"


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Import = Callable[..., Ran]


@pytest.fixture(scope="module")
def made() -> WorkingTable:
    return WorkingTable()


@pytest.fixture
def table(made: WorkingTable, script: ScriptedAws) -> WorkingTable:
    made.clear()
    script.will_ask(made.answer)
    return made


@pytest.fixture
def run(
    table: WorkingTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Import:
    """Run ``users …`` in an empty folder, on the working table."""
    monkeypatch.setenv("AIKAGI_USERS_TABLE", "users")
    monkeypatch.delenv("AIKAGI_CATALOGUE_PATH", raising=False)
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        return Ran(main(["users", *words]), *capsys.readouterr())

    return run_it


def user(table: WorkingTable, name: str) -> Item:
    return table.item(f"principal#local#{name}")


def names(table: WorkingTable) -> list[str]:
    return [item["pk"]["S"].rpartition("#")[2] for item in table.items()]


# What a line may say


def test_csv_and_json_lines_say_the_same(run: Import, table: WorkingTable):
    rows = (
        "Username,Groups,Enabled,Attributes,PasswordHash,PasswordChangeRequired\r\n"
        f'Carol,"research; everyone",,"team=blue; seat=A=3","{HASH}",\r\n'
        f'dave,,False,,"{HASH}",TRUE\r\n'
    )
    lines = [
        {
            "Username": "Carol",
            "Groups": ["everyone", "research"],
            "Attributes": {"seat": "A=3", "team": "blue"},
            "PasswordHash": HASH,
        },
        {
            "Username": "dave",
            "Enabled": False,
            "PasswordHash": HASH,
            "PasswordChangeRequired": True,
        },
    ]
    written = "\n".join(map(json.dumps, lines)).encode()

    ran = run(*TYPED, "csv", "--new-groups", stdin=rows.encode())
    from_csv = [without_what_differs(item) for item in table.items()]
    table.clear()
    again = run(*TYPED, "jsonl", "--new-groups", stdin=written)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Added 2; 0 were there already and stay as they are; 0 lines refused.\n"
    )
    assert (again.code, again.out) == (0, ran.out)
    assert [without_what_differs(item) for item in table.items()] == from_csv
    assert from_csv == [
        {
            "pk": {"S": "principal#local#carol"},
            "groups": {"SS": ["everyone", "research"]},
            "attributes": {"M": {"seat": {"S": "A=3"}, "team": {"S": "blue"}}},
            "password_hash": {"S": HASH},
            "version": {"N": "3"},
        },
        {
            "pk": {"S": "principal#local#dave"},
            "disabled": {"BOOL": True},
            "one_time_password_hash": {"S": HASH},
            "version": {"N": "3"},
        },
    ]


def without_what_differs(item: Item) -> Item:
    left = {"created_at", "credentials_version"}
    assert left <= item.keys()
    return {name: value for name, value in item.items() if name not in left}


WEAK = hash_secret(b"x" * 8, b"y" * 16, 2, 19456, 1, 32, Type.I).decode()


def hash_with(before: str, after: str) -> dict[str, object]:
    assert before in HASH
    return {"PasswordHash": HASH.replace(before, after)}


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"Username": "ca rol"}, "a username is 1 to 63"),
    ({"Username": "=1+1"}, "a username is 1 to 63"),
    ({"Username": "car\0ol"}, "a username is 1 to 63"),
    ({"Username": "car\x1b[2J"}, "a username is 1 to 63"),
    ({"Groups": ["a" * 129]}, "a group has 1 to 128"),
    ({"Groups": ["a\x1b[2J"]}, "without control"),
    ({"PasswordHash": "x"}, "not argon2id's"),
    ({"PasswordHash": f" {HASH}"}, "not argon2id's"),
    ({"PasswordHash": WEAK}, "not argon2id's"),
    (hash_with("v=19", "v=16"), "not argon2id's"),
    (hash_with("m=19456", "m=019456"), "not argon2id's"),
    (hash_with("m=19456", "m=4194304"), "4194304 KiB and 2 passes"),
    (hash_with("t=2", "t=9999"), "19456 KiB and 9999 passes"),
    (hash_with("m=19456,t=2", "m=8,t=1"), "8 KiB and 1 passes"),
    (hash_with("m=19456,t=2", "m=7168,t=1"), "7168 KiB and 1 passes"),
    (hash_with("m=19456,t=2", "m=131072,t=1"), "131072 KiB and 1 passes"),
    (hash_with("m=19456,t=2", "m=4096,t=10"), "4096 KiB and 10 passes"),
    (hash_with("p=1", "p=17"), "17 lanes"),
    ({"PasswordHash": f"{HASH[:-1]}!"}, "not argon2id's"),
    ({"PasswordHash": f"{HASH[:-1]}B"}, "not base64"),
]


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_a_line_that_says_something_else_is_refused_and_the_others_are_not(
    run: Import, table: WorkingTable, tmp_path: Path, format_: str
):
    good: dict[str, object] = {
        "Username": "dave",
        "Groups": ["everyone"],
        "PasswordHash": HASH,
    }
    bad = [{**good, "Username": f"x{n}", **of} for n, (of, _) in enumerate(REFUSED)]
    stdin = write(format_, good, *bad, {**good, "Username": "erin"})
    first = 3 if format_ == "csv" else 2

    ran = run(*TYPED, format_, "--new-groups", "--json", stdin=stdin)
    again = run(*TYPED, format_, "--new-groups", "--refused", "refused", stdin=stdin)

    assert (ran.code, again.code) == (1, 1)
    assert names(table) == ["dave", "erin"]
    report = json.loads(ran.out)
    assert report["Added"] == 2
    assert [line["Line"] for line in report["Refused"]] == [
        first + number for number in range(len(REFUSED))
    ]
    kept = (tmp_path / "refused").read_text()
    for line, (_, reason) in zip(report["Refused"], REFUSED, strict=True):
        assert reason in line["Reason"]
        assert f"Line {line['Line']} (" in again.err
        assert reason in again.err
        assert reason in kept
    for said in (again.err, kept):
        assert "argon2id$" not in said
        assert "\x1b" not in said
    assert f"{first + 1},'=1+1," in kept


def write(format_: str, *lines: dict[str, object]) -> bytes:
    if format_ == "jsonl":
        return b"".join(f"{json.dumps(line)}\n".encode() for line in lines)
    written = "Username,Groups,PasswordHash\n"
    for line in lines:
        groups = line["Groups"]
        assert isinstance(groups, list)
        cells = (str(line["Username"]), ";".join(groups), str(line["PasswordHash"]))
        written += ",".join(f'"{cell}"' for cell in cells) + "\n"
    return written.encode()


def test_a_line_of_json_that_is_none_is_refused_by_its_number(
    run: Import, table: WorkingTable
):
    refused = [
        ("{", "it is not JSON"),
        ('{"Username":"a","Username":"b"}', "it is not JSON"),
        ("[" * 9999, "it is not JSON"),
        ("[]", "it is no JSON object"),
        ("{}", "there is no Username"),
        ('{"Username": 5}', "there is no Username"),
        ('{"username": "a"}', "there is no member username"),
        ('{"Username": "a", "Groups": "x"}', "Groups is no list of texts"),
        ('{"Username": "a", "Groups": [5]}', "Groups is no list of texts"),
        ('{"Username": "a", "Attributes": ["team"]}', "Attributes is no object"),
        ('{"Username": "a", "Attributes": {"team": 1}}', "an attribute has a name"),
        ('{"Username": "a", "Attributes": {"Team": "a"}}', "an attribute has a name"),
        ('{"Username": "a", "Attributes": {"a": ";"}}', "an attribute has a name"),
        ('{"Username": "a", "Enabled": 1}', "Enabled is neither true nor false"),
        ('{"Username": "a", "PasswordHash": 1}', "PasswordHash is no text"),
        ('{"Username": "DAVE"}', "line 1 names the same user"),
    ]
    good = json.dumps({"Username": "dave", "PasswordHash": HASH})
    lines = "\n".join([good, "", *(line for line, _ in refused)])

    ran = run(*TYPED, "jsonl", stdin=lines.encode())

    assert (ran.code, names(table)) == (1, ["dave"])
    reported = ran.err.splitlines()
    pairs = zip(reported, refused, strict=True)
    for number, (line, (_, reason)) in enumerate(pairs, 3):
        assert line.startswith(f"Line {number}")
        assert reason in line


CSV = f"Username,PasswordHash\ncarol,{CELL}\n".encode()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        pytest.param(b"", "no header with a column Username", id="empty"),
        pytest.param(b"carol,x\n", "no header with a column Username", id="no header"),
        pytest.param(CSV.replace(b",", b";"), "separated by commas", id="semicolons"),
        pytest.param(
            CSV.replace(b"Username,", b"Username,Group,"),
            "no column 'Group'",
            id="typo",
        ),
        pytest.param(
            CSV.replace(b"PasswordHash", b"username"), "there twice", id="twice"
        ),
        pytest.param(CSV + b'"dave', "Line 3 is not CSV", id="open quote"),
        pytest.param(CSV + b'"da"ve,x\n', "Line 3 is not CSV", id="quote inside"),
        pytest.param(
            CSV + b'"dave\n' * 1 + b"x" * 60000 + b"\n" + b"y" * 60000 + b"\n" * 20000,
            "Line 3 is not CSV",
            id="a cell without end",
        ),
        pytest.param(CSV + b"d\xe4ve,x\n", "Line 3 is not UTF-8", id="latin-1"),
        pytest.param(
            CSV.decode().encode("utf-16"), "UTF-16: save it as UTF-8", id="UTF-16"
        ),
        pytest.param(CSV + b"x" * 70000, "Line 3 has more than 65536", id="huge"),
    ],
)
def test_a_file_that_is_no_such_file_changes_nothing(
    run: Import, table: WorkingTable, file: bytes, said: str
):
    ran = run(*TYPED, "csv", stdin=file)

    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "othing was changed" in ran.err.replace("\n", " ")
    assert HASH not in ran.err
    assert ran.err.count("\n") == 1
    assert table.items() == []


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(CSV, id="as it is meant"),
        pytest.param(b"\xef\xbb\xbf" + CSV, id="byte order mark"),
        pytest.param(CSV.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(CSV[:-1], id="no last line end"),
        pytest.param(CSV.replace(b"carol", b'"carol"') + b"\n\n", id="quotes"),
        pytest.param(CSV.replace(b"Username", b" USERNAME "), id="case"),
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read(
    run: Import, table: WorkingTable, file: bytes
):
    assert run(*TYPED, "csv", stdin=file).code == 0
    assert user(table, "carol")["password_hash"] == {"S": HASH}


def test_lines_are_counted_as_an_editor_counts_them(run: Import, table: WorkingTable):
    file = f'Username,PasswordHash\n"a\nb",x\n\nca rol,{CELL}\n'

    ran = run(*TYPED, "csv", stdin=file.encode())

    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        "Line 2 (a\N{REPLACEMENT CHARACTER}b)",
        "Line 5 (ca rol)",
    ]
    assert table.items() == []


def test_a_hash_of_elsewhere_opens(run: Import, table: WorkingTable):
    hashed = ELSEWHERE.hash("wonderland-1865")
    line = json.dumps({"Username": "carol", "PasswordHash": hashed})

    assert run(*TYPED, "jsonl", stdin=line.encode()).code == 0

    stored = user(table, "carol")["password_hash"]["S"]
    assert Passwords().verify("wonderland-1865", stored)
    assert not Passwords().verify("wonderland-1866", stored)


# What is there already


def test_a_second_run_changes_nothing_and_says_so(run: Import, table: WorkingTable):
    assert run(*TYPED, "csv", stdin=CSV).code == 0
    assert run("groups", "carol", "--group", "everyone").code == 0
    assert run("add", "dave", "--password-stdin", stdin=b"wonderland-1865\n").code == 0
    before = table.items()
    other = ELSEWHERE.hash("looking-glass-1871")
    more = CSV + f'dave,"{other}"\nerin,{CELL}\n'.encode()

    ran = run(*TYPED, "csv", stdin=more)

    assert ran.code == 0
    assert ran.out.startswith("Added 1; 2 were there already and stay as they are; 0")
    assert "1 of those there have other groups or another state" in ran.err
    assert ran.err.rstrip().endswith("carol")
    assert [item for item in table.items() if item in before] == before
    again = run(*TYPED, "csv", "--json", stdin=more)
    assert (again.code, json.loads(again.out)) == (
        0,
        {"Added": 0, "AlreadyThere": 3, "Differing": ["carol"], "Refused": []},
    )


def test_who_is_added_by_somebody_else_meanwhile_stays_as_they_are(
    run: Import, table: WorkingTable, script: ScriptedAws
):
    theirs = {"pk": {"S": "principal#local#carol"}, "credentials_version": {"S": "x"}}

    def answer(request: Request) -> Answer:
        if request.target == "PutItem":
            table.put(theirs)
        return table.answer(request)

    script.will_ask(answer)
    ran = run(*TYPED, "csv", stdin=CSV)

    assert ran.code == 1
    assert "Line 2 (carol): somebody added a user of this name meanwhile." in ran.err
    assert table.items() == [theirs]


def test_a_write_whose_answer_is_lost_is_found_to_be_done(
    run: Import, table: WorkingTable, script: ScriptedAws
):
    def answer(request: Request) -> Answer:
        answered = table.answer(request)
        is_first = request.target == "PutItem" and answered.status == 200
        return Answer.hang_up() if is_first else answered

    script.will_ask(answer)
    ran = run(*TYPED, "csv", stdin=CSV)

    assert (ran.code, ran.out[:7], ran.err) == (0, "Added 1", "")


# Groups


def test_an_unknown_group_stops_it_before_anything_is_written(
    run: Import, table: WorkingTable
):
    file = f"Username,Groups,PasswordHash\ncarol,everyone,{CELL}\ndave,evryone,{CELL}\n"

    ran = run(*TYPED, "csv", stdin=file.encode())

    assert ran.code == 1
    assert "Nobody is in these groups" in ran.err
    assert "evryone (line 3)" in ran.err
    assert "everyone (line 2)" in ran.err
    assert table.items() == []
    allowed = run(*TYPED, "csv", "--new-groups", stdin=file.encode())
    assert (allowed.code, names(table)) == (0, ["carol", "dave"])
    # Known by now: somebody is in it.
    more = f"Username,Groups,PasswordHash\nerin,evryone,{CELL}\n"
    assert run(*TYPED, "csv", stdin=more.encode()).code == 0


def test_a_group_that_a_function_names_is_known(
    run: Import, table: WorkingTable, script: ScriptedAws
):
    entries = [
        {"Name": "/f/hello", "Value": json.dumps({"Groups": ["everyone", 5]})},
        {"Name": "/f/odd", "Value": "["},
        {"Name": "/f/odder", "Value": '{"Groups": "research"}'},
    ]

    def answer(request: Request) -> Answer:
        if request.target == "GetParametersByPath":
            assert request.json == {"Path": "/f"}
            return Answer.json({"Parameters": entries})
        return table.answer(request)

    script.will_ask(answer)
    header = "Username,Groups,PasswordHash\n"
    known = f"{header}carol,everyone,{CELL}\n".encode()
    unknown = f"{header}dave,research,{CELL}\n".encode()

    ran = run(*TYPED, "csv", "--catalogue", "/f", stdin=unknown)
    assert (ran.code, table.items()) == (1, [])
    assert "no function names: research (line 2)" in ran.err
    assert run(*TYPED, "csv", "--catalogue", "/f", stdin=known).code == 0


# One-time passwords


def test_one_time_passwords_are_in_a_file_that_the_operator_alone_can_read(
    run: Import, table: WorkingTable, tmp_path: Path
):
    file = b"Username\ncarol\ndave\n"
    passwords = tmp_path / "passwords.csv"
    asked = (*TYPED, "csv", "--one-time-file", "passwords.csv")

    refused = run(*TYPED, "csv", stdin=file)
    assert (refused.code, table.items()) == (2, [])
    assert "2 lines have no PasswordHash: --one-time-file FILE" in refused.err
    ran = run(*asked, stdin=file)

    assert (ran.code, ran.err) == (0, "")
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    header, *lines = passwords.read_text().splitlines()
    assert header == "Username,Password"
    given = dict(line.split(",") for line in lines)
    assert given.keys() == {"carol", "dave"}
    assert len(set(given.values())) == 2
    for name, password in given.items():
        assert len(password.replace("-", "")) == 16
        item = user(table, name)
        assert "password_hash" not in item
        assert Passwords().verify(password, item["one_time_password_hash"]["S"])
        assert password not in ran.out
    # Nobody is left who would need one: the file is not in the way.
    again = run(*asked, stdin=file)
    assert (again.code, again.out[:19]) == (0, "Added 0; 2 were the")


@pytest.mark.parametrize("what", ["file", "link", "link to nothing", "folder"])
def test_no_file_is_replaced_and_no_link_followed(
    run: Import, table: WorkingTable, tmp_path: Path, what: str
):
    path, other = tmp_path / "passwords.csv", tmp_path / "other"
    if what == "file":
        path.write_text("before")
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(other)
    if what == "link":
        other.write_text("before")

    ran = run(
        *TYPED, "csv", "--one-time-file", "passwords.csv", stdin=b"Username\ncarol\n"
    )

    assert (ran.code, table.items()) == (1, [])
    assert "passwords.csv is there already, and nothing is replaced" in ran.err
    assert not other.exists() or other.read_text() == "before"


def test_a_password_is_on_the_disk_before_anybody_has_it(
    run: Import, table: WorkingTable, script: ScriptedAws, tmp_path: Path
):
    seen: list[bool] = []

    def answer(request: Request) -> Answer:
        if request.target == "PutItem":
            name = json.loads(request.body)["Item"]["pk"]["S"].rpartition("#")[2]
            seen.append(f"\n{name}," in (tmp_path / "passwords.csv").read_text())
        return table.answer(request)

    script.will_ask(answer)
    file = "Username\n" + "".join(f"person-{number}\n" for number in range(20))
    ran = run(*TYPED, "csv", "--one-time-file", "passwords.csv", stdin=file.encode())

    assert (ran.code, seen) == (0, [True] * 20)


# When the table is busy or away


THROTTLED = Answer.error("ProvisionedThroughputExceededException")


def test_throttling_is_waited_for_and_shown(
    run: Import, table: WorkingTable, script: ScriptedAws
):
    left = {"Scan": 2, "PutItem": 2}  # botocore itself asks twice

    def answer(request: Request) -> Answer:
        left[request.target] = left.get(request.target, 0) - 1
        return THROTTLED if left[request.target] >= 0 else table.answer(request)

    script.will_ask(answer)
    ran = run(*TYPED, "csv", stdin=CSV)

    assert (ran.code, names(table)) == (0, ["carol"])
    assert ran.err == "DynamoDB is busy or away; again in 1 s\n" * 2


def test_what_does_not_pass_ends_it_and_says_how_far_it_came(
    run: Import, table: WorkingTable, script: ScriptedAws
):
    def answer(request: Request) -> Answer:
        if request.target == "PutItem" and b"erin" in request.body:
            return Answer.error("AccessDeniedException")
        return table.answer(request)

    script.will_ask(answer)
    ran = run(*TYPED, "csv", stdin=CSV + f"dave,{CELL}\nerin,{CELL}\n".encode())

    assert ran.code == 4
    added = len(table.items())
    assert f"Not finished: {added} of 3 were added." in ran.err
    assert "AWS did not do it" in ran.err
    script.will_ask(table.answer)
    again = run(*TYPED, "csv", stdin=CSV + f"dave,{CELL}\nerin,{CELL}\n".encode())
    assert (again.code, names(table)) == (0, ["carol", "dave", "erin"])


# Export


def test_what_is_exported_with_hashes_is_imported_as_it_was(
    run: Import, table: WorkingTable, tmp_path: Path
):
    lines = [
        {"Username": "carol", "Groups": ["=1+1", "everyone"], "PasswordHash": HASH},
        {"Username": "dave", "Enabled": False, "PasswordHash": HASH},
        {
            "Username": "fay",
            "Attributes": {"team": "blue", "seat": "=1+1", "none": ""},
            "PasswordHash": HASH,
        },
        {"Username": "erin", "PasswordHash": HASH, "PasswordChangeRequired": True},
    ]
    stdin = "\n".join(map(json.dumps, lines)).encode()
    assert run(*TYPED, "jsonl", "--new-groups", stdin=stdin).code == 0
    before = [without_what_differs(item) for item in table.items()]

    for name in ("people.csv", "people.jsonl"):
        out = run("export", name, "--with-hashes")
        assert (out.code, out.out) == (0, f"Exported 4 to {name}.\n")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        table.clear()
        assert run("import", name, "--new-groups").code == 0
        assert [without_what_differs(item) for item in table.items()] == before
    assert '"carol",";=1+1;everyone"' in (tmp_path / "people.csv").read_text()


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_no_hash_leaves_without_being_asked_for_or_for_a_screen(
    run: Import, table: WorkingTable, tmp_path: Path, script: ScriptedAws, format_: str
):
    assert run(*TYPED, "csv", stdin=CSV).code == 0
    script.requests.clear()

    shown = run("export", "-", "--format", format_)
    listed = run("list", "--json")
    refused = run("export", "-", "--format", format_, "--with-hashes")

    assert (shown.code, refused.code, refused.out) == (0, 2, "")
    assert "carol" in shown.out
    for ran in (shown, listed, refused):
        assert "argon2" not in ran.out + ran.err
    # It is not even read.
    for request in script.requests:
        assert b"password_hash" not in request.body
    assert list(tmp_path.iterdir()) == []


def test_half_an_export_is_no_file(
    run: Import, table: WorkingTable, tmp_path: Path, script: ScriptedAws
):
    for name in ("a", "b"):
        table.put({"pk": {"S": f"principal#local#{name}"}})
    pages = iter(
        [
            Answer.json(
                {
                    "Items": [{"pk": {"S": "principal#local#a"}}],
                    "LastEvaluatedKey": {"pk": {"S": "principal#local#a"}},
                    "ConsumedCapacity": {"CapacityUnits": 1.0},
                }
            ),
            Answer.error("AccessDeniedException"),
        ]
    )
    script.will_ask(lambda _: next(pages))

    assert run("export", "people.csv").code == 4
    assert list(tmp_path.iterdir()) == []
    script.will_ask(table.answer)
    assert run("export", "people.csv").code == 0
    assert run("export", "people.csv").code == 1  # nothing is replaced


def test_a_group_that_a_cell_cannot_hold_is_said(
    run: Import, table: WorkingTable, tmp_path: Path
):
    table.put({"pk": {"S": "principal#local#a"}, "groups": {"SS": ["x;y"]}})

    ran = run("export", "people.csv")

    assert (ran.code, list(tmp_path.iterdir())) == (1, [])
    assert "export JSON lines" in ran.err
    assert run("export", "people.jsonl").code == 0


def test_the_table_is_read_in_parts_and_each_is_shown_as_it_comes(
    run: Import, script: ScriptedAws
):
    def answer(request: Request) -> Answer:
        start = json.loads(request.body).get("ExclusiveStartKey")
        number = int(start["pk"]["S"].rpartition("#")[2]) + 1 if start else 0
        key = {"pk": {"S": f"principal#local#{number}"}}
        more = {"LastEvaluatedKey": key} if number < 4 else {}
        cost = {"ConsumedCapacity": {"CapacityUnits": 1.0}}
        return Answer.json({"Items": [key], **cost, **more})

    script.will_ask(answer)

    assert run("list").out == "".join(f"{number}\tenabled\t\n" for number in range(5))
    assert len(json.loads(run("list", "--json").out)) == 5


# A process that is killed


def test_a_file_half_imported_survives_a_kill_and_goes_on(
    table: WorkingTable, script: ScriptedAws, tmp_path: Path
):
    count = amount(400, 2000)
    rows = "".join(f"person-{number:04},{CELL},\n" for number in range(count - 20))
    rows += "".join(f"once-{number:04},,\n" for number in range(20))
    people = tmp_path / "people.csv"
    people.write_text(f"Username,PasswordHash,Groups\n{rows}")

    def start(passwords: str) -> "subprocess.Popen[str]":
        words = ("import", "people.csv", "--one-time-file", passwords)
        environment = clean_environment(
            PYTHONPATH=str(ROOT),
            AIKAGI_USERS_TABLE="users",
            **{name: os.environ[name] for name in os.environ if name[:4] == "AWS_"},
        )
        return subprocess.Popen(
            [sys.executable, "-m", "app.admin", "users", *words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    written, quarter = itertools.count(1), threading.Event()

    def answer(request: Request) -> Answer:
        answered = table.answer(request)
        if request.target == "PutItem" and next(written) == count // 4:
            quarter.set()
        return answered

    script.will_ask(answer)
    killed = start("first.csv")
    assert quarter.wait(100)
    killed.kill()
    killed.communicate()
    done = table.items()
    assert count // 4 <= len(done) < count

    second = start("second.csv")
    out, err = second.communicate(timeout=100)

    assert second.returncode == 0, err
    assert f"Added {count - len(done)}; {len(done)} were there already" in out
    after = table.items()
    assert len(after) == count
    assert [item for item in after if item in done] == done
    once = [item for item in after if "one_time_password_hash" in item]
    assert len(once) == 20
    given = {}
    for name in ("first.csv", "second.csv"):
        for line in (tmp_path / name).read_text().splitlines()[1:]:
            username, password = line.split(",")
            given[username] = password
    with ThreadPoolExecutor(2) as pool:
        opens = pool.map(
            lambda item: Passwords().verify(
                given[item["pk"]["S"].rpartition("#")[2]],
                item["one_time_password_hash"]["S"],
            ),
            once,
        )
    assert all(opens)
