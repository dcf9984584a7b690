"""A request that was sent, as it is sent from elsewhere: quoted, and with no secret."""

import ast
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Seat, Watch
from tests.browser.desk import Desk, Stack
from tests.stack import clean_environment

COMMANDS: Final = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
"""Where this checkout's ``aikagi`` comes first."""
AWKWARD: Final = 'it\'s "so"\n$HOME `id` \\ %s !x 合鍵 🗝'
RUN: Final = """({ request, file = null }) =>
  import("./static/digest/page/copy_as.js").then(({ showForms }) => {
    const place = document.createElement("div");
    place.id = "copy-as";
    document.body.replaceChildren(place);
    const entry = { Name: "hello", Region: "ap-northeast-1",
      FuncUrl: "https://fn.lambda-url.ap-northeast-1.on.aws/" };
    const body = file ? new Blob(["x"]) : request.body;
    showForms({ entry, draft: { file }, request: { ...request, body } });
    const written = {};
    for (const button of place.querySelectorAll("button")) {
      button.click();
      written[button.textContent] = place.querySelector("pre").textContent;
    }
    return written;
  })"""


@pytest.fixture
def desk(seat: Seat) -> Iterator[Desk]:
    """One page for all of them, which each leaves signed out."""
    yield seat.desk
    seat.leave()


@pytest.fixture
def watch(seat: Seat) -> Watch:
    return seat.watch


