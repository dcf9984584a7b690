/** Where an answer is shown, or what stands in its place. */
import { callerIn } from "./answer.js";
import { element, setBusy, textIn } from "./elements.js";
import { explainStatus } from "./failures.js";

const PARTS = ["blank", "progress", "problem", "caller", "content", "details"];

export function showNothing() {
  clear();
  element("answer-title").textContent = "Answer";
  showBlank("Nothing has run yet.");
}

/**
 * Show that a call is under way.
 *
 * @param {string} title of the function
 */
export function showRunning(title) {
  clear();
  element("answer-title").textContent = `Answer from ${title}`;
  element("progress").hidden = false;
  element("stop").hidden = false;
  setBusy("run", true);
  showElapsed(0);
  speak(`Running ${title}.`);
  element("answer").scrollIntoView({ block: "nearest" });
}

/** @param {number} ms */
export function showElapsed(ms) {
  state("running", `Running, ${duration(ms)}`);
}

/**
 * Show what a function answered, whatever its status.
 *
 * @param {Response} response
 * @param {import("./answer.js").Content} content
 * @param {number} ms from the press of the button to the last byte
 */
export function showAnswer(response, content, ms) {
  clear();
  element("content").textContent = content.text;
  element("content").hidden = content.text === "";
  showFacts(response, content, ms);
  if (!response.ok) {
    state("failed", `${response.status} after ${duration(ms)}`);
    explainFailure(explainStatus(response.status));
    return;
  }
  state("done", `Finished in ${duration(ms)}`);
  const caller = callerIn(content.value);
  if (caller) showCaller(caller);
  speak(`Finished in ${duration(ms)}. ${element("caller").textContent}`);
}

/** @param {import("./failures.js").Explanation} explanation */
export function showFailure(explanation) {
  clear();
  state("failed", "Failed");
  explainFailure(explanation);
}

/** @param {number} ms */
export function showStopped(ms) {
  clear();
  state("", `Stopped waiting after ${duration(ms)}`);
  showBlank("The function was not told. It runs to its end, and that is billed.");
  speak("Stopped waiting.");
}

function clear() {
  for (const id of PARTS) element(id).hidden = true;
  for (const id of ["content", "caller-text"]) element(id).textContent = "";
  element("facts").replaceChildren();
  element("stop").hidden = true;
  setBusy("run", false);
  state("", "");
  speak("");
}

/**
 * @param {"" | "running" | "done" | "failed"} kind
 * @param {string} text
 */
function state(kind, text) {
  element("state").dataset.kind = kind;
  element("state").textContent = text;
}

/** @param {string} text for those who hear the page */
function speak(text) {
  element("spoken").textContent = text;
}

/** @param {string} text */
function showBlank(text) {
  element("blank").textContent = text;
  element("blank").hidden = false;
}

/** @param {import("./failures.js").Explanation} explanation */
function explainFailure({ title, advice, reference = "" }) {
  element("problem-title").textContent = title;
  element("problem-advice").textContent = advice;
  element("problem-reference").textContent = reference;
  element("problem").hidden = false;
}

/** @param {{issuer: string, subject: string}} caller */
function showCaller({ issuer, subject }) {
  const who = textIn("strong", subject);
  element("caller-text").replaceChildren("The function says you are ", who, ` (${issuer})`);
  element("caller").hidden = false;
}

/**
 * @param {Response} response
 * @param {import("./answer.js").Content} content
 * @param {number} ms
 */
function showFacts(response, { size }, ms) {
  const facts = {
    Status: `${response.status} ${response.statusText}`,
    Time: duration(ms),
    Address: response.url,
    Type: response.headers.get("Content-Type") ?? "none",
    Size: `${size.toLocaleString("en")} bytes`,
    Request: response.headers.get("x-amzn-requestid") ?? "not named",
  };
  const rows = Object.entries(facts).flatMap(([name, value]) => [
    textIn("dt", name),
    textIn("dd", value),
  ]);
  element("facts").replaceChildren(...rows);
  element("details").hidden = false;
}

/** @param {number} ms */
function duration(ms) {
  return ms > 0 && ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
