"""``sam`` and ``make`` as programs that write down how they were called.

They are files on the PATH, started as the real ones are. ``sam deploy`` also does what
the real one does to CloudFormation; the real one is tried by ``make sam``.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = """\
#!{python} -SE
import json, os, sys, urllib.parse, urllib.request

name, arguments = {name!r}, sys.argv[1:]
parameters = {{}}
for word in arguments:
    if word.startswith("file://"):
        parameters = json.load(open(word.removeprefix("file://")))
with open({record!r}, "a") as record:
    call = [name, arguments, parameters, os.getcwd(), dict(os.environ)]
    print(json.dumps(call), file=record)
print(name, *arguments, flush=True)
answer = json.load(open({answers!r})).get(name, 0)
if answer == "wait":
    try:
        print("waiting", flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        sys.exit(1)
if answer or name != "sam":
    sys.exit(answer if isinstance(answer, int) else 0)


def ask(action, **query):
    body = urllib.parse.urlencode(dict(Action=action, **query)).encode()
    url = os.environ["AWS_ENDPOINT_URL_CLOUDFORMATION"]
    with urllib.request.urlopen(url, body) as answer:
        return answer.read().decode()


stack = arguments[arguments.index("--stack-name") + 1]
if arguments[0] == "delete":
    ask("DeleteStack", StackName=stack)
    sys.exit(0)
try:
    ask("DescribeStacks", StackName=stack)
    kind = "UPDATE"
except urllib.error.HTTPError:
    kind = "CREATE"
query = {{
    f"Parameters.member.{{number}}.Parameter{{part}}": text
    for number, pair in enumerate(parameters.items(), 1)
    for part, text in zip(("Key", "Value"), pair)
}}
answer = ask(
    "CreateChangeSet", StackName=stack, ChangeSetType=kind, ChangeSetName="x",
    TemplateURL="https://s3/t", **{{"Capabilities.member.1": "CAPABILITY_IAM"}}, **query
)
made = answer.partition("<Id>")[2].partition("</Id>")[0]
if "--confirm-changeset" in arguments and input("Deploy this changeset? ") != "y":
    sys.exit(0)
ask("ExecuteChangeSet", StackName=stack, ChangeSetName=made)
"""


@dataclass(frozen=True, kw_only=True)
class ProgramCall:
    name: str
    arguments: list[str]
    parameters: Mapping[str, str]
    folder: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Programs:
    """The folder that they are in, which belongs on the PATH."""

    folder: Path

    def answer(self, name: str, code: int | str) -> None:
        """Let a program end with ``code`` and do nothing, or "wait" for Ctrl-C."""
        answers: dict[str, Any] = json.loads(self._answers.read_text())
        self._answers.write_text(json.dumps({**answers, name: code}))

    @property
    def calls(self) -> list[ProgramCall]:
        if not self._record.exists():
            return []
        return [
            ProgramCall(
                name=name,
                arguments=arguments,
                parameters=parameters,
                folder=folder,
                variables=variables,
            )
            for name, arguments, parameters, folder, variables in map(
                json.loads, self._record.read_text().splitlines()
            )
        ]

    def named(self, name: str) -> list[ProgramCall]:
        return [call for call in self.calls if call.name == name]

    @property
    def _record(self) -> Path:
        return self.folder / "calls.jsonl"

    @property
    def _answers(self) -> Path:
        return self.folder / "answers.json"


def install(folder: Path) -> Programs:
    folder.mkdir()
    programs = Programs(folder)
    (folder / "answers.json").write_text("{}")
    for name in ("sam", "make"):
        path = folder / name
        path.write_text(
            _SCRIPT.format(
                python=sys.executable,
                name=name,
                record=str(folder / "calls.jsonl"),
                answers=str(folder / "answers.json"),
            )
        )
        path.chmod(0o755)
    return programs
