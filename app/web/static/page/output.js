/** The output of a call, while it comes and afterwards: progress, streamed text, result, failure. */
import { callerIn, contentOf, copy, explain, save } from "./content.js";
import {
  about,
  clock,
  duration,
  element,
  field,
  importPart,
  isBusy,
  isKnown,
  messageElement,
  number,
  percent,
  seconds,
  setBusy,
  setMessage,
  setText,
  text,
} from "./language.js";
import { SHOWN, Transcript } from "./runs.js";

/**
 * @typedef {import("../client/aikagi.d.ts").Diagnosis} Diagnosis
 * @typedef {import("./runs.js").Run} Run
 */

/** A block ends with the first line that ends after so many characters, or with so many. */
const BLOCK = 4_000;
const LONGEST_BLOCK = 20_000;
/** Pixels from the end within which a reader counts as reading along. */
const NEAR = 24;

/** Draws a transcript into an element that scrolls. */
export class StreamView {
  #node;
  #transcript = new Transcript();
  #position = 0;
  #shown = 0;
  #readsAlong = true;
  #top = 0;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.#node = node;
    node.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = node;
      // Blocks that get their true height push the end away, and nobody has scrolled.
      if (scrollTop + clientHeight >= scrollHeight - NEAR) this.#readsAlong = true;
      else if (scrollTop < this.#top) this.#readsAlong = false;
      this.#top = scrollTop;
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
let shown = /** @type {Run | null} */ (null);
let content = /** @type {import("./content.js").Content | null} */ (null);
let frame = 0;

/** @param {Run | null} run none, before anything has run */
export function showRun(run) {
  shown = run;
  content = null;
  clearAnnouncements();
  for (const id of ["problem", "caller", "content-part", "details", "facts-part", "progress"]) {
    element(id).hidden = true;
  }
  for (const id of ["content", "asked", "answer-of", "caller-text"]) {
    setText(element(id), "");
  }
  offerDiagnosis(false);
  for (const node of element("answer").querySelectorAll("[data-rendered]")) node.remove();
  for (const id of ["steps", "copy-as"]) element(id).replaceChildren();
  setText(element("rendered-note"), "");
  element("facts").replaceChildren();
  element("blank").hidden = run !== null;
  element("streamed-part").hidden = !run?.text.length;
  view.show(run?.text ?? new Transcript());
  if (!run) return showState();
  setText(element("answer-of"), run.entry.Title);
  showAsked(run);
  if (run.isRunning) announce(`${run.entry.Title}: ${text("history-running")}`);
  draw();
  if (!run.isRunning) showEnd();
}

/** @param {Run} run of which there is news */
export function showNews(run) {
  if (run !== shown || frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    draw();
  });
}

/** Say how a run has ended, and show it, if it is the one that is shown. @param {Run} run */
export function showEnded(run) {
  if (run !== shown) {
    announce(`${run.entry.Title}: ${text(run.state, { time: duration(run.took) })}`);
    return;
  }
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
  for (const id of ["cancel", "times"]) {
    // Or whoever is there, with the keyboard, would be at the top of the page.
    if (!isRunning && element(id).contains(document.activeElement)) element("answer").focus();
    element(id).hidden = !isRunning;
  }
  if (shown && isRunning) showTimes(shown);
}

/** Milliseconds of silence that somebody should know of. Something comes every two seconds. */
const LONG_MS = 10_000;

/** @param {Run} run that runs */
function showTimes({ silence, left, head, steps }) {
  const isSilent = silence !== null && silence >= LONG_MS;
  element("heard").toggleAttribute("data-silent", isSilent);
  const given = { time: () => seconds(silence ?? 0) };
  if (isSilent) setMessage(element("heard"), navigator.onLine ? "silent" : "silent-offline", given);
  else if (silence !== null && head) setMessage(element("heard"), "heard", given);
  else setText(element("heard"), "");
  if (isSilent) announceSilence();
  const isOfStep = Boolean(steps.at(-1)?.code);
  const isKnown = left !== null && !isSilent;
  if (isKnown) setMessage(element("left"), isOfStep ? "left-step" : "left", { time: () => about(left) });
  else setText(element("left"), "");
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
    element("content-save").hidden = content.saved.size === 0;
    element("content-cut").hidden = content.note === undefined;
    if (content.note) setMessage(element("content-cut"), content.note, content.values);
  }
  const caller = callerIn(shown.result?.value);
  element("caller").hidden = caller === null;
  if (caller) setMessage(element("caller-text"), "caller", { ...caller });
  if (shown.state === "cancelled") showProblem({ key: shown.isSent ? "cancelled-note" : "not-sent" });
  else if (shown.error) showProblem(explain(shown.error));
  element("facts-part").hidden = shown.head === null;
  showFacts();
  if (mayRender(shown)) showRendered(shown);
}

const RENDERED = /^(image\/(png|jpeg|gif|webp|avif|svg)|text\/((x-)?markdown|csv|tab-sep))/i;

/** @param {Run} run */
function mayRender({ head, result }) {
  const value = result?.value;
  if (typeof value === "object" && !(value instanceof Blob)) return typeof /** @type {any} */ (value)?.[0] === "object";
  return value && RENDERED.test(head?.headers.get("Content-Type") ?? "");
}

/** What people would rather look at: imported when an answer may be it. @param {Run} run */
async function showRendered(run) {
  try {
    await (await importPart(() => import("./rendered.js"), import.meta.resolve("./rendered.js"))).showRendered(run, () => run === shown);
  } catch {
    if (run === shown) setMessage(element("rendered-note"), "part-missing");
  }
}

