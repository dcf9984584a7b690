"""A rotation of the signing secret of a running stack, with brokers beside it."""

import json
import subprocess
import sys

from tests.aws_caller import Person
from tests.stack import ROOT, Stack, clean_environment

ANOTHER_BROKER = """
import json, sys
from datetime import UTC, datetime, timedelta
from app.adapters import aws, signing_secret
from app.adapters.tokens import AccessTokens, RefreshTokens, SigningKeys
from app.settings import settings_from_environment

settings, asked = settings_from_environment(), json.load(sys.stdin)
def clock():
    return datetime.now(UTC) + timedelta(minutes=asked["MinutesAhead"])
keys = SigningKeys(
    signing_secret.connect(aws.new_session()),
    secret_arn=settings.signing_secret_arn,
    clock=clock,
)
access = AccessTokens(
    keys,
    issuer=settings.token_issuer,
    lifetime=timedelta(seconds=settings.token_lifetime_seconds),
    clock=clock,
    new_id=lambda: "an-id",
)
print(json.dumps({
    "Signs": keys.current().kid,
    "Verifies": [keys.find(kid) is not None for kid in asked["Kids"]],
    "Login": RefreshTokens(keys).verify(asked["RefreshToken"]).secret.login_id,
}))
"""


def admin(stack: Stack, *words: str) -> object:
    done = subprocess.run(
        [sys.executable, "-m", "app.admin", "keys", *words, "--json"],
        cwd=ROOT,
        env=clean_environment(**stack.operator),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def another_broker(stack: Stack, **asked: object) -> dict[str, object]:
    """Ask a process that has just read the secret, with the broker's permissions."""
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_BROKER],
        cwd=ROOT,
        env=clean_environment(**stack.variables(), PYTHONPATH=str(ROOT)),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answered: dict[str, object] = json.loads(done.stdout)
    return answered


def kid_of(person: Person) -> str:
    return person.refresh_token.split(".")[1]


def test_a_rotation_restarts_nothing_and_logs_nobody_out(stack: Stack):
    alice = Person.log_in(stack.broker, "alice", stack.users["alice"])
    old = kid_of(alice)

    rotated = admin(stack, "rotate")

    assert isinstance(rotated, dict)
    assert old in {key["KeyId"] for key in rotated["Keys"]}
    assert admin(stack, "show") == rotated["Keys"]
    assert alice.ask(FunctionName="hello").status_code == 200
    asked = {
        "Kids": [old, rotated["Added"]],
        "RefreshToken": alice.refresh_token,
    }
    now = another_broker(stack, MinutesAhead=0, **asked)
    assert (now["Signs"], now["Verifies"]) == (old, [True, True])
    later = another_broker(stack, MinutesAhead=11, **asked)
    assert (later["Signs"], later["Verifies"]) == (rotated["Added"], [True, True])
    assert now["Login"] == later["Login"] == alice.refresh_token.split(".")[0]
    assert alice.renew().status_code == 200
