"""The command line as a process: what it says, how it ends, what it leaves."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aikagi_emulator.launcher.ports import Ports, claim
from emulator.tests.launcher.options import LONE, SMALL
from emulator.tests.launcher.wheels import asking_for, write_wheel

PLAIN = {"PATH": os.environ["PATH"]}

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(ports: Ports, tmp_path: Path) -> Iterator[Start]:
    """Starts a stack of the small project, in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def launch(*arguments: str, **shell: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "aikagi_emulator", "--project", str(SMALL)),
                *("--port", str(ports.first), "--state", str(tmp_path), *arguments),
            ],
            env={**PLAIN, "SMALL_LOG_LEVEL": "ERROR", **shell},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield launch

    for process in started:
        process.kill()
        process.communicate()


def read_until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("ready in "):
            return "".join(lines)
    pytest.fail(f"never ready: {process.communicate()[1]}")


def wait_until_free(port: int) -> None:
    gone = threading.Event()
    while not gone.wait(0.01):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            gone.set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_quietly(
    start: Start, ports: Ports, tmp_path: Path, number: signal.Signals
):
    process = start()
    text = read_until_ready(process)
    assert (tmp_path / "stack.json").exists()

    process.send_signal(number)
    rest, complaints = process.communicate(timeout=30)

    assert f"http://127.0.0.1:{ports.first}/" in text
    assert "ready in " in text
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
    for port in (ports.first, ports.endpoint, ports.function(0)):
        claim(port).close()


def test_the_application_dies_with_a_killed_launcher(start: Start, ports: Ports):
    process = start()
    read_until_ready(process)

    process.kill()

    wait_until_free(ports.first)


def test_an_application_that_ends_by_itself_ends_the_stack_with_1(
    start: Start, ports: Ports, tmp_path: Path
):
    process = start(STATUS="7")
    read_until_ready(process)

    with socket.create_connection(("127.0.0.1", ports.first)) as connection:
        connection.sendall(b"GET /end HTTP/1.0\r\n\r\n")
    _, complaints = process.communicate(timeout=30)

    assert process.returncode == 1
    assert complaints == "The service ended by itself with exit status 7.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_signal_during_the_start_leaves_nothing(
    start: Start, ports: Ports, tmp_path: Path
):
    process = start()
    assert process.stdout

    # Its endpoint's port is claimed first; then comes the second of loading.
    tried = threading.Event()
    while not tried.wait(0.005):
        try:
            socket.create_connection(("127.0.0.1", ports.endpoint)).close()
            tried.set()
        except ConnectionRefusedError:
            assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    said, complaints = process.communicate(timeout=30)

    assert (process.returncode, said, complaints) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
    for port in (ports.first, ports.endpoint, ports.function(0)):
        claim(port).close()


def test_a_shell_that_would_win_over_the_env_file_is_told_so(
    start: Start, ports: Ports
):
    process = start(AWS_REGION="eu-west-1", AWS_PROFILE="work", AWS_PAGER="less")
    read_until_ready(process)

    process.terminate()
    _, complaints = process.communicate(timeout=30)

    assert complaints.startswith("This shell sets AWS_PROFILE, AWS_REGION: ")
    assert f"/{ports.first}/env from here is led elsewhere" in complaints
    assert "eu-west-1" not in complaints


def test_an_edited_template_starts_the_stack_again_on_the_same_ports(
    start: Start, ports: Ports, tmp_path: Path
):
    template = SMALL.with_name("small.yaml")
    edited = tmp_path / "template.yaml"
    edited.write_text(template.read_text())
    shutil.copytree(template.with_name("small_functions"), tmp_path / "small_functions")
    process = start("--template", str(edited))
    read_until_ready(process)
    assert process.stderr

    edited.write_text("[")
    complaint = list(
        iter(process.stderr.readline, "The stack goes on with what it had.\n")
    )
    still = (tmp_path / "stack.json").exists()
    edited.write_text(template.read_text().replace("GreetingEntry", "OtherEntry"))
    told = process.stderr.readline()
    again = read_until_ready(process)

    assert complaint[0].startswith(f"{edited}: ")
    assert still
    assert told == (
        f"{edited} has changed: the stack starts again, at the real time, without "
        "faults and with what was written to it.\n"
    )
    assert f"http://127.0.0.1:{ports.first}/" in again
    assert (tmp_path / "stack.json").exists()
    process.terminate()
    _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
    claim(ports.first).close()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "python3.13",
            "nodejs22.x",
            "Service has the runtime nodejs22.x, and ",
        ),
        ("AWS_IAM", "SOMETIMES", "The SAM translator refuses"),
        ("Service:\n    Type", "Other:\n    Type", "is the function Service, which"),
        ("Timeout: 3", "Timeout: x", "Greeting: "),
        (
            "CodeUri: small_functions",
            "CodeUri: asking",
            "asking/requirements.txt cannot be installed:\n",
        ),
    ],
)
def test_an_edit_that_cannot_be_started_leaves_the_running_stack_alone(
    start: Start, ports: Ports, tmp_path: Path, old: str, new: str, said: str
):
    small = SMALL.with_name("small.yaml").read_text()
    assert old in small
    edited = tmp_path / "template.yaml"
    edited.write_text(small)
    (tmp_path / "small_functions").mkdir()
    (tmp_path / "asking").mkdir()
    (tmp_path / "asking" / "requirements.txt").write_text("--no-index\nnone_there\n")
    process = start("--template", str(edited))
    read_until_ready(process)
    assert process.stderr

    edited.write_text(small.replace(old, new))
    told = list(iter(process.stderr.readline, "The stack goes on with what it had.\n"))

    assert said in "".join(told)
    assert (tmp_path / "stack.json").exists()
    socket.create_connection(("127.0.0.1", ports.first)).close()


