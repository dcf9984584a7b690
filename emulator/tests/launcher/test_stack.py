"""A whole stack with a stand-in broker, in this process."""

import asyncio
import json
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
from aikagi_emulator.launcher.stack import LocalStack, Options
from aikagi_emulator.template import TemplateError
from emulator.tests.launcher.launch import options


def with_stack(
    chosen: Options, use: Callable[[Running, LocalStack], Awaitable[None]]
) -> None:
    async def live() -> None:
        stack = LocalStack(chosen, clock=lambda: datetime.now(UTC))
        try:
            await use(await stack.start(), stack)
        finally:
            await stack.close()

    asyncio.run(live())


def get(url: str, headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_everything_answers_and_stack_json_says_where(
    template: Path, ports: Ports, tmp_path: Path
):
    folder = tmp_path / ".local"

    async def use(running: Running, _: LocalStack) -> None:
        told = json.loads((folder / "stack.json").read_text())
        assert told == {
            "Broker": origin(ports.broker),
            "Endpoint": origin(ports.endpoint),
            "Region": "ap-northeast-1",
            "Functions": {"greeting": f"{origin(ports.function(0))}/"},
            "Users": [
                {
                    "Username": "alice",
                    "Password": "wonderland-1865",
                    "Groups": ["everyone", "research"],
                },
                {
                    "Username": "bob",
                    "Password": "bricklayer-1999",
                    "Groups": ["everyone"],
                },
            ],
        }
        assert running.functions == told["Functions"]
        assert await asyncio.to_thread(get, f"{told['Broker']}/healthz")

    with_stack(options(template, ports.broker, folder, shell={}), use)

    assert list(folder.iterdir()) == []
    for port in (ports.broker, ports.endpoint, ports.function(0)):
        claim(port).close()


def test_the_broker_gets_its_template_s_environment_and_nothing_of_the_shell(
    template: Path, ports: Ports, tmp_path: Path
):
    shell = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nobody",
        "AWS_PROFILE": "work",
        "AWS_SECRET_ACCESS_KEY": "the developer's own",
        "AIKAGI_LOG_LEVEL": "ERROR",
        "AIKAGI_USERS_TABLE": "another",
    }
    found: dict[str, str] = {}

    async def use(running: Running, _: LocalStack) -> None:
        found.update(await asyncio.to_thread(get, f"{running.broker}/env"))
        env = dotenv_values(tmp_path / str(ports.broker) / "env")
        assert {k: v for k, v in found.items() if k in env and k != _LEVEL} == {
            k: v for k, v in env.items() if k != _LEVEL
        }

    with_stack(options(template, ports.broker, tmp_path, shell=shell), use)

    secrets = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert all(found.pop(name) for name in secrets)
    found.pop("LC_CTYPE", None)  # Python's own doing
    table = found.pop("AIKAGI_USERS_TABLE")
    assert table.startswith("local-Users-")
    assert found == {
        "AIKAGI_CATALOGUE_PATH": "/functions",
        "AIKAGI_LOCAL_FUNCTION_URLS": origin(ports.function(0)),
        "AIKAGI_LOG_LEVEL": "ERROR",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "AWS_ENDPOINT_URL": origin(ports.endpoint),
        "AWS_REGION": "ap-northeast-1",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "PATH": "/usr/bin:/bin",
    }


_LEVEL = "AIKAGI_LOG_LEVEL"


def test_the_env_file_leads_an_sdk_to_the_seeded_users(
    template: Path, ports: Ports, tmp_path: Path
):
    def read(file: str, user: str) -> Any:
        env = {k: v or "" for k, v in dotenv_values(tmp_path / file).items()}
        client: Any = botocore.session.Session().create_client(
            "dynamodb",
            region_name=env["AWS_REGION"],
            endpoint_url=env["AWS_ENDPOINT_URL"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=env["AWS_SESSION_TOKEN"],
        )
        key = {"pk": {"S": f"principal#local#{user}"}}
        found = client.get_item(TableName=env["AIKAGI_USERS_TABLE"], Key=key)
        client.close()
        return found["Item"]

    async def use(_: Running, __: LocalStack) -> None:
        for file, user, groups in (
            ("env", "alice", {"everyone", "research"}),
            ("operator.env", "bob", {"everyone"}),
        ):
            item = await asyncio.to_thread(read, file, user)
            assert set(item["groups"]["SS"]) == groups
            assert item["password_hash"]["S"].startswith(
                "$argon2id$v=19$m=19456,t=2,p=1$"
            )

    with_stack(options(template, ports.broker, tmp_path, shell={}), use)


def test_a_function_url_answers_who_may_call(
    template: Path, ports: Ports, tmp_path: Path
):
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

    async def use(_: Running, __: LocalStack) -> None:
        answer = await asyncio.to_thread(call, dotenv_values(tmp_path / "env"))
        assert "assumed-role/local-BrokerRole-" in answer["caller"]

    with_stack(options(template, ports.broker, tmp_path, shell={}), use)


def test_a_broker_that_ends_by_itself_is_noticed(
    template: Path, ports: Ports, tmp_path: Path
):
    async def use(running: Running, stack: LocalStack) -> None:
        ended = asyncio.create_task(stack.broker_ended())
        with pytest.raises(OSError, match="closed connection"):
            await asyncio.to_thread(get, f"{running.broker}/end")
        assert await ended == 7

    with_stack(options(template, ports.broker, tmp_path, "7", shell={}), use)


async def unreachable(_: Running, __: LocalStack) -> None:
    pytest.fail("the stack started")


def test_a_broker_that_ends_before_it_answers_stops_the_start(
    template: Path, ports: Ports, tmp_path: Path
):
    with pytest.raises(LaunchError, match="exit status 3 before it answered") as caught:
        with_stack(
            options(template, ports.broker, tmp_path, "-3", shell={}), unreachable
        )

    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "offset",
    [
        pytest.param(0, id="the broker's"),
        pytest.param(100, id="the endpoint's"),
        pytest.param(101, id="a function's"),
    ],
)
def test_a_taken_port_stops_the_start_and_frees_the_others(
    template: Path, ports: Ports, tmp_path: Path, offset: int
):
    taken = claim(ports.broker + offset)

    with taken, pytest.raises(LaunchError, match=f"Port {ports.broker + offset} is"):
        with_stack(options(template, ports.broker, tmp_path, shell={}), unreachable)

    for port in (ports.broker, ports.endpoint, ports.function(0)):
        claim(port).close()


