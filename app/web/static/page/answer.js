/** What came of a call, made readable, and taken out of the page. */
import { FunctionError } from "./aikagi.js";
import { indented } from "./json.js";
import { number, size, write } from "./language.js";
import { SHOWN } from "./streamed.js";

/**
 * @typedef {object} Content
 * @property {string} title key of it
 * @property {string} [shown] the text, or its beginning
 * @property {string} [note] key of what is said instead, or of what is missing
 * @property {import("./language.js").Values} [values] of the note
 * @property {Blob} whole
 */

/**
 * What there is to show beside the streamed text, if anything.
 *
 * @param {import("./task.js").Task} task
 * @returns {Content | null}
 */
export function contentOf({ result, error, text }) {
  if (error instanceof FunctionError && error.text) return readable("said", error.text);
  if (!result) return null;
  const { value } = result;
  if (value instanceof Blob) {
    const values = { size: () => size(value.size), type: value.type || "application/octet-stream" };
    return { title: "result", note: "bytes", values, whole: value };
  }
  if (value === null || value === undefined) {
    // A task that has streamed its text has said what it had to say.
    if (text.length > 0) return null;
    return { title: "result", note: "empty", whole: new Blob() };
  }
  if (typeof value !== "string") {
    return readable("result", result.text ?? JSON.stringify(value));
  }
  const isStreamed = text.length > 0 && text.length === value.length;
  return isStreamed ? null : readable("result", value);
}

/**
 * @param {string} title
 * @param {string} text JSON, or anything else
 * @returns {Content}
 */
function readable(title, text) {
  const isLong = text.length > SHOWN;
  const part = isLong ? text.slice(0, SHOWN) : text;
  const isJson = /^\s*[[{]/.test(text) && (isLong || isValid(text));
  const shown = isJson ? indented(part) : part;
  const type = isJson ? "application/json" : "text/plain;charset=utf-8";
  const whole = new Blob([isLong ? text : shown], { type });
  if (!isLong) return { title, shown, whole };
  return { title, shown, note: "cut-end", values: { n: () => number(text.length - SHOWN) }, whole };
}

/** @param {string} json */
function isValid(json) {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

/**
 * Who the function says is calling, if it does.
 *
 * @param {unknown} value
 * @returns {{issuer: string, subject: string} | null}
 */
export function callerIn(value) {
  const caller = /** @type {any} */ (value)?.caller;
  const named = typeof caller?.issuer === "string" && typeof caller?.subject === "string";
  return named ? caller : null;
}

/** How long a button says that it has copied, milliseconds. */
const MOMENT_MS = 2_000;

/**
 * @param {HTMLElement} button
 * @param {Blob} whole
 */
export async function copy(button, whole) {
  let said = "copied";
  try {
    await navigator.clipboard.writeText(await whole.text());
  } catch {
    said = "copy-failed"; // not allowed, or not in focus any more
  }
  write(button, said);
  window.setTimeout(() => write(button, "copy"), MOMENT_MS);
}

/**
 * @param {string} name of the file, without its ending
 * @param {Blob} whole
 */
export function save(name, whole) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(whole);
  link.download = `${name}${endingOf(whole.type)}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** @param {string} type */
function endingOf(type) {
  if (type === "application/json") return ".json";
  return type === "" || type.startsWith("text/plain") ? ".txt" : "";
}
