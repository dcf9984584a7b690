"""A whole stack with a small application, in this process."""

import asyncio
import json
import logging
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dotenv import dotenv_values

from aikagi_emulator.launcher.errors import LaunchError
from aikagi_emulator.launcher.ports import Ports, claim, origin
from aikagi_emulator.launcher.running import Running
from aikagi_emulator.launcher.stack import EmulatedStack, Options
from aikagi_emulator.launcher.templates import read_templates
from aikagi_emulator.template import TemplateError
from emulator.tests.launcher.options import LONE, lone, small
from emulator.tests.launcher.wheels import asking_for, write_wheel


def with_stack(
    chosen: Options, use: Callable[[Running, EmulatedStack], Awaitable[None]]
) -> None:
    async def live() -> None:
        stack = EmulatedStack(chosen, clock=lambda: datetime.now(UTC))
        try:
            await use(await stack.start(), stack)
        finally:
            await stack.close()

    asyncio.run(live())


def get(url: str, headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_everything_answers_and_stack_json_says_where(ports: Ports, tmp_path: Path):
    folder = tmp_path / ".local"

    async def use(running: Running, _: EmulatedStack) -> None:
        told = json.loads((folder / "stack.json").read_text())
        given = {
            "Service": origin(ports.first),
            "Endpoint": origin(ports.endpoint),
            "Region": "ap-northeast-1",
            "Functions": {"greeting": f"{origin(ports.function(0))}/"},
        }
        assert told == {**given, "People": ["carol"]}
        assert running.announcement == f"Greet carol at {origin(ports.first)}\n"
        assert running.functions == told["Functions"]
        assert await asyncio.to_thread(get, f"{told['Service']}/health")

    with_stack(small(ports, folder), use)

    assert list(folder.iterdir()) == []
    for port in (ports.first, ports.endpoint, ports.function(0)):
        claim(port).close()


def test_functions_of_a_stack_beside_it_answer_on_the_ports_that_follow(
    ports: Ports, tmp_path: Path
):
    chosen = small(ports, tmp_path)
    project = replace(chosen.project, stacks={"lone": LONE})

    async def use(running: Running, _: EmulatedStack) -> None:
        other = f"{origin(ports.function(1))}/"
        assert running.functions == {
            "greeting": f"{origin(ports.function(0))}/",
            "lone/Greeting": other,
        }
        with pytest.raises(urllib.error.HTTPError, match="403"):
            await asyncio.to_thread(get, other)

    with_stack(replace(chosen, project=project), use)


def test_the_application_gets_its_template_s_environment_and_little_of_the_shell(
    ports: Ports, tmp_path: Path
):
    shell = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nobody",
        "AWS_PROFILE": "work",
        "AWS_SECRET_ACCESS_KEY": "the developer's own",
        "HTTP_PROXY": "http://proxy.example",
        "SMALL_LOG_LEVEL": "ERROR",
        "USERS_TABLE": "another",
    }
    found: dict[str, str] = {}

    async def use(running: Running, _: EmulatedStack) -> None:
        found.update(await asyncio.to_thread(get, f"{running.application}/env"))
        env = dotenv_values(tmp_path / str(ports.first) / "env")
        level = env.pop("SMALL_LOG_LEVEL")
        assert level == "INFO"
        assert env.items() <= found.items()

    with_stack(small(ports, tmp_path, environment=shell), use)

    secrets = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert all(found.pop(name) for name in secrets)
    found.pop("LC_CTYPE", None)  # Python's own doing
    assert found.pop("USERS_TABLE").startswith("local-Users-")
    assert found.pop("PATH").endswith(":/usr/bin:/bin")
    assert found == {
        "FUNCTION_URLS": origin(ports.function(0)),
        "SETTING": "one",
        "SMALL_LOG_LEVEL": "ERROR",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "AWS_ENDPOINT_URL": origin(ports.endpoint),
        "AWS_REGION": "ap-northeast-1",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def test_the_env_files_lead_an_sdk_to_what_the_seed_command_wrote(
    ports: Ports, tmp_path: Path
):
    def read(file: str) -> Any:
        env = {k: v or "" for k, v in dotenv_values(tmp_path / file).items()}
        client: Any = botocore.session.Session().create_client(
            "dynamodb",
            region_name=env["AWS_REGION"],
            endpoint_url=env["AWS_ENDPOINT_URL"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=env["AWS_SESSION_TOKEN"],
        )
        key = {"pk": {"S": "carol"}}
        found = client.get_item(TableName=env["USERS_TABLE"], Key=key)
        client.close()
        return json.loads(found["Item"]["given"]["S"])

    async def use(_: Running, __: EmulatedStack) -> None:
        told = json.loads((tmp_path / "stack.json").read_text())
        for file in ("env", "operator.env"):
            given = await asyncio.to_thread(read, file)
            assert {**given, "People": ["carol"]} == told

    with_stack(small(ports, tmp_path), use)


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        (("python", "-c", "raise SystemExit(3)"), "ended with exit status 3; its own"),
        (("python", "-c", "print('done')"), "wrote something else than an object"),
        (("python", "-c", "print([])"), "wrote something else than an object"),
        (("no-such-program",), "cannot be started: there is no no-such-program"),
    ],
)
def test_a_seed_command_that_fails_stops_the_start(
    ports: Ports, tmp_path: Path, seed: tuple[str, ...], said: str
):
    chosen = small(ports, tmp_path)
    chosen = replace(chosen, project=replace(chosen.project, seed=seed))

    with pytest.raises(LaunchError, match=f"The seed command {said}"):
        with_stack(chosen, unreachable)

    assert list(tmp_path.iterdir()) == []


