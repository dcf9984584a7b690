/** What the page says, in the language chosen, and how it writes numbers and times. */

/** @typedef {Record<string, unknown>} Values functions are asked each time */

/** By its code, the name that each gives itself. Its words are in `words-<code>.js`; the first is the default. */
export const LANGUAGES = { en: "English", ja: "日本語" };
const CODES = Object.keys(LANGUAGES);

/** How often an address has failed. @type {Map<string, number>} */
const failures = new Map();

const wanted = [preference("language") ?? "", ...navigator.languages];
let language = wanted.map(codeFor).find(Boolean) ?? CODES[0];
let asked = language;
let words = await loadWords(language);
/** Words of parts that are imported when they are wanted, by languages. @type {Record<string, Record<string, string>>} */
const learnt = {};

/** @param {typeof learnt} more in every language */
export function learn(more) {
  for (const code of CODES) learnt[code] = { ...learnt[code], ...more[code] };
}

/** @param {string} key @returns {string | undefined} */
const find = (key) => words[key] ?? learnt[language]?.[key];

/**
 * A tag without its last parts, until one fits (RFC 4647, section 3.4).
 *
 * @param {string} tag
 */
function codeFor(tag) {
  const parts = tag.toLowerCase().split("-");
  const tags = parts.map((_, last) => parts.slice(0, parts.length - last).join("-"));
  return tags.map((shorter) => CODES.find((code) => code.toLowerCase() === shorter)).find(Boolean);
}

/**
 * Import a part of the page, after a failure by another address: browsers may remember for good
 * that one has failed.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @param {string} address of the same module
 * @returns {Promise<T>}
 */
export async function importPart(load, address) {
  const failed = failures.get(address) ?? 0;
  try {
    return await (failed ? import(`${address}?${failed}`) : load());
  } catch (error) {
    failures.set(address, failed + 1);
    throw error;
  }
}

/**
 * @param {string} code
 * @returns {Promise<Record<string, string>>}
 */
async function loadWords(code) {
  const part = `./words-${code}.js`;
  return (await importPart(() => import(part), import.meta.resolve(part))).default;
}

/**
 * What a person likes, from the last visit. It tells nothing of who they are.
 *
 * @param {"language" | "theme"} name
 */
export function preference(name) {
  try {
    return localStorage.getItem(`aikagi-${name}`);
  } catch {
    return null; // switched off
  }
}

/**
 * @param {"language" | "theme"} name
 * @param {string} value
 */
export function prefer(name, value) {
  try {
    localStorage.setItem(`aikagi-${name}`, value);
  } catch {
    // It holds until the reload then.
  }
}

/** @type {WeakMap<Element, Values>} */
const given = new WeakMap();

/**
 * @param {string} key
 * @param {Values} [values]
 */
export function text(key, values = {}) {
  return (find(key) ?? key).replace(/\{([a-z]+)\}/g, (_, name) => {
    const value = values[name];
    return isolated(String(typeof value === "function" ? value() : value));
  });
}

/** What is written from right to left turns nothing around it. @param {string} own */
function isolated(own) {
  const isTurned = !own.includes("\u2068") && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(own);
  return isTurned ? `\u2068${own}\u2069` : own;
}

/** @param {string} key */
export function isKnown(key) {
  return find(key) !== undefined;
}

/**
 * Let an element say something, now and in whatever language is chosen later.
 *
 * @param {Element} node
 * @param {string} key
 * @param {Values} [values]
 */
export function setMessage(node, key, values = {}) {
  /** @type {HTMLElement} */ (node).dataset.text = key;
  given.set(node, values);
  translate(node);
}

/**
 * Let an element say what stands in no book of words: it is as it was given.
 *
 * @param {Element} node
 * @param {string} own
 */
export function setText(node, own) {
  delete /** @type {HTMLElement} */ (node).dataset.text;
  if (node.textContent !== own) node.textContent = own;
}

/** @param {Element} node */
function translate(node) {
  const { text: key, label, hint } = /** @type {HTMLElement} */ (node).dataset;
  const said = key === undefined ? null : text(key, given.get(node));
  // Written anew, the same words would lose a reader's selection.
  if (said !== null && node.textContent !== said) node.textContent = said;
  if (label) node.setAttribute("aria-label", text(label));
  if (hint) node.setAttribute("placeholder", text(hint));
}