/** Imported when somebody looks at what was sent. */
async function showForms() {
  const run = shown;
  if (!run || !(/** @type {HTMLDetailsElement} */ (element("asked-part")).open)) return;
  const module = await importPart(() => import("./copy_as.js"), import.meta.resolve("./copy_as.js")).catch(() => null);
  if (run !== shown) return;
  if (module) module.showForms(run);
  else element("copy-as").replaceChildren(messageElement("p", "part-missing"));
}

element("asked-part").addEventListener("toggle", showForms);

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

/** What few look at: imported when it is opened. */
async function showFacts() {
  const run = shown;
  if (!run?.head || run.isRunning || !(/** @type {HTMLDetailsElement} */ (element("facts-part")).open)) return;
  const module = await importPart(() => import("./facts.js"), import.meta.resolve("./facts.js")).catch(() => null);
  if (module && run === shown) element("facts").replaceChildren(...module.factsOf(run));
}

element("facts-part").addEventListener("toggle", showFacts);

/** @param {Run} run */
function showAsked({ draft, request }) {
  const { body } = request;
  const said = typeof body === "string" ? body.slice(0, MOST_ASKED) : (body && draft.file?.name) || "";
  setText(element("asked"), `${draft.method} ${draft.path}\n\n${said}`.trim());
  element("details").hidden = false;
  showForms();
}

/** What was streamed, byte for byte. */
function streamedBytes() {
  const { result, text } = /** @type {Run} */ (shown);
  return result?.isStreamed && result.body ? new Blob([result.body], { type: "text/plain" }) : text.bytes();
}

for (const button of element("answer").querySelectorAll("button")) {
  const { copy: copied, save: saved } = button.dataset;
  button.addEventListener("click", () => {
    if (copied === "content" && content) copy(button, content.copied);
    if (copied === "streamed" && shown) copy(button, shown.text.whole());
    if (saved && shown) download(shown, saved === "content" ? content?.saved : undefined);
  });
}

/**
 * @param {Run} run
 * @param {Blob} [bytes] where it is not its text
 */
async function download(run, bytes, whole = bytes ?? streamedBytes()) {
  const module = await importPart(() => import("./download.js"), import.meta.resolve("./download.js")).catch(() => null);
  save(module?.fileName(run, bytes?.type) ?? run.entry.Name, whole);
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
    if (!diagnosis) return;
    const module = await importPart(() => import("./found.js"), import.meta.resolve("./found.js")).catch(() => null);
    element("found").replaceChildren(...(module?.found(diagnosis) ?? [messageElement("p", "part-missing")]));
  });
}

/** Between two sentences, so that they can be followed. */
const PAUSE_MS = 2_000;

let next = "";
let pause = 0;
let point = "";
let isSilenceSaid = false;

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

/** Once for a run, which may fall silent again and again. */
function announceSilence() {
  if (isSilenceSaid) return;
  isSilenceSaid = true;
  announce(element("heard").textContent ?? "");
}

/** Say nothing more of what was. */
export function clearAnnouncements() {
  next = point = "";
  isSilenceSaid = false;
  element("spoken").textContent = "";
}

function announceNext() {
  pause = 0;
  if (next === "") return;
  element("spoken").textContent = next;
  next = "";
  pause = window.setTimeout(announceNext, PAUSE_MS);
}

/** @param {Run} run */
function showProgress(run) {
  const { isRunning, steps, share } = run;
  const last = steps.at(-1);
  element("progress").hidden = !isRunning && steps.length === 0;
  const bar = field("bar");
  if (share !== undefined) bar.value = String(share);
  else if (isRunning) bar.removeAttribute("value");
  else element("progress").hidden = true;
  const part = share === undefined ? "" : percent(share);
  setText(element("percent"), part);
  showSteps(run);
  if (last || !isRunning) setText(element("message"), isRunning ? (last?.message ?? "") : "");
  else setMessage(element("message"), waitingFor(run));
  if (last && isRunning) announceStep(last, part);
}

/** @param {Run} run that has sent no step yet */
function waitingFor({ isSent, head, entry }) {
  if (!isSent) return "credentials";
  if (entry.InvokeMode === "BUFFERED") return "waiting-at-once";
  return head ? "begun" : "waiting";
}

/** @param {Run} run */
function showSteps({ steps, state, isRunning }) {
  const list = element("steps");
  while (list.childElementCount > steps.length) list.lastElementChild?.remove();
  steps.forEach(({ code }, at) => {
    const item = list.children[at] ?? list.appendChild(stepItem());
    const [fate, name] = item.children;
    const isLast = at === steps.length - 1;
    if (isKnown(`step.${code}`)) setMessage(name, `step.${code}`);
    else setText(name, code);
    if (isRunning && isLast) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    const isOpen = isLast && (state === "failed" || state === "cancelled");
    /** @type {HTMLElement} */ (item).dataset.kind = isOpen ? state : "done";
    /** @type {HTMLElement} */ (item).hidden = code === "";
    if (isOpen) setMessage(fate, `step-${state}`);
    else setText(fate, "");
  });
}

function stepItem() {
  const fate = document.createElement("span");
  fate.className = "unseen";
  const item = document.createElement("li");
  item.append(fate, document.createElement("span"));
  return item;
}

/**
 * Once a step, and once a tenth of it.
 *
 * @param {import("./runs.js").Step} step
 * @param {string} part of it
 */
function announceStep({ code, message, share = 0 }, part) {
  const here = `${code} ${Math.floor(share * 10)}`;
  if (here === point) return;
  point = here;
  const step = isKnown(`step.${code}`) ? text(`step.${code}`) : code || message;
  announce(`${step} ${part}`);
}