def test_a_function_url_answers_who_may_call(ports: Ports, tmp_path: Path):
    def call(env: dict[str, Any]) -> Any:
        url = f"{origin(ports.function(0))}/"
        request = AWSRequest("GET", url)
        credentials = Credentials(
            env["AWS_ACCESS_KEY_ID"],
            env["AWS_SECRET_ACCESS_KEY"],
            env["AWS_SESSION_TOKEN"],
        )
        SigV4Auth(credentials, "lambda", "ap-northeast-1").add_auth(request)
        return get(url, dict(request.headers.items()))

    async def use(_: Running, __: EmulatedStack) -> None:
        answer = await asyncio.to_thread(call, dotenv_values(tmp_path / "env"))
        assert "assumed-role/local-ServiceRole-" in answer["caller"]

    with_stack(small(ports, tmp_path), use)


def test_an_application_that_ends_by_itself_is_noticed(ports: Ports, tmp_path: Path):
    async def use(running: Running, stack: EmulatedStack) -> None:
        ended = asyncio.create_task(stack.application_ended())
        with pytest.raises(OSError, match="closed connection"):
            await asyncio.to_thread(get, f"{running.application}/end")
        assert await ended == 7

    with_stack(small(ports, tmp_path, environment={"STATUS": "7"}), use)


def with_events(tmp_path: Path, **events: str) -> Path:
    """The small template, with an event for each of these functions."""
    text = LONE.with_name("small.yaml").read_text()
    for function, event in events.items():
        start = f"  {function}:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        assert start in text
        text = text.replace(start, f"{start}      Events: {{E: {event}}}\n")
    text += "Outputs: {Endpoint: {Value: !GetAtt ServerlessHttpApi.ApiEndpoint}}\n"
    path = tmp_path / "template.yaml"
    path.write_text(text)
    shutil.copytree(LONE.with_name("small_functions"), tmp_path / "small_functions")
    return path


