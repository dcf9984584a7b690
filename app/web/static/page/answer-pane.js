/** Where what came of a call is shown, while it comes and afterwards. */
import { callerIn, contentOf, copy, save } from "./answer.js";
import { element, wordsIn } from "./elements.js";
import { explain, offerDiagnosis } from "./failures.js";
import { clock, duration, number, quote, text, time, write } from "./language.js";
import { hush, showProgress, speak } from "./progress.js";
import { StreamView, Transcript } from "./streamed.js";

/** @typedef {import("./task.js").Task} Task */

/** Characters of a body that was sent: to know it again, not to read it. */
const MOST_ASKED = 2_000;

const view = new StreamView(element("streamed"));
let shown = /** @type {Task | null} */ (null);
let content = /** @type {import("./answer.js").Content | null} */ (null);
let frame = 0;

/** @param {Task | null} task none, before anything has run */
export function showTask(task) {
  shown = task;
  content = null;
  hush();
  for (const id of ["problem", "caller", "content-part", "details", "progress"]) {
    element(id).hidden = true;
  }
  for (const id of ["content", "asked", "answer-of", "caller-text"]) {
    quote(element(id), "");
  }
  offerDiagnosis(false);
  element("steps").replaceChildren();
  element("facts").replaceChildren();
  element("blank").hidden = task !== null;
  element("streamed-part").hidden = !task?.text.length;
  view.show(task?.text ?? new Transcript());
  if (!task) return showState();
  quote(element("answer-of"), task.entry.Title);
  showAsked(task);
  if (task.isRunning) speak(`${task.entry.Title}: ${text("history-running")}`);
  draw();
  if (!task.isRunning) showEnd();
}

/** @param {Task} task of which there is news */
export function showNews(task) {
  if (task !== shown || frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    draw();
  });
}

/** Show how a task has ended, if it is the one that is shown. @param {Task} task */
export function showEnded(task) {
  if (task !== shown) return;
  draw();
  showEnd();
  speak([element("state"), element("problem-title"), element("caller-text")]
    .map((node) => node.textContent).join(" "));
}

/** What goes on while it runs; a frame's work, whatever has come. */
function draw() {
  if (!shown) return;
  showState();
  // First, for what is hidden does not scroll.
  element("streamed-part").hidden = shown.text.length === 0;
  view.draw();
  element("streamed-cut").hidden = view.skipped === 0;
  if (view.skipped) write(element("streamed-cut"), "cut-start", { n: number(view.skipped) });
  showProgress(shown);
}

export function showState() {
  const { state = "", isRunning = false } = shown ?? {};
  element("state").dataset.kind = state;
  const given = { time: () => (isRunning ? clock : duration)(shown?.elapsed ?? 0) };
  if (state) write(element("state"), state, given);
  else quote(element("state"), "");
  element("cancel").hidden = !isRunning;
}

function showEnd() {
  if (!shown) return;
  content = contentOf(shown);
  element("content-part").hidden = content === null;
  if (content) {
    write(element("content-title"), content.title);
    quote(element("content"), content.shown ?? "");
    element("content").hidden = content.shown === undefined;
    element("content-copy").hidden = content.shown === undefined;
    element("content-save").hidden = content.whole.size === 0;
    element("content-cut").hidden = content.note === undefined;
    if (content.note) write(element("content-cut"), content.note, content.values);
  }
  const caller = callerIn(shown.result?.value);
  element("caller").hidden = caller === null;
  if (caller) write(element("caller-text"), "caller", { ...caller });
  if (shown.state === "cancelled") showProblem({ key: "cancelled-note" });
  else if (shown.error) showProblem(explain(shown.error));
  showFacts(shown);
}

/** @param {import("./failures.js").Explanation} explanation */
function showProblem({ key, values, own = "", requestId, isOpaque = false }) {
  element("problem").dataset.kind = shown?.state;
  write(element("problem-title"), key, values);
  write(element("problem-advice"), `${key}.next`, values);
  quote(element("problem-own"), own);
  if (requestId) write(element("problem-reference"), "reference", { id: requestId });
  else quote(element("problem-reference"), "");
  element("problem").hidden = false;
  offerDiagnosis(isOpaque);
}

/** @param {Task} task */
function showFacts({ head, entry, firstByte, took, events, keyEnd, session }) {
  if (!head) return;
  const facts = {
    status: () => `${head.status} ${head.statusText}`,
    delivery: () => text(entry.InvokeMode === "BUFFERED" ? "at-once" : "streams"),
    "first-byte": () => duration(firstByte),
    total: () => duration(took),
    events: () => number(events),
    request: () => head.headers.get("x-amzn-requestid") ?? "–",
    session: () => session,
    "key-end": () => (keyEnd ? time(keyEnd) : "–"),
    type: () => head.headers.get("Content-Type") ?? "–",
    address: () => head.url,
  };
  const rows = Object.entries(facts).flatMap(([key, value]) => [
    wordsIn("dt", key),
    wordsIn("dd", "{value}", { value }),
  ]);
  element("facts").replaceChildren(...rows);
}

/** @param {Task} task */
function showAsked({ draft, request }) {
  const body = request.body;
  const said = body instanceof File ? body.name : String(body ?? "").slice(0, MOST_ASKED);
  quote(element("asked"), `${draft.method} ${draft.path}\n\n${said}`.trim());
  element("details").hidden = false;
}

/** @param {string | undefined} which */
function wholeOf(which) {
  return (which === "content" ? content?.whole : shown?.text.whole()) ?? new Blob();
}

for (const button of element("answer").querySelectorAll("button")) {
  const { copy: copied, save: saved } = button.dataset;
  if (copied) button.addEventListener("click", () => copy(button, wholeOf(copied)));
  if (saved) button.addEventListener("click", () => save(shown?.entry.Name ?? "", wholeOf(saved)));
}
