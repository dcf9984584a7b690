"""``python -m app.admin`` as an operator meets it, at a real terminal."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from app.admin.user_import import THREADS
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


def people(folder: Path, count: int) -> None:
    rows = "".join(f"row-{number:03},everyone\n" for number in range(count))
    (folder / "people.csv").write_text(f"Username,Groups\n{rows}")


IMPORT = ("users", "import", "people.csv", "--local", "--one-time-file")


def test_an_import_shows_how_far_it_is_and_ends_between_lines(
    checkout: Path, stack: Stack
):
    people(checkout, 60)
    terminal = Terminal(checkout, *IMPORT, "first.csv", module=ADMIN, columns=100)

    terminal.wait_for(" of 60, ")
    while not re.search(r"\[#+ *\] +[0-9]+%  ", terminal.seen):
        terminal.wait_for_more()
    terminal.interrupt()

    assert terminal.finish() == 130, terminal.seen
    assert "Traceback" not in terminal.seen
    [added] = re.findall("Interrupted: ([0-9]+) of 60 were added", terminal.seen)
    second = Terminal(checkout, *IMPORT, "second.csv", module=ADMIN, columns=100)
    assert second.finish() == 0, second.seen
    [counts] = re.findall("Added ([0-9]+); ([0-9]+) were there", second.seen)
    new, there = map(int, counts)
    # A write whose answer was lost on the way was done, and is not counted as such.
    assert 0 <= there - int(added) <= THREADS
    assert new + there == 60
    # Whoever stands in both has the later.
    given = {}
    for name in ("first.csv", "second.csv"):
        for line in (checkout / name).read_text().splitlines()[1:]:
            username, password = line.split(",")
            assert password not in terminal.seen + second.seen
            given[username] = password
    assert len(given) == 60
    for username in ("row-000", "row-059"):
        first_login(stack, username, given[username])


def first_login(stack: Stack, username: str, password: str) -> None:
    """Do what somebody does who was given a password for once."""
    form = {"username": username, "password": password}
    with httpx2.Client(base_url=stack.broker) as client:
        refused = client.post("/auth/login", data=form)
        assert refused.status_code == 400
        assert refused.json()["type"].endswith(":password-change-required")
        form["new_password"] = "through-the-glass"
        assert client.post("/auth/password", data=form).status_code == 204
    person = Person.log_in(stack.broker, username, "through-the-glass")
    assert person.ask(FunctionName="hello").status_code == 200


def test_somebody_removed_is_logged_out_and_what_was_logged_of_them_stays(
    checkout: Path, stack: Stack
):
    (checkout / "people.csv").write_text("Username,Groups\nfrank,everyone\n")
    assert Terminal(checkout, *IMPORT, "once.csv", module=ADMIN).finish() == 0
    _, line = (checkout / "once.csv").read_text().splitlines()
    first_login(stack, "frank", line.partition(",")[2])
    frank = Person.log_in(stack.broker, "frank", "through-the-glass")
    frank.grant("hello")

    ended = Terminal(checkout, "users", "end-logins", "frank", "--local", module=ADMIN)
    assert ended.finish() == 0
    assert frank.renew().status_code == 400
    again = Person.log_in(stack.broker, "frank", "through-the-glass")
    removed = Terminal(checkout, "users", "remove", "frank", "--local", module=ADMIN)

    assert removed.finish() == 0
    assert "what the log says of them stays" in removed.seen
    assert again.ask(FunctionName="hello").status_code == 401
    assert again.renew().status_code == 400


def test_a_grant_is_revoked_at_the_stack_of_this_laptop(checkout: Path):
    words = ("revoke", "--grant", "of-nobody", "--local")

    revoked = Terminal(checkout, *words, module=ADMIN)

    assert revoked.finish() == 0
    assert "It holds: a call was refused" in revoked.seen


def test_an_unknown_group_is_told_by_the_catalogue_of_the_stack(
    checkout: Path, stack: Stack
):
    rows = "Username,Groups\ngrace,reserch\nheidi,research\n"
    (checkout / "people.csv").write_text(rows)

    terminal = Terminal(checkout, *IMPORT, "once.csv", module=ADMIN, columns=200)

    assert terminal.finish() == 1
    assert "no function names: reserch (line 2). Nothing was" in terminal.seen
    assert not (checkout / "once.csv").exists()
