/** The parts of the document that more than one module speaks to. */
import { quote, write } from "./language.js";

/** @param {string} id */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
export function form(id) {
  return /** @type {HTMLFormElement} */ (element(id));
}

/** @param {string} id */
export function field(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/**
 * @param {string} name of an element
 * @param {string} text
 */
export function textIn(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/**
 * @param {string} name of an element
 * @param {string} key
 * @param {import("./language.js").Values} [values]
 */
export function wordsIn(name, key, values) {
  const made = document.createElement(name);
  write(made, key, values);
  return made;
}

/**
 * Say at a field what is wrong with it, or that nothing is.
 *
 * @param {string} id
 * @param {string} [key] of the complaint
 * @param {import("./language.js").Values} [values]
 */
export function complain(id, key, values) {
  const place = element(`${id}-error`);
  if (key) write(place, key, values);
  else quote(place, "");
  if (key) element(id).setAttribute("aria-invalid", "true");
  else element(id).removeAttribute("aria-invalid");
}

/**
 * Not `disabled`: that would take the focus from whoever pressed the button.
 *
 * @param {string} id
 * @param {boolean} busy
 */
export function setBusy(id, busy) {
  element(id).setAttribute("aria-disabled", String(busy));
}

/** @param {string} id */
export function isBusy(id) {
  return element(id).getAttribute("aria-disabled") === "true";
}
