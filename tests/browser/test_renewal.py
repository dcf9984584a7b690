"""The browser client renews tokens and grants when the vectors say so, in Chromium."""

import json
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.bench import tell
from tests.browser.scripted_requests import check
from tests.vector_files import Vector, reads

_LIFETIME: Final = """
const { of, lifetime, remaining, clock_offset, refresh_token = true } = VECTOR;
clock.ahead = clock_offset * 1000;
const isGrant = of === "grant";
script.grant = () => Response.json({
  FuncUrl: home, Region: "ap-northeast-1", AccessKeyId: `ASIA${++granted}`,
  SecretAccessKey: "secret", SessionToken: `session ${granted}`,
  Expiration: utc(clock.local + clock.ahead + lifetime * 1000),
  ServerTime: utc(clock.local + clock.ahead),
});
script.login = () => Response.json({
  access_token: `access ${++given}`, expires_in: isGrant ? 1e9 : lifetime,
  ...(refresh_token && { refresh_token: "a refresh token" }),
});
await broker.login("alice", "wonderland-1865");
const ask = () => (isGrant ? broker.fetch("hello") : broker.me());
if (isGrant) await ask();
clock.local += (lifetime - remaining) * 1000;
const error = await caught(ask());
await settle();
const isEnded = error?.name === "LoginEndedError" && count("me") === 0;
if (error) return isEnded ? "ended" : error;
const used = isGrant ? keys().at(-1) : bearers("me").at(-1).replace("Bearer ", "");
const renewed = isGrant ? count("grant") - 1 : count("refresh");
if (renewed === 0) return "none";
return used.endsWith(" 1") ? "advisory" : "mandatory";
"""


@reads("renewal", lambda vector: vector["kind"] == "lifetime")
def test_what_is_left_of_a_life_says_what_to_do(workbench: Page, vector: Vector):
    assert run(workbench, _LIFETIME, vector) == vector["refresh"]


@reads("renewal", lambda vector: vector["kind"] == "requests")
def test_what_is_sent_and_comes_of_it(workbench: Page, vector: Vector):
    check(workbench, vector)


def run(workbench: Page, script: str, vector: Vector) -> Any:
    return tell(workbench, script.replace("VECTOR", json.dumps(vector), 1))
