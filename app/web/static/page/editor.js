/** The editor of JSON: it says how the text stands, indents it, and lays it out. */
import { indented, isValid } from "./content.js";
import { faultOf } from "./json.js";
import { element, field, number, setFieldError, setMessage, setText, text } from "./language.js";
import { isComposing } from "./request.js";

/** Longer, it is checked when it is sent: at every key it would hold up the typing. */
const MOST_CHECKED = 100_000;
const PAUSE_MS = 300;

let pause = 0;
/** Tab leaves a field in which nothing was typed yet, so that it catches nobody. */
let indents = false;

/** Show what is wrong with it, and where. */
export function showFault() {
  // Or what is said now would be taken back in a moment.
  window.clearTimeout(pause);
  const { offset, ...fault } = faultOf(field("json").value);
  setFieldError("json", "json-fault", values(fault));
  setText(element("json-state"), "");
  field("json").focus();
  field("json").setSelectionRange(offset, offset + 1);
}

/** Say how it stands, without a reproach to somebody who is still typing. */
export function check() {
  const json = field("json").value;
  const state = element("json-state");
  setFieldError("json");
  if (json.trim() === "" || json.length >= MOST_CHECKED) setText(state, "");
  else if (isValid(json)) setMessage(state, "json-good", { size: () => number(json.length) });
  else setMessage(state, "json-fault", values(faultOf(json)));
}

/** @param {Omit<import("./json.js").Fault, "offset">} fault */
function values({ line, column, missing }) {
  return { line, column, fault: () => text(`json.${missing}`) };
}

/**
 * In place of what is selected.
 *
 * @param {HTMLInputElement} node
 * @param {string} typed
 */
function type(node, typed) {
  // Deprecated, and the only way to type that the browser can undo.
  if (!document.execCommand("insertText", false, typed)) node.setRangeText(typed);
}

/**
 * @param {HTMLInputElement} node
 * @param {string} typed
 */
export function replace(node, typed) {
  node.select();
  type(node, typed);
}

function indentOf() {
  const before = field("json").value.slice(0, field("json").selectionStart ?? 0);
  const [spaces] = /** @type {RegExpExecArray} */ (/[ \t]*/.exec(before.split("\n").at(-1) ?? ""));
  return spaces + (/[[{]\s*$/.test(before) ? "  " : "");
}

element("json").addEventListener("focus", () => (indents = false));

element("json").addEventListener("input", () => {
  indents = true;
  window.clearTimeout(pause);
  pause = window.setTimeout(check, PAUSE_MS);
});

element("json").addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "Escape") indents = false;
  if (!isPlain || event.shiftKey) return;
  if (event.key === "Tab" && indents) {
    event.preventDefault();
    type(field("json"), "  ");
  } else if (event.key === "Enter") {
    event.preventDefault();
    type(field("json"), `\n${indentOf()}`);
  }
});

/** Lay out what is written, which is JSON. The browser can undo it. */
export function format() {
  const json = field("json").value.trim();
  replace(field("json"), indented(json));
  field("json").setSelectionRange(0, 0);
  check();
}

check();
