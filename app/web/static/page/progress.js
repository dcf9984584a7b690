/** How a task gets on: shown, and spoken to those who hear the page. */
import { element, field } from "./elements.js";
import { isKnown, number, quote, text, write } from "./language.js";

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
export function speak(text) {
  next = text;
  if (pause === 0) say();
}

/** Say nothing more of what was. */
export function hush() {
  next = point = "";
  element("spoken").textContent = "";
}

function say() {
  pause = 0;
  if (next === "") return;
  element("spoken").textContent = next;
  next = "";
  pause = window.setTimeout(say, PAUSE_MS);
}

/** @param {import("./task.js").Task} task */
export function showProgress({ isRunning, state, steps, entry }) {
  const last = steps.at(-1);
  element("progress").hidden = !isRunning && steps.length === 0;
  const share = state === "done" ? 1 : last?.share;
  const bar = field("bar");
  if (share !== undefined) bar.value = String(share);
  else if (isRunning) bar.removeAttribute("value");
  else element("progress").hidden = true;
  const percent = share === undefined ? "" : number(Math.floor(share * 100) / 100, { style: "percent" });
  quote(element("percent"), percent);
  showSteps(steps, isRunning);
  if (last || !isRunning) quote(element("message"), isRunning ? (last?.message ?? "") : "");
  else write(element("message"), entry.InvokeMode === "BUFFERED" ? "waiting-at-once" : "waiting");
  if (last && isRunning) speakOf(last, percent);
}

/**
 * @param {import("./task.js").Step[]} steps
 * @param {boolean} isRunning
 */
function showSteps(steps, isRunning) {
  const list = element("steps");
  while (list.childElementCount > steps.length) list.lastElementChild?.remove();
  steps.forEach(({ code }, at) => {
    const item = list.children[at] ?? list.appendChild(document.createElement("li"));
    if (isKnown(`step.${code}`)) write(item, `step.${code}`);
    else quote(item, code);
    if (isRunning && at === steps.length - 1) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/**
 * Once a step, and once a tenth of it.
 *
 * @param {import("./task.js").Step} step
 * @param {string} percent
 */
function speakOf({ code, message, share = 0 }, percent) {
  const here = `${code} ${Math.floor(share * 10)}`;
  if (here === point) return;
  point = here;
  const step = isKnown(`step.${code}`) ? text(`step.${code}`) : code || message;
  speak(`${step} ${percent}`);
}
