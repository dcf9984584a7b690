/** The parts of the document that more than one module speaks to. */

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
 * Say at a field what is wrong with it, or that nothing is.
 *
 * @param {string} id
 * @param {string} complaint
 */
export function complain(id, complaint) {
  element(`${id}-error`).textContent = complaint;
  if (complaint) element(id).setAttribute("aria-invalid", "true");
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
