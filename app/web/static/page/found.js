/** What a diagnosis has found, as the page shows it. */
import words from "./found-words.js";
import { isKnown, learn, messageElement, time } from "./language.js";

learn(words);

/** @typedef {import("../client/aikagi.d.ts").Diagnosis} Diagnosis */

/**
 * @param {Diagnosis} diagnosis
 * @returns {Element[]} the cause, and what was looked at
 */
export function found({ cause, checks }) {
  const list = document.createElement("ul");
  list.append(...checks.map(checkItem));
  return [messageElement("strong", `cause.${cause}`), list];
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

/**
 * What a check of a diagnosis found.
 *
 * @param {Diagnosis["checks"][number]} checked
 * @returns {{key: string, values: import("./language.js").Values}}
 */
export function explainCheck({ check, ok, cause, facts }) {
  const outcome = ok === null ? "unknown" : ok ? "ok" : cause;
  const keys = [`${check}.${outcome}.${facts.side}`, `${check}.${outcome}`, outcome, check];
  const key = keys.map((end) => `found.${end}`).find(isKnown) ?? "found.unknown";
  return { key, values: { ...facts, until: () => time(Date.parse(String(facts.until))) } };
}