def test_a_stack_json_left_by_a_killed_stack_is_gone_before_anything_starts(
    template: Path, ports: Ports, tmp_path: Path
):
    stale = tmp_path / "stack.json"
    stale.write_text(json.dumps({"Endpoint": origin(ports.endpoint)}))
    chosen = options(template, ports.broker, tmp_path, shell={})

    async def begin() -> bool:
        stack = LocalStack(chosen, clock=lambda: datetime.now(UTC))
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
        with_stack(options(missing, ports.broker, tmp_path, shell={}), unreachable)


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


def test_a_template_without_a_broker_has_functions_and_an_operator(
    ports: Ports, tmp_path: Path
):
    template = Path(__file__).with_name("lone_template.yaml")
    state = tmp_path / "state"

    async def use(running: Running, _: LocalStack) -> None:
        url = f"{origin(ports.function(0))}/"
        told = json.loads((state / "stack.json").read_text())
        assert told == {
            "Broker": None,
            "Endpoint": origin(ports.endpoint),
            "Region": "ap-northeast-1",
            "Functions": {"Greeting": url},
            "Users": [],
        }
        assert running.users == ()
        assert not (state / "env").exists()
        operator = dotenv_values(state / "operator.env")
        status, answer, _ = await asyncio.to_thread(signed_call, operator, url)
        assert (status, answer["caller"]) == (
            200,
            "arn:aws:iam::123456789012:user/operator",
        )
        # Nobody serves a broker, so its port stays free.
        claim(ports.broker).close()

    with_stack(options(template, ports.broker, state, shell={}), use)

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
    template = Path(__file__).with_name("lone_template.yaml")
    path = tmp_path / "template.yaml"
    path.write_text(template.read_text().replace(*change))
    (tmp_path / "small_functions").mkdir()

    with pytest.raises((LaunchError, TemplateError), match=said):
        with_stack(options(path, ports.broker, tmp_path, shell={}), unreachable)


def test_a_broker_without_a_table_is_told_what_it_lacks(
    template: Path, ports: Ports, tmp_path: Path
):
    path = tmp_path / "template.yaml"
    path.write_text(template.read_text().replace("AIKAGI_USERS_TABLE", "AIKAGI_TABLE"))
    (tmp_path / "small_functions").mkdir()

    with pytest.raises(LaunchError, match="Broker has no AIKAGI_USERS_TABLE"):
        with_stack(options(path, ports.broker, tmp_path, shell={}), unreachable)


@pytest.mark.parametrize("explain", [True, False])
def test_a_function_url_explains_itself_when_asked_to(
    template: Path, ports: Ports, tmp_path: Path, explain: bool
):
    chosen = options(template, ports.broker, tmp_path, shell={})

    async def use(running: Running, _: LocalStack) -> None:
        forged = {**running.env, "AWS_SECRET_ACCESS_KEY": "x" * 40}
        url = f"{origin(ports.function(0))}/"
        status, answer, headers = await asyncio.to_thread(signed_call, forged, url)
        assert status == 403
        assert "does not match" in answer["Message"]
        why = headers.get("x-aikagi-why", "")
        assert why.startswith("the signature is for something else") == explain
        assert bool(why) == explain

    with_stack(replace(chosen, explain=explain), use)


def test_edited_code_answers_the_very_next_call(ports: Ports, tmp_path: Path):
    code = tmp_path / "small_functions" / "greeting.py"
    code.parent.mkdir()
    template = tmp_path / "template.yaml"
    lone = Path(__file__).with_name("lone_template.yaml")
    template.write_text(lone.read_text())
    code.write_text("def handler(event, context):\n    return {'version': 0}\n")

    async def use(running: Running, _: LocalStack) -> None:
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

    with_stack(options(template, ports.broker, tmp_path / "state", shell={}), use)
