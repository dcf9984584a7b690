"""``make function NAME=greet [STREAM=1]``: write a function's folder, block and test.

Every check comes before the first file, and what was written is taken back when a later
file cannot be: there is a whole function, or none.
"""

import argparse
import importlib.util
import keyword
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_MAX_LENGTH: Final = 40
"""Lambda's names have 64 characters, and CloudFormation puts the stack's in front."""

_OUTPUTS: Final = "\nOutputs:\n"

_BUFFERED: Final = '''\
"""Greets its caller by name."""

from typing import Any

from aikagi_function import Request


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = Request.from_event(event).caller
    return {"message": f"Good day, {caller.subject if caller else 'stranger'}."}
'''
_STREAMED: Final = '''\
"""Repeats a text in capitals, line by line, while its reader watches."""

from collections.abc import Iterator

from aikagi_function import Event, Output, Progress, Request, Result, Start, streamed


def task(request: Request) -> Iterator[Event]:
    lines = request.text().splitlines(keepends=True)
    yield Start(total=len(lines))
    for done, line in enumerate(lines, start=1):
        yield Output(line.upper())
        yield Progress(done, len(lines), "shouting")
    yield Result({"lines": len(lines)})


handler = streamed(task)
'''
_TEST_OF_BUFFERED: Final = """\
{imports}


def test_a_caller_is_greeted_by_name(an_event: EventMaker):
    assert handler(an_event(), None) == {{"message": "Good day, alice."}}


def test_nobody_is_greeted_as_a_stranger(an_event: EventMaker):
    event = an_event(session="alice")

    assert handler(event, None) == {{"message": "Good day, stranger."}}
"""
_TEST_OF_STREAMED: Final = """\
{imports}


def test_each_line_is_repeated_in_capitals(an_event: EventMaker):
    request = Request.from_event(an_event(body="one\\ntwo"))

    assert list(task(request)) == [
        Start(total=2),
        Output("ONE\\n"),
        Progress(1, 2, "shouting"),
        Output("TWO"),
        Progress(2, 2, "shouting"),
        Result({{"lines": 2}}),
    ]
"""
_BLOCK: Final = """
  # {name}

  {id}Function:
    Type: AWS::Serverless::Function
    Metadata: {{BuildMethod: makefile}}
    Properties:
      Description: {title}.
      CodeUri: functions
      Handler: {folder}.app.handler
      Layers: [{layers}]
      MemorySize: 256
      Timeout: {timeout}
      Role: !GetAtt FunctionRole.Arn
      ReservedConcurrentExecutions: *reserved-concurrency
      LoggingConfig: {{LogGroup: !Ref FunctionLogs}}
      Tags: {{aikagi:function: {name}}}
{environment}
      FunctionUrlConfig: {{AuthType: AWS_IAM, InvokeMode: {mode}, Cors: *cors}}

  {id}Entry:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /aikagi/${{AWS::StackName}}/functions/{name}
      Type: String
      Value: !Sub |
        {{
          "Title": "{title}",
          "Description": "Say here what it does.",
          "Arn": "${{{id}Function.Arn}}",
          "FuncUrl": "${{{id}FunctionUrl.FunctionUrl}}",
          "InvokeMode": "{mode}",
          "Groups": ["everyone"]
        }}
"""
_ENVIRONMENT: Final = (
    "      Environment: {Variables: {AIKAGI_INVOKE_ROLE_ARN: !GetAtt InvokeRole.Arn}}"
)
_STREAMING_ENVIRONMENT: Final = """      Environment:
        Variables:
          AIKAGI_INVOKE_ROLE_ARN: !GetAtt InvokeRole.Arn
          AWS_LAMBDA_EXEC_WRAPPER: /opt/stream
          AWS_LWA_INVOKE_MODE: response_stream"""


class RefusedError(Exception):
    """The message is a sentence for whoever chose the name."""


def block(name: str, *, stream: bool) -> str:
    """Return the function and its catalogue entry, as the template has them."""
    return _BLOCK.format(
        name=name,
        folder=_folder(name),
        id="".join(map(str.capitalize, name.split("-"))),
        title=name.replace("-", " ").capitalize(),
        layers="!Ref FunctionLayer" + (", *web-adapter" if stream else ""),
        timeout=900 if stream else 10,
        environment=_STREAMING_ENVIRONMENT if stream else _ENVIRONMENT,
        mode="RESPONSE_STREAM" if stream else "BUFFERED",
    )


