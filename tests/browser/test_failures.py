"""What the page says when something fails, and what it advises."""

import pytest
from playwright.sync_api import Page

_EXPLAIN = """async ([status, problem, retryAfter]) => {
  const { BrokerError } = await import("./static/aikagi.js");
  const { explain } = await import("./static/failures.js");
  return explain(new BrokerError(status, problem, retryAfter));
}"""


@pytest.mark.parametrize(
    ("status", "retry_after", "title", "advice"),
    [
        (403, None, "This function is no longer in your reach.", "ask whoever runs"),
        (404, None, "This function is no longer in your reach.", "ask whoever runs"),
        (429, 7, "Too many attempts.", "Try again in 7 s."),
        (503, 7, "The broker cannot do this right now.", "Try again in 7 s."),
        (503, None, "The broker cannot do this right now.", "Try again in a moment."),
        (500, None, "So the broker says.", "tell whoever runs this broker"),
    ],
)
def test_a_failure_of_the_broker_is_explained(
    workbench: Page, status: int, retry_after: int | None, title: str, advice: str
):
    problem = {"title": "So the broker says", "request_id": "r-1"}

    told = workbench.evaluate(_EXPLAIN, [status, problem, retry_after])

    assert told["title"] == title
    assert advice in told["advice"]
    assert told["reference"] == "Request r-1"


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
    told = workbench.evaluate(
        """async (status) => {
          const { explainStatus } = await import("./static/failures.js");
          return explainStatus(status);
        }""",
        status,
    )

    assert told["title"] == title
    assert advice in told["advice"]


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
            "It redirects.",
            id="address",
        ),
        pytest.param(
            'new RangeError("odd")', "This page failed.", "It says: odd", id="our own"
        ),
    ],
)
def test_a_call_that_found_no_answer_is_explained(
    workbench: Page, error: str, title: str, advice: str
):
    told = workbench.evaluate(
        f"""async () => {{
          const {{ AddressError, UnreachableError }} =
            await import("./static/aikagi.js");
          const {{ explain }} = await import("./static/failures.js");
          return explain({error});
        }}"""
    )

    assert told["title"] == title
    assert advice in told["advice"]
