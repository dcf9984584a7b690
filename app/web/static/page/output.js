/** The output of a call, while it comes and afterwards: progress, streamed text, result, failure. */
import { callerIn, contentOf, copy, explain, explainCheck, save, SHOWN } from "./content.js";
import {
  clock,
  duration,
  element,
  field,
  isBusy,
  isKnown,
  messageElement,
  number,
  setBusy,
  setMessage,
  setText,
  text,
  time,
} from "./language.js";

/**
 * @typedef {import("../client/aikagi.d.ts").Diagnosis} Diagnosis
 * @typedef {import("./app.js").Task} Task
 */

/** Characters after which the browser takes them out of the page's own memory. */
const PART = 250_000;
/** A block ends with the first line that ends after so many characters, or with so many. */
const BLOCK = 4_000;
const LONGEST_BLOCK = 20_000;
/** Pixels from the end within which a reader counts as reading along. */
const NEAR = 24;

export class Transcript {
  /** Characters in all. */
  length = 0;
  #tail = "";
  /** @type {Blob[]} */
  #parts = [];
  #pending = "";

  /** @param {string} text */
  append(text) {
    this.length += text.length;
    this.#tail += text;
    if (this.#tail.length > 2 * SHOWN) this.#tail = this.#tail.slice(-SHOWN);
    this.#pending += text;
    if (this.#pending.length < PART) return;
    this.#parts.push(new Blob([this.#pending]));
    this.#pending = "";
  }

  /**
   * What came after a position, as far as it is still at hand.
   *
   * @param {number} position in characters
   */
  since(position) {
    const lost = this.length - this.#tail.length;
    return this.#tail.slice(Math.max(0, position - lost)).slice(-SHOWN);
  }

  whole() {
    return new Blob([...this.#parts, this.#pending], { type: "text/plain;charset=utf-8" });
  }
}

/** Draws a transcript into an element that scrolls. */
export class StreamView {
  #node;
  #transcript = new Transcript();
  #position = 0;
  #shown = 0;
  #readsAlong = true;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.#node = node;
    node.addEventListener("scroll", () => {
      this.#readsAlong = node.scrollTop + node.clientHeight >= node.scrollHeight - NEAR;
    });
  }

  /** Characters before the first that is shown. */
  get skipped() {
    return this.#position - this.#shown;
  }

  /** @param {Transcript} transcript */
  show(transcript) {
    this.#transcript = transcript;
    this.#position = 0;
    this.#readsAlong = true;
    this.#clear();
    this.draw();
  }

  /** Show what has come since the last time. */
  draw() {
    const text = this.#transcript.since(this.#position);
    if (text === "") return;
    // Too much at once: what was shown does not lead up to it.
    if (this.#position + text.length < this.#transcript.length) this.#clear();
    this.#position = this.#transcript.length;
    this.#append(text);
    const blocks = this.#node.children;
    while (this.#shown > SHOWN && blocks.length > 1) {
      this.#shown -= blocks[0].textContent?.length ?? 0;
      blocks[0].remove();
    }
    if (this.#readsAlong) this.#node.scrollTop = this.#node.scrollHeight;
  }

  #clear() {
    this.#node.replaceChildren();
    this.#shown = 0;
  }

  /** @param {string} text */
  #append(text) {
    this.#shown += text.length;
    for (let at = 0; at < text.length; ) {
      const block = this.#openBlock();
      const line = text.indexOf("\n", at + Math.max(0, BLOCK - block.length)) + 1 || text.length;
      const end = Math.min(line, at + LONGEST_BLOCK - block.length);
      block.appendData(text.slice(at, end));
      at = end;
    }
  }

  /** The last block, or a new one where that is full. */
  #openBlock() {
    const last = /** @type {Text | undefined} */ (this.#node.lastChild?.firstChild);
    const length = last?.length ?? 0;
    if (last && length < BLOCK) return last;
    if (last && length < LONGEST_BLOCK && !last.data.endsWith("\n")) return last;
    const block = document.createTextNode("");
    const made = document.createElement("span");
    made.append(block);
    this.#node.append(made);
    return block;
  }
}


/** Characters of a body that was sent: to know it again, not to read it. */
const MOST_ASKED = 2_000;

const view = new StreamView(element("streamed"));
let shown = /** @type {Task | null} */ (null);
let content = /** @type {import("./content.js").Content | null} */ (null);
let frame = 0;

/** @param {Task | null} task none, before anything has run */
export function showTask(task) {
  shown = task;
  content = null;
  clearAnnouncements();
  for (const id of ["problem", "caller", "content-part", "details", "progress"]) {
    element(id).hidden = true;
  }
  for (const id of ["content", "asked", "answer-of", "caller-text"]) {
    setText(element(id), "");
  }
  offerDiagnosis(false);
  element("steps").replaceChildren();
  element("facts").replaceChildren();
  element("blank").hidden = task !== null;
  element("streamed-part").hidden = !task?.text.length;
  view.show(task?.text ?? new Transcript());
  if (!task) return showState();
  setText(element("answer-of"), task.entry.Title);
  showAsked(task);
  if (task.isRunning) announce(`${task.entry.Title}: ${text("history-running")}`);
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
  announce([element("state"), element("problem-title"), element("caller-text")]
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
  if (view.skipped) setMessage(element("streamed-cut"), "cut-start", { n: number(view.skipped) });
  showProgress(shown);
}

export function showState() {
  const { state = "", isRunning = false } = shown ?? {};
  element("state").dataset.kind = state;
  const given = { time: () => (isRunning ? clock : duration)(shown?.elapsed ?? 0) };
  if (state) setMessage(element("state"), state, given);
  else setText(element("state"), "");
  element("cancel").hidden = !isRunning;
}

function showEnd() {
  if (!shown) return;
  content = contentOf(shown);
  element("content-part").hidden = content === null;
  if (content) {
    setMessage(element("content-title"), content.title);
    setText(element("content"), content.shown ?? "");
    element("content").hidden = content.shown === undefined;
    element("content-copy").hidden = content.shown === undefined;
    element("content-save").hidden = content.whole.size === 0;
    element("content-cut").hidden = content.note === undefined;
    if (content.note) setMessage(element("content-cut"), content.note, content.values);
  }
  const caller = callerIn(shown.result?.value);
  element("caller").hidden = caller === null;
  if (caller) setMessage(element("caller-text"), "caller", { ...caller });
  if (shown.state === "cancelled") showProblem({ key: "cancelled-note" });
  else if (shown.error) showProblem(explain(shown.error));
  showFacts(shown);
}

/** @param {import("./content.js").Explanation} explanation */
function showProblem({ key, values, own = "", requestId, isOpaque = false }) {
  element("problem").dataset.kind = shown?.state;
  setMessage(element("problem-title"), key, values);
  setMessage(element("problem-advice"), `${key}.next`, values);
  setText(element("problem-own"), own);
  if (requestId) setMessage(element("problem-reference"), "reference", { id: requestId });
  else setText(element("problem-reference"), "");
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
    messageElement("dt", key),
    messageElement("dd", "{value}", { value }),
  ]);
  element("facts").replaceChildren(...rows);
}

/** @param {Task} task */
function showAsked({ draft, request }) {
  const body = request.body;
  const said = body instanceof File ? body.name : String(body ?? "").slice(0, MOST_ASKED);
  setText(element("asked"), `${draft.method} ${draft.path}\n\n${said}`.trim());
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

/** @param {boolean} isOffered */
export function offerDiagnosis(isOffered) {
  element("diagnosis").hidden = !isOffered;
  element("found").replaceChildren();
}

/** @param {() => Promise<Diagnosis | null>} find null where nobody waits for it any more */
export function onDiagnose(find) {
  element("diagnose").addEventListener("click", async () => {
    if (isBusy("diagnose")) return;
    setBusy("diagnose", true);
    const diagnosis = await find().finally(() => setBusy("diagnose", false));
    if (diagnosis) showDiagnosis(diagnosis);
  });
}

/** @param {Diagnosis} diagnosis */
function showDiagnosis({ cause, checks }) {
  const list = document.createElement("ul");
  list.append(...checks.map(checkItem));
  element("found").replaceChildren(messageElement("strong", `cause.${cause}`), list);
}

/** @param {Diagnosis["checks"][number]} checked */
function checkItem(checked) {
  const { check, ok } = checked;
  const mark = messageElement("span", ok === null ? "check-unknown" : ok ? "check-ok" : "check-bad");
  mark.className = "unseen";
  const { key, values } = explainCheck(checked);
  const item = document.createElement("li");
  item.dataset.ok = String(ok);
  item.append(mark, messageElement("b", `check.${check}`), " ", messageElement("span", key, values));
  return item;
}

/** Between two sentences, so that they can be followed. */
const PAUSE_MS = 2_000;

let next = "";
let pause = 0;
let point = "";

/**
 * Say something, after what was said last has had its time. What has not been said by
 * then is out of date.
 *
 * @param {string} text
 */
export function announce(text) {
  next = text;
  if (pause === 0) announceNext();
}

/** Say nothing more of what was. */
export function clearAnnouncements() {
  next = point = "";
  element("spoken").textContent = "";
}

function announceNext() {
  pause = 0;
  if (next === "") return;
  element("spoken").textContent = next;
  next = "";
  pause = window.setTimeout(announceNext, PAUSE_MS);
}

/** @param {Task} task */
export function showProgress({ isRunning, state, steps, entry }) {
  const last = steps.at(-1);
  element("progress").hidden = !isRunning && steps.length === 0;
  const share = state === "done" ? 1 : last?.share;
  const bar = field("bar");
  if (share !== undefined) bar.value = String(share);
  else if (isRunning) bar.removeAttribute("value");
  else element("progress").hidden = true;
  const percent = share === undefined ? "" : number(Math.floor(share * 100) / 100, { style: "percent" });
  setText(element("percent"), percent);
  showSteps(steps, isRunning);
  if (last || !isRunning) setText(element("message"), isRunning ? (last?.message ?? "") : "");
  else setMessage(element("message"), entry.InvokeMode === "BUFFERED" ? "waiting-at-once" : "waiting");
  if (last && isRunning) announceStep(last, percent);
}

/**
 * @param {import("./app.js").Step[]} steps
 * @param {boolean} isRunning
 */
function showSteps(steps, isRunning) {
  const list = element("steps");
  while (list.childElementCount > steps.length) list.lastElementChild?.remove();
  steps.forEach(({ code }, at) => {
    const item = list.children[at] ?? list.appendChild(document.createElement("li"));
    if (isKnown(`step.${code}`)) setMessage(item, `step.${code}`);
    else setText(item, code);
    if (isRunning && at === steps.length - 1) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/**
 * Once a step, and once a tenth of it.
 *
 * @param {import("./app.js").Step} step
 * @param {string} percent
 */
function announceStep({ code, message, share = 0 }, percent) {
  const here = `${code} ${Math.floor(share * 10)}`;
  if (here === point) return;
  point = here;
  const step = isKnown(`step.${code}`) ? text(`step.${code}`) : code || message;
  announce(`${step} ${percent}`);
}