def create(name: str, *, stream: bool, root: Path = ROOT) -> list[Path]:
    """Write the function, and return its new files.

    Raises:
        RefusedError: the name is none, or taken; nothing has been written.
    """
    check(name, root)
    folder = _folder(name)
    template = root / "template.yaml"
    text = template.read_text(encoding="utf-8")
    if text.count(_OUTPUTS) != 1:
        raise RefusedError(f"{template} has no line Outputs: to write a block before.")
    code = _STREAMED if stream else _BUFFERED
    files = {
        root / "functions" / folder / "__init__.py": "",
        root / "functions" / folder / "app.py": code,
        root / "tests" / "functions" / f"test_{folder}.py": _test(
            folder, stream=stream
        ),
    }
    new = text.replace(_OUTPUTS, block(name, stream=stream) + _OUTPUTS)
    _write(files, template, new)
    return list(files)


def _test(folder: str, *, stream: bool) -> str:
    """Write the test, its imports in the order that ruff wants."""
    imports = ["from tests.functions.conftest import EventMaker"]
    if stream:
        imports += [
            "from aikagi_function import Output, Progress, Request, Result, Start",
            f"from {folder}.app import task",
        ]
        return _TEST_OF_STREAMED.format(imports="\n".join(sorted(imports)))
    imports.append(f"from {folder}.app import handler")
    return _TEST_OF_BUFFERED.format(imports="\n".join(sorted(imports)))


def check(name: str, root: Path = ROOT) -> None:
    """Raise ``RefusedError`` for a name that cannot be had."""
    folder = _folder(name)
    if not _NAME.fullmatch(name) or len(name) > _MAX_LENGTH:
        raise RefusedError(
            f"{name!r} cannot be the name of a function: use up to {_MAX_LENGTH} small "
            "letters and digits, and a - between words, which each begin with a letter."
        )
    if keyword.iskeyword(folder) or keyword.issoftkeyword(folder):
        raise RefusedError(f"{name!r} is a word of Python: choose another name.")
    entry = f"/functions/{name}\n"
    if (
        (root / "functions" / folder).exists()
        or (root / "tests" / "functions" / f"test_{folder}.py").exists()
        or entry in (root / "template.yaml").read_text(encoding="utf-8")
    ):
        raise RefusedError(f"There is a {name!r} already: choose another name.")
    if folder in sys.stdlib_module_names or importlib.util.find_spec(folder):
        raise RefusedError(
            f"{name!r} is the name of a Python module, which the folder functions/"
            f"{folder} would hide: choose another name."
        )


def _folder(name: str) -> str:
    return name.replace("-", "_")


def _write(files: Mapping[Path, str], template: Path, text: str) -> None:
    """Write all, the template last: a running stack starts again when it changes."""
    written: list[Path] = []
    draft = template.with_name(f".{template.name}.new")
    try:
        for path, content in files.items():
            if not path.parent.exists():
                path.parent.mkdir()
                written.append(path.parent)
            written.append(path)
            path.write_text(content, encoding="utf-8")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(template.stat().st_mode)
        os.replace(draft, template)  # noqa: PTH105 - in one step, or not at all
    except BaseException:
        draft.unlink(missing_ok=True)
        for path in reversed(written):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        raise


def main() -> int:
    parser = argparse.ArgumentParser(prog="make function", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--stream", action="store_true")
    given = parser.parse_args()
    # So that packages and modules of the repository are found as names that are taken.
    sys.path[:0] = [str(ROOT), str(ROOT / "functions" / "layer" / "python")]
    try:
        app, test = create(given.name, stream=given.stream)[1:]
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"Nothing was written: {error}.\n")
        return 1
    sys.stdout.write(
        f"{app.relative_to(ROOT)}: what it does\n"
        f"template.yaml, at the end of its resources: its description, the groups that "
        "may call it, Timeout and MemorySize\n"
        f"{test.relative_to(ROOT)}: its test\n"
        "A running `make run` or `make dev` has it in a moment; docs/functions.md says "
        "how to go on, and where to name packages that it imports.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
