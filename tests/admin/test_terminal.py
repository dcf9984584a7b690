"""``python -m app.admin`` as an operator meets it, at a real terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws_caller import Person
from tests.stack import Stack
from tests.terminal import Terminal

ADMIN = "app.admin"


@pytest.fixture
def checkout(tmp_path: Path, stack: Stack) -> Path:
    """Make a folder in which the running stack is the one started last."""
    (tmp_path / ".local").symlink_to(stack.state.parent)
    return tmp_path


def test_a_password_is_asked_for_twice_and_never_shown(checkout: Path, stack: Stack):
    terminal = Terminal(
        checkout, "users", "add", "dave", "--group", "everyone", "--local", module=ADMIN
    )

    terminal.wait_for("New password for dave: ")
    terminal.type("through-the-glass")
    terminal.wait_for("The same again: ")
    terminal.type("through-the-glass")

    assert terminal.finish() == 0
    assert "Added dave." in terminal.seen
    assert "through-the-glass" not in terminal.seen
    dave = Person.log_in(stack.broker, "dave", "through-the-glass")
    assert dave.ask(FunctionName="hello").status_code == 200


def test_two_passwords_that_differ_change_nothing(checkout: Path, stack: Stack):
    port = str(stack.port)
    terminal = Terminal(checkout, "users", "add", "erin", "--local", port, module=ADMIN)

    terminal.wait_for("New password for erin: ")
    terminal.type("through-the-glass")
    terminal.wait_for("The same again: ")
    terminal.type("through-the-grass")

    assert terminal.finish() == 1
    assert "The two differ; nothing was changed." in terminal.seen
    listing = Terminal(checkout, "users", "list", "--local", module=ADMIN)
    assert listing.finish() == 0
    assert "alice\tenabled\teveryone,research" in listing.seen
    assert "erin" not in listing.seen


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("list",), "Name the table: --table", id="no table"),
        pytest.param(("list", "--local"), "start the stack here", id="no stack"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, arguments: tuple[str, ...], said: str
):
    terminal = Terminal(tmp_path, "users", *arguments, module=ADMIN)

    assert terminal.finish() == 2
    assert said in terminal.seen
    assert "Traceback" not in terminal.seen


def test_a_stack_on_this_laptop_is_never_met_through_a_proxy(
    checkout: Path, free_port: Callable[[], int]
):
    proxy = f"http://127.0.0.1:{free_port()}"
    listing = Terminal(
        checkout,
        *("users", "list", "--local"),
        module=ADMIN,
        HTTP_PROXY=proxy,
        http_proxy=proxy,
    )

    assert listing.finish() == 0
    assert "alice\tenabled" in listing.seen