def test_an_api_of_the_application_is_not_served_again(ports: Ports, tmp_path: Path):
    everything = "{Type: HttpApi}"
    template = with_events(tmp_path, Service=everything)
    chosen = small(ports, tmp_path / "state", template=template)

    async def use(running: Running, _: EmulatedStack) -> None:
        assert (running.http_apis, running.uncallable) == ({}, ())
        told = json.loads((tmp_path / "state" / "stack.json").read_text())
        assert "HttpApis" not in told
        assert told["Outputs"] == {"Endpoint": origin(ports.first)}
        claim(ports.http_api(0)).close()

    assert read_templates(chosen.project, ports).outputs == {
        "Endpoint": origin(ports.first)
    }
    with_stack(chosen, use)


def test_an_api_s_routes_to_other_functions_are_served_beside_the_application(
    ports: Ports, tmp_path: Path
):
    route = "{Type: HttpApi, Properties: {Path: /greeting, Method: GET}}"
    template = with_events(tmp_path, Service="{Type: HttpApi}", Greeting=route)
    code = tmp_path / "small_functions" / "greeting.py"
    code.write_text("def handler(event, context):\n    return [event['routeKey']]\n")
    chosen = small(ports, tmp_path / "state", template=template)

    async def use(running: Running, _: EmulatedStack) -> None:
        url = f"{origin(ports.http_api(0))}/"
        assert running.http_apis == {"ServerlessHttpApi": url}
        told = json.loads((tmp_path / "state" / "stack.json").read_text())
        assert told["HttpApis"] == running.http_apis
        assert await asyncio.to_thread(get, f"{url}greeting") == ["GET /greeting"]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            await asyncio.to_thread(get, f"{url}health")

    assert read_templates(chosen.project, ports).outputs == {
        "Endpoint": origin(ports.first)
    }
    with_stack(chosen, use)


def test_an_authorizer_of_the_application_stops_the_start_as_any_other(
    ports: Ports, tmp_path: Path
):
    # SAM takes IAM for a route, as it stands, only where the API allows it.
    protected = (
        "{Type: HttpApi, Properties: {Path: /a, Method: GET, "
        "Auth: {Authorizer: AWS_IAM}}}"
    )
    template = with_events(tmp_path, Service=protected)
    api = "Globals: {HttpApi: {Auth: {EnableIamAuthorizer: true}}}\nResources:"
    template.write_text(template.read_text().replace("Resources:", api))

    with pytest.raises(LaunchError, match=r"Service: its event E .*AWS_IAM \(Auth\)"):
        with_stack(small(ports, tmp_path / "state", template=template), unreachable)


async def unreachable(_: Running, __: EmulatedStack) -> None:
    pytest.fail("the stack started")


def test_an_application_that_ends_before_it_answers_stops_the_start(
    ports: Ports, tmp_path: Path
):
    with pytest.raises(
        LaunchError, match="The service ended with exit status 3 before it"
    ) as caught:
        with_stack(small(ports, tmp_path, environment={"STATUS": "-3"}), unreachable)

    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "offset",
    [
        pytest.param(0, id="the application's"),
        pytest.param(100, id="the endpoint's"),
        pytest.param(101, id="a function's"),
    ],
)
def test_a_taken_port_stops_the_start_and_frees_the_others(
    ports: Ports, tmp_path: Path, offset: int
):
    taken = claim(ports.first + offset)

    with taken, pytest.raises(LaunchError, match=f"Port {ports.first + offset} is"):
        with_stack(small(ports, tmp_path), unreachable)

    for port in (ports.first, ports.endpoint, ports.function(0)):
        claim(port).close()


def test_a_stack_json_left_by_a_killed_stack_is_gone_before_anything_starts(
    ports: Ports, tmp_path: Path
):
    stale = tmp_path / "stack.json"
    stale.write_text(json.dumps({"Endpoint": origin(ports.endpoint)}))
    chosen = small(ports, tmp_path)

    async def begin() -> bool:
        stack = EmulatedStack(chosen, clock=lambda: datetime.now(UTC))
        starting = asyncio.create_task(stack.start())
        await asyncio.sleep(0)  # as far as the first thing that takes time
        found = stale.exists()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await stack.close()
        return found

    assert not asyncio.run(begin())


