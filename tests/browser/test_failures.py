"""What the page says when something fails, and what it advises, in both languages."""

from typing import Any

import pytest
from playwright.sync_api import Page

_EXPLAIN = """async ([error, language]) => {
  const errors = await import("./static/aikagi.js");
  const { explain } = await import("./static/digest/page/content.js");
  const { text } = await import("./static/digest/page/language.js");
  const words = (await import(`./static/digest/page/words-${language}.js`)).default;
  const of = new Function(...Object.keys(errors), `return ${error}`);
  const { key, values, ...more } = explain(of(...Object.values(errors)));
  const known = words[key] !== undefined && words[`${key}.next`] !== undefined;
  return { ...more, known, title: text(key, values),
    advice: text(`${key}.next`, values) };
}"""
PROBLEM = '{ title: "So the broker says", request_id: "r-1" }'
FUNCTION = "new FunctionError(new Response('', { status: %s, headers: %s }), '')"


def explained(workbench: Page, error: str) -> dict[str, Any]:
    """Return what is said of ``error``; it must be known in Japanese too."""
    explanation: dict[str, Any] = workbench.evaluate(_EXPLAIN, [error, "en"])
    assert explanation.pop("known")
    assert workbench.evaluate(_EXPLAIN, [error, "ja"])["known"]
    return explanation


@pytest.mark.parametrize(
    ("status", "retry_after", "title", "advice"),
    [
        (403, "null", "This function is no longer in your reach.", "ask whoever runs"),
        (404, "null", "This function is no longer in your reach.", "ask whoever runs"),
        (429, "7", "Too many attempts.", "Try again in 7 seconds."),
        (429, "119", "Too many attempts.", "Try again in 119 seconds."),
        (429, "3541", "Too many attempts.", "Try again in 60 minutes."),
        (503, "7", "The broker cannot do this right now.", "again in 7 seconds."),
        (503, "null", "The broker cannot do this right now.", "again in a moment."),
        (500, "null", "The broker answered 500.", "tell whoever runs this broker"),
    ],
)
def test_a_failure_of_the_broker_is_explained(
    workbench: Page, status: int, retry_after: str, title: str, advice: str
):
    explanation = explained(
        workbench, f"new BrokerError({status}, {PROBLEM}, {retry_after})"
    )

    assert explanation["title"] == title
    assert advice in explanation["advice"]
    assert explanation["requestId"] == "r-1"
    assert explanation.get("own") == ("So the broker says" if status == 500 else None)


@pytest.mark.parametrize(
    ("status", "title", "advice"),
    [
        (400, "The function answered 400.", "What it says is below."),
        (403, "The function refused the call.", "Run it once more"),
        (404, "The function answered 404.", "no such path or method"),
        (413, "The function answered 413.", "too large"),
        (418, "The function answered 418.", "What it says is below."),
        (422, "The function answered 422.", "What it says is below."),
        (429, "The function is busy.", "Try again in a moment."),
        (500, "The function failed.", "It answered 500."),
        (502, "The function failed.", "It answered 502."),
    ],
)
def test_a_failure_of_the_function_is_explained(
    workbench: Page, status: int, title: str, advice: str
):
    explanation = explained(workbench, FUNCTION % (status, "{}"))

    assert explanation["title"] == title
    assert advice in explanation["advice"]


@pytest.mark.parametrize(
    ("error", "title", "advice"),
    [
        pytest.param(
            'new UnreachableError("broker", null)',
            "The broker cannot be reached.",
            "Check your connection",
            id="no broker",
        ),
        pytest.param(
            'new UnreachableError("function", null)',
            "No answer came from the function.",
            "It may have run all the same",
            id="no function",
        ),
        pytest.param(
            'new AddressError("It redirects")',
            "The call was stopped.",
            "a key does not follow",
            id="address",
        ),
        pytest.param(
            "new EndedEarlyError(41)",
            "The answer ended early.",
            "after 41 events",
            id="ended early",
        ),
        pytest.param(
            'new MalformedError("no event: {")',
            "The answer cannot be read.",
            "Tell the function’s author",  # noqa: RUF001 - as the page writes it
            id="malformed",
        ),
        pytest.param(
            'new TaskError("unreadable", "Page 3 is blank.")',
            "The task failed.",
            "“unreadable”",
            id="task",
        ),
        pytest.param(
            'new TaskError("deadline", "Out of time.")',
            "The task ran out of time.",
            "Send less at once",
            id="deadline",
        ),
        pytest.param(
            'new RangeError("odd")', "This page failed.", "Reload it", id="our own"
        ),
    ],
)
def test_a_call_that_came_to_nothing_is_explained(
    workbench: Page, error: str, title: str, advice: str
):
    explanation = explained(workbench, error)

    assert explanation["title"] == title
    assert advice in explanation["advice"]


@pytest.mark.parametrize(
    ("error", "own"),
    [
        ('new TaskError("x", "Page 3 is blank.")', "Page 3 is blank."),
        ('new MalformedError("no event: {")', "no event: {"),
        ('new RangeError("odd")', "odd"),
    ],
)
def test_what_failed_is_let_speak_for_itself(workbench: Page, error: str, own: str):
    assert explained(workbench, error)["own"] == own


LAMBDA = '{ "x-amzn-errortype": "AccessDeniedException" }'


@pytest.mark.parametrize(
    ("error", "offered"),
    [
        pytest.param(FUNCTION % (403, LAMBDA), True, id="refused by Lambda"),
        pytest.param('new UnreachableError("function", null)', True, id="no answer"),
        pytest.param("new BrokerError(403, {})", True, id="not in reach"),
        pytest.param(FUNCTION % (422, "{}"), False, id="it says why"),
        pytest.param(FUNCTION % (500, "{}"), False, id="its own fault"),
        pytest.param("new EndedEarlyError(3)", False, id="ended early"),
    ],
)
def test_a_diagnosis_is_offered_where_it_may_tell_more(
    workbench: Page, error: str, offered: bool
):
    assert explained(workbench, error).get("isOpaque", False) is offered
