/** The field in which JSON is written: it says where it is wrong, indents and formats. */
import { complain, element, field } from "./elements.js";
import { faultIn, indented } from "./json.js";
import { number, quote, text, write } from "./language.js";

/** Longer, it is checked when it is sent: at every key it would hold up the typing. */
const MOST_CHECKED = 100_000;
const PAUSE_MS = 300;

let pause = 0;
/** Tab leaves a field in which nothing was typed yet, so that it catches nobody. */
let indents = false;

/**
 * What is written, or null where the field now says, and shows, what is wrong with it.
 *
 * @returns {string | null}
 */
export function writtenJson() {
  // Or what is said now would be taken back in a moment.
  window.clearTimeout(pause);
  const json = field("json").value;
  const fault = json.trim() === "" ? null : faultIn(json);
  complain("json", fault ? "json-fault" : "", fault ? wordsOf(fault) : {});
  if (!fault) return json.trim();
  quote(element("json-state"), "");
  field("json").focus();
  field("json").setSelectionRange(fault.offset, fault.offset + 1);
  return null;
}

/** @param {string} json */
export function showJson(json) {
  field("json").value = json;
  check();
}

/** Say how it stands, without a reproach to somebody who is still typing. */
function check() {
  const json = field("json").value;
  const isShort = json.trim() !== "" && json.length < MOST_CHECKED;
  const fault = isShort ? faultIn(json) : null;
  complain("json");
  if (fault) write(element("json-state"), "json-fault", wordsOf(fault));
  else if (isShort) write(element("json-state"), "json-good", { size: () => number(json.length) });
  else quote(element("json-state"), "");
}

/** @param {import("./json.js").Fault} fault */
function wordsOf({ line, column, missing }) {
  return { line, column, fault: () => text(`json.${missing}`) };
}

/** @param {string} typed */
function type(typed) {
  // Deprecated, and the only way to type that the browser can undo.
  if (!document.execCommand("insertText", false, typed)) field("json").setRangeText(typed);
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
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  if (event.key === "Escape") indents = false;
  if (!isPlain || event.shiftKey) return;
  if (event.key === "Tab" && indents) {
    event.preventDefault();
    type("  ");
  } else if (event.key === "Enter") {
    event.preventDefault();
    type(`\n${indentOf()}`);
  }
});

element("format").addEventListener("click", () => {
  const json = writtenJson();
  if (!json) return;
  field("json").select();
  type(indented(json));
  field("json").setSelectionRange(0, 0);
  check();
});