def test_a_stack_that_cannot_start_again_waits_for_its_template_to_be_mended(
    start: Start, tmp_path: Path
):
    small = SMALL.with_name("small.yaml").read_text()
    edited = tmp_path / "template.yaml"
    edited.write_text(small)
    (tmp_path / "small_functions").mkdir()
    process = start("--template", str(edited), "--forget")
    read_until_ready(process)
    assert process.stderr

    # Only the store finds that out.
    edited.write_text(small.replace("KeyType: HASH", "KeyType: RANGE"))
    told = [process.stderr.readline() for _ in range(3)]
    edited.write_text(small)
    read_until_ready(process)

    assert told[0].endswith("without faults and without what was written to it.\n")
    assert told[1].startswith("Users: its KeySchema has no HASH key")
    assert told[2] == "Mend it, and it starts again.\n"


def test_a_proxy_of_the_shell_is_not_asked_for_what_is_on_loopback(
    start: Start, tmp_path: Path
):
    proxy = "http://127.0.0.1:1"

    process = start(HTTP_PROXY=proxy, http_proxy=proxy, ALL_PROXY=proxy)

    # The seed command and the application speak to AWS before it is ready.
    assert "Greet carol" in read_until_ready(process)
    assert "NO_PROXY=127.0.0.1,localhost\n" in (tmp_path / "env").read_text()


def run(*arguments: str, cwd: Path, **shell: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "aikagi_emulator", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        cwd=cwd,
        env={**PLAIN, **shell},
    )


def test_a_taken_port_is_one_sentence_and_2(tmp_path: Path, ports: Ports):
    with claim(ports.first):
        done = run(cwd=tmp_path, EMULATOR_PORT=str(ports.first))

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"Port {ports.first} is taken. EMULATOR_PORT={ports.first} uses {ports.first}, "
        f"{ports.endpoint} for AWS, and from {ports.function(0)} on one port for each "
        f"function, from {ports.http_api(0)} on one for each HTTP API: set it to "
        f"another number, or end the program that has port {ports.first}.\n"
    )


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        pytest.param({"EMULATOR_PORT": "http"}, "'http' is not a port: ", id="port"),
        pytest.param(
            {"EMULATOR_LOG_LEVEL": "loud"}, "'loud' is not a log level: ", id="level"
        ),
    ],
)
def test_a_variable_that_cannot_be_used_is_one_sentence_and_2(
    tmp_path: Path, shell: dict[str, str], said: str
):
    done = run(cwd=tmp_path, **shell)

    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(None, "template.yaml: ", id="missing"),
        pytest.param("[", "template.yaml: ", id="not YAML"),
        pytest.param(
            json.dumps({"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}),
            "template.yaml: ",
            id="not understood",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_said_without_a_traceback(
    tmp_path: Path, ports: Ports, text: str | None, said: str
):
    if text is not None:
        (tmp_path / "template.yaml").write_text(text)

    done = run("--port", str(ports.first), cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "called_by",
    [
        pytest.param("FunctionUrlConfig: {AuthType: AWS_IAM}", id="a URL"),
        pytest.param("Events: {Any: {Type: HttpApi}}", id="an HTTP API"),
    ],
)
def test_a_set_up_installs_what_functions_name_once_for_any_state(
    tmp_path: Path, ports: Ports, called_by: str
):
    theirs = tmp_path / "theirs"
    shutil.copytree(SMALL.with_name("small_functions"), theirs / "small_functions")
    text = LONE.read_text()
    assert "FunctionUrlConfig: {AuthType: AWS_IAM}" in text
    (theirs / "template.yaml").write_text(
        text.replace("FunctionUrlConfig: {AuthType: AWS_IAM}", called_by)
    )
    write_wheel(tmp_path / "wheels", "greeting_words", "1.0", "WORDS = 'good day'\n")
    file = theirs / "small_functions" / "requirements.txt"
    told = "installing small_functions/requirements.txt\n"

    file.write_text(asking_for("greeting_words", wheels=tmp_path / "wheels"))
    first = run("--install", cwd=theirs, HOME=str(tmp_path))
    second = run("--install", "--state", str(tmp_path / "other"), cwd=theirs)
    file.write_text("--no-index\ngreeting_words==2.0\n")
    third = run("--install", cwd=theirs, HOME=str(tmp_path))

    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr.endswith(told)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert [path.name for path in (theirs / ".emulator").iterdir()] == ["packages"]
    assert third.returncode == 2
    assert f"{told}small_functions/requirements.txt cannot be installed:\n" in (
        third.stderr
    )
    assert "Traceback" not in third.stderr
    claim(ports.first).close()