def test_a_template_that_is_not_there_is_told_so(ports: Ports, tmp_path: Path):
    missing = tmp_path / "missing.yaml"

    with pytest.raises(TemplateError, match="cannot be read"):
        with_stack(lone(ports, tmp_path, template=missing), unreachable)


def signed_call(env: Mapping[str, Any], url: str) -> tuple[int, Any, Any]:
    request = AWSRequest("GET", url)
    credentials = Credentials(
        env["AWS_ACCESS_KEY_ID"],
        env["AWS_SECRET_ACCESS_KEY"],
        env["AWS_SESSION_TOKEN"],
    )
    SigV4Auth(credentials, "lambda", "ap-northeast-1").add_auth(request)
    asked = urllib.request.Request(url, headers=dict(request.headers.items()))  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers


def test_a_template_without_an_application_has_functions_and_an_operator(
    ports: Ports, tmp_path: Path
):
    state = tmp_path / "state"

    async def use(running: Running, _: EmulatedStack) -> None:
        url = f"{origin(ports.function(0))}/"
        told = json.loads((state / "stack.json").read_text())
        assert told == {
            "Endpoint": origin(ports.endpoint),
            "Region": "ap-northeast-1",
            "Functions": {"Greeting": url},
        }
        assert running.application is None
        assert not (state / "env").exists()
        operator = dotenv_values(state / "operator.env")
        status, answer, _ = await asyncio.to_thread(signed_call, operator, url)
        assert (status, answer["caller"]) == (
            200,
            "arn:aws:iam::123456789012:user/operator",
        )
        # There is no application, so its port stays free.
        claim(ports.first).close()

    with_stack(lone(ports, state), use)

    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            ("AWS::SSM::Parameter", "AWS::SQS::Queue"), "AWS::SQS::Queue", id="a type"
        ),
        pytest.param(
            ("python3.13", "nodejs22.x"), "Greeting has the runtime nod", id="a runtime"
        ),
    ],
)
def test_what_is_not_modelled_is_named(
    ports: Ports, tmp_path: Path, change: tuple[str, str], said: str
):
    path = tmp_path / "template.yaml"
    path.write_text(LONE.read_text().replace(*change))
    (tmp_path / "small_functions").mkdir()

    with pytest.raises((LaunchError, TemplateError), match=said):
        with_stack(lone(ports, tmp_path, template=path), unreachable)


def test_an_application_that_the_template_lacks_is_named(ports: Ports, tmp_path: Path):
    with pytest.raises(LaunchError, match="is the function Service, which the templ"):
        with_stack(small(ports, tmp_path, template=LONE), unreachable)


@pytest.mark.parametrize("explain", [True, False])
def test_a_function_url_explains_itself_when_asked_to(
    ports: Ports, tmp_path: Path, explain: bool
):
    chosen = small(ports, tmp_path)

    async def use(running: Running, _: EmulatedStack) -> None:
        forged = {**running.env, "AWS_SECRET_ACCESS_KEY": "x" * 40}
        url = f"{origin(ports.function(0))}/"
        status, answer, headers = await asyncio.to_thread(signed_call, forged, url)
        assert status == 403
        assert "does not match" in answer["Message"]
        why = headers.get("x-emulator-refusal-reason", "")
        assert why.startswith("the signature is for something else") == explain
        assert bool(why) == explain

    with_stack(replace(chosen, explain=explain), use)


def test_edited_code_answers_the_very_next_call(ports: Ports, tmp_path: Path):
    code = tmp_path / "small_functions" / "greeting.py"
    code.parent.mkdir()
    template = tmp_path / "template.yaml"
    template.write_text(LONE.read_text())
    code.write_text("def handler(event, context):\n    return {'version': 0}\n")

    async def use(running: Running, _: EmulatedStack) -> None:
        async def version() -> int:
            url = running.functions["Greeting"]
            return int(
                (await asyncio.to_thread(signed_call, running.operator_env, url))[1][
                    "version"
                ]
            )

        assert await version() == 0
        for number in (1, 2):
            code.write_text(code.read_text().replace(str(number - 1), str(number)))
            assert await version() == number

    with_stack(lone(ports, tmp_path / "state", template=template), use)


