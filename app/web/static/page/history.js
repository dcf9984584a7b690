/** The runs of this tab: in memory, the last ones, and one person's only. */
import { element, textIn, wordsIn } from "./elements.js";
import { duration, time } from "./language.js";

/** @typedef {import("./task.js").Task} Task */

const MOST = 20;

let tasks = /** @type {Task[]} */ ([]);
let show = /** @type {(task: Task) => void} */ (() => {});

/** @param {(task: Task) => void} chosen */
export function onHistory(chosen) {
  show = chosen;
}

/** @param {Task} task */
export function remember(task) {
  tasks = [task, ...tasks].slice(0, MOST);
}

/** @param {Task} task that never ran */
export function unremember(task) {
  tasks = tasks.filter((each) => each !== task);
}

export function forgetHistory() {
  tasks = [];
  showHistory(null);
}

/** @param {Task | null} current the one whose answer is shown */
export function showHistory(current) {
  element("history").hidden = tasks.length === 0;
  const had = element("runs").contains(document.activeElement);
  element("runs").replaceChildren(...tasks.map((task) => row(task, task === current)));
  if (had) /** @type {HTMLElement | null} */ (element("runs").querySelector("[aria-current]"))?.focus();
}

/**
 * @param {Task} task
 * @param {boolean} isCurrent
 */
function row(task, isCurrent) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.kind = task.state;
  if (isCurrent) button.setAttribute("aria-current", "true");
  const when = wordsIn("small", "{value}", { value: () => time(task.began) });
  const outcome = wordsIn("span", task.state === "running" ? "history-running" : task.state, {
    time: () => duration(task.took),
  });
  button.append(textIn("strong", task.entry.Title), when, outcome);
  button.addEventListener("click", () => show(task));
  const item = document.createElement("li");
  item.append(button);
  return item;
}
