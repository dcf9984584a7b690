"""The broker by its Lambda handler, with the descriptions of AWS that ship with it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import botocore
import pytest

from lambda_package.trim_botocore import OPERATIONS, trim, trimmed_model
from tests.stack import ROOT, Stack, clean_environment
from tests.template.stacks import as_list, deployed, policies_of

BOTOCORE: Final = Path(botocore.__file__).parent
_NOT_CALLED: Final = {"sts:TagSession", "sts:SetSourceIdentity"}
"""Permissions of AssumeRole's, and no calls."""

_NEEDS_NO_PERMISSION: Final = {"sts:GetCallerIdentity"}
"""Nor can one be denied. STS API Reference, GetCallerIdentity."""

JOURNEY: Final = """
import json, sys
from urllib.parse import urlencode
import botocore
from app.lambda_handler import handler
from tests.http_api_events import http_api_event

USER = sys.argv[1]
FORM = {"content-type": "application/x-www-form-urlencoded"}

def ask(method, path, headers=None, body=None):
    answer = handler(http_api_event(method, path, headers=headers, body=body), None)
    assert answer["statusCode"] < 300, answer
    return json.loads(answer["body"] or "null")

def post(path, **form):
    return ask("POST", path, FORM, urlencode(form).encode())

old, new = "looking-glass-1871", "wonderland-1865-2"
for _ in range(2):  # the second time from a source that is known
    pair = post("/auth/login", username=USER, password=old)
refresh = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
pair = post("/auth/refresh", **refresh)
bearer = {"authorization": "Bearer " + pair["access_token"]}
functions = ask("GET", "/functions", bearer)
ask("GET", "/auth/issuers")
wanted = {**bearer, "content-type": "application/json"}
grant = ask("POST", "/grant", wanted, b'{"FunctionName": "hello"}')
post("/auth/password", username=USER, password=old, new_password=new)
ask("POST", "/auth/logout", bearer)
answered = {"botocore": botocore.__file__, "functions": functions, "grant": grant}
answered["snapstart"] = "app.snapstart" in sys.modules
sys.stderr.write(json.dumps(answered))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a botocore that was trimmed."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(
        BOTOCORE,
        folder / "botocore",
        ignore=lambda path, names: [
            name
            for name in names
            if Path(path) == BOTOCORE / "data"
            and (BOTOCORE / "data" / name).is_dir()
            and name not in {*OPERATIONS, "s3"}
        ],
    )
    trim(folder)
    return folder


def test_the_broker_does_all_that_it_does_with_what_is_left(
    stack: Stack, package: Path
):
    # Not a user of other tests': the password is changed.
    subprocess.run(
        [
            *(sys.executable, "-m", "app.admin", "users", "add", "duchess"),
            *("--group", "everyone", "--password-stdin"),
        ],
        env=clean_environment(**stack.variables("operator.env")),
        input="looking-glass-1871\n",
        text=True,
        check=True,
        timeout=60,
    )
    done = subprocess.run(
        [sys.executable, "-c", JOURNEY, "duchess"],
        env=clean_environment(
            **stack.variables(),
            PYTHONPATH=f"{package}:{ROOT}",
            PYTHONDONTWRITEBYTECODE="1",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    answered: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    assert Path(answered["botocore"]).is_relative_to(package)
    assert {entry["Name"] for entry in answered["functions"]["Functions"]} >= {"hello"}
    assert answered["grant"]["FunctionName"] == "hello"
    assert not answered["snapstart"], "an ordinary start has no use for it"


def test_what_is_left_is_what_the_brokers_role_may_ask_for_and_no_more():
    stack = deployed()
    allowed = {
        action
        for policy in policies_of(stack, stack.resources["BrokerRole"]).values()
        for statement in policy
        for action in as_list(statement["Action"])
        if not action.startswith("logs:")
    }

    assert {
        f"{service}:{operation}"
        for service, operations in OPERATIONS.items()
        for operation in operations
    } - _NEEDS_NO_PERMISSION == allowed - _NOT_CALLED


def test_nothing_else_is_left(package: Path):
    data = package / "botocore" / "data"

    assert {path.name for path in data.iterdir() if path.is_dir()} == set(OPERATIONS)
    assert sum(path.stat().st_size for path in data.rglob("*.json")) < 200_000


MODEL: Final[dict[str, Any]] = {
    "metadata": {"serviceId": "Example"},
    "documentation": "About all of it",
    "operations": {
        "Get": {
            "input": {"shape": "GetInput"},
            "errors": [{"shape": "NotFound"}],
            "documentation": "About it",
        },
        "Put": {"input": {"shape": "PutInput"}},
    },
    "shapes": {
        "GetInput": {
            "type": "structure",
            "members": {
                "key": {"shape": "Key", "documentation": "About the key"},
                "documentation": {"shape": "Text"},
            },
        },
        "NotFound": {"type": "structure", "members": {}, "exception": True},
        "Key": {"type": "list", "member": {"shape": "Key"}},
        "Text": {"type": "string"},
        "PutInput": {"type": "structure", "members": {"value": {"shape": "Value"}}},
        "Value": {"type": "string"},
    },
}


def test_an_operation_keeps_every_shape_that_it_leads_to():
    trimmed = trimmed_model(MODEL, {"Get"})

    assert trimmed["operations"].keys() == {"Get"}
    assert trimmed["shapes"].keys() == {"GetInput", "NotFound", "Key", "Text"}


def test_words_go_and_members_of_that_name_stay():
    trimmed = trimmed_model(MODEL, {"Get"})

    assert "About" not in json.dumps(trimmed)
    assert "documentation" in trimmed["shapes"]["GetInput"]["members"]


def test_an_operation_that_there_is_not_stops_the_build():
    with pytest.raises(ValueError, match="Example has no Delete"):
        trimmed_model(MODEL, {"Get", "Delete"})