def test_edited_requirements_are_installed_before_the_call_that_follows(
    ports: Ports, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    wheels, code = tmp_path / "wheels", tmp_path / "small_functions"
    for version in ("1.0", "2.0"):
        write_wheel(wheels, "greeting_words", version, f"WORDS = {version!r}\n")
    code.mkdir()
    (code / "greeting.py").write_text(
        "try:\n    from greeting_words import WORDS\nexcept ImportError:\n"
        "    WORDS = None\n\n"
        "def handler(event, context):\n    return {'words': WORDS}\n"
    )
    template = tmp_path / "template.yaml"
    template.write_text(LONE.read_text())
    chosen = lone(ports, tmp_path / "state", template=template)
    project = replace(chosen.project, packages=tmp_path / "packages")
    shell = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    async def use(running: Running, _: EmulatedStack) -> None:
        async def call() -> tuple[int, Any]:
            url = running.functions["Greeting"]
            status, answer, _ = await asyncio.to_thread(
                signed_call, running.operator_env, url
            )
            return status, answer

        def ask(version: str) -> None:
            text = asking_for(f"greeting_words=={version}", wheels=wheels)
            (code / "requirements.txt").write_text(text)

        assert await call() == (200, {"words": None})
        for version in ("1.0", "2.0"):
            ask(version)
            assert await call() == (200, {"words": version})
        ask("3.0")
        # What it had goes on, and so does the stack.
        assert await call() == (200, {"words": "2.0"})
        assert await call() == (200, {"words": "2.0"})
        ask("1.0")
        assert await call() == (200, {"words": "1.0"})

    with_stack(replace(chosen, project=project, shell=shell), use)

    (told,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert f"{code}/requirements.txt cannot be installed:\n" in told.getMessage()
    assert told.getMessage().endswith(" goes on with the packages it had.")


TWO_ROUTES = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Handler: main.handler, Runtime: python3.13, Timeout: 30}}
Resources:
  Greeting:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: greeting
      Events: {E: {Type: HttpApi, Properties: {Path: /greeting, Method: GET}}}
  Other:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: other
      Events: {E: {Type: HttpApi, Properties: {Path: /other, Method: GET}}}