def request(body: str | None = None, path: str = "/", **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    method = "GET" if body is None else "POST"
    return {"method": method, "path": path, "headers": named, "body": body}


def written(
    workbench: Page, request: Mapping[str, Any], file: str | None = None
) -> dict[str, str]:
    chosen = None if file is None else {"name": file}
    found: dict[str, str] = workbench.evaluate(
        RUN,
        {"request": request, "file": chosen},
    )
    return found


def words(command: str) -> list[str]:
    """Split a command as a shell does."""
    return shlex.split(command.replace("\\\n", " "))


@pytest.mark.parametrize("body", [AWKWARD, "-d", "", "@name", '{"a": 1}'])
def test_each_form_has_the_body_as_it_was_sent(workbench: Page, body: str):
    forms = written(workbench, request(body, Content_Type="text/plain"))

    command = words(forms["aikagi"])
    if body.startswith("@"):
        assert command[:3] == ["printf", "%s", body]
        assert command[-1] == "--data=@-"
    else:
        assert command[-1] == f"--data={body}"
    curl = words(forms["curl"].split("\n", 1)[1])
    assert curl[curl.index("--data-raw") + 1] == body
    assert call_in(forms["Python"])["data"] == body.encode()
    assert script_value(workbench, forms["JavaScript"])["body"] == body


@pytest.mark.parametrize("path", ["/a/?q=it's&b=[1]", '/$HOME?`id`="x"', "/-x?y=合鍵"])
def test_each_form_has_the_path(workbench: Page, path: str):
    forms = written(workbench, request(path=path))

    assert f"--path={path}" in words(forms["aikagi"])
    curl = words(forms["curl"].split("\n", 1)[1])
    assert curl[-1].startswith("https://fn.lambda-url.ap-northeast-1.on.aws/")
    assert "--globoff" in curl
    assert call_in(forms["Python"])["path"] == path
    assert script_value(workbench, forms["JavaScript"])["path"] == path


@pytest.mark.parametrize("name", ["my notes' $(id).txt", "-", "-x"])
def test_a_file_is_named_and_not_written_out(workbench: Page, name: str):
    forms = written(workbench, request("", Content_Type="text/csv"), name)

    at = f"@{'./-' if name == '-' else name}"
    assert words(forms["aikagi"])[-1] == f"--data={at}"
    curl = words(forms["curl"].split("\n", 1)[1])
    assert curl[curl.index("--data-binary") + 1] == at
    assert f"pathlib.Path({json.dumps(name)}).read_bytes()" in forms["Python"]
    assert "body: file," in forms["JavaScript"]


def test_curl_signs_with_credentials_of_the_environment(workbench: Page):
    lines = written(workbench, request("x"))["curl"].split("\n", 1)

    assert words(lines[0])[0] == "eval"
    assert "aikagi credentials --broker" in lines[0]
    assert lines[0].endswith('hello --format env)"')
    curl = words(lines[1])
    assert curl[curl.index("--aws-sigv4") + 1] == "aws:amz:ap-northeast-1:lambda"
    assert curl[curl.index("--user") + 1] == "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
    assert "X-Amz-Security-Token: $AWS_SESSION_TOKEN" in curl


def test_what_turns_a_text_around_is_seen_in_a_program(workbench: Page):
    hidden = "a\u202eb\u2028c\u200bd"

    forms = written(workbench, request(hidden))

    for form in ("Python", "JavaScript"):
        assert not set(hidden[1::2]) & set(forms[form])
    assert call_in(forms["Python"])["data"] == hidden.encode()
    assert script_value(workbench, forms["JavaScript"])["body"] == hidden


def call_in(program: str) -> dict[str, Any]:
    """Give the arguments by name of ``broker.call`` in Python, evaluated."""
    calls = [
        node
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "broker.call"
    ]
    [call] = calls
    given: dict[str, Any] = {}
    for argument in call.keywords:
        value = argument.value
        is_encoded = isinstance(value, ast.Call)
        inner = value.func.value if is_encoded else value  # type: ignore[attr-defined]
        read = ast.literal_eval(inner)
        given[str(argument.arg)] = read.encode() if is_encoded else read
    return given


def script_value(workbench: Page, program: str) -> dict[str, Any]:
    """Give what ``broker.call`` is given in JavaScript, by JavaScript itself."""
    start = program.index('broker.call("hello", ') + len('broker.call("hello", ')
    source = program[start : program.index(");\nfor await")]
    found: dict[str, Any] = workbench.evaluate(f"() => ({source})")
    return found


@pytest.mark.parametrize("form", ["aikagi", "curl"])
def test_the_command_does_what_the_page_did(
    desk: Desk, watch: Watch, stack: Stack, tmp_path: Path, form: str
):
    if shutil.which(form, path=COMMANDS) is None:
        pytest.skip(f"there is no {form}")
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.enter("alice")
    desk.choose("report")
    desk.write(json.dumps({"text": AWKWARD + " key key"}, ensure_ascii=False))
    desk.run()
    expect(desk.page.locator("#state[data-kind=done]")).to_be_visible()
    desk.open("What was sent")

    desk.page.get_by_role("group", name="Copy as").get_by_role(
        "button", name=form
    ).click()

    expect(desk.button("Copied")).to_be_visible()
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied == desk.page.locator("#copy-as pre").text_content()
    shown = desk.content.text_content()
    assert shown is not None
    answer = typed(copied, stack, tmp_path)
    assert json.loads(answer)["words"] == json.loads(shown)["words"]
    assert watch.faults == watch.violations() == []


def typed(command: str, stack: Stack, folder: Path) -> str:
    """Give what a shell writes that alice, logged in, types ``command`` into."""
    environment = clean_environment(
        PATH=COMMANDS, XDG_STATE_HOME=str(folder / "state"), no_proxy="*"
    )
    run = partial(
        subprocess.run,
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    login = ["aikagi", "login", stack.broker, "--username", "alice"]
    run([*login, "--password-stdin"], input=stack.users["alice"])
    return str(run(["sh", "-c", command]).stdout)


def test_no_form_has_a_secret(desk: Desk, stack: Stack):
    secrets: list[str] = []
    desk.page.on(
        "response",
        lambda answer: (
            secrets.append(answer.text())
            if answer.url.endswith(("/grant", "/auth/login"))
            else None
        ),
    )
    desk.enter("bob")
    desk.run(method="GET")
    expect(desk.page.locator("#state[data-kind=done]")).to_be_visible()
    desk.open("What was sent")
    shown = ""
    for name in ("aikagi", "curl", "Python", "JavaScript"):
        desk.page.locator("#copy-as button", has_text=name).click()
        shown += desk.page.locator("#copy-as pre").text_content() or ""

    held = [
        value
        for answer in secrets
        for name, value in json.loads(answer).items()
        if name.lower().replace("_", "")
        in {"accesskeyid", "secretaccesskey", "sessiontoken", "accesstoken"}
    ]
    assert len(held) >= 4
    assert [value for value in [*held, stack.users["bob"]] if value in shown] == []


def test_where_the_forms_do_not_arrive_it_is_said(page: Page, stack: Stack):
    page.route("**/page/copy_as.js", lambda route: route.fulfill(status=503))
    page.goto(f"{stack.broker}/")
    page.locator("html[data-started]").wait_for()
    desk = Desk(page, stack)
    desk.enter("bob")
    desk.run(method="GET")
    expect(page.locator("#state[data-kind=done]")).to_be_visible()

    desk.open("What was sent")

    expect(page.locator("#copy-as")).to_contain_text("has not arrived")
    expect(desk.button("Run again")).to_be_visible()
