/** What came of a call as text: JSON, a result, a failure; shown, copied and saved. */
import {
  AddressError,
  BrokerError,
  EndedEarlyError,
  FunctionError,
  MalformedError,
  TaskError,
  UnreachableError,
} from "../client/aikagi.js";
import { isKnown, number, setMessage, size, text, time } from "./language.js";

/** Characters that are shown; of streamed text so many more may wait in memory. */
export const SHOWN = 100_000;

/** A string may be long: no alternative inside a repetition, whose stack would overflow. */
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])/y;
const SPACE = /[ \t\r\n]*/y;

/** Levels. Further ones are not indented further, or a text of brackets would be squared. */
const DEEPEST = 20;

/**
 * Where a text stops being JSON.
 *
 * @typedef {object} Fault
 * @property {number} offset
 * @property {number} line from 1
 * @property {number} column from 1
 * @property {"value" | "name" | "colon" | "object" | "array" | "end" | "string"} missing
 */

/**
 * @param {string} json
 * @returns {Fault | null}
 */
export function faultIn(json) {
  try {
    JSON.parse(json);
    return null;
  } catch {
    const { offset, missing } = scan(json);
    const before = json.slice(0, offset).split("\n");
    return { offset, missing, line: before.length, column: (before.at(-1) ?? "").length + 1 };
  }
}

/**
 * @param {string} json
 * @returns {Pick<Fault, "offset" | "missing">}
 */
function scan(json) {
  /** @type {("object" | "array")[]} */
  const open = [];
  /** @type {Fault["missing"]} */
  let missing = "value";
  let offset = 0;
  let mayClose = false;
  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = offset;
    const found = pattern.exec(json);
    if (found) offset += found[0].length;
    return found !== null;
  };
  const after = () => /** @type {Fault["missing"]} */ (open.at(-1) ?? "end");
  for (;;) {
    take(SPACE);
    const next = json[offset];
    const inside = open.at(-1);
    const closes = next === (inside === "object" ? "}" : "]") && inside !== undefined;
    if (closes && (mayClose || missing === inside)) {
      offset += 1;
      open.pop();
      missing = after();
      mayClose = false;
    } else if (missing === "value" && (next === "{" || next === "[")) {
      offset += 1;
      open.push(next === "{" ? "object" : "array");
      missing = next === "{" ? "name" : "value";
      mayClose = true;
    } else if (missing === "value" || missing === "name") {
      const isString = next === '"';
      if (missing === "name" && !isString) return { offset, missing };
      if (!take(isString ? STRING : SCALAR)) return { offset, missing: isString ? "string" : missing };
      missing = missing === "name" ? "colon" : after();
      mayClose = false;
    } else if (next === { colon: ":", object: ",", array: "," }[/** @type {string} */ (missing)]) {
      offset += 1;
      missing = missing === "object" ? "name" : "value";
    } else {
      return { offset, missing };
    }
  }
}

/**
 * Indent JSON without reading its values: JavaScript would round a long number and drop
 * a repeated name.
 *
 * @param {string} json valid, or the beginning of what is
 * @returns {string}
 */
export function indented(json) {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"?|[{}[\],:]|[^\s"{}[\],:]+/g) ?? [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
  return tokens.reduce((text, token, at) => {
    if (token === "{" || token === "[") {
      depth += 1;
      return text + token + (isEnd(tokens[at + 1]) ? "" : line());
    }
    if (isEnd(token)) {
      depth -= 1;
      return text + (isStart(tokens[at - 1]) ? "" : line()) + token;
    }
    if (token === ",") return text + token + line();
    return text + (token === ":" ? ": " : token);
  }, "");
}

/** @param {string} token */
const isStart = (token) => token === "{" || token === "[";

/** @param {string} token */
const isEnd = (token) => token === "}" || token === "]";

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
 * @param {import("./app.js").Task} task
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
  setMessage(button, said);
  window.setTimeout(() => setMessage(button, "copy"), MOMENT_MS);
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

/**
 * @typedef {object} Explanation
 * @property {string} key of the title; of the advice, with `.next` behind it
 * @property {import("./language.js").Values} [values]
 * @property {string} [own] what broker or function say themselves
 * @property {string | null} [requestId] for whoever runs the broker
 * @property {boolean} [isOpaque] whether a diagnosis may tell more
 */

/**
 * @param {unknown} error
 * @returns {Explanation}
 */
export function explain(error) {
  if (error instanceof BrokerError) return explainBroker(error);
  if (error instanceof FunctionError) return explainStatus(error);
  if (error instanceof UnreachableError) {
    return { key: `fail.${error.what}-unreachable`, isOpaque: error.what === "function" };
  }
  if (error instanceof EndedEarlyError) {
    return { key: "fail.ended-early", values: { events: error.events } };
  }
  if (error instanceof TaskError) {
    const key = error.code === "deadline" ? "fail.deadline" : "fail.task";
    return { key, values: { code: error.code }, own: error.message };
  }
  const own = error instanceof Error ? error.message : String(error);
  if (error instanceof AddressError) return { key: "fail.address" };
  if (error instanceof MalformedError) return { key: "fail.malformed", own };
  return { key: "fail.page", own };
}

/**
 * @param {BrokerError} error
 * @returns {Explanation}
 */
function explainBroker(error) {
  const { status, requestId, retryAfter } = error;
  const later = () =>
    retryAfter
      ? text("later-seconds", { seconds: number(retryAfter, { style: "unit", unit: "second", unitDisplay: "long" }) })
      : text("later-soon");
  const values = { status, later };
  if (status === 429) return { key: "fail.busy", values, requestId };
  if (status === 503) return { key: "fail.unavailable", values, requestId };
  if (status === 403 || status === 404) return { key: "fail.reach", requestId, isOpaque: true };
  return { key: "fail.broker", values, own: error.detail ?? error.title, requestId };
}

/** By the status a function answered with. */
const STATUSES = /** @type {Record<number, string>} */ ({
  400: "unaccepted",
  403: "refused",
  404: "lost",
  405: "lost",
  413: "large",
  422: "unaccepted",
  429: "throttled",
});

/**
 * @param {FunctionError} error
 * @returns {Explanation}
 */
function explainStatus({ status, errorType, requestId }) {
  const kind = STATUSES[status] ?? (status < 500 ? "answered" : "crashed");
  const isOpaque = status === 401 || status === 403 || (status >= 429 && errorType !== null);
  return { key: `fail.${kind}`, values: { status }, requestId, isOpaque };
}

/**
 * What a check of a diagnosis found.
 *
 * @param {import("../client/aikagi.d.ts").Diagnosis["checks"][number]} checked
 * @returns {{key: string, values: import("./language.js").Values}}
 */
export function explainCheck({ check, ok, cause, facts }) {
  const outcome = ok === null ? "unknown" : ok ? "ok" : cause;
  const keys = [`${check}.${outcome}.${facts.side}`, `${check}.${outcome}`, outcome, check];
  const key = keys.map((end) => `found.${end}`).find(isKnown) ?? "found.unknown";
  return { key, values: { ...facts, until: () => time(Date.parse(String(facts.until))) } };
}