/** Say everything again, in the language chosen. */
export function translateAll() {
  document.documentElement.lang = language;
  const all = document.querySelectorAll("[data-text], [data-label], [data-hint]");
  for (const node of all) translate(node);
}

/** Let the choice of languages be all of them, and the one that is spoken be chosen. */
export function showLanguages() {
  const choice = /** @type {HTMLSelectElement} */ (element("language"));
  if (choice.length < CODES.length) choice.replaceChildren(...Object.entries(LANGUAGES).map(languageOption));
  choice.value = language;
}

/** @param {[string, string]} language */
function languageOption([code, name]) {
  const option = /** @type {HTMLOptionElement} */ (textElement("option", name));
  option.value = option.lang = code;
  return option;
}

/**
 * @param {string} code
 * @throws where its words have not arrived
 */
export async function switchLanguage(code) {
  asked = code;
  const found = await loadWords(code).catch((error) => {
    if (asked === code) throw error;
  });
  // Or, asked for one after the other, the slower would win.
  if (!found || asked !== code) return;
  words = found;
  language = code;
  prefer("language", code);
}

/**
 * @param {number} n
 * @param {Intl.NumberFormatOptions} [options]
 */
export function number(n, options) {
  return new Intl.NumberFormat(language, options).format(n);
}

/**
 * @param {number} n
 * @param {string} unit
 */
function measure(n, unit, digits = 0) {
  const digitsOf = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return number(n, { style: "unit", unit, unitDisplay: "short", ...digitsOf });
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 999.5) return measure(ms, "millisecond");
  return ms < 59_950 ? measure(ms / 1000, "second", 1) : clock(ms);
}

/**
 * A time that runs, as a clock shows it.
 *
 * @param {number} ms
 */
export function clock(ms) {
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] > 0 ? parts : parts.slice(1);
  return shown.map((part, at) => (at ? String(part).padStart(2, "0") : part)).join(":");
}

/**
 * A time that runs, as one says it.
 *
 * @param {number} ms
 */
export function seconds(ms) {
  return ms < 60_000 ? measure(Math.ceil(ms / 1000), "second") : clock(ms);
}

/**
 * A time that nobody knows more exactly.
 *
 * @param {number} ms
 */
export function about(ms) {
  // Never "1 minute": it would come before "70 seconds".
  return ms < 100_000 ? measure(Math.ceil(ms / 10_000) * 10, "second") : measure(Math.round(ms / 60_000), "minute");
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return number(bytes, { style: "unit", unit: "byte", unitDisplay: "long" });
  return bytes < 1e6 ? measure(bytes / 1e3, "kilobyte", 1) : measure(bytes / 1e6, "megabyte", 1);
}

/** @param {string[]} names of which some may be there more than once */
export function list(names) {
  const times = (/** @type {string} */ name) => names.filter((other) => other === name).length;
  const counted = [...new Set(names)].map((name) => (times(name) > 1 ? `${isolated(name)} (${times(name)})` : isolated(name)));
  return new Intl.ListFormat(language).format(counted);
}

/** @param {number} share 100% is all of it */
export function percent(share) {
  return number(Math.floor(share * 100) / 100, { style: "percent" });
}

/** @param {number} ms */
export function time(ms) {
  return new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(ms);
}

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
export function textElement(name, text) {
  const made = document.createElement(name);
  made.dir = "auto";
  made.textContent = text;
  return made;
}

/**
 * @param {string} name of an element
 * @param {string} key
 * @param {Values} [values]
 */
export function messageElement(name, key, values) {
  const made = document.createElement(name);
  setMessage(made, key, values);
  return made;
}

/**
 * Say at a field what is wrong with it, or that nothing is.
 *
 * @param {string} id
 * @param {string} [key] of the complaint
 * @param {Values} [values]
 */
export function setFieldError(id, key, values) {
  const place = element(`${id}-error`);
  if (key) setMessage(place, key, values);
  else setText(place, "");
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