"""


@pytest.fixture
def two_routes(ports: Ports, tmp_path: Path) -> Options:
    """An HTTP API of two functions; one has a package, the other misses one."""
    for version in ("1.0", "2.0"):
        write_wheel(tmp_path / "wheels", "words", version, f"WORDS = {version!r}\n")
    handler = "def handler(event, context):\n    return [WORDS, os.getpid()]\n"
    for name, module in (("greeting", "words"), ("other", "uvicorn")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(
            f"import os\nfrom {module} import WORDS\n\n{handler}"
        )
    ask_for(tmp_path / "greeting", "1.0")
    template = tmp_path / "template.yaml"
    template.write_text(TWO_ROUTES)
    chosen = lone(ports, tmp_path / "state", template=template)
    project = replace(chosen.project, packages=tmp_path / "packages")
    shell = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    return replace(chosen, project=project, shell=shell)


def ask_for(code: Path, version: str) -> None:
    wheel = f"../wheels/words-{version}-py3-none-any.whl"
    (code / "requirements.txt").write_text(f"--no-index\n{wheel}\n")


def test_a_function_behind_an_http_api_has_its_own_packages_and_not_the_emulator_s(
    two_routes: Options, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)

    async def use(running: Running, _: EmulatedStack) -> None:
        url = running.http_apis["ServerlessHttpApi"]
        words, _ = await asyncio.to_thread(get, f"{url}greeting")
        assert words == "1.0"
        with pytest.raises(urllib.error.HTTPError, match="500"):
            await asyncio.to_thread(get, f"{url}other")

    with_stack(two_routes, use)

    (hint,) = [line for line in caplog.messages if "Neither Lambda's" in line]
    assert "of this function brings 'uvicorn': put its package into " in hint
    assert f"{tmp_path}/other/requirements.txt, and the call that follows" in hint


def test_edited_requirements_of_a_function_behind_an_http_api_count_for_it_alone(
    two_routes: Options, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    greeting, other = tmp_path / "greeting", tmp_path / "other"
    shutil.copy(greeting / "main.py", other)
    shutil.copy(greeting / "requirements.txt", other)

    async def use(running: Running, _: EmulatedStack) -> None:
        async def call(name: str) -> Any:
            url = running.http_apis["ServerlessHttpApi"]
            return await asyncio.to_thread(get, f"{url}{name}")

        first = {name: await call(name) for name in ("greeting", "other")}
        assert [words for words, _ in first.values()] == ["1.0", "1.0"]
        ask_for(other, "2.0")
        assert await call("greeting") == first["greeting"]
        second = await call("other")
        assert second[0] == "2.0"
        ask_for(greeting, "3.0")
        # What it had goes on, and the other knows nothing of it.
        assert (await call("greeting"))[0] == "1.0"
        assert await call("other") == second
        ask_for(greeting, "2.0")
        assert (await call("greeting"))[0] == "2.0"

    with_stack(two_routes, use)

    (told,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert f"{greeting}/requirements.txt cannot be installed:\n" in told.getMessage()


def test_an_edited_function_starts_anew_once_for_its_url_and_its_route(
    two_routes: Options, tmp_path: Path
):
    template = two_routes.project.template
    public = "CodeUri: greeting\n      FunctionUrlConfig: {AuthType: NONE}"
    template.write_text(template.read_text().replace("CodeUri: greeting", public))

    async def use(running: Running, _: EmulatedStack) -> None:
        async def call() -> list[Any]:
            api, url = running.http_apis["ServerlessHttpApi"], running.functions
            addresses = (f"{api}greeting", url["Greeting"])
            return [await asyncio.to_thread(get, address) for address in addresses]

        first = await call()
        ask_for(tmp_path / "greeting", "2.0")
        second = await call()
        # The words and the process are the same, whatever is called.
        assert first[0] == first[1]
        assert second[0] == second[1]
        assert (first[0][0], second[0][0]) == ("1.0", "2.0")

    with_stack(two_routes, use)


def test_packages_that_cannot_be_installed_stop_the_start(ports: Ports, tmp_path: Path):
    code = tmp_path / "small_functions"
    shutil.copytree(LONE.with_name("small_functions"), code)
    (code / "requirements.txt").write_text("--no-index\ngreeting_words\n")
    template = tmp_path / "template.yaml"
    template.write_text(LONE.read_text())
    chosen = lone(ports, tmp_path / "state", template=template)

    async def use(_: Running, __: EmulatedStack) -> None:
        pytest.fail("it started")

    with pytest.raises(LaunchError, match=r"requirements\.txt cannot be installed"):
        with_stack(chosen, use)
    for port in (ports.endpoint, ports.function(0)):
        claim(port).close()


@pytest.mark.parametrize("other", [False, True])
def test_a_runtime_of_another_python_is_told(
    ports: Ports, tmp_path: Path, caplog: pytest.LogCaptureFixture, other: bool
):
    here = "python{}.{}".format(*sys.version_info[:2])
    asked = "python3.10" if other else here
    template = tmp_path / "template.yaml"
    template.write_text(LONE.read_text().replace("python3.13", asked))
    shutil.copytree(LONE.with_name("small_functions"), tmp_path / "small_functions")
    caplog.set_level(logging.INFO)

    async def use(_: Running, __: EmulatedStack) -> None:
        pass

    with_stack(lone(ports, tmp_path / "state", template=template), use)

    told = f"functions of the runtime python3.10 run as {here}"
    assert (told in caplog.messages) == other
