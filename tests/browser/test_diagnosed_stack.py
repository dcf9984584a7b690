"""Real causes, made in a running stack and found by the page's client in Chromium."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route

import aikagi
from aikagi.checks import main_fault
from aikagi.diagnosis import Diagnosis
from tests.stack import Stack

_DIAGNOSE: Final = """async ([name, password]) => {
  const { Broker } = await import("./static/aikagi.js");
  const broker = new Broker();
  await broker.login("bob", password);
  return broker.diagnose(name);
}"""


@pytest.fixture(scope="module")
def ward(browser: Browser, faulty: Stack) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{faulty.broker}/")
    yield page
    page.close()


def diagnose(ward: Page, faulty: Stack, name: str) -> dict[str, Any]:
    found: dict[str, Any] = ward.evaluate(_DIAGNOSE, [name, faulty.users["bob"]])
    return found


FUNCTIONS: Final = pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("hello", "none"),
        ("busy", "throttled"),
        ("denied", "permission"),
        ("shut", "cors"),
        ("naive", "cors"),
        ("doubled", "cors-doubled"),
        ("report", "not-yours"),
        ("nothing", "not-yours"),
    ],
)


@FUNCTIONS
def test_a_function_with_one_thing_wrong_is_found_out(
    ward: Page, faulty: Stack, name: str, cause: str
):
    found = diagnose(ward, faulty, name)

    assert found["cause"] == cause, found


@FUNCTIONS
def test_the_command_line_finds_the_same(faulty: Stack, name: str, cause: str):
    with aikagi.Broker(faulty.broker) as broker:
        broker.login("bob", faulty.users["bob"])
        checks = [*Diagnosis(broker, function=name).checks()]

    fault = main_fault(checks)
    assert (fault.cause if fault else "none") == cause, checks


@pytest.mark.parametrize(
    ("members", "cause"),
    [
        pytest.param({"SecretAccessKey": "another"}, "signature", id="secret"),
        pytest.param({"SessionToken": "another"}, "refused", id="token"),
        pytest.param({"Region": "eu-north-1"}, "signature", id="region"),
    ],
)
def test_credentials_that_were_changed_on_their_way_are_found_out(
    ward: Page, faulty: Stack, members: dict[str, str], cause: str
):
    def change(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), **members})

    ward.route("**/grant", change)

    found = diagnose(ward, faulty, "hello")

    ward.unroute_all()
    assert found["cause"] == cause, found


@pytest.mark.parametrize(
    ("address", "cause"),
    [("auth/me", "broker-unreachable"), ("function", "unreachable")],
)
def test_an_address_where_nothing_answers_is_found_out(
    ward: Page, faulty: Stack, address: str, cause: str
):
    url = faulty.functions["hello"] if address == "function" else f"**/{address}"
    ward.route(url, lambda route: route.abort("connectionrefused"))

    found = diagnose(ward, faulty, "hello")

    ward.unroute_all()
    assert found["cause"] == cause, found


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_clock_that_differs_from_aws_s_is_found_out(
    ward: Page, faulty: Stack, minutes: int
):
    faulty.controls.set_offset(timedelta(minutes=minutes))

    found = diagnose(ward, faulty, "hello")

    faulty.controls.reset()
    side = "ahead of" if minutes > 0 else "behind"
    assert found["cause"] == "clock", found
    assert f"AWS's clock is 6 min {side} the broker's" in [
        check["detail"] for check in found["checks"] if not check["ok"]
    ]


def test_a_computer_an_hour_off_calls_the_first_time_and_is_told(
    ward: Page, faulty: Stack
):
    told = ward.evaluate(
        """async (password) => {
          const { Broker } = await import("./static/aikagi.js");
          const broker = new Broker({ clock: () => Date.now() + 3_600_000 });
          await broker.login("bob", password);
          const { status } = await broker.fetch("hello");
          const { cause, checks } = await broker.diagnose("hello");
          return [status, cause, checks.find(({ ok }) => !ok).detail];
        }""",
        faulty.users["bob"],
    )

    detail = "This computer's clock is 60 min ahead of the broker's"
    assert told == [200, "clock", detail]


def test_a_part_of_the_client_that_does_not_arrive_is_the_broker_s_fault(
    page: Page, faulty: Stack
):
    page.goto(f"{faulty.broker}/")
    page.route("**/client/diagnosis.js", lambda route: route.abort())

    found = diagnose(page, faulty, "hello")

    assert found["cause"] == "broker-unreachable"
    assert [check["check"] for check in found["checks"]] == ["broker"]
