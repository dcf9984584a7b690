"""The browser client makes of refusals what the vectors say, in Chromium."""

from playwright.sync_api import Page

from tests.browser.scripted_requests import check
from tests.vector_files import Vector, bytes_of, reads

_CAUSE = """async ([status, errorType, text]) => {
  const { classifyRefusal } = await import("./static/digest/client/diagnosis.js");
  return classifyRefusal(status, errorType, text);
}"""


@reads("refusals", lambda vector: vector.get("only") != "python")
def test_a_refusal_is_an_error_and_what_is_safe_is_repeated(
    workbench: Page, vector: Vector
):
    check(workbench, vector)


@reads("refusals", lambda vector: vector.get("cause") is not None)
def test_a_refusal_has_the_cause_that_a_diagnosis_names(
    workbench: Page, vector: Vector
):
    answer = vector["function_answers"][-1]
    text = b"".join(map(bytes_of, answer["chunks"])).decode()
    named = answer["headers"].get("x-amzn-errortype")

    cause = workbench.evaluate(_CAUSE, [answer["status"], named, text])

    assert cause == vector["cause"]
