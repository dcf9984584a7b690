"""The browser client diagnoses what the vectors say, by the CORS of a real Chromium."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from aikagi_emulator.sigv4 import Request
from app.web.assets import STATIC
from tests.aikagi.loopback import PASSWORD, Answer, Loopback, running
from tests.browser.test_words import words
from tests.diagnosis_vectors import expected, make_happen, states
from tests.vector_files import Vector, load, reads

_LANGUAGES: Final = ("en", "ja")

# Each check also in words, as the page chooses and fills them.
_DIAGNOSE: Final = """async ({ base, clock, password, held }) => {
  const { Broker } = await import("./static/digest/client/aikagi.js");
  const { explainCheck } = await import("./static/digest/page/found.js");
  const broker = new Broker({ base, clock: () => Date.now() + clock * 1000 });
  if (password) await broker.login("alice", password);
  if (held) await broker.grant("hello");
  const found = await broker.diagnose("hello");
  const said = found.checks.map((check) => {
    const { key, values } = explainCheck(check);
    const value = (name) => typeof values[name] === "function"
      ? values[name]() : values[name];
    const names = Object.keys(check.facts);
    const pairs = names.map((name) => [name, value(name)]);
    return { key, values: Object.fromEntries(pairs) };
  });
  return { ...found, said };
}"""


def files() -> dict[str, Answer]:
    """Give the client's modules and the page's, as the broker serves them."""
    found = {"/blank": Answer(media_type="text/html", pieces=(b"<!doctype html>",))}
    for folder in ("client", "page"):
        for path in (STATIC / folder).rglob("*"):
            if path.suffix in {".js", ".mjs"}:
                name = path.relative_to(STATIC).as_posix()
                content = (path.read_bytes(),)
                answer = Answer(media_type="text/javascript", pieces=content)
                found[f"/static/digest/{name}"] = answer
    return found


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    for loopback in running():
        loopback.files = files()
        yield loopback


@pytest.fixture(scope="module")
def bench(browser: Browser, loopback: Loopback) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{loopback.base}blank")
    yield page
    page.close()


@pytest.fixture(scope="module")
def books(bench: Page) -> dict[str, dict[str, str]]:
    return {language: words(bench, language) for language in _LANGUAGES}


@reads("diagnoses")
def test_a_fault_is_found_and_put_in_the_words_of_each_language(
    bench: Page,
    loopback: Loopback,
    books: dict[str, dict[str, str]],
    vector: Vector,
):
    found = vector["found"]
    make_happen(loopback, found)
    answer, let_in = loopback.answer, []

    def noting(request: Request) -> Answer:
        let_in.append(request.method)
        return answer(request)

    loopback.answer = noting

    told = bench.evaluate(
        _DIAGNOSE,
        {
            "base": loopback.base,
            "clock": found.get("clock", 0),
            "password": PASSWORD if found.get("logged_in", True) else None,
            "held": found.get("held", False),
        },
    )

    names, cause = expected(vector, "browser")
    assert [*states(told["checks"]).items()] == [*names.items()], told
    assert told["cause"] == cause, told
    # It starts none of the function's work, whoever the function lets in.
    assert set(let_in) <= {"GET"}
    assert told["title"]
    assert told["advice"]
    for language, book in books.items():
        assert f"cause.{cause}" in book, language
        for check, said in zip(told["checks"], told["said"], strict=True):
            assert f"check.{check['check']}" in book, language
            assert (said["key"] == "found.unknown") == (check["ok"] is None), check
            require_said(book, said)


def require_said(book: dict[str, str], said: dict[str, Any]) -> None:
    """The words are there, and all that they leave open is known."""
    text = book[said["key"]].format_map(said["values"])
    assert "undefined" not in text
    assert "Invalid Date" not in text


@pytest.mark.parametrize("language", _LANGUAGES)
def test_the_page_has_words_for_these_causes_and_checks_alone(
    books: dict[str, dict[str, str]], language: str
):
    vectors = load("diagnoses")
    told = [expected(vector, "browser") for vector in vectors]
    wanted = {f"cause.{cause}" for _, cause in told}
    wanted |= {f"check.{name}" for checks, _ in told for name in checks}

    assert wanted == {
        key for key in books[language] if key.startswith(("cause.", "check."))
    }


def test_what_a_client_does_not_see_has_a_reason():
    differing = [vector for vector in load("diagnoses") if "differs" in vector]

    assert differing
    for vector in differing:
        for client, told in vector["differs"].items():
            same = (told["checks"], told["cause"]) == (
                vector["checks"],
                vector["cause"],
            )
            assert not same, (vector["id"], client)
            assert told["because"].endswith(".")
